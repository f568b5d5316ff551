"""A Screening is the pipeline's result for one recording: four layers that are never mixed.

declared (what the sender states), found (what the file carries), heard (what detectors
estimate) and known (what the catalogue says), then the findings of the rules, the flags of the
policy, and the versions that made it all. Its id is derived from its inputs, so that sending
it twice changes nothing.
"""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.base import Model
from schemas.disclosure import Disclosure, Level
from schemas.findings import Finding, Location
from schemas.flags import Flag
from schemas.found import AudioFacts, Found, GeneratorTag, Manifest, Picture, ProvenanceState
from schemas.heard import Abstained, Curve, Heard, MeasuredWindow, Signal, Traces
from schemas.known import Known, Match, MatchKind
from schemas.release import SoundRecording

__all__ = [
    "Abstained",
    "Artwork",
    "AudioFacts",
    "Curve",
    "Found",
    "GeneratorTag",
    "Heard",
    "Intake",
    "Known",
    "Manifest",
    "Match",
    "MatchKind",
    "MeasuredWindow",
    "Moment",
    "Picture",
    "ProvenanceState",
    "Screening",
    "Signal",
    "SubjectKind",
    "Traces",
    "Versions",
    "derived_id",
    "recording_key",
    "screening_id",
]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:  # the year 1 east of Greenwich, the year 9999 west of it
        raise ValueError("is no time in UTC") from error


Moment = Annotated[datetime, AfterValidator(_in_utc)]  # aware, in UTC; without a zone it is taken as UTC


def derived_id(prefix: str, *parts: str | None) -> str:
    """Derive a stable id from its parts: ``prefix_`` and 32 hexadecimal digits of their SHA-256."""
    digest = hashlib.sha256("\x1f".join("" if p is None else f"={p}" for p in parts).encode())
    return f"{prefix}_{digest.hexdigest()[:32]}"


class Versions(Model):
    """What made a screening: changing any of them makes another screening.

    Attributes
    ----------
    profile
        The profile that weighed the findings; empty for the rules' own severities.
    schemas
        The DDEX schemas that messages were compared with; empty for none.
    """

    engine: str
    policy: str
    models: tuple[str, ...] = ()
    profile: str = ""
    schemas: str = ""

    @property
    def key(self) -> str:
        """One string that changes whenever any version does."""
        return "|".join((self.engine, self.policy, *self.models, *filter(None, (self.profile, self.schemas))))


class Artwork(Model):
    """A picture of a release as the message lists it.

    Attributes
    ----------
    kind
        ``FrontCoverImage`` ...
    level
        What is declared of AI in it.
    uri
        Path of its file; None where there is none that may be opened.
    at
        Where the message describes it.
    """

    reference: str
    kind: str = ""
    level: Level = Level.UNDECLARED
    uri: str | None = None
    at: Location = Location()


class SubjectKind(StrEnum):
    """What a screening is about."""

    RECORDING = "recording"
    DELIVERY = "delivery"


class Intake(Model):
    """One thing to screen, as it comes out of Read: ids, paths and metadata, never audio.

    Attributes
    ----------
    kind
        ``delivery`` where a message could not be turned into recordings: nothing is lost.
    recording_key
        Who this is across redeliveries (`recording_key`).
    source_key
        Changes whenever the bytes to be screened change; what a second run skips by.
    delivery_id, delivery_path
        The delivery it came in, and its folder or file relative to the landing zone.
    account
        The transport account that delivered it, if it came through one; never from the message.
    sender_id, sender_name
        What the message says of its sender: DPID, name.
    is_takedown
        Whether the message only withdraws the release; its sound is then not listened to.
    audio_uri
        Path or URI of the sound file; None where the message names none that may be opened.
    release_date
        As declared; None where the message does not say.
    metadata
        Free columns of a manifest.
    artwork
        The pictures that the message lists for the release, as declared.
    """

    kind: SubjectKind = SubjectKind.RECORDING
    recording_key: str
    source_key: str
    delivery_id: str
    delivery_path: str
    account: str | None = None
    sender_id: str | None = None
    sender_name: str = ""
    message_id: str = ""
    message_path: str | None = None
    message_sha256: str | None = None
    message_created_at: Moment | None = None
    ern_version: str | None = None
    is_takedown: bool = False
    release_key: str | None = None
    release_title: str = ""
    release_date: str | None = None
    label: str = ""
    territories: tuple[str, ...] = ()
    recording: SoundRecording | None = None
    artwork: tuple[Artwork, ...] = ()
    audio_uri: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def title(self) -> str:
        """What to call it in front of a person: its title, else its file or delivery."""
        if self.recording and self.recording.title:
            return self.recording.title
        if self.recording and self.message_path is None:  # a row of a manifest names its file
            return PurePath(self.recording.reference).name or self.delivery_path
        return self.delivery_path

    @property
    def rights_holder(self) -> str:
        """Who holds the rights in the recording, by its (P) line, else its label."""
        return (self.recording.p_line if self.recording else None) or self.label


def recording_key(*, sender: str | None, isrc: str | None, release: str | None, reference: str | None, uri: str) -> str:
    """Name a recording so that a redelivery of it gets the same name.

    Sender and ISRC where both are known; else sender, release and resource reference; else the URI.
    """
    if isrc:
        return derived_id("rec", sender, isrc)
    if release and reference:
        return derived_id("rec", sender, release, reference)
    return derived_id("rec", uri)


class Screening(Model):
    """The result for one intake, as the lake keeps it and ``POST /v1/screenings`` takes it."""

    id: str
    versions: Versions
    screened_at: Moment
    intake: Intake
    declared: Disclosure = Disclosure()
    found: Found = Found()
    heard: Heard = Heard()
    known: Known = Known()
    fused: tuple[Signal, ...] = ()  # estimates from all layers together, e.g. spam_probability; never a layer itself
    findings: tuple[Finding, ...] = ()
    flags: tuple[Flag, ...] = ()


def screening_id(intake: Intake, audio_sha256: str | None, versions: Versions) -> str:
    """Derive a screening's id: same bytes and same versions give the same id."""
    return derived_id("scr", intake.recording_key, intake.source_key, audio_sha256, versions.key)
