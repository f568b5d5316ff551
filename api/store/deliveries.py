"""Deliveries that came in over HTTP."""

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from api.services.access import Actor, Role
from api.tables import AccountRow, DeliveryRow


def has_account(session: Session, name: str) -> bool:
    """Whether the account exists."""
    return session.get(AccountRow, name) is not None


def find(session: Session, delivery_id: str) -> DeliveryRow | None:
    """Read a delivery."""
    return session.get(DeliveryRow, delivery_id)


def page(session: Session, actor: Actor, *, cursor: str | None, limit: int) -> list[DeliveryRow]:
    """Read deliveries that are the actor's to see, newest first, beyond the one that ``cursor`` names."""
    query = select(DeliveryRow)
    if actor.role is Role.LABEL:
        query = query.where(col(DeliveryRow.account) == actor.account)
    last = find(session, cursor) if cursor else None
    if last is not None and actor.sees(account=last.account, sender_id=""):
        same_time = and_(col(DeliveryRow.received_at) == last.received_at, col(DeliveryRow.id) < last.id)
        query = query.where(or_(col(DeliveryRow.received_at) < last.received_at, same_time))
    newest_first = query.order_by(col(DeliveryRow.received_at).desc(), col(DeliveryRow.id).desc())
    return list(session.exec(newest_first.limit(limit)))
