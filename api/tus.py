"""Files in pieces over HTTP: what of tus 1.0 (tus.io) is spoken, by labels' uploads and by creators' links alike.

Of tus: the core protocol with creation, termination and expiration.
"""

import base64
from datetime import timedelta

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.services import resumable
from api.services.resumable import Announced
from api.settings import Settings
from api.tables import UploadRow
from schemas.errors import InvalidInput, WrongProtocol

VERSION = "1.0.0"
PIECE = "application/offset+octet-stream"
EXTENSIONS = "creation,termination,expiration"
SPOKEN = {"Tus-Resumable": VERSION}
RFC_1123 = "%a, %d %b %Y %H:%M:%S GMT"


def check_version(given: str) -> None:
    """Refuse a client that speaks another version, and say which one is spoken here."""
    if given != VERSION:
        raise WrongProtocol(f"Tus-Resumable is {given[:20]!a}, not {VERSION}.", mend="Use a tus 1.0 client.")


def announced(metadata: str, length: int) -> Announced:
    """Read what a creation says of its file: name, and what it is for.

    Raises
    ------
    InvalidInput
        A value is no Base64 of UTF-8.
    """
    told = _metadata(metadata)
    return Announced(
        name=told.get("filename", ""),
        length=length,
        draft=told.get("draft", ""),
        appeal=told.get("appeal", ""),
        kind=told.get("kind", ""),
    )


async def take(request: Request, settings: Settings, row: UploadRow, offset: int) -> int:
    """Take a piece, and say how many bytes are here now; what arrived before a line broke stays.

    Raises
    ------
    WrongProtocol, OffsetConflict, InvalidInput
        It is no piece, belongs elsewhere, or the line broke.
    """
    if request.headers.get("content-type") != PIECE:
        raise WrongProtocol("A piece is sent as another kind.", mend=f"Content-Type: {PIECE}")
    with resumable.writing(settings, row, offset) as incoming:
        try:
            async for chunk in request.stream():
                await run_in_threadpool(incoming.feed, chunk)
        except ClientDisconnect as error:
            raise InvalidInput("The line broke.", mend="Ask with HEAD where to go on.") from error
    return incoming.offset


def progress(row: UploadRow, have: int, settings: Settings) -> dict[str, str]:
    """Say how far an upload is, and until when it is kept."""
    expires = row.made_at + timedelta(days=settings.draft_days)
    return {
        **SPOKEN,
        "Upload-Offset": str(have),
        "Upload-Length": str(row.length),
        "Upload-Expires": expires.strftime(RFC_1123),
    }


def _metadata(text: str) -> dict[str, str]:
    told = {}
    for pair in text.split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            told[name] = base64.b64decode(value, validate=True).decode()
        except ValueError as error:
            raise InvalidInput(f"Upload-Metadata's {name[:40]!a} cannot be read.", mend="Base64 of UTF-8.") from error
    return told
