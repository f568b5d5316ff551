"""The sound of a recording, for those who may hear it."""

from fastapi import APIRouter
from fastapi.responses import FileResponse

from api.deps import AppSettings, CurrentActor, Db
from api.services import audio

router = APIRouter(prefix="/v1/recordings", tags=["recordings"])
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


@router.get("/{recording_key}/audio", response_class=FileResponse)
def sound(
    db: Db, actor: CurrentActor, settings: AppSettings, recording_key: str, screening: str | None = None
) -> FileResponse:
    """Play a recording's sound file (ranges are answered): the newest, or the one that a screening heard."""
    if screening is not None:
        path = audio.of_screening(db, actor, settings, screening)
    else:
        path = audio.of_recording(db, actor, settings, recording_key)
    headers = {"Cache-Control": "private, max-age=3600"}
    return FileResponse(path, media_type=TYPES.get(path.suffix.lower(), UNKNOWN), headers=headers)
