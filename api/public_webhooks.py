"""What the API takes and gives about webhooks."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from schemas.base import Model
from schemas.events import EventKind

ANNOUNCED = (  # to labels, and to operators
    EventKind.DELIVERY_RECEIVED,
    EventKind.CASE_OPENED,
    EventKind.CASE_DECIDED,
    EventKind.CASE_REOPENED,
    EventKind.APPEAL_RECEIVED,
    EventKind.APPEAL_DECIDED,
)
FOR_OPERATORS = (EventKind.ALERT_RAISED, EventKind.RECALLED)  # no account's business alone
Announced = Literal[
    "delivery.received",
    "case.opened",
    "case.decided",
    "case.reopened",
    "appeal.received",
    "appeal.decided",
    "alert.raised",
    "recall.made",
]
WebhookState = Literal["pending", "delivered", "dead"]


class WebhookCreate(Model):
    """An address to tell.

    Attributes
    ----------
    url
        ``https://...``, or ``mailto:somebody@example.com`` where the service sends mail.
    kinds
        What to tell; empty for everything. ``alert.raised`` and ``recall.made`` are told to the operator alone: to
        webhooks of no account.
    account
        Whose events; an administrator leaves it out to hear of all accounts.
    form
        ``slack`` sends cards to Slack's incoming webhook, ``mail`` links to approve to one moderator (docs/chat.md).
    holder
        The moderator whose link it is.
    filter
        Which cases a card or link is sent for, in the language of docs/queues.md; empty for all.
    """

    url: str = Field(min_length=8, max_length=2000)
    kinds: tuple[Announced, ...] = ()
    account: str | None = Field(default=None, max_length=64)
    form: Literal["standard", "slack", "mail"] = "standard"
    holder: str | None = Field(default=None, max_length=64)
    filter: str = Field(default="", max_length=1000)


class WebhookPublic(Model):
    """A webhook without its secret.

    Attributes
    ----------
    removed_why
        ``removed``, or that the address said 410 Gone.
    waiting, dead
        How many messages are still to be sent, and how many were given up.
    """

    id: str
    account: str | None
    url: str
    kinds: tuple[str, ...]
    made_by: str
    made_at: datetime
    old_secret_until: datetime | None
    removed_at: datetime | None
    removed_why: str
    waiting: int = 0
    dead: int = 0


class WebhooksPublic(Model):
    """All webhooks of the asker, oldest first."""

    webhooks: tuple[WebhookPublic, ...]


class WebhookIssued(Model):
    """A webhook with its new secret, which is shown this once."""

    webhook: WebhookPublic
    secret: str


class WebhookDeliveryPublic(Model):
    """One message to one address: how often it was tried, when it is tried next, and the last answer.

    Attributes
    ----------
    message_id
        The same for every attempt and every address: what a receiver knows a repetition by.
    """

    id: str
    message_id: str
    kind: str
    state: WebhookState
    attempts: int
    made_at: datetime
    next_at: datetime | None
    delivered_at: datetime | None
    last_answer: str
    body: str


class WebhookDeliveriesPublic(Model):
    """Messages to an address, newest first."""

    deliveries: tuple[WebhookDeliveryPublic, ...]
    next_cursor: str | None


class ReplayResult(Model):
    """How many messages will be sent again."""

    queued: int
