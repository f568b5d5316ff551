"""The sound of a case and its pictures: the file by range, or what a contained child makes of it.

Decoding happens in a child process within limits, never here; which files may be opened at all is
`api.services.audio`'s to say.
"""
# ruff: noqa: FAST003 - the address parts are read by the dependencies OwnSound and OtherSound

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from api.console.session import Moderator
from api.console.views.case import is_playable
from api.deps import AppSettings, Db
from api.services import audio as sounds
from api.services import cases
from api.services.access import Actor
from api.store.database import Database
from classifiers.listener import Listener
from schemas.errors import NotFound
from schemas.known import Match, Segment

MAX_SECOND = 24 * 3600.0
MATCH_WIDTH, MATCH_HEIGHT = 900, 420
_KINDS = {"wav": "audio/wav", "flac": "audio/flac"}
_CACHED = {"Cache-Control": "private, max-age=600"}  # a redelivery may bring another file


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    with closing(Listener()) as ears:  # its child starts with the first picture
        app.state.console_listener = ears
        yield


router = APIRouter(include_in_schema=False, lifespan=_lifespan)


def get_listener(request: Request) -> Listener:
    """Give the console's listener."""
    listener: Listener = request.app.state.console_listener
    return listener


@dataclass(frozen=True, slots=True)
class Sound:
    """A file that may be opened, and its media type where browsers play it exactly."""

    path: Path
    media_type: str | None = None


def own_sound(db: Db, settings: AppSettings, actor: Moderator, case_id: str) -> Sound:
    """Find the file of the case's recording."""
    screening = cases.view(db, actor, case_id).screening
    facts = screening.found.audio
    media_type = _KINDS[facts.container] if facts and is_playable(facts) else None
    return Sound(sounds.playable(db, settings, screening.intake.audio_uri), media_type)


def other_sound(db: Db, settings: AppSettings, actor: Moderator, case_id: str, number: int) -> Sound:
    """Find the file of a recording that the case's recording was found alike with; numbered from 1."""
    return Sound(sounds.playable(db, settings, _match(db, actor, case_id, number).audio_uri))


def shared_segment(db: Db, actor: Moderator, case_id: str, number: int, segment: int) -> Segment:
    """Find a shared stretch of a match; both are numbered from 1."""
    shared = _match(db, actor, case_id, number).shared
    if not 1 <= segment <= len(shared):
        raise NotFound("The match has no such stretch.")
    return shared[segment - 1]


def _match(db: Database, actor: Actor, case_id: str, number: int) -> Match:
    matches = cases.view(db, actor, case_id).screening.known.matches or ()
    if not 1 <= number <= len(matches):
        raise NotFound("The case has no such match.")
    return matches[number - 1]


Ears = Annotated[Listener, Depends(get_listener)]
OwnSound = Annotated[Sound, Depends(own_sound)]
OtherSound = Annotated[Sound, Depends(other_sound)]
SharedSegment = Annotated[Segment, Depends(shared_segment)]
Second = Annotated[float, Query(ge=0, le=MAX_SECOND)]
Pixels = Annotated[int, Query(ge=16, le=1024)]


@router.get("/console/cases/{case_id}/audio")
def audio(sound: OwnSound) -> Response:
    """Give the file as it is, whole or by range, where browsers play its kind exactly."""
    if sound.media_type is None:
        raise NotFound("Browsers do not play this kind of file exactly; ask for an excerpt.")
    return FileResponse(sound.path, media_type=sound.media_type, headers=_CACHED)


@router.get("/console/cases/{case_id}/excerpt")
def excerpt(sound: OwnSound, ears: Ears, start_s: Second, end_s: Second) -> Response:
    """Decode at most a minute."""
    return _wav(ears.excerpt(str(sound.path), start_s, end_s))


@router.get("/console/cases/{case_id}/matches/{number}/excerpt")
def other_excerpt(sound: OtherSound, ears: Ears, start_s: Second, end_s: Second) -> Response:
    """Decode at most a minute of the other recording."""
    return _wav(ears.excerpt(str(sound.path), start_s, end_s))


@router.get("/console/cases/{case_id}/matches/{number}/landmarks/{segment}")
def landmarks(sound: OwnSound, other: OtherSound, shared: SharedSegment, ears: Ears) -> Response:
    """Draw the landmarks that both recordings have in a shared stretch; the listener's limits bound the time."""
    spans = ((one.start_s, one.end_s) for one in (shared.own, shared.other))
    picture = ears.matching_png(str(sound.path), str(other.path), *spans, width=MATCH_WIDTH, height=MATCH_HEIGHT)
    return Response(picture, media_type="image/png", headers=_CACHED)


@router.get("/console/cases/{case_id}/peaks")
def peaks(
    sound: OwnSound, ears: Ears, start_s: Second, end_s: Second, points: Annotated[int, Query(ge=1, le=8192)]
) -> Response:
    """Give the lowest and highest sample of each of ``points`` equal stretches."""
    found = ears.waveform_peaks(str(sound.path), start_s, end_s, points)
    return JSONResponse({"peaks": [[round(low, 3), round(high, 3)] for low, high in found]}, headers=_CACHED)


@router.get("/console/cases/{case_id}/spectrogram")
def spectrogram(
    sound: OwnSound, ears: Ears, start_s: Second, end_s: Second, *, width: Pixels, height: Pixels
) -> Response:
    """Draw a stretch."""
    picture = ears.spectrogram_png(str(sound.path), start_s, end_s, width=width, height=height)
    return Response(picture, media_type="image/png", headers=_CACHED)


def _wav(data: bytes) -> Response:
    return Response(data, media_type="audio/wav", headers=_CACHED)
