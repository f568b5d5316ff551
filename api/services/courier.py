"""The courier: a thread of the server that takes what the outbox owes to those who asked to be told.

Two steps, each a transaction of its own. `fan_out` turns an event into one message for each address. `send_due`
leases messages, sends them, and notes what came of it. A process that dies between sending and noting sends again
when the lease is over: every message arrives at least once, and carries an id by which a repetition is known.
"""

import logging
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from api.services import chat, clock, sending, telling, webhooks
from api.services.sending import Answer, Letter
from api.settings import Settings
from api.store import chat as channel_store
from api.store import outbox
from api.store import webhooks as store
from api.store.database import Database
from api.tables import ChannelRow, EventRow, WebhookDeliveryRow, WebhookRow
from schemas.errors import LinerError

EVERY_S = 1.0
LEASE = timedelta(seconds=90)  # longer than any attempt
FAN_OUT = 100  # events of one transaction
BATCH = 32
PER_ADDRESS = 4  # of a batch, so that a slow address holds up nobody else
THREADS = 8
BACK_OFF = tuple(
    timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)  # three days in all; the schedule that Standard Webhooks recommends
JITTER = 0.2
log = logging.getLogger("liner.courier")


@contextmanager
def running(db: Database, settings: Settings, *, every_s: float = EVERY_S) -> Iterator[None]:
    """Run the courier in a thread until the end of the block."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every_s):
            try:
                work(db, settings)
            except (SQLAlchemyError, LinerError) as error:  # tried again; nothing is lost
                log.warning("the courier could not work: %s", error)

    thread = threading.Thread(target=run, name="liner-courier", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(sending.TIMEOUT_S)


def work(db: Database, settings: Settings) -> int:
    """Do what is to be done now, and say how many messages were tried."""
    while fan_out(db, settings):
        pass  # one short transaction after the other: other writers get in between
    return send_due(db, settings)


def fan_out(db: Database, settings: Settings) -> int:
    """Turn some of what the outbox owes into a message for each address, and say how many events were looked at."""
    now = clock.now()
    with db.read() as session:
        if not outbox.due(session, outbox.WEBHOOK, now, limit=1):
            return 0
    with db.write() as session:
        hooks = store.live(session)
        if not hooks:
            outbox.skip(session, outbox.WEBHOOK, now)
            return 0
        due = outbox.due(session, outbox.WEBHOOK, now, limit=FAN_OUT)
        channels = channel_store.channels(session)
        plain = [hook for hook in hooks if hook.id not in channels]
        for row, event in due:
            for hook in hooks:
                if hook.id in channels:
                    _to_channel(session, event, hook, channels[hook.id], settings)
            wanted = [hook for hook in plain if not hook.kinds or event.kind in hook.kinds.split()]
            told = telling.tell(session, event, settings.public_url) if wanted else None
            if told is not None:
                _address(session, [hook for hook in wanted if hook.account in {None, told.account}], told, now)
            outbox.done(row)
            session.add(row)
        return len(due)


def send_due(db: Database, settings: Settings) -> int:
    """Send what is due, and say how many messages were tried."""
    with db.read() as session:
        if not store.has_due(session, clock.now()):
            return 0
    letters = _lease(db, clock.now())
    with ThreadPoolExecutor(THREADS, thread_name_prefix="liner-courier") as threads:
        answers = list(threads.map(lambda one: sending.send(one, settings, clock.now()), letters))
    _note(db, letters, answers)
    return len(letters)


def next_try(attempts: int, now: datetime) -> datetime | None:
    """Say when a message is tried again after so many attempts; None where it is given up."""
    if attempts > len(BACK_OFF):
        return None
    spread = 1 + JITTER * random.random()  # noqa: S311 - so that many messages do not come back at once
    return now + BACK_OFF[attempts - 1] * spread


def _to_channel(session: Session, event: EventRow, hook: WebhookRow, channel: ChannelRow, settings: Settings) -> None:
    message_id = f"evt_{event.seq}"
    if store.known_messages(session, [message_id]) >= {(hook.id, message_id)}:
        return
    body = chat.owed(session, event, hook, channel, settings)
    if body is not None:
        session.add(webhooks.owed(hook.id, message_id, event.kind, body, clock.now()))


def _address(session: Session, hooks: Sequence[WebhookRow], told: telling.Told, now: datetime) -> None:
    known = store.known_messages(session, [told.message_id])
    fresh = [hook for hook in hooks if (hook.id, told.message_id) not in known]
    session.add_all(webhooks.owed(hook.id, told.message_id, told.kind, told.body, now) for hook in fresh)


def _lease(db: Database, now: datetime) -> list[Letter]:
    with db.write() as session:
        taken = _fair(store.due(session, now, limit=BATCH * PER_ADDRESS))
        letters = []
        for row in taken:
            hook = store.find(session, row.webhook_id)
            row.leased_until, row.attempts = now + LEASE, row.attempts + 1
            if hook is None or hook.removed_at is not None:
                row.state, row.last_answer = store.DEAD, "The webhook is removed."
            else:
                letters.append(_letter(row, hook, now))
            session.add(row)
        return letters


def _fair(rows: Sequence[WebhookDeliveryRow]) -> list[WebhookDeliveryRow]:
    taken: Counter[str] = Counter()
    chosen: list[WebhookDeliveryRow] = []
    for row in rows:
        if taken[row.webhook_id] < PER_ADDRESS and len(chosen) < BATCH:
            taken[row.webhook_id] += 1
            chosen.append(row)
    return chosen


def _letter(row: WebhookDeliveryRow, hook: WebhookRow, now: datetime) -> Letter:
    keys = [hook.secret]
    if hook.old_secret and hook.old_secret_until and hook.old_secret_until > now:
        keys.append(hook.old_secret)
    return Letter(row.id, hook.url, row.message_id, row.body, tuple(keys), row.attempts)


def _note(db: Database, letters: Sequence[Letter], answers: Sequence[Answer]) -> None:
    now = clock.now()
    with db.write() as session:
        for letter, answer in zip(letters, answers, strict=True):
            row = session.get(WebhookDeliveryRow, letter.id)
            if row is None:
                continue
            row.leased_until, row.last_answer = None, answer.text
            if answer.is_delivered:
                row.state, row.delivered_at = store.DELIVERED, now
            else:
                _put_off(session, row, answer, now)
            session.add(row)


def _put_off(session: Session, row: WebhookDeliveryRow, answer: Answer, now: datetime) -> None:
    later = None if answer.is_gone else next_try(row.attempts, now)
    if later is not None:
        row.next_at = later
        return
    row.state = store.DEAD
    hook = store.find(session, row.webhook_id) if answer.is_gone else None
    if hook is not None and hook.removed_at is None:
        hook.removed_at, hook.removed_why = now, "The address answered 410 Gone."
        session.add(hook)
    log.warning("message %s to webhook %s is given up: %s", row.message_id, row.webhook_id, row.last_answer)
