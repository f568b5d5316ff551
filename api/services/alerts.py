"""Alerts: a case or an appeal whose time is nearly over or over is told of, once, and the log keeps that.

The audit log is the memory: what it says was told is not told again, whichever process looks. A due time that moves
is another one. What was noticed at once goes out as one message, so that a backlog is no flood; each case and appeal
has an event of its own.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from api.services import clock, placing
from api.settings import Settings
from api.store import alerts as store
from api.store import events
from api.store.alerts import Due, Stage
from api.store.database import Database
from api.tables.work import MAIN_QUEUE
from schemas.errors import LinerError
from schemas.events import EventKind

ACTOR = "clock"
SOON = 10  # a case is due soon when this part of its time is left: a tenth
BACK = timedelta(hours=2)  # how far back a quick look goes; a whole one finds what moved further
CHUNK = 2000  # cases of one transaction
LISTED = 50  # of what is told at once
EVERY_S, JOIN_S = 60.0, 10.0
WHOLE_EVERY = 60  # each so many looks is a whole one, the first is
log = logging.getLogger("liner.alerts")


@contextmanager
def running(db: Database, settings: Settings, *, every_s: float = EVERY_S) -> Iterator[None]:
    """Look at the clocks from time to time, in a thread, until the end of the block.

    Any number of services may do this at once: of what two find, one tells.
    """
    stop = threading.Event()

    def run() -> None:
        for number in count():
            try:
                sweep(db, settings, is_whole=number % WHOLE_EVERY == 0)
            except (SQLAlchemyError, LinerError) as error:  # tried again; nothing is lost
                log.warning("due times could not be looked at: %s", error)
            if stop.wait(every_s):
                return

    thread = threading.Thread(target=run, name="liner-alerts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(JOIN_S)


def sweep(db: Database, settings: Settings, *, is_whole: bool = True) -> int:
    """Tell of every due time that is nearly over or over, once; and say how many there were.

    Parameters
    ----------
    is_whole
        Whether to look at everything that is late; else at what became so in the last hours.
    """
    now = clock.now()
    told: list[Due] = []
    while found := _some(db, settings, now, None if is_whole else now - BACK):
        told += found
    if told:
        with db.write() as session:
            events.record(session, EventKind.ALERT_RAISED, actor=ACTOR, at=now, **summary(told))
    return len(told)


def summary(told: Sequence[Due]) -> dict[str, Any]:
    """Sum up what was noticed at once: how many, in which queues, and the first of each."""
    cases = [one for one in told if not one.appeal_id]
    appeals = [one for one in told if one.appeal_id]
    return {
        "cases": dict(Counter(str(one.stage) for one in cases)),
        "appeals": dict(Counter(str(one.stage) for one in appeals)),
        "queues": {name: dict(found) for name, found in sorted(_by_queue(cases).items())},
        "first_cases": [_listed(one) for one in cases[:LISTED]],
        "first_appeals": [{**_listed(one), "appeal": one.appeal_id} for one in appeals[:LISTED]],
    }


def warning(session: Session) -> dict[str, timedelta]:
    """Say for each queue how long before its due time a case is due soon."""
    hours = {MAIN_QUEUE: placing.SLA_HOURS, **placing.sla_hours(session)}
    return {name: timedelta(hours=one) / SOON for name, one in hours.items()}


def _some(db: Database, settings: Settings, now: datetime, since: datetime | None) -> list[Due]:
    with db.read() as session:
        if not _due(session, settings, now, since, limit=1):
            return []
    with db.write() as session:
        store.lock(session)
        found = _due(session, settings, now, since, limit=CHUNK)
        for one in found:
            _record(session, one, now)
        return found


def _due(session: Session, settings: Settings, now: datetime, since: datetime | None, *, limit: int) -> list[Due]:
    before = timedelta(days=settings.appeal_days) / SOON
    found: list[Due] = []
    for stage in (Stage.LATE, Stage.SOON):
        found += store.cases(session, stage, now, warning(session), since=since, limit=limit)
        found += store.appeals(session, stage, now, before, limit=limit)
    return found


def _record(session: Session, one: Due, now: datetime) -> None:
    kind = (store.APPEAL_KINDS if one.appeal_id else store.CASE_KINDS)[one.stage]
    told = {"appeal": one.appeal_id} if one.appeal_id else {"queue": one.queue}
    events.record(session, kind, actor=ACTOR, at=now, case_id=one.case_id, due_at=one.due_at.isoformat(), **told)


def _by_queue(cases: Sequence[Due]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for one in cases:
        found.setdefault(one.queue, Counter())[str(one.stage)] += 1
    return found


def _listed(one: Due) -> dict[str, str]:
    return {"case": one.case_id, "queue": one.queue, "stage": str(one.stage), "due_at": one.due_at.isoformat()}
