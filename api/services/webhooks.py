"""Webhooks: who may register one, and what is done with its messages.

A label hears of its own account, an administrator of one or of all. The secret is shown once; an old one
signs beside the new one for a day, so that a receiver can change over without losing a message.
"""

import json
import secrets
from datetime import datetime, timedelta

from sqlmodel import Session

from api.public_webhooks import (
    FOR_OPERATORS,
    ReplayResult,
    WebhookCreate,
    WebhookDeliveriesPublic,
    WebhookDeliveryPublic,
    WebhookIssued,
    WebhookPublic,
    WebhooksPublic,
    WebhookState,
)
from api.services import addresses, chat, clock
from api.services.access import Actor, Role, require
from api.settings import Settings
from api.store import deliveries, events
from api.store import webhooks as store
from api.store.database import Database
from api.tables import WebhookDeliveryRow, WebhookRow
from schemas.errors import AddressRefused, InvalidInput, NotFound
from schemas.events import EventKind
from schemas.signing import new_secret

OVERLAP = timedelta(days=1)  # how long an old secret signs beside the new one
MAX_WEBHOOKS = 20  # of one account
TEST = "test"


def register(db: Database, actor: Actor, settings: Settings, wanted: WebhookCreate) -> WebhookIssued:
    """Register an address; its secret is in this answer and nowhere else.

    Raises
    ------
    AddressRefused
        The address is none that this service may be made to call.
    NotFound, InvalidInput
        The account is not the actor's; it has too many webhooks.
    """
    require(actor, Role.LABEL, Role.ADMIN)
    account = _account(actor, wanted.account)
    _check(wanted.url, settings)
    if account is not None and set(wanted.kinds) & set(FOR_OPERATORS):
        raise InvalidInput("Alerts and recalls are told to no account.", mend="An administrator leaves it out.")
    now = clock.now()
    with db.write() as session:
        if account is not None and not deliveries.has_account(session, account):
            raise NotFound(f"There is no account {account[:64]}.", mend="Make a label's key for it first.")
        if store.count(session, account) >= MAX_WEBHOOKS:
            raise InvalidInput(f"An account has at most {MAX_WEBHOOKS} webhooks.", mend="Remove one first.")
        row = WebhookRow(
            id=f"whk_{secrets.token_hex(12)}",
            account=account,
            url=wanted.url,
            kinds=" ".join(dict.fromkeys(wanted.kinds)),
            secret=new_secret(),
            made_by=actor.name,
            made_at=now,
        )
        session.add(row)
        if wanted.form != "standard":
            chat.open_channel(session, actor, row, wanted)
        events.record(session, EventKind.WEBHOOK_REGISTERED, actor=actor.name, at=now, webhook=row.id)
        return WebhookIssued(webhook=_public(row, {}), secret=row.secret)


def every(db: Database, actor: Actor) -> WebhooksPublic:
    """List the actor's webhooks, oldest first."""
    require(actor, Role.LABEL, Role.ADMIN)
    with db.read() as session:
        rows = store.every(session, actor)
        tallies = store.tallies(session, [row.id for row in rows])
        return WebhooksPublic(webhooks=tuple(_public(row, tallies) for row in rows))


def rotate(db: Database, actor: Actor, webhook_id: str) -> WebhookIssued:
    """Give a webhook a new secret; the old one signs beside it for a day."""
    now = clock.now()
    with db.write() as session:
        row = _own(session, actor, webhook_id)
        row.old_secret, row.old_secret_until = row.secret, now + OVERLAP
        row.secret = new_secret()
        session.add(row)
        events.record(session, EventKind.WEBHOOK_ROTATED, actor=actor.name, at=now, webhook=row.id)
        return WebhookIssued(webhook=_public(row, {}), secret=row.secret)


def remove(db: Database, actor: Actor, webhook_id: str) -> WebhookPublic:
    """Stop telling an address; what it is owed stays in the records."""
    now = clock.now()
    with db.write() as session:
        row = _own(session, actor, webhook_id)
        row.removed_at, row.removed_why = now, "removed"
        session.add(row)
        events.record(session, EventKind.WEBHOOK_REMOVED, actor=actor.name, at=now, webhook=row.id)
        return _public(row, {})


def messages(
    db: Database, actor: Actor, webhook_id: str, *, state: WebhookState | None, cursor: str | None, limit: int
) -> WebhookDeliveriesPublic:
    """List the messages to an address, newest first."""
    with db.read() as session:
        _own(session, actor, webhook_id)
        rows = store.page(session, webhook_id, state=state, cursor=cursor, limit=limit + 1)
        shown = rows[:limit]
        return WebhookDeliveriesPublic(
            deliveries=tuple(map(_message, shown)), next_cursor=shown[-1].id if len(rows) > limit else None
        )


def replay(
    db: Database, actor: Actor, webhook_id: str, *, one: str | None = None, since: datetime | None = None
) -> ReplayResult:
    """Send messages again: one, those made since a moment, else all that were given up."""
    since = clock.to_utc(since) if since else None
    with db.write() as session:
        _own(session, actor, webhook_id)
        queued = store.replay(session, webhook_id, clock.now(), one=one, since=since)
        if one is not None and not queued:
            raise NotFound(f"The webhook has no message {one[:80]}.")
        return ReplayResult(queued=queued)


def test(db: Database, actor: Actor, webhook_id: str) -> WebhookDeliveryPublic:
    """Send a message that says nothing but that it arrived."""
    now = clock.now()
    with db.write() as session:
        row = _own(session, actor, webhook_id)
        body = {"type": TEST, "timestamp": now.isoformat(), "data": {"webhook": row.id}}
        made = owed(row.id, f"msg_{secrets.token_hex(12)}", TEST, json.dumps(body), now)
        session.add(made)
        return _message(made)


def owed(webhook_id: str, message_id: str, kind: str, body: str, now: datetime) -> WebhookDeliveryRow:
    """Make the row of a message to an address, to be sent at once."""
    return WebhookDeliveryRow(
        id=f"whd_{secrets.token_hex(12)}",
        webhook_id=webhook_id,
        message_id=message_id,
        kind=kind,
        body=body,
        made_at=now,
        next_at=now,
    )


def _account(actor: Actor, wanted: str | None) -> str | None:
    if actor.role is not Role.LABEL:
        return wanted
    if wanted not in {None, actor.account}:
        raise NotFound(f"There is no account {(wanted or '')[:64]} of yours.", mend="Leave the account out.")
    return actor.account


def _check(url: str, settings: Settings) -> None:
    if url.startswith("mailto:"):
        if addresses.mail_address(url) is None:
            raise AddressRefused("This is no mail address.", mend=addresses.MEND)
        if not settings.smtp_url.get_secret_value():
            raise AddressRefused("This service sends no mail.", mend="The operator sets LINER_SMTP_URL.")
        return
    try:
        addresses.resolve(addresses.parse(url, settings), settings)
    except OSError as error:
        raise AddressRefused("The address' name cannot be found.", mend=addresses.MEND) from error


def _own(session: Session, actor: Actor, webhook_id: str) -> WebhookRow:
    require(actor, Role.LABEL, Role.ADMIN)
    row = store.find(session, webhook_id)
    is_own = row is not None and (actor.role is not Role.LABEL or row.account == actor.account)
    if row is None or not is_own or row.removed_at is not None:
        raise NotFound(f"There is no webhook {webhook_id[:80]}.", mend="List them with GET /v1/webhooks.")
    return row


def _public(row: WebhookRow, tallies: dict[tuple[str, str], int]) -> WebhookPublic:
    kept = row.model_dump(exclude={"secret", "old_secret", "kinds"})
    numbers = {"waiting": tallies.get((row.id, "pending"), 0), "dead": tallies.get((row.id, "dead"), 0)}
    return WebhookPublic.model_validate({**kept, **numbers, "kinds": tuple(row.kinds.split())})


def _message(row: WebhookDeliveryRow) -> WebhookDeliveryPublic:
    kept = row.model_dump(exclude={"webhook_id", "leased_until", "next_at"})
    return WebhookDeliveryPublic.model_validate({**kept, "next_at": row.next_at if row.state == "pending" else None})
