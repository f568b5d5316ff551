"""What a sender did before: rates against its own past, never absolute counts, so that size is no offence.

A record counts what came in earlier runs, so that it does not depend on the order in which a run is read. A rate that
cannot be stated is None, which is not zero: a sender of last week has no past to compare with.
"""

from enum import StrEnum

from pydantic import Field

from schemas.base import Model

WINDOW_DAYS = 30
HISTORY_DAYS = 365
YOUNG_DAYS = 60  # a sender with less of a past before the window has no usual rate
FEWEST = 10  # recordings or releases under which a share says nothing
MADE_BY = "senders-1"
PREFIX = "sender_"
MEASURES = (
    "burst_ratio", "releases", "known_days", "artists", "new_artist_share", "usual_new_artist_share",
    "sound_reuse_share", "cover_reuse_share", "permuted_title_share", "short_stack_share", "flagged_share",
    "usual_flagged_share", "upheld_share",
)  # fmt: skip


class SenderRecord(Model):
    """A sender's last month beside its own year before.

    Attributes
    ----------
    sender
        Transport account where there is one, else the message's DPID.
    until
        Last day of the window, ISO 8601: the day on which the judged message was made.
    known_days
        From its first message to that day.
    recordings, releases, artists
        In the window; distinct recordings, releases and shown artists.
    past_releases
        In the year before the window.
    usual_releases
        Releases that its own past would have brought in one window.
    burst_ratio
        ``releases`` over that, at least one of them expected.
    new_artist_share
        Share of the window's releases by artists whom the sender never brought before.
    usual_new_artist_share
        The same in the year before.
    sound_reuse_share
        Share of the window's recordings whose sound another recording of the sender already has.
    cover_reuse_share
        Share of the window's releases whose picture another artist of the sender has, too.
    permuted_title_share
        Share of the window's recordings whose title has the words of another one in another order or with numbers.
    short_stack_share
        Share of the window's recordings that last 30 to 35 seconds.
    flagged_share, usual_flagged_share
        Share of recordings with a flag above low, in the window and in the year before.
    upheld_share
        Of decided cases, the share in which a moderator upheld a flag; None where nobody told.
    """

    sender: str
    until: str
    known_days: int = 0
    recordings: int = 0
    releases: int = 0
    artists: int = 0
    past_releases: int = 0
    usual_releases: float | None = None
    burst_ratio: float | None = None
    new_artist_share: float | None = Field(default=None, ge=0, le=1)
    usual_new_artist_share: float | None = Field(default=None, ge=0, le=1)
    sound_reuse_share: float | None = Field(default=None, ge=0, le=1)
    cover_reuse_share: float | None = Field(default=None, ge=0, le=1)
    permuted_title_share: float | None = Field(default=None, ge=0, le=1)
    short_stack_share: float | None = Field(default=None, ge=0, le=1)
    flagged_share: float | None = Field(default=None, ge=0, le=1)
    usual_flagged_share: float | None = Field(default=None, ge=0, le=1)
    upheld_share: float | None = Field(default=None, ge=0, le=1)

    def measure(self, name: str) -> float | None:
        """Look up what a policy may set limits on: a name of `MEASURES` after ``sender_``."""
        own = name.removeprefix(PREFIX)
        value = getattr(self, own) if name.startswith(PREFIX) and own in MEASURES else None
        return None if value is None else float(value)


class Likeness(StrEnum):
    """How a name recalls another artist's."""

    LOOK_ALIKE = "look_alike"  # the same skeleton by UTS 39, other letters
    IN_TITLE = "in_title"  # the artist is named in the title and nowhere credited


class Resemblance(Model):
    """Another artist of the catalogue whom a name recalls.

    Attributes
    ----------
    name
        As written here.
    other
        The other artist, as first written.
    senders
        How many senders brought that artist.
    """

    kind: Likeness
    name: str
    other: str
    senders: int = 1
