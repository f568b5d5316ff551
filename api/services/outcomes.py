"""What became of cases like this one: a score in words, from own past decisions alone.

"Such" are cases with the same first reason whose decision is one of the newest; where the reason rests on a
probability, those within a tenth of it. "Upheld": a person restricted the recording. What a person only asked about is
left out; of a recording that was decided again, e.g. after an appeal, the last decision counts.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy
from sqlmodel import Session, col, select

from api.services.access import Actor, Permission, require_permission
from api.services.placing import SYNTHETIC
from api.services.recent import Recent
from api.store.database import Database
from api.tables import CaseRow, DecisionRow, ScreeningRow
from schemas.agreement import Estimate, share
from schemas.base import Model
from schemas.cases import Action
from schemas.flags import Flag
from schemas.screening import Screening

NEWEST = 1000
NEAR = 0.05


class Outcomes(Model):
    """How past cases of a kind ended.

    Attributes
    ----------
    code
        The reason that makes them alike.
    probability
        Of this case, where the reason rests on one; the others are within a twentieth of it on either side.
    decided, upheld
        How many there were, and how many of them a person restricted.
    low, high
        Ends of Wilson's 95 % interval of the share that was upheld; None without any.
    """

    code: str
    probability: float | None
    decided: int
    upheld: int
    low: float | None
    high: float | None


class _Word(NamedTuple):
    """A decision on another case, by what makes cases alike."""

    case_id: str
    action: Action
    codes: frozenset[str]
    synthetic: float | None


class _Past(NamedTuple):
    """The last words, and whether there are more of them than are read."""

    words: tuple[_Word, ...]
    is_long: bool


_RECENT = Recent[_Past]()


def of_screening(db: Database, actor: Actor, screening: Screening, *, case_id: str, now: datetime) -> Outcomes | None:
    """Look at what became of cases like this one; None where it has no reason to be compared by."""
    require_permission(actor, Permission.CONSOLE)
    if not screening.flags:
        return None
    flag = max(screening.flags, key=lambda one: (one.severity.weight, one.code))
    probability = _probability(flag, screening)
    decided, upheld = _count(db, flag.code, probability, case_id=case_id, now=now)
    found: Estimate = share(upheld, decided)
    return Outcomes(
        code=flag.code, probability=probability, decided=decided, upheld=upheld, low=found.low, high=found.high
    )


def _probability(flag: Flag, screening: Screening) -> float | None:
    signal = screening.heard.signal(SYNTHETIC)
    return signal.probability if signal is not None and flag.signal == SYNTHETIC else None


def _count(db: Database, code: str, probability: float | None, *, case_id: str, now: datetime) -> tuple[int, int]:
    such = [
        one.action
        for one in _newest(db, now)
        if code in one.codes and one.case_id != case_id and _is_near(one.synthetic, probability)
    ]
    return len(such), sum(action.is_restricting for action in such)


def _newest(db: Database, now: datetime) -> tuple[_Word, ...]:
    """Read the last word on each case among the newest decisions; of many, those of a minute ago will do."""
    return _RECENT.look(db, lambda session: _read(session, now), is_kept=lambda past: past.is_long).words


def _read(session: Session, now: datetime) -> _Past:
    rows = _rows(session, now)
    last = {row[0]: row for row in rows}  # of a case its last decision
    words = (_Word(row[0], Action(row[1]), frozenset(row[2].split()), row[3]) for row in last.values())
    return _Past(tuple(one for one in words if one.action is not Action.ASK), is_long=len(rows) == NEWEST)


def _rows(session: Session, now: datetime) -> Sequence[Any]:
    newest = (
        select(DecisionRow.case_id, DecisionRow.screening_id, DecisionRow.action, DecisionRow.case_version)
        .where(col(DecisionRow.decided_at) <= now)
        .order_by(col(DecisionRow.decided_at).desc())
        .limit(NEWEST)
        .subquery()
    )
    query = (
        sqlalchemy.select(newest.c.case_id, newest.c.action, col(ScreeningRow.codes), col(CaseRow.synthetic))
        .join(ScreeningRow, col(ScreeningRow.id) == newest.c.screening_id)
        .join(CaseRow, col(CaseRow.id) == newest.c.case_id)
        .order_by(newest.c.case_version)
    )
    return session.execute(query).all()


def _is_near(synthetic: float | None, probability: float | None) -> bool:
    return probability is None or (synthetic is not None and abs(synthetic - probability) <= NEAR)
