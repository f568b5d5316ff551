"""From the form of a submission to the canonical message that ERN becomes, too."""

from collections.abc import Sequence

from schemas.disclosure import Agent, Contribution, Disclosure, Level
from schemas.findings import Location
from schemas.release import (
    DisplayArtist,
    FileReference,
    HashSum,
    Identified,
    Image,
    Message,
    MessageKind,
    Party,
    Release,
    SoundRecording,
)
from schemas.submission.form import (
    Submission,
    SubmittedContribution,
    SubmittedDisclosure,
    SubmittedFile,
    SubmittedRecording,
    SubmittedRelease,
)
from schemas.submission.places import Places
from schemas.vocabularies import areas_of

RELEASE_REFERENCE = "R0"
COVER_REFERENCE = "A0"
COVER_KIND = "FrontCoverImage"
Steps = Sequence[str | int]


def to_message(submission: Submission, places: Places, sha256: str) -> Message:
    """Make the message; every noun points to its place in the JSON text."""
    sender = submission.sender
    recordings = tuple(_recording(one, i, places) for i, one in enumerate(submission.recordings))
    images = _cover(submission.release, places)
    return Message(
        kind=MessageKind.JSON,
        path=places.path,
        sha256=sha256,
        message_id=submission.id,
        created_at=submission.created_at,
        control_type="TestMessage" if submission.test else "LiveMessage",
        sender=Party(
            name=sender.name,
            ids=_ids(places, ("sender",), DPID=sender.dpid),
            at=places.at(("sender",)),
        ),
        releases=(_release(submission.release, tuple(one.reference for one in (*recordings, *images)), places),),
        sound_recordings=recordings,
        images=images,
    )


def _recording(recording: SubmittedRecording, index: int, places: Places) -> SoundRecording:
    here: Steps = ("recordings", index)
    artist = DisplayArtist(name=recording.artist, roles=("MainArtist",), at=places.at((*here, "artist")))
    return SoundRecording(
        reference=f"A{index + 1}",
        ids=_ids(places, here, ISRC=recording.isrc),
        isrc=recording.isrc.upper().replace("-", "") if recording.isrc else None,
        title=recording.title,
        display_artist=recording.artist,
        display_artists=(artist,),
        disclosure=_disclosure(recording.disclosure, (*here, "disclosure"), places),
        files=(_file(recording, here, places),),
        duration_s=recording.duration_s,
        languages=_ids(places, here, Language=recording.language),
        work_ids=_ids(places, here, ISWC=recording.iswc),
        genres=recording.genres,
        has_vocals=recording.has_vocals,
        is_instrumental=recording.is_instrumental,
        at=places.at(here),
    )


def _cover(release: SubmittedRelease, places: Places) -> tuple[Image, ...]:
    if release.cover is None:
        return ()
    here: Steps = ("release", "cover")
    image = Image(
        reference=COVER_REFERENCE,
        kind=COVER_KIND,
        disclosure=_disclosure(release.cover.disclosure, (*here, "disclosure"), places),
        files=(_file(release.cover, here, places),),
        at=places.at(here),
    )
    return (image,)


def _release(release: SubmittedRelease, references: tuple[str, ...], places: Places) -> Release:
    here: Steps = ("release",)
    territories = tuple(
        Identified(scheme="Territory", value=code, at=places.at((*here, "territories", i)))
        for i, code in enumerate(release.territories)
    )
    return Release(
        reference=RELEASE_REFERENCE,
        kind=release.kind,
        ids=_ids(places, here, GRid=release.grid, ICPN=release.icpn),
        icpn=release.icpn,
        grid=release.grid,
        title=release.title,
        display_artist=release.artist,
        label=release.label,
        disclosure=_disclosure(SubmittedDisclosure(contains_ai=release.contains_ai), here, places),
        genres=release.genres,
        resource_references=references,
        territories=territories,
        release_date=release.date,
        at=places.at(here),
    )


def _disclosure(disclosure: SubmittedDisclosure, here: Steps, places: Places) -> Disclosure:
    level = disclosure.contains_ai
    is_stated = level is not Level.UNDECLARED
    contributions = tuple(
        _contribution(one, (*here, "contributions", i), places) for i, one in enumerate(disclosure.contributions)
    )
    return Disclosure(
        level=level,
        text=level.value if is_stated else None,
        can_declare=True,
        contributions=contributions,
        at=places.at((*here, "contains_ai")) if is_stated else Location(),
    )


def _contribution(contribution: SubmittedContribution, here: Steps, places: Places) -> Contribution:
    is_ai = contribution.agent is Agent.GENERATIVE_AI
    roles = (contribution.role,)
    return Contribution(
        agent=contribution.agent,
        name=contribution.name,
        roles=roles,
        instruments=(contribution.instrument,) if contribution.instrument else (),
        areas=areas_of(roles),
        ai=contribution.ai or (Level.ALL if is_ai else Level.UNDECLARED),
        ai_text=contribution.ai.value if contribution.ai else None,
        special_text="GenerativeAI" if is_ai else None,
        at=places.at(here),
    )


def _file(submitted: SubmittedFile, here: Steps, places: Places) -> FileReference:
    one = submitted.hash
    hash_sum = HashSum(algorithm=one.algorithm, value=one.value, at=places.at((*here, "hash"))) if one else None
    return FileReference(uri=submitted.file, hash_sum=hash_sum, at=places.at((*here, "file")))


def _ids(places: Places, here: Steps, **by_scheme: str | None) -> tuple[Identified, ...]:
    """Keep the identifiers that are there; each one's field is its scheme in lower case."""
    return tuple(
        Identified(scheme=scheme, value=value, at=places.at((*here, scheme.lower())))
        for scheme, value in by_scheme.items()
        if value
    )
