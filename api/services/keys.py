"""API keys: made once, shown once, kept as a hash.

The token is 256 random bits, so a plain SHA-256 is enough: there is nothing to guess, and a
lookup by hash costs the same for a token that exists and one that does not.
"""

import hashlib
import secrets
from datetime import timedelta

from api.public_keys import KeyCreate, KeyIssued, KeyPublic
from api.services import clock
from api.services.access import PERMISSIONS, Actor, Permission, Role, require_permission
from api.store import events
from api.store import keys as store
from api.store.database import Database
from api.tables import AccountDpidRow, ApiKeyRow
from schemas.errors import InvalidInput, NotFound, NotSignedIn
from schemas.events import EventKind

PREFIX_LENGTH = 12  # "liner_" and six characters: enough to recognise, nothing to guess from
TOUCH_EVERY = timedelta(minutes=1)  # "last used" is worth no write per request
TERMINAL = Actor(name="command line", role=Role.ADMIN)


def digest(token: str) -> str:
    """Hash a token as the tables keep it."""
    return hashlib.sha256(token.encode()).hexdigest()


def create(db: Database, actor: Actor, wanted: KeyCreate) -> KeyIssued:
    """Make a key, and its account and DPIDs where they are new.

    Raises
    ------
    InvalidInput
        The name is taken, a label's key names no account, or a DPID belongs to another account.
    """
    require_permission(actor, Permission.KEYS)
    if (wanted.role is Role.LABEL) != (wanted.account is not None):
        raise InvalidInput("A label's key needs an account, and only a label's key has one.", mend="See --account.")
    beyond = [scope for scope in wanted.scopes or () if scope not in PERMISSIONS[wanted.role]]
    if beyond:
        raise InvalidInput(f"The role {wanted.role} never may {beyond[0]}.", mend="Leave that scope out.")
    if wanted.dpids and wanted.account is None:
        raise InvalidInput("Only a label's account can own DPIDs.", mend="Leave the DPIDs out.")
    token, now = _token(), clock.now()
    with db.write() as session:
        if store.by_name(session, wanted.name):
            raise InvalidInput(f"There is a key {wanted.name} already.", mend="Choose another name.")
        if wanted.account:
            store.ensure_account(session, wanted.account, now)
            for dpid in dict.fromkeys(normal_dpid(dpid) for dpid in wanted.dpids):
                owner = store.owner_of(session, dpid)
                if owner not in {None, wanted.account}:
                    raise InvalidInput(f"{dpid} belongs to another account.", mend="Check the DPID.")
                if owner is None:
                    session.add(AccountDpidRow(dpid=dpid, account=wanted.account))
        row = ApiKeyRow(
            id=f"key_{secrets.token_hex(8)}",
            name=wanted.name,
            prefix=token[:PREFIX_LENGTH],
            digest=digest(token),
            role=wanted.role,
            account=wanted.account,
            scopes=_words(wanted.scopes),
            queues=_words(wanted.queues),
            created_at=now,
        )
        session.add(row)
        events.record(session, EventKind.KEY_CREATED, actor=actor.name, at=now, name=row.name, role=row.role)
    return KeyIssued(key=_public(row), token=token)


def rotate(db: Database, actor: Actor, name: str, *, overlap: timedelta) -> KeyIssued:
    """Give a key a new token; the old one is good for a while longer, so that nothing stands still.

    Parameters
    ----------
    overlap
        How long the old token stays good; nothing ends it at once. A token from an earlier rotation ends now.

    Raises
    ------
    NotFound, InvalidInput
        There is no such key, or it is revoked.
    """
    require_permission(actor, Permission.KEYS)
    token, now = _token(), clock.now()
    with db.write() as session:
        row = store.by_name(session, name)
        if row is None:
            raise _no_key(name)
        if row.revoked_at is not None:
            raise InvalidInput(f"The key {name} is revoked.", mend="Make a new key.")
        row.old_digest, row.old_until = row.digest, now + overlap
        row.digest, row.prefix, row.rotated_at = digest(token), token[:PREFIX_LENGTH], now
        session.add(row)
        until = row.old_until.isoformat()
        events.record(session, EventKind.KEY_ROTATED, actor=actor.name, at=now, name=name, old_until=until)
    return KeyIssued(key=_public(row), token=token)


def every(db: Database, actor: Actor) -> tuple[KeyPublic, ...]:
    """List all keys, oldest first."""
    require_permission(actor, Permission.KEYS)
    with db.read() as session:
        return tuple(_public(row) for row in store.every(session))


def revoke(db: Database, actor: Actor, name: str) -> KeyPublic:
    """End a key at once, with the sessions made from it; doing it twice changes nothing."""
    require_permission(actor, Permission.KEYS)
    now = clock.now()
    with db.write() as session:
        row = store.by_name(session, name)
        if row is None:
            raise _no_key(name)
        if row.revoked_at is None:
            row.revoked_at = now
            session.add(row)
            events.record(session, EventKind.KEY_REVOKED, actor=actor.name, at=now, name=name)
        return _public(row)


def has_people(db: Database) -> bool:
    """Whether any key that could sign in to the console exists."""
    with db.read() as session:
        return any(row.revoked_at is None and Role(row.role).is_reviewer for row in store.every(session))


def authenticate(db: Database, token: str) -> Actor:
    """Say who holds a token; `NotSignedIn` where it is unknown or revoked."""
    now = clock.now()
    with db.read() as session:
        row = store.by_digest(session, digest(token), now)
        if row is None:
            raise NotSignedIn("The key is unknown or revoked.", mend="Ask an administrator for a new key.")
        actor = store.to_actor(session, row)
        is_stale = row.last_used_at is None or now - row.last_used_at > TOUCH_EVERY
    if is_stale:
        with db.write() as session:
            store.touch(session, row.id, now)
    return actor


def normal_dpid(text: str) -> str:
    """Write a DPID the one way that is compared: upper case, no blanks or dashes."""
    return text.upper().replace("-", "").replace(" ", "")


def _token() -> str:
    return f"liner_{secrets.token_urlsafe(32)}"


def _words(wanted: tuple[str, ...] | None) -> str | None:
    return None if wanted is None else " ".join(sorted(set(wanted)))


def _no_key(name: str) -> NotFound:
    return NotFound(f"There is no key {name}.", mend="`liner keys list` names them all.")


def _public(row: ApiKeyRow) -> KeyPublic:
    flat = row.model_dump(exclude={"id", "digest", "old_digest", "scopes", "queues"})
    lists = {
        name: None if text is None else text.split() for name, text in (("scopes", row.scopes), ("queues", row.queues))
    }
    return KeyPublic.model_validate({**flat, **lists})
