"""Which sound files may be played: those below the landing zone or a folder named on this machine.

Who may hear a sound may have a link to it, for players that send neither a key nor a cookie. A link is good for a few
minutes and for its holder: it is signed with what the tables keep of the holder's key, so that it ends with the key's
revocation or rotation, and what the holder may hear is asked again whenever it is used.
"""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlmodel import Session, select

from api.public import AudioLink
from api.services import clock
from api.services.access import Actor, Permission, require_permission
from api.settings import Settings
from api.store import keys as key_store
from api.store import screenings as store
from api.store.database import Database
from api.tables import ApiKeyRow, AudioRootRow
from schemas.errors import NotFound, NotSignedIn

LINK_LASTS = timedelta(minutes=5)
LINK = "/v1/audio/"


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


def link(db: Database, actor: Actor, settings: Settings, recording_key: str) -> AudioLink:
    """Make a link to the sound of a recording's newest screening that is the actor's to hear.

    Raises
    ------
    NotFound
        There is no sound to play, or the actor has no key to sign with.
    """
    expires_at = clock.now().replace(microsecond=0) + LINK_LASTS
    with db.read() as session:
        row = store.latest_of_recording(session, actor, recording_key)
        key = key_store.by_name(session, actor.name)
    playable(db, settings, row.audio_uri if row else None)
    if row is None or key is None:
        raise _no_sound()
    told = json.dumps([actor.name, row.id, int(expires_at.timestamp())]).encode()
    text = base64.urlsafe_b64encode(told).decode().rstrip("=")
    return AudioLink(url=f"{settings.public_url}{LINK}{text}.{_signature(key, text)}", expires_at=expires_at)


def of_link(db: Database, settings: Settings, token: str) -> Path:
    """Find the sound file that a link leads to.

    Raises
    ------
    NotFound, NotSignedIn
        The link is none of ours, or the sound is not its holder's to hear; it is too old.
    """
    now = clock.now()
    with db.read() as session:
        actor, screening_id, expires_at = _holder(session, token)
    if expires_at <= now:
        raise NotSignedIn("The link to the sound is too old.", mend="Ask for a new one.")
    require_permission(actor, Permission.READ)
    return of_screening(db, actor, settings, screening_id)


def _holder(session: Session, token: str) -> tuple[Actor, str, datetime]:
    """Read a link whose signature fits the key of the holder that it names."""
    text, _, signature = token.partition(".")
    try:
        told = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        name, screening_id, expires = told
        key = key_store.by_name(session, str(name))
        expires_at = datetime.fromtimestamp(int(expires), UTC)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise _no_sound() from error
    is_good = key is not None and hmac.compare_digest(_signature(key, text).encode(), signature.encode())
    if key is None or key.revoked_at is not None or not is_good:
        raise _no_sound()
    return key_store.to_actor(session, key), str(screening_id), expires_at


def _signature(key: ApiKeyRow, text: str) -> str:
    return hmac.new(key.digest.encode(), f"audio:{text}".encode(), "sha256").hexdigest()


def _no_sound() -> NotFound:
    return NotFound("There is no sound to play.", mend="The file may have moved since it was screened.")


def playable(db: Database, settings: Settings, uri: str | None) -> Path:
    """Resolve a path or ``file:`` URI, links included, and refuse what lies outside the allowed folders.

    Raises
    ------
    NotFound
        There is no such file, or it is not to be played; the two look alike.
    """
    path = _local(settings, uri)
    if path is None or not path.is_file() or not any(path.is_relative_to(root) for root in _roots(db, settings)):
        raise _no_sound()
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
