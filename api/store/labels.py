"""Decided cases for a labelled set: the last decision with its screening, what others said, and what came after."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import exists
from sqlmodel import Session, col

from api.store.past import is_last_word, is_reversed
from api.tables import CaseRow, DecisionRow, OpinionRow, RecallItemRow, RecallRow, SampleRow, ScreeningRow
from schemas.cases import Action, CaseState

PAGE = 500


class Labelled(NamedTuple):
    """One case with its last decision; ``is_overturned`` by an appeal, ``is_recalled`` since it was taken."""

    case: CaseRow
    decision: DecisionRow
    screening: ScreeningRow
    is_overturned: bool
    is_recalled: bool


class Opinion(NamedTuple):
    """What somebody else said of the same evidence, without knowing the decision."""

    reviewer: str
    action: str


def walk(session: Session) -> Iterator[list[Labelled]]:
    """Read all cases that were ever decided, a page at a time, by id."""
    after = ""
    recalled = exists().where(
        col(RecallItemRow.decision_id) == col(DecisionRow.id), col(RecallRow.id) == col(RecallItemRow.recall_id)
    )
    query = (
        sqlalchemy.select(CaseRow, DecisionRow, ScreeningRow, is_reversed(), recalled)
        .join(DecisionRow, col(DecisionRow.case_id) == col(CaseRow.id))
        .join(ScreeningRow, col(ScreeningRow.id) == col(DecisionRow.screening_id))
        .where(is_last_word())
        .order_by(col(CaseRow.id))
        .limit(PAGE)
    )
    while rows := [Labelled(*row) for row in session.execute(query.where(col(CaseRow.id) > after))]:
        after = rows[-1].case.id
        yield rows
        session.expunge_all()


def opinions(session: Session, screening_ids: Sequence[str]) -> dict[tuple[str, str], list[Opinion]]:
    """Read blind opinions by case and screening."""
    columns = (SampleRow.case_id, SampleRow.screening_id, OpinionRow.reviewer, OpinionRow.action)
    query = (
        sqlalchemy.select(*map(col, columns))
        .join(OpinionRow, col(OpinionRow.sample_id) == col(SampleRow.id))
        .where(col(SampleRow.screening_id).in_(screening_ids))
        .order_by(col(OpinionRow.given_at), col(OpinionRow.reviewer))
    )
    found: dict[tuple[str, str], list[Opinion]] = defaultdict(list)
    for case_id, screening_id, reviewer, action in session.execute(query):
        found[case_id, screening_id].append(Opinion(reviewer, action))
    return found


def decisions_by_isrc(session: Session, isrcs: Sequence[str]) -> dict[str, list[tuple[str, str | None]]]:
    """Read how each ISRC's cases stand, whoever delivered them: action and statement of each last decision."""
    query = (
        sqlalchemy.select(col(CaseRow.isrc), col(DecisionRow.action), col(DecisionRow.statement))
        .join(DecisionRow, col(DecisionRow.case_id) == col(CaseRow.id))
        .where(col(CaseRow.isrc).in_(isrcs), col(CaseRow.state) == CaseState.DECIDED, is_last_word())
        .where(col(DecisionRow.action) != Action.ASK)
    )
    found: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for isrc, action, statement in session.execute(query):
        found[isrc].append((action, statement))
    return found
