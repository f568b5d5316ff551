"""What became of cases like this one: a score in words, from own past decisions alone.

"Such" are cases with the same first reason whose decision is one of the newest; where the reason rests on a
probability, those within a tenth of it. "Upheld": a person restricted the recording. What a person only asked about is
left out; of a recording that was decided again, e.g. after an appeal, the last decision counts.
"""

from datetime import datetime

import sqlalchemy
from sqlmodel import Session, col, select

from api.services.access import Actor, Permission, require_permission
from api.services.placing import SYNTHETIC
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


def of_screening(db: Database, actor: Actor, screening: Screening, *, case_id: str, now: datetime) -> Outcomes | None:
    """Look at what became of cases like this one; None where it has no reason to be compared by."""
    require_permission(actor, Permission.CONSOLE)
    if not screening.flags:
        return None
    flag = max(screening.flags, key=lambda one: (one.severity.weight, one.code))
    probability = _probability(flag, screening)
    with db.read() as session:
        decided, upheld = _count(session, flag.code, probability, case_id=case_id, now=now)
    found: Estimate = share(upheld, decided)
    return Outcomes(
        code=flag.code, probability=probability, decided=decided, upheld=upheld, low=found.low, high=found.high
    )


def _probability(flag: Flag, screening: Screening) -> float | None:
    signal = screening.heard.signal(SYNTHETIC)
    return signal.probability if signal is not None and flag.signal == SYNTHETIC else None


def _count(session: Session, code: str, probability: float | None, *, case_id: str, now: datetime) -> tuple[int, int]:
    newest = (
        select(DecisionRow.case_id, DecisionRow.screening_id, DecisionRow.action, DecisionRow.case_version)
        .where(col(DecisionRow.decided_at) <= now, col(DecisionRow.case_id) != case_id)
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
    last = {row[0]: row[1:] for row in session.execute(query)}  # of a case its last decision
    such = [
        action
        for action, codes, synthetic in last.values()
        if action != Action.ASK and code in codes.split() and _is_near(synthetic, probability)
    ]
    return len(such), sum(Action(action).is_restricting for action in such)


def _is_near(synthetic: float | None, probability: float | None) -> bool:
    return probability is None or (synthetic is not None and abs(synthetic - probability) <= NEAR)
