"""A message and what it carries: parties, recordings, images, releases, deals.

One canonical, version-tolerant form for ERN 3.x and 4.x and for JSON submissions. Every noun
keeps the place it came from (``at``), so that a rule can point to line and XPath.
Durations are seconds, times are aware datetimes in UTC.
"""

from datetime import datetime
from enum import StrEnum

from schemas.base import Model, Part
from schemas.disclosure import Contribution, Disclosure
from schemas.findings import Location

_NAME_CHARS = 200  # of a release that has no identifier


class MessageKind(StrEnum):
    """The root element of a message, or the form of a submission."""

    NEW_RELEASE = "NewReleaseMessage"
    PURGE_RELEASE = "PurgeReleaseMessage"
    MANIFEST = "ManifestMessage"
    CATALOG_LIST = "CatalogListMessage"
    JSON = "json"
    AUDIO = "audio"
    UNKNOWN = "unknown"


class Identified(Part):
    """One identifier as written.

    Attributes
    ----------
    scheme
        ISRC, ISWC, ICPN, GRid, ISNI, IPI, DPID, CatalogNumber, Proprietary ...
    value
        As it stands in the message.
    """

    scheme: str
    value: str
    namespace: str = ""
    at: Location = Location()


class Party(Part):
    """Somebody named in a message."""

    reference: str | None = None
    name: str = ""
    ids: tuple[Identified, ...] = ()
    at: Location = Location()


class DisplayArtist(Part):
    """Who is shown as the artist; ``special`` stands where there is no party (GenerativeAI ...)."""

    name: str = ""
    party_reference: str | None = None
    roles: tuple[str, ...] = ()
    special: str | None = None
    at: Location = Location()


class HashSum(Part):
    """A file's hash as declared; ``algorithm`` as written (MD5, SHA1, SHA-256 ...)."""

    algorithm: str
    value: str
    at: Location = Location()


class FileReference(Part):
    """A file that a message names: its URI as written, hash and size if given."""

    uri: str
    hash_sum: HashSum | None = None
    size: int | None = None
    codec: str | None = None
    sample_rate_hz: float | None = None
    channels: int | None = None
    at: Location = Location()


class Resource(Part):
    """What recordings and images have in common."""

    reference: str
    ids: tuple[Identified, ...] = ()
    title: str = ""
    disclosure: Disclosure = Disclosure()
    files: tuple[FileReference, ...] = ()
    at: Location = Location()


class SoundRecording(Resource):
    """A sound recording (or video) as the message describes it.

    Attributes
    ----------
    isrc
        Upper case without dashes, as written otherwise; None where there is none.
    display_artist
        The shown artist string.
    duration_s
        Declared duration in seconds.
    """

    kind: str = "SoundRecording"
    isrc: str | None = None
    display_artist: str = ""
    display_artists: tuple[DisplayArtist, ...] = ()
    duration_s: float | None = None
    languages: tuple[Identified, ...] = ()
    work_ids: tuple[Identified, ...] = ()
    genres: tuple[str, ...] = ()
    has_vocals: bool | None = None
    is_instrumental: bool | None = None
    p_line: str | None = None
    edition_contributions: tuple[Contribution, ...] = ()

    @property
    def all_contributions(self) -> tuple[Contribution, ...]:
        """Contributors of the recording and of its editions."""
        return self.disclosure.contributions + self.edition_contributions


class Image(Resource):
    """Artwork; ``kind`` is the DDEX image type, e.g. ``FrontCoverImage``."""

    kind: str = ""


class Deal(Part):
    """On what terms, where and when a release may be used."""

    release_references: tuple[str, ...] = ()
    territories: tuple[Identified, ...] = ()
    excluded_territories: tuple[Identified, ...] = ()
    use_types: tuple[str, ...] = ()
    commercial_models: tuple[str, ...] = ()
    starts_at: str | None = None
    ends_at: str | None = None
    is_takedown: bool = False
    at: Location = Location()

    def is_over(self, moment: datetime | None) -> bool:
        """Whether nothing may be used under it any more: taken down, or ended by that moment's day."""
        ended = bool(self.ends_at) and moment is not None and str(self.ends_at)[:10] <= f"{moment:%Y-%m-%d}"
        return self.is_takedown or ended


class Release(Part):
    """A release of the message; track releases stand beside the main one.

    Attributes
    ----------
    is_main
        False for track releases.
    resource_references
        The resources that the release uses, in order.
    """

    reference: str
    is_main: bool = True
    kind: str = ""
    ids: tuple[Identified, ...] = ()
    icpn: str | None = None
    grid: str | None = None
    title: str = ""
    display_artist: str = ""
    label: str = ""
    disclosure: Disclosure = Disclosure()
    genres: tuple[str, ...] = ()
    resource_references: tuple[str, ...] = ()
    territories: tuple[Identified, ...] = ()
    release_date: str | None = None
    at: Location = Location()

    @property
    def key(self) -> str:
        """The identifier to know the release by: GRid, ICPN, another id, else the reference."""
        return self._id or self.reference

    @property
    def known_as(self) -> str:
        """What tells the release from its sender's others in any message: an identifier, else title and artist.

        References begin anew in each message: by them, everything without an identifier would be one release.
        """
        named = " / ".join(filter(None, (self.title, self.display_artist)))
        return self._id or named[:_NAME_CHARS] or self.reference

    @property
    def _id(self) -> str | None:
        return self.grid or self.icpn or next((i.value for i in self.ids if i.value), None)


class MessageInBatch(Model):
    """One line of a batch's ManifestMessage."""

    url: str
    message_id: str = ""
    release_id: str = ""
    hash_sum: HashSum | None = None
    at: Location = Location()


class Message(Model):
    """A whole message in canonical form.

    Attributes
    ----------
    ern_version
        E.g. ``"4.3.2"``; None for JSON and unknown namespaces.
    namespace
        As written on the root element.
    control_type
        ``LiveMessage`` or ``TestMessage``; None where absent.
    sha256
        Of the original bytes.
    at
        Of the root element; nowhere where there is none.
    """

    kind: MessageKind
    path: str = ""
    sha256: str = ""
    ern_version: str | None = None
    namespace: str | None = None
    avs_version: str | None = None
    message_id: str = ""
    thread_id: str = ""
    created_at: datetime | None = None
    control_type: str | None = None
    sender: Party = Party()
    recipients: tuple[Party, ...] = ()
    parties: tuple[Party, ...] = ()
    releases: tuple[Release, ...] = ()
    sound_recordings: tuple[SoundRecording, ...] = ()
    images: tuple[Image, ...] = ()
    deals: tuple[Deal, ...] = ()
    batch: tuple[MessageInBatch, ...] = ()
    batch_count: int | None = None
    at: Location = Location()

    @property
    def main_release(self) -> Release | None:
        """The release that the message is about."""
        return next((r for r in self.releases if r.is_main), None)

    @property
    def is_takedown(self) -> bool:
        """Whether the message only withdraws: a purge, or one whose deals are all over when it is made."""
        if self.kind is MessageKind.PURGE_RELEASE:
            return True
        return bool(self.deals) and all(deal.is_over(self.created_at) for deal in self.deals)

    @property
    def can_declare(self) -> bool:
        """Whether this version has a place for AI disclosure (ERN 4.3.1 on, or JSON)."""
        return self.kind is MessageKind.JSON or self.ern_version in {"4.3.1", "4.3.2"}
