"""What became of cases like this one: a score in words, from own past decisions alone.

"Such" are cases with the same first reason whose decision is one of the newest; where the reason rests on a
probability, those within a tenth of it. "Upheld": a person restricted the recording. What a person only asked about is
left out; of a recording that was decided again, e.g. after an appeal, the last decision counts.
"""

from datetime import datetime

from sqlalchemy import Integer, cast, func
from sqlmodel import Session, col, select

from api.services.access import Actor, Permission, require_permission
from api.services.placing import SYNTHETIC
from api.store.database import Database
from api.tables import CaseRow, DecisionRow, FlagRow
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
    last = (
        select(newest.c.case_id, func.max(newest.c.case_version).label("version")).group_by(newest.c.case_id).subquery()
    )
    flagged = select(FlagRow.screening_id).where(
        col(FlagRow.code) == code, col(FlagRow.screening_id) == newest.c.screening_id
    )
    is_upheld = newest.c.action.in_([one for one in Action if one.is_restricting])
    query = (
        select(func.count(), func.coalesce(func.sum(cast(is_upheld, Integer)), 0))
        .select_from(newest)
        .join(last, (last.c.case_id == newest.c.case_id) & (last.c.version == newest.c.case_version))
        .where(newest.c.action != Action.ASK, flagged.exists())
    )
    if probability is not None:
        query = query.join(CaseRow, col(CaseRow.id) == newest.c.case_id).where(
            col(CaseRow.synthetic).between(probability - NEAR, probability + NEAR)
        )
    decided, upheld = session.exec(query).one()
    return int(decided), int(upheld)
