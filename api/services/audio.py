"""Which sound files may be played: those below the landing zone or a folder named on this machine."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlmodel import select

from api.services import clock
from api.services.access import Actor
from api.settings import Settings
from api.store import screenings as store
from api.store.database import Database
from api.tables import AudioRootRow
from schemas.errors import NotFound


def register_root(db: Database, folder: Path) -> None:
    """Allow playing what lies below a folder; only commands on this machine call this."""
    path = str(folder.resolve())
    with db.write() as session:
        if session.get(AudioRootRow, path) is None:
            session.add(AudioRootRow(path=path, added_at=clock.now()))


def of_recording(db: Database, actor: Actor, settings: Settings, recording_key: str) -> Path:
    """Find the sound file of a recording's newest screening that is the actor's to see."""
    with db.read() as session:
        row = store.latest_of_recording(session, actor, recording_key)
        uri = row.audio_uri if row else None
    return playable(db, settings, uri)


def of_screening(db: Database, actor: Actor, settings: Settings, screening_id: str) -> Path:
    """Find the sound file that a screening was made from."""
    with db.read() as session:
        row = store.find(session, actor, screening_id)
        uri = row.audio_uri if row else None
    return playable(db, settings, uri)


def playable(db: Database, settings: Settings, uri: str | None) -> Path:
    """Resolve a path or ``file:`` URI, links included, and refuse what lies outside the allowed folders.

    Raises
    ------
    NotFound
        There is no such file, or it is not to be played; the two look alike.
    """
    path = _local(settings, uri)
    if path is None or not path.is_file() or not any(path.is_relative_to(root) for root in _roots(db, settings)):
        raise NotFound("There is no sound to play.", mend="The file may have moved since it was screened.")
    return path


def _local(settings: Settings, uri: str | None) -> Path | None:
    if not uri or "\0" in uri:
        return None
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        uri = unquote(parts.path)
    try:
        return (settings.landing / uri).resolve(strict=True)
    except (OSError, RuntimeError):
        return None


def _roots(db: Database, settings: Settings) -> list[Path]:
    with db.read() as session:
        named = [Path(path) for path in session.exec(select(AudioRootRow.path))]
    return [settings.landing.resolve(), *named]
