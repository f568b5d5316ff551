"""Where a case goes and in which order: what its screening says of it, the routing rules in force, the due time.

Routing is done by the database alone, for the dry run as for real: there is one meaning of a rule.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from api.public_queues import RoutingDocument
from api.services.texts import LIMIT, plain
from api.store import bulk, search
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


def facts(screening: Screening) -> dict[str, Any]:
    """Give what filters and the order look at, as columns of the case's row."""
    intake, heard = screening.intake, screening.heard
    signal = heard.signal(SYNTHETIC)
    return {
        "level": screening.declared.level,
        "synthetic": signal.probability if signal is not None else None,
        "label": plain(intake.label, LIMIT),
        "territories": "".join(f" {plain(one, 20)} " for one in intake.territories[:MAX_TERRITORIES]),
        "confidence": order.confidence(screening.flags, heard),
        "exposure": order.exposure(intake),
    }


def place(session: Session, opened: Sequence[dict[str, Any]], changed: Sequence[CaseRow], now: datetime) -> None:
    """Insert new cases and change old ones: each in its queue, with its due time and rank.

    New cases are given as columns. Rules look at rows, so that a new case goes into the main queue first; only what a
    rule then moves is written twice.
    """
    if not opened and not changed:
        return
    hours = sla_hours(session)
    _know_senders(session, opened, changed, now)
    for made in opened:
        made.update(_standing(MAIN_QUEUE, hours, made["opened_at"], made))
    bulk.insert(session, CaseRow, opened)
    search.insert(session, opened)
    session.flush()
    rules = compiled(document(session), now)
    to = store.destinations(session, rules, [*(made["id"] for made in opened), *(row.id for row in changed)])
    moved = [made for made in opened if to.get(made["id"], MAIN_QUEUE) != MAIN_QUEUE]
    store.put_standings(
        session, [{"id": made["id"], **_standing(to[made["id"]], hours, made["opened_at"], made)} for made in moved]
    )
    for row in changed:
        move(row, to.get(row.id, MAIN_QUEUE), hours)
    search.update(session, changed)


def compiled(routing: RoutingDocument, now: datetime) -> list[store.Rule]:
    """Put the rules into SQL; in a rule nobody is ``me``."""
    return [(compiler.conditions(parse(rule.filter), viewer="", now=now), rule.queue) for rule in routing.rules]


def sla_hours(session: Session) -> dict[str, int]:
    """Say for each queue how soon a case in it should be decided."""
    return {row.name: row.sla_hours for row in store.every(session)}


def move(row: CaseRow, queue: str, hours: Mapping[str, int]) -> None:
    """Put a case into a queue; its clock runs from when it was opened."""
    about = {"priority": row.priority, "confidence": row.confidence, "exposure": row.exposure}
    for name, value in _standing(queue, hours, row.opened_at, about).items():
        setattr(row, name, value)


def _standing(queue: str, hours: Mapping[str, int], since: datetime, about: Mapping[str, Any]) -> dict[str, Any]:
    due_at = since + timedelta(hours=hours.get(queue, SLA_HOURS))
    rank = order.rank(about["priority"], about["confidence"], about["exposure"], due_at)
    return {"queue": queue, "due_at": due_at, "rank": rank}


def _know_senders(
    session: Session, opened: Sequence[dict[str, Any]], changed: Sequence[CaseRow], now: datetime
) -> None:
    """Say of each case since when its sender is known."""
    pairs = {(str(made["account"]), str(made["sender_id"])) for made in opened}
    pairs |= {(row.account, row.sender_id) for row in changed}
    named = {pair for pair in pairs if pair[1]}
    seen = store.senders(session, named) if named else {}
    new = named - set(seen)
    bulk.insert(
        session, SenderRow, [{"account": pair[0], "sender_id": pair[1], "first_at": now} for pair in sorted(new)]
    )
    seen |= dict.fromkeys(new, now)
    for made in opened:
        made["sender_since"] = seen.get((made["account"], made["sender_id"]))
    for row in changed:
        row.sender_since = seen.get((row.account, row.sender_id), row.sender_since)
