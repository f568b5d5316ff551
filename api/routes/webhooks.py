"""Webhooks: register an address, look at its messages, send them again."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, status
from pydantic import AwareDatetime

from api.deps import AppSettings, CurrentActor, Db
from api.public_webhooks import (
    ReplayResult,
    WebhookCreate,
    WebhookDeliveriesPublic,
    WebhookDeliveryPublic,
    WebhookIssued,
    WebhookPublic,
    WebhooksPublic,
    WebhookState,
)
from api.services import webhooks

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@router.post("", status_code=status.HTTP_201_CREATED)
def register(db: Db, actor: CurrentActor, settings: AppSettings, wanted: WebhookCreate) -> WebhookIssued:
    """Register an address; the secret that signs its messages is in this answer and nowhere else."""
    return webhooks.register(db, actor, settings, wanted)


@router.get("")
def every(db: Db, actor: CurrentActor) -> WebhooksPublic:
    """List the caller's webhooks, oldest first."""
    return webhooks.every(db, actor)


@router.delete("/{webhook_id}")
def remove(db: Db, actor: CurrentActor, webhook_id: str) -> WebhookPublic:
    """Stop telling an address."""
    return webhooks.remove(db, actor, webhook_id)


@router.post("/{webhook_id}/rotate")
def rotate(db: Db, actor: CurrentActor, webhook_id: str) -> WebhookIssued:
    """Exchange the secret; the old one signs beside the new one for a day."""
    return webhooks.rotate(db, actor, webhook_id)


@router.post("/{webhook_id}/test", status_code=status.HTTP_202_ACCEPTED)
def test(db: Db, actor: CurrentActor, webhook_id: str) -> WebhookDeliveryPublic:
    """Send a message that says nothing but that it arrived."""
    return webhooks.test(db, actor, webhook_id)


@router.get("/{webhook_id}/deliveries")
def messages(
    *,
    db: Db,
    actor: CurrentActor,
    webhook_id: str,
    state: WebhookState | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> WebhookDeliveriesPublic:
    """List the messages to an address, newest first; ``state=dead`` lists those given up."""
    return webhooks.messages(db, actor, webhook_id, state=state, cursor=cursor, limit=limit)


@router.post("/{webhook_id}/replay", status_code=status.HTTP_202_ACCEPTED)
def replay(
    db: Db, actor: CurrentActor, webhook_id: str, since: Annotated[AwareDatetime | None, Query()] = None
) -> ReplayResult:
    """Send again all that were given up, or all since a moment."""
    moment: datetime | None = since
    return webhooks.replay(db, actor, webhook_id, since=moment)


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay", status_code=status.HTTP_202_ACCEPTED)
def replay_one(db: Db, actor: CurrentActor, webhook_id: str, delivery_id: str) -> ReplayResult:
    """Send one message again."""
    return webhooks.replay(db, actor, webhook_id, one=delivery_id)
