"""Webhooks and what they are owed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, update
from sqlmodel import Session, col, select

from api.services.access import Actor, Role
from api.tables import WebhookDeliveryRow, WebhookRow

PENDING, DELIVERED, DEAD = "pending", "delivered", "dead"


def find(session: Session, webhook_id: str) -> WebhookRow | None:
    """Read a webhook."""
    return session.get(WebhookRow, webhook_id)


def every(session: Session, actor: Actor, *, removed: bool = False) -> Sequence[WebhookRow]:
    """Read the actor's webhooks, oldest first: a label's own, an administrator's all."""
    query = select(WebhookRow)
    if actor.role is Role.LABEL:
        query = query.where(col(WebhookRow.account) == actor.account)
    if not removed:
        query = query.where(col(WebhookRow.removed_at).is_(None))
    return session.exec(query.order_by(col(WebhookRow.made_at), col(WebhookRow.id))).all()


def live(session: Session) -> Sequence[WebhookRow]:
    """Read all webhooks that are told of anything."""
    query = select(WebhookRow).where(col(WebhookRow.removed_at).is_(None))
    return session.exec(query.order_by(col(WebhookRow.id))).all()


def count(session: Session, account: str | None) -> int:
    """Count the live webhooks of an account."""
    query = select(func.count()).select_from(WebhookRow)
    return session.exec(query.where(col(WebhookRow.account) == account, col(WebhookRow.removed_at).is_(None))).one()


def tallies(session: Session, ids: Iterable[str]) -> dict[tuple[str, str], int]:
    """Count messages by webhook and state."""
    query = (
        select(WebhookDeliveryRow.webhook_id, WebhookDeliveryRow.state, func.count())
        .where(col(WebhookDeliveryRow.webhook_id).in_(list(ids)), col(WebhookDeliveryRow.state) != DELIVERED)
        .group_by(col(WebhookDeliveryRow.webhook_id), col(WebhookDeliveryRow.state))
    )
    return {(webhook, state): number for webhook, state, number in session.exec(query)}


def known_messages(session: Session, message_ids: Iterable[str]) -> set[tuple[str, str]]:
    """Say which messages are owed to which webhooks already."""
    wanted = col(WebhookDeliveryRow.message_id).in_(list(message_ids))
    query = select(WebhookDeliveryRow.webhook_id, WebhookDeliveryRow.message_id).where(wanted)
    return {(webhook, message) for webhook, message in session.exec(query)}


def has_due(session: Session, now: datetime) -> bool:
    """Tell without a lock whether anything is to be sent."""
    return session.exec(select(WebhookDeliveryRow.id).where(*_due(now)).limit(1)).first() is not None


def due(session: Session, now: datetime, *, limit: int) -> Sequence[WebhookDeliveryRow]:
    """Read what is to be sent, oldest first; several senders at once get different rows."""
    query = select(WebhookDeliveryRow).where(*_due(now)).order_by(col(WebhookDeliveryRow.next_at))
    return session.exec(query.limit(limit).with_for_update(skip_locked=True)).all()


def page(
    session: Session, webhook_id: str, *, state: str | None, cursor: str | None, limit: int
) -> list[WebhookDeliveryRow]:
    """Read messages to an address, newest first, beyond the one that ``cursor`` names."""
    query = select(WebhookDeliveryRow).where(col(WebhookDeliveryRow.webhook_id) == webhook_id)
    if state:
        query = query.where(col(WebhookDeliveryRow.state) == state)
    last = session.get(WebhookDeliveryRow, cursor) if cursor else None
    if last is not None:
        same = and_(col(WebhookDeliveryRow.made_at) == last.made_at, col(WebhookDeliveryRow.id) < last.id)
        query = query.where(or_(col(WebhookDeliveryRow.made_at) < last.made_at, same))
    newest = query.order_by(col(WebhookDeliveryRow.made_at).desc(), col(WebhookDeliveryRow.id).desc())
    return list(session.exec(newest.limit(limit)))


def replay(
    session: Session, webhook_id: str, now: datetime, *, one: str | None = None, since: datetime | None = None
) -> int:
    """Queue messages again: one, those made since a moment, or all that were given up; and say how many."""
    wanted = [col(WebhookDeliveryRow.webhook_id) == webhook_id]
    if one is not None:
        wanted.append(col(WebhookDeliveryRow.id) == one)
    elif since is not None:
        wanted.append(col(WebhookDeliveryRow.made_at) >= since)
    else:
        wanted.append(col(WebhookDeliveryRow.state) == DEAD)
    again = {"state": PENDING, "attempts": 0, "next_at": now, "leased_until": None, "delivered_at": None}
    ids = list(session.exec(select(WebhookDeliveryRow.id).where(*wanted)))
    session.execute(update(WebhookDeliveryRow).where(*wanted).values(**again))
    return len(ids)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    free = or_(col(WebhookDeliveryRow.leased_until).is_(None), col(WebhookDeliveryRow.leased_until) <= now)
    return (col(WebhookDeliveryRow.state) == PENDING, col(WebhookDeliveryRow.next_at) <= now, free)
