"""Recalls: which decisions rest on a model, a rule or a policy, and what became of their cases."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, exists, or_
from sqlmodel import Session, col, func, select

from api.tables import CaseRow, DecisionRow, DraftRow, FlagRow, RecallItemRow, RecallRow, ScreeningRow
from schemas.steering import RecallKind

PAGE = 500


class Touched(NamedTuple):
    """A decision, published or not, that rests on what is recalled; whether one of its flags does."""

    case_id: str
    decision_id: str
    screening_id: str
    is_flagged: bool


def touched(session: Session, kind: RecallKind, subject: str) -> list[Touched]:
    """Find every decision that rests on something, drafts included; oldest case first."""
    found: list[Touched] = []
    for table in (DecisionRow, DraftRow):
        found += _of_table(session, table, kind, subject)
    return sorted(found)


def _of_table(
    session: Session, table: type[DecisionRow] | type[DraftRow], kind: RecallKind, subject: str
) -> Iterator[Touched]:
    columns = (col(table.case_id), col(table.id), col(table.screening_id))
    if kind is RecallKind.POLICY:
        query = sqlalchemy.select(*columns).where(_is_policy(col(table.policy), subject))
        yield from (Touched(row[0], row[1], row[2], is_flagged=True) for row in session.execute(query))
        return
    flags = _rests(kind, subject).where(col(FlagRow.screening_id) == col(table.screening_id))
    query = sqlalchemy.select(*columns, flags, col(ScreeningRow.document)).join(
        ScreeningRow, col(ScreeningRow.id) == col(table.screening_id)
    )
    mentioned = col(ScreeningRow.document).contains(json.dumps(subject)[1:-1], autoescape=True)
    rows = session.execute(query.where(or_(flags, mentioned)).execution_options(yield_per=PAGE))
    for case_id, decision_id, screening_id, is_flagged, document in rows:
        if is_flagged or _is_in(json.loads(document), kind, subject):
            yield Touched(case_id, decision_id, screening_id, bool(is_flagged))


def _rests(kind: RecallKind, subject: str) -> ColumnElement[bool]:
    if kind is RecallKind.RULE:
        return exists().where(col(FlagRow.code) == subject)
    return exists().where(
        or_(col(FlagRow.model) == subject, col(FlagRow.model).startswith(f"{subject}+", autoescape=True))
    )


def _is_policy(column: Any, subject: str) -> ColumnElement[bool]:
    """Compare with a whole ref, or with ``id@version`` whatever its digest."""
    return or_(column == subject, column.startswith(f"{subject}+", autoescape=True))


def _is_in(document: dict[str, object], kind: RecallKind, subject: str) -> bool:
    """Whether a screening pins a model, or has a finding of a rule that was more than an info."""
    if kind is RecallKind.MODEL:
        versions = document.get("versions")
        models = versions.get("models", ()) if isinstance(versions, dict) else ()
        return any(name == subject or str(name).startswith(f"{subject}+") for name in models)
    findings = document.get("findings")
    return any(
        one.get("rule") == subject and one.get("severity") != "info"
        for one in (findings if isinstance(findings, list) else ())
    )


def last_decisions(session: Session, case_ids: Sequence[str]) -> dict[str, str]:
    """Name the last decision of each case."""
    found: dict[str, str] = {}
    for part in _parts(case_ids):
        last = (
            sqlalchemy.select(col(DecisionRow.case_id), func.max(DecisionRow.case_version).label("last"))
            .where(col(DecisionRow.case_id).in_(part))
            .group_by(col(DecisionRow.case_id))
            .subquery()
        )
        query = sqlalchemy.select(col(DecisionRow.case_id), col(DecisionRow.id)).join(
            last, (last.c.case_id == col(DecisionRow.case_id)) & (last.c.last == col(DecisionRow.case_version))
        )
        found.update({row[0]: row[1] for row in session.execute(query)})
    return found


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list into what a statement may carry."""
    return (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))


def find(session: Session, recall_id: str) -> RecallRow | None:
    """Read a recall."""
    return session.get(RecallRow, recall_id)


def newest(session: Session, limit: int) -> Sequence[RecallRow]:
    """Read recalls, newest first."""
    query = select(RecallRow).order_by(col(RecallRow.made_at).desc(), col(RecallRow.id))
    return session.exec(query.limit(limit)).all()


def items(session: Session, recall_id: str, limit: int) -> Sequence[RecallItemRow]:
    """Read what became of each case."""
    query = select(RecallItemRow).where(col(RecallItemRow.recall_id) == recall_id)
    return session.exec(query.order_by(col(RecallItemRow.case_id)).limit(limit)).all()


def counts(session: Session, recall_id: str) -> dict[str, int]:
    """Count the cases of a recall by what became of them."""
    query = select(RecallItemRow.outcome, func.count()).where(col(RecallItemRow.recall_id) == recall_id)
    return dict(session.exec(query.group_by(col(RecallItemRow.outcome))).all())


def described(session: Session, case_ids: Sequence[str]) -> dict[str, CaseRow]:
    """Read cases for a list."""
    found: dict[str, CaseRow] = {}
    for part in _parts(case_ids):
        found.update({row.id: row for row in session.exec(select(CaseRow).where(col(CaseRow.id).in_(part)))})
    return found


def actions(session: Session, decision_ids: Sequence[str]) -> dict[str, str]:
    """Read what decisions and drafts did."""
    found: dict[str, str] = {}
    for table in (DecisionRow, DraftRow):
        for part in _parts(decision_ids):
            query = sqlalchemy.select(col(table.id), col(table.action)).where(col(table.id).in_(part))
            found.update({row[0]: row[1] for row in session.execute(query)})
    return found
