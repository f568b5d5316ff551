"""Whether the audit log is what it was: every event follows the one before, every decision is what was told."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from sqlmodel import Session

from api.services import clock
from api.services.access import Actor, Permission, require_permission
from api.store import decisions, events
from api.store.database import Database
from schemas.base import Model
from schemas.chain import Break, Broken, Event, Head, find_breaks
from schemas.events import EventKind

MOST_BREAKS = 100  # one altered row in the middle is one break; after that the list only grows longer


class ExportedHead(Model):
    """The head of the chain at a moment, to be kept elsewhere."""

    seq: int
    hash: str
    at: datetime


class Audit(Model):
    """What verifying found.

    Attributes
    ----------
    events, decisions
        How many of each were checked.
    broken
        Every place where the chain does not hold, at most a hundred; empty where all is well.
    """

    events: int
    decisions: int
    head: ExportedHead
    broken: tuple[Broken, ...]


def head(db: Database, actor: Actor) -> ExportedHead:
    """Export the head: kept elsewhere, it proves that no event up to it was changed or removed."""
    require_permission(actor, Permission.AUDIT)
    with db.read() as session:
        return _exported(events.head(session) or Head())


class AuditPage(Model):
    """Events with their hashes; continue after the last ``seq``."""

    events: tuple[Event, ...]


def page(db: Database, actor: Actor, *, after: int, limit: int) -> AuditPage:
    """Read events as they are chained, so that a copy kept elsewhere can be verified there."""
    require_permission(actor, Permission.AUDIT)
    with db.read() as session:
        return AuditPage(events=tuple(islice(events.walk(session, after=after, page=limit), limit)))


def verify(db: Database, actor: Actor, *, kept: Head | None = None) -> Audit:
    """Walk the whole chain, and hold published decisions against the events that told them.

    Parameters
    ----------
    kept
        A head that was exported before: the chain has to lead through it.
    """
    require_permission(actor, Permission.AUDIT)
    with db.snapshot() as session:
        said = events.head(session) or Head()
        checked = _Checked(session)
        breaks = list(_first(find_breaks(checked.walk(), head=said)))
        if kept is not None:
            breaks += _against(session, kept)
        breaks += checked.broken
        breaks += _untold(session, checked.told)
        return Audit(
            events=checked.events, decisions=len(checked.told), head=_exported(said), broken=tuple(breaks[:MOST_BREAKS])
        )


class _Checked:
    """Walks the events once, and keeps count of what else they vouch for."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.events = 0
        self.told: set[str] = set()
        self.broken: list[Broken] = []

    def walk(self) -> Iterator[Event]:
        for event in events.walk(self.session):
            self.events += 1
            if event.kind == EventKind.CASE_DECIDED:
                self._compare(event)
            yield event

    def _compare(self, event: Event) -> None:
        payload = events.payload_of(event)
        decision_id = str(payload.get("decision", ""))
        self.told.add(decision_id)
        kept = decisions.digest_of(self.session, decision_id)
        if kept is None:
            detail = f"Decision {decision_id} of event {event.seq} is gone."
        elif payload.get("sha256") not in {None, kept}:  # events from before decisions were hashed carry none
            detail = f"Decision {decision_id} is not what event {event.seq} told."
        else:
            return
        self.broken.append(Broken(seq=event.seq, kind=Break.DECISION, detail=detail))


def _first(breaks: Iterator[Broken]) -> Iterator[Broken]:
    for number, one in enumerate(breaks):
        if number < MOST_BREAKS:
            yield one


def _against(session: Session, kept: Head) -> Iterator[Broken]:
    event = events.at_seq(session, kept.seq) if kept.seq else None
    if kept.seq and (event is None or event.hash != kept.hash):
        detail = f"Event {kept.seq} is not the one of the head that was kept: the log was written anew."
        yield Broken(seq=kept.seq, kind=Break.HEAD, detail=detail)


def _untold(session: Session, told: set[str]) -> Iterator[Broken]:
    for decision_id in decisions.every_id(session):
        if decision_id not in told:
            detail = f"No event tells of decision {decision_id}: it was put in beside the log."
            yield Broken(seq=0, kind=Break.DECISION, detail=detail)


def _exported(found: Head) -> ExportedHead:
    return ExportedHead(seq=found.seq, hash=found.hash, at=clock.now())
