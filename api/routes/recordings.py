"""The sound of a recording, for those who may hear it, and what a listener is told about its making."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse

from api.deps import AppSettings, CurrentActor, Db
from api.negotiation import preferred
from api.public import AudioLink
from api.public_deliveries import DeclarationsPublic
from api.services import audio, declarations
from api.services import credits as cards
from schemas.credits import CreditCard, to_json_ld

router = APIRouter(prefix="/v1", tags=["recordings"])
TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".mp4": "audio/mp4",
    ".aac": "audio/aac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
}
UNKNOWN = "application/octet-stream"
JSON_LD = "application/ld+json"
CARD_TYPES = ("application/json", JSON_LD, "text/html", "text/plain")
CARD_STYLE = base64.b64encode(hashlib.sha256(cards.STYLE.encode()).digest()).decode()
# Any page may frame the card: it holds nothing to click on. Browsers that know this ignore X-Frame-Options.
CARD_POLICY = f"default-src 'none'; style-src 'sha256-{CARD_STYLE}'; frame-ancestors *; base-uri 'none'"
CARD_HEADERS = {"Content-Security-Policy": CARD_POLICY, "Cross-Origin-Resource-Policy": "cross-origin"}


PLAYED: dict[int | str, dict[str, Any]] = {
    200: {"content": {one: {} for one in sorted({*TYPES.values(), UNKNOWN})}, "description": "The sound"},
    206: {"description": "A part of it"},
    416: {"description": "The range lies beyond the end"},
}


@router.get("/recordings/{recording_key}/audio", response_class=FileResponse, responses=PLAYED)
def sound(
    db: Db, actor: CurrentActor, settings: AppSettings, recording_key: str, screening: str | None = None
) -> FileResponse:
    """Play a recording's sound file (ranges are answered): the newest, or the one that a screening heard."""
    if screening is not None:
        path = audio.of_screening(db, actor, settings, screening)
    else:
        path = audio.of_recording(db, actor, settings, recording_key)
    return _played(path, "private, max-age=3600")


@router.get("/recordings/{recording_key}/audio-link")
def sound_link(db: Db, actor: CurrentActor, settings: AppSettings, recording_key: str) -> AudioLink:
    """Give a link to a recording's newest sound for a player that sends no key; it is good for five minutes."""
    return audio.link(db, actor, settings, recording_key)


@router.get("/audio/{token}", response_class=FileResponse, responses=PLAYED)
def linked_sound(db: Db, settings: AppSettings, token: str) -> FileResponse:
    """Play what a link leads to (ranges are answered), to whoever has it, until it is too old."""
    return _played(audio.of_link(db, settings, token), "private, no-store")


def _played(path: Path, caching: str) -> FileResponse:
    media_type = TYPES.get(path.suffix.lower(), UNKNOWN)
    return FileResponse(path, media_type=media_type, headers={"Cache-Control": caching})


@router.get(
    "/recordings/{isrc}/credits",
    response_model=CreditCard,
    responses={200: {"content": {one: {} for one in CARD_TYPES if one != "application/json"}}},
)
def credit_card(db: Db, actor: CurrentActor, request: Request, isrc: str) -> Response:
    """Say in plain words who or what made a recording, as its sender declared: JSON, JSON-LD, HTML or text."""
    card = cards.of_isrc(db, actor, isrc)
    wanted = preferred(request.headers.get("accept", ""), CARD_TYPES)
    headers = {"Vary": "Accept"}
    if wanted == JSON_LD:
        return JSONResponse(to_json_ld(card), media_type=JSON_LD, headers=headers)
    if wanted == "text/html":
        return HTMLResponse(cards.to_html(card), headers={**headers, **CARD_HEADERS})
    if wanted == "text/plain":
        return PlainTextResponse(cards.to_text(card), headers=headers)
    return JSONResponse(card.model_dump(mode="json"), headers=headers)


@router.get("/recordings/{isrc}/declarations")
def declaration_history(db: Db, actor: CurrentActor, isrc: str) -> DeclarationsPublic:
    """Tell who declared what about a recording and when, newest first, and what each declaration changed."""
    return declarations.of_isrc(db, actor, isrc)
