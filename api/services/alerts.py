"""Alerts: a case or an appeal whose time is nearly over or over is told of, once, and the log keeps that.

The audit log is the memory: what it says was told is not told again, whichever process looks. A due time that moves
is another one. What was noticed at once goes out as one message. Each case and appeal has an event of its own, but for
a backlog: so many cases at once are counted in one event, and whatever was due by then counts as told. A service that
starts on hundreds of thousands of late cases must not write as many events that nobody reads.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
STAGES = (Stage.LATE, Stage.SOON)  # the graver first
SOON = 10  # a case is due soon when this part of its time is left: a tenth
BACK = timedelta(hours=2)  # how far back a quick look goes; a whole one finds what moved further
CHUNK = 2000  # of one transaction
MANY = 2000  # cases that are a backlog when they are noticed at once
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
    since = None if is_whole else now - BACK
    told, counted = _backlog(db, now, since)
    while found := _some(db, settings, now, since):
        told += found
        counted += Counter((one.queue, one.stage) for one in found if not one.appeal_id)
    appeals = [one for one in told if one.appeal_id]
    if told:
        with db.write() as session:
            events.record(session, EventKind.ALERT_RAISED, actor=ACTOR, at=now, **summary(told, counted))
    return counted.total() + len(appeals)


def summary(told: Sequence[Due], counted: Mapping[tuple[str, Stage], int]) -> dict[str, Any]:
    """Sum up what was noticed at once: how many, in which queues, and the first of each.

    Parameters
    ----------
    told
        Cases and appeals; of a backlog the first cases.
    counted
        How many cases there are of each queue and stage.
    """
    cases = [one for one in told if not one.appeal_id]
    appeals = [one for one in told if one.appeal_id]
    stages: Counter[str] = Counter()
    for (_, stage), number in counted.items():
        stages[str(stage)] += number
    return {
        "cases": {stage: number for stage, number in stages.items() if number},
        "appeals": dict(Counter(str(one.stage) for one in appeals)),
        "queues": _by_queue(counted),
        "first_cases": [_listed(one) for one in cases[:LISTED]],
        "first_appeals": [{**_listed(one), "appeal": one.appeal_id} for one in appeals[:LISTED]],
    }


def warning(session: Session) -> dict[str, timedelta]:
    """Say for each queue how long before its due time a case is due soon."""
    hours = {MAIN_QUEUE: placing.SLA_HOURS, **placing.sla_hours(session)}
    return {name: timedelta(hours=one) / SOON for name, one in hours.items()}


def _backlog(db: Database, now: datetime, since: datetime | None) -> tuple[list[Due], Counter[tuple[str, Stage]]]:
    """Tell of a backlog as a whole: its first cases, and how many there are; nothing where there is none."""
    with db.read() as session:
        if store.count_untold(session, now, warning(session), since=since).total() <= MANY:
            return [], Counter()
    with db.write() as session:
        store.lock(session)
        ahead = warning(session)
        counted = +store.count_untold(session, now, ahead, since=None)  # what was due by now is told from here on
        if not counted:
            return [], counted
        first = [one for stage in STAGES for one in store.cases(session, stage, now, ahead, since=None, limit=LISTED)]
        events.record(session, EventKind.CASES_OVERDUE, actor=ACTOR, at=now, queues=_by_queue(counted))
        return first[:LISTED], counted


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
    for stage in STAGES:
        found += store.cases(session, stage, now, warning(session), since=since, limit=limit)
        found += store.appeals(session, stage, now, before, limit=limit)
    return found


def _record(session: Session, one: Due, now: datetime) -> None:
    kind = (store.APPEAL_KINDS if one.appeal_id else store.CASE_KINDS)[one.stage]
    told = {"appeal": one.appeal_id} if one.appeal_id else {"queue": one.queue}
    events.record(session, kind, actor=ACTOR, at=now, case_id=one.case_id, due_at=one.due_at.isoformat(), **told)


def _by_queue(counted: Mapping[tuple[str, Stage], int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (queue, stage), number in sorted(counted.items()):
        if number:
            found.setdefault(queue, {})[str(stage)] = number
    return found


def _listed(one: Due) -> dict[str, str]:
    return {"case": one.case_id, "queue": one.queue, "stage": str(one.stage), "due_at": one.due_at.isoformat()}
