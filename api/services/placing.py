"""Where a case goes and in which order: what its screening says of it, the routing rules in force, the due time.

Routing is done by the database alone, for the dry run as for real: there is one meaning of a rule.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from api.public_queues import RoutingDocument
from api.services.texts import LIMIT, plain
from api.store import filters as compiler
from api.store import queues as store
from api.tables import CaseRow, SenderRow
from api.tables.work import MAIN_QUEUE
from schemas import order
from schemas.filters import parse
from schemas.screening import Screening

SLA_HOURS = 72
MAX_TERRITORIES = 300
SYNTHETIC = "synthetic_probability"


@dataclass(frozen=True, slots=True)
class Drawing:
    """The share of recordings without any flag that a person looks at all the same."""

    share: float = 0.0

    def draws(self, screening_id: str) -> bool:
        """Whether this one is drawn: by a hash of its id, so that the same one is drawn again."""
        if not self.share:
            return False
        return int.from_bytes(hashlib.sha256(f"draw:{screening_id}".encode()).digest()[:8]) < self.share * 2**64


def drawing(session: Session) -> Drawing:
    """Give the share in force."""
    return Drawing(document(session).sample_share)


def document(session: Session) -> RoutingDocument:
    """Read the routing rules in force; none before the first version."""
    row = store.routing(session)
    return RoutingDocument.model_validate_json(row.document) if row else RoutingDocument()


def describe(case: CaseRow, screening: Screening) -> None:
    """Put what filters and the order look at into the case's row."""
    intake, heard = screening.intake, screening.heard
    signal = heard.signal(SYNTHETIC)
    case.level = screening.declared.level
    case.synthetic = signal.probability if signal is not None else None
    case.label = plain(intake.label, LIMIT)
    case.territories = "".join(f" {plain(one, 20)} " for one in intake.territories[:MAX_TERRITORIES])
    case.confidence = order.confidence(screening.flags, heard)
    case.exposure = order.exposure(intake)


def place(session: Session, touched: Mapping[str, CaseRow], now: datetime) -> None:
    """Put new and changed cases into their queues, and give them their due time and rank."""
    if not touched:
        return
    _know_senders(session, touched.values(), now)
    session.flush()
    rules = compiled(document(session), now)
    to = store.destinations(session, rules, list(touched)) if rules else {}
    hours = sla_hours(session)
    for row in touched.values():
        move(row, to.get(row.id, MAIN_QUEUE), hours)


def compiled(routing: RoutingDocument, now: datetime) -> list[store.Rule]:
    """Put the rules into SQL; in a rule nobody is ``me``."""
    return [(compiler.conditions(parse(rule.filter), viewer="", now=now), rule.queue) for rule in routing.rules]


def sla_hours(session: Session) -> dict[str, int]:
    """Say for each queue how soon a case in it should be decided."""
    return {row.name: row.sla_hours for row in store.every(session)}


def move(row: CaseRow, queue: str, hours: Mapping[str, int]) -> None:
    """Put a case into a queue; its clock runs from when it was opened."""
    row.queue = queue
    row.due_at = row.opened_at + timedelta(hours=hours.get(queue, SLA_HOURS))
    row.rank = order.rank(row.priority, row.confidence, row.exposure, row.due_at)


def _know_senders(session: Session, rows: Iterable[CaseRow], now: datetime) -> None:
    cases = [row for row in rows if row.sender_id]
    pairs = {(row.account, row.sender_id) for row in cases}
    seen = store.senders(session, pairs)
    for pair in sorted(pairs - set(seen)):
        session.add(SenderRow(account=pair[0], sender_id=pair[1], first_at=now))
        seen[pair] = now
    for row in cases:
        row.sender_since = seen[row.account, row.sender_id]
