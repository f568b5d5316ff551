"""One command on one case at a time: the version that the caller read is the version that is changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlmodel import Session

from api.public import CasePublic
from api.services import clock
from api.services.access import Actor, Permission, require_permission
from api.store import cases as store
from api.store import events, screenings
from api.store.database import Database
from api.tables import CaseRow, DraftRow
from schemas.cases import Case
from schemas.errors import NotFound, StaleCase
from schemas.events import EventKind
from schemas.screening import Screening


@dataclass
class Locked:
    """A case that nobody else can change until the transaction ends.

    Attributes
    ----------
    draft
        The decision that this command put on its way.
    """

    session: Session
    actor: Actor
    row: CaseRow
    case: CasePublic
    now: datetime
    draft: DraftRow | None = None

    @cached_property
    def screening(self) -> Screening:
        """The screening that the case rests on, read once."""
        return screenings.of_case(self.session, self.row)

    def keep(self, draft: DraftRow) -> None:
        """Put a decision on its way."""
        self.session.add(draft)
        self.draft = draft

    def advance(self, after: Case, kind: EventKind, *, by: str = "", **payload: Any) -> None:
        """Write the next state and its event; ``by`` where somebody else than the actor is answerable for it."""
        name = by or self.actor.name
        store.put(self.row, after, by=name, at=self.now)
        self.session.add(self.row)
        about = {"version": after.version, **payload}
        events.record(self.session, kind, actor=name, at=self.now, case_id=self.row.id, **about)
        self.case = self.case.model_copy(update=dict(after))


@contextmanager
def locked(db: Database, actor: Actor, case_id: str, expected: int | None) -> Iterator[Locked]:
    """Lock a case for a command of somebody who works on cases.

    Parameters
    ----------
    expected
        The version that the caller read; None for what does not depend on it.

    Raises
    ------
    NotFound, StaleCase, NotAllowed
        There is no such case, it changed since, or the actor does not work on cases.
    """
    require_permission(actor, Permission.REVIEW)
    with db.write() as session:
        held = lock(session, actor, case_id)
        if expected is not None and held.row.version != expected:
            raise stale(session, held.row, expected)
        yield held


def lock(session: Session, actor: Actor, case_id: str) -> Locked:
    """Lock a case within a transaction."""
    row = store.lock(session, case_id)
    if row is None or not actor.works_on(row.queue):
        raise no_case(case_id)
    return Locked(session=session, actor=actor, row=row, case=store.to_public(session, [row])[0], now=clock.now())


def stale(session: Session, row: CaseRow, expected: int) -> StaleCase:
    """Say who changed what of a case, and when."""
    return StaleCase(
        row.id,
        expected=expected,
        actual=row.version,
        changed_by=row.updated_by,
        changed_at=f"{row.updated_at:%Y-%m-%d %H:%M:%S} UTC",
        change=events.last_kind(session, row.id),
    )


def no_case(case_id: str) -> NotFound:
    """Say that there is no such case, or that it is not the asker's to see."""
    return NotFound(f"There is no case {case_id[:80]}.", mend="Look it up in the queue.")
