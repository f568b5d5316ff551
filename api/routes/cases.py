"""The queue, the case, and what a moderator does with it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.answers import ready
from api.deps import CurrentActor, Db, Rules
from api.public import (
    CaseView,
    DecisionCreate,
    EventsPublic,
    HandOverCreate,
    LeasePublic,
    ParkCreate,
    QueueFilters,
    QueuePage,
    ReopenCreate,
    VersionCreate,
)
from api.services import cases

router = APIRouter(prefix="/v1/cases", tags=["cases"])


@router.get("", response_model=QueuePage)
def queue(db: Db, actor: CurrentActor, filters: Annotated[QueueFilters, Query()]) -> Response:
    """List cases, most urgent first, then longest waiting."""
    return ready(cases.queue(db, actor, filters))


@router.get("/{case_id}", response_model=CaseView)
def view(db: Db, actor: CurrentActor, case_id: str) -> Response:
    """Read a case with its four layers, decisions, events and what may be done with it."""
    return ready(cases.view(db, actor, case_id))


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


@router.post("/{case_id}/decide", response_model=CaseView)
def decide(db: Db, actor: CurrentActor, rules: Rules, case_id: str, command: DecisionCreate) -> Response:
    """Decide a case; it can be undone until it is published. A restriction carries its statement of reasons."""
    decided = cases.decide(
        db,
        actor,
        case_id,
        action=command.action,
        reason=command.reason,
        rules=rules,
        note=command.note,
        statement=command.statement,
        expected_version=command.expected_version,
    )
    return ready(decided)


@router.delete("/{case_id}/decision")
def undo(db: Db, actor: CurrentActor, case_id: str, expected_version: Annotated[int, Query(ge=1)]) -> CaseView:
    """Take a decision back that is not published yet; refused once it is."""
    return cases.undo(db, actor, case_id, expected_version=expected_version)


@router.post("/{case_id}/heartbeat")
def heartbeat(db: Db, actor: CurrentActor, case_id: str) -> LeasePublic:
    """Prolong one's own lease, at no new version."""
    return cases.renew(db, actor, case_id)


@router.post("/{case_id}/hand-over")
def hand_over(db: Db, actor: CurrentActor, case_id: str, command: HandOverCreate) -> CaseView:
    """Give a case to a colleague, with a note."""
    return cases.hand_over(
        db, actor, case_id, to=command.to, note=command.note, expected_version=command.expected_version
    )


@router.post("/{case_id}/park")
def park(db: Db, actor: CurrentActor, case_id: str, command: ParkCreate) -> CaseView:
    """Put a case aside until a time; it comes back by itself."""
    return cases.park(
        db, actor, case_id, until=command.until, reason=command.reason, expected_version=command.expected_version
    )


@router.post("/{case_id}/unpark")
def unpark(db: Db, actor: CurrentActor, case_id: str, command: VersionCreate) -> CaseView:
    """Fetch a parked case back."""
    return cases.unpark(db, actor, case_id, expected_version=command.expected_version)


@router.post("/{case_id}/reopen")
def reopen(db: Db, actor: CurrentActor, case_id: str, command: ReopenCreate) -> CaseView:
    """Put a decided or waiting case back into the queue."""
    return cases.reopen(db, actor, case_id, reason=command.reason, expected_version=command.expected_version)
