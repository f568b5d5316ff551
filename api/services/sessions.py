"""Signing in to the console: a one-time link becomes a session, a session stands for a key's holder."""

import dataclasses
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from api.services import clock, preferences
from api.services.access import Actor, Role
from api.services.keys import digest
from api.store import events
from api.store import keys as store
from api.store.database import Database
from api.tables import SessionRow, SignInTokenRow
from schemas.errors import InvalidInput, NotAllowed, NotFound, NotSignedIn
from schemas.events import EventKind


@dataclass(frozen=True)
class StartedSession:
    """A new session: the cookie's value and until when it holds."""

    token: str = field(repr=False)
    expires_at: datetime
    actor: Actor


def link_token(db: Database, name: str, *, valid_for: timedelta) -> str:
    """Make a one-time sign-in token for the holder of a key.

    Raises
    ------
    NotFound, InvalidInput
        There is no such key; it is revoked or a service's.
    """
    token = secrets.token_urlsafe(32)
    now = clock.now()
    with db.write() as session:
        key = store.by_name(session, name)
        if key is None:
            raise NotFound(f"There is no key {name}.", mend=f"Make it: liner keys create {name} --role moderator")
        if key.revoked_at is not None:
            raise InvalidInput(f"The key {name} is revoked.", mend="Make a new key.")
        if key.role == Role.SERVICE:
            raise InvalidInput(f"{name} is a service; people sign in.", mend="Name a moderator's key.")
        session.add(SignInTokenRow(digest=digest(token), key_id=key.id, created_at=now, expires_at=now + valid_for))
    return token


def start(db: Database, token: str, *, valid_for: timedelta) -> StartedSession:
    """Use up a sign-in token; `NotSignedIn` where it is unknown, used or too old."""
    now = clock.now()
    cookie = secrets.token_urlsafe(32)
    with db.write() as session:
        row = store.lock_sign_in(session, digest(token))
        if row is None or row.used_at is not None or row.expires_at <= now:
            raise NotSignedIn("The sign-in link was used already or is too old.", mend="liner keys link NAME")
        row.used_at = now
        key = store.by_id(session, row.key_id)
        if key is None:
            raise NotSignedIn("The key of this sign-in link is revoked.", mend="Ask an administrator for a new key.")
        made = SessionRow(
            digest=digest(cookie),
            key_id=key.id,
            csrf_token=secrets.token_urlsafe(32),
            created_at=now,
            expires_at=now + valid_for,
        )
        session.add(row)
        session.add(made)
        events.record(session, EventKind.SIGNED_IN, actor=key.name, at=now, how="link")
        actor = store.to_actor(session, key, csrf_token=made.csrf_token)
    return StartedSession(token=cookie, expires_at=made.expires_at, actor=actor)


def resume(db: Database, cookie: str) -> Actor:
    """Say whose session a cookie is; `NotSignedIn` where it ended or its key was revoked."""
    with db.read() as session:
        found = store.live_session(session, digest(cookie), clock.now())
        if found is None:
            raise NotSignedIn("The session has ended.", mend="Sign in again: liner keys link NAME")
        actor = store.to_actor(session, found, csrf_token=found.csrf_token)
    return dataclasses.replace(actor, preferences=preferences.parse(found.preferences))


def end(db: Database, cookie: str) -> None:
    """End a session; one that is not there is ended already."""
    with db.write() as session:
        row = session.get(SessionRow, digest(cookie))
        if row is not None and row.ended_at is None:
            row.ended_at = clock.now()
            session.add(row)


def check_csrf(actor: Actor, given: str | None) -> None:
    """Refuse an unsafe request of a session that does not repeat the session's token."""
    if actor.csrf_token is None:
        return
    if not hmac.compare_digest(actor.csrf_token.encode(), (given or "").encode()):
        raise NotAllowed("The form's token is missing or of another session.", mend="Load the page again.")
