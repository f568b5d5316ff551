"""From a release's sheet to a DDEX message in canonical form, as `schemas.ern` writes it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from api.demo.content import BatchSheet, Credit, ReleaseSheet, Track
from schemas.disclosure import Agent, Contribution, Disclosure, Level
from schemas.release import (
    Deal,
    DisplayArtist,
    FileReference,
    HashSum,
    Identified,
    Message,
    MessageInBatch,
    MessageKind,
    Party,
    Release,
    SoundRecording,
)

RECIPIENT = Party(name="Example Streaming Service", ids=(Identified(scheme="DPID", value="PADPIDA2099010105P"),))
ARTIST_ROLE = "MainArtist"
WORLD = Identified(scheme="Territory", value="Worldwide")
UNKNOWN_DURATION_S = 180.0  # stated for a file that is not there
NO_BYTES = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Delivered:
    """A sound file as it was written: its name in ``resources/``, and what the message states of it."""

    name: str
    size: int
    sha256: str
    duration_s: float


def created_at(batch: BatchSheet) -> datetime:
    """When the batch's messages were made: its id begins with the date and time, UTC."""
    return datetime.strptime(batch.batch_id[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def to_message(batch: BatchSheet, sheet: ReleaseSheet, files: Mapping[str, Delivered]) -> Message:
    """Make the message of one release.

    Parameters
    ----------
    batch
        The delivery it belongs to: sender and time.
    sheet
        The release.
    files
        The written files by the name of their sound; a track without one refers to its ``uri``.
    """
    references = _party_references(sheet)
    recordings = tuple(
        _recording(track, f"A{number}", references, files.get(track.sound))
        for number, track in enumerate(sheet.tracks, start=1)
    )
    return Message(
        kind=MessageKind.NEW_RELEASE,
        ern_version="4.3.2",
        avs_version="9",
        message_id=f"{batch.batch_id}-{sheet.icpn}",
        thread_id=batch.batch_id,
        created_at=created_at(batch),
        control_type="LiveMessage",
        sender=_sender(batch),
        recipients=(RECIPIENT,),
        parties=tuple(Party(reference=reference, name=name) for name, reference in references.items()),
        releases=(_release(sheet, recordings, created_at(batch)), *_track_releases(batch, sheet)),
        sound_recordings=recordings,
        deals=(_deal(sheet, created_at(batch)),),
    )


def to_manifest(batch: BatchSheet, lines: tuple[MessageInBatch, ...]) -> Message:
    """Make the manifest of a batch: one line for each of its messages."""
    return Message(
        kind=MessageKind.MANIFEST,
        created_at=created_at(batch),
        control_type="LiveMessage",
        sender=_sender(batch),
        recipients=(RECIPIENT,),
        batch=lines,
    )


def _sender(batch: BatchSheet) -> Party:
    return Party(name=batch.sender, ids=(Identified(scheme="DPID", value=batch.sender_dpid),))


def _party_references(sheet: ReleaseSheet) -> dict[str, str]:
    names = [sheet.artist, sheet.label]
    for track in sheet.tracks:
        names += [track.artist, *(credit.name for credit in track.credits if credit.name)]
    return {name: f"P{number}" for number, name in enumerate(dict.fromkeys(names), start=1)}


def _recording(track: Track, reference: str, parties: Mapping[str, str], delivered: Delivered | None) -> SoundRecording:
    return SoundRecording(
        reference=reference,
        ids=(Identified(scheme="ISRC", value=track.isrc),),
        isrc=track.isrc,
        title=track.title,
        display_artist=track.artist,
        display_artists=(
            DisplayArtist(name=track.artist, party_reference=parties[track.artist], roles=(ARTIST_ROLE,)),
        ),
        disclosure=_disclosure(track, parties),
        duration_s=delivered.duration_s if delivered else UNKNOWN_DURATION_S,
        genres=(track.genre,),
        has_vocals=track.has_vocals,
        is_instrumental=not track.has_vocals,
        files=(_file(track, delivered),),
    )


def _file(track: Track, delivered: Delivered | None) -> FileReference:
    if delivered is None:
        return FileReference(uri=track.uri or "", hash_sum=HashSum(algorithm="SHA-256", value=NO_BYTES))
    hash_sum = HashSum(algorithm="SHA-256", value=delivered.sha256)
    return FileReference(uri=f"resources/{delivered.name}", hash_sum=hash_sum, size=delivered.size)


def _disclosure(track: Track, parties: Mapping[str, str]) -> Disclosure:
    return Disclosure(
        level=track.level,
        text=_text(track.level),
        can_declare=True,
        contributions=tuple(_contribution(credit, parties) for credit in track.credits),
    )


def _contribution(credit: Credit, parties: Mapping[str, str]) -> Contribution:
    if not credit.name:
        return Contribution(
            agent=Agent.GENERATIVE_AI,
            special_text="GenerativeAI",
            roles=credit.roles,
            ai=credit.ai,
            ai_text=_text(credit.ai),
        )
    return Contribution(
        agent=Agent.HUMAN,
        name=credit.name,
        party_reference=parties[credit.name],
        roles=credit.roles,
        ai=credit.ai,
        ai_text=_text(credit.ai),
    )


def _text(level: Level) -> str | None:
    return None if level is Level.UNDECLARED else level.value.title()


def _rolled_up(levels: Iterable[Level]) -> Level:
    seen = set(levels)
    if Level.UNDECLARED in seen:
        return Level.UNDECLARED
    return seen.pop() if len(seen) == 1 else Level.PARTLY


def _release(sheet: ReleaseSheet, recordings: tuple[SoundRecording, ...], released: datetime) -> Release:
    level = _rolled_up(recording.disclosure.level for recording in recordings)
    return Release(
        reference="R0",
        kind=sheet.kind,
        ids=(Identified(scheme="ICPN", value=sheet.icpn),),
        icpn=sheet.icpn,
        title=sheet.title,
        display_artist=sheet.artist,
        label=sheet.label,
        disclosure=Disclosure(level=level, text=_text(level), can_declare=True),
        genres=(sheet.tracks[0].genre,),
        resource_references=tuple(recording.reference for recording in recordings),
        territories=(WORLD,),
        release_date=released.date().isoformat(),
    )


def _track_releases(batch: BatchSheet, sheet: ReleaseSheet) -> Iterable[Release]:
    for number, track in enumerate(sheet.tracks, start=1):
        yield Release(
            reference=f"R{number}",
            is_main=False,
            ids=(Identified(scheme="Proprietary", value=f"{sheet.icpn}_{number}", namespace=batch.sender_dpid),),
            title=track.title,
            display_artist=track.artist,
            label=sheet.label,
            genres=(track.genre,),
            resource_references=(f"A{number}",),
        )


def _deal(sheet: ReleaseSheet, starts: datetime) -> Deal:
    return Deal(
        release_references=tuple(f"R{number}" for number in range(len(sheet.tracks) + 1)),
        territories=(WORLD,),
        use_types=("OnDemandStream", "NonInteractiveStream"),
        commercial_models=("SubscriptionModel", "AdvertisementSupportedModel"),
        starts_at=starts.date().isoformat(),
    )
