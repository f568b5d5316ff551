"""The queue, the case, and what a moderator does with it."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import CurrentActor, Db
from api.public import (
    CaseView,
    DecisionCreate,
    EventsPublic,
    QueueFilters,
    QueuePage,
    ReopenCreate,
    VersionCreate,
)
from api.services import cases

router = APIRouter(prefix="/v1/cases", tags=["cases"])


@router.get("")
def queue(db: Db, actor: CurrentActor, filters: Annotated[QueueFilters, Query()]) -> QueuePage:
    """List cases, most urgent first, then longest waiting."""
    return cases.queue(db, actor, filters)


@router.get("/{case_id}")
def view(db: Db, actor: CurrentActor, case_id: str) -> CaseView:
    """Read a case with its four layers, decisions, events and what may be done with it."""
    return cases.view(db, actor, case_id)


@router.get("/{case_id}/events")
def events(db: Db, actor: CurrentActor, case_id: str) -> EventsPublic:
    """List what happened to a case, oldest first."""
    return EventsPublic(events=cases.history(db, actor, case_id))


@router.post("/{case_id}/claim")
def claim(db: Db, actor: CurrentActor, case_id: str, command: VersionCreate) -> CaseView:
    """Take a case, or renew the lease on it."""
    return cases.claim(db, actor, case_id, expected_version=command.expected_version)


@router.post("/{case_id}/release")
def release(db: Db, actor: CurrentActor, case_id: str, command: VersionCreate) -> CaseView:
    """Give a case back."""
    return cases.release(db, actor, case_id, expected_version=command.expected_version)


@router.post("/{case_id}/decide")
def decide(db: Db, actor: CurrentActor, case_id: str, command: DecisionCreate) -> CaseView:
    """Decide a case; a restricting action carries its statement of reasons (DSA Art. 17)."""
    return cases.decide(
        db,
        actor,
        case_id,
        action=command.action,
        reason=command.reason,
        note=command.note,
        statement=command.statement,
        expected_version=command.expected_version,
    )


@router.post("/{case_id}/reopen")
def reopen(db: Db, actor: CurrentActor, case_id: str, command: ReopenCreate) -> CaseView:
    """Put a decided or waiting case back into the queue."""
    return cases.reopen(db, actor, case_id, reason=command.reason, expected_version=command.expected_version)
