"""Versions of policies and models, what shadows judged, and what each model flagged by day."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import JSON, ColumnElement, Insert, case, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from api.tables import CaseRow, ModelDayRow, PolicyRow, ScreeningRow, ShadowRow
from schemas.cases import CaseState
from schemas.steering import VersionKind, VersionState


def find(session: Session, version_id: str) -> PolicyRow | None:
    """Read a version."""
    return session.get(PolicyRow, version_id)


def lock(session: Session, version_id: str) -> PolicyRow | None:
    """Read a version for change; others who want to change it wait for this transaction."""
    return session.exec(select(PolicyRow).where(col(PolicyRow.id) == version_id).with_for_update()).first()


def newest(session: Session, limit: int) -> Sequence[PolicyRow]:
    """Read versions, the last changed first."""
    query = select(PolicyRow).order_by(col(PolicyRow.updated_at).desc(), col(PolicyRow.id))
    return session.exec(query.limit(limit)).all()


def in_state(session: Session, kind: VersionKind, state: VersionState) -> Sequence[PolicyRow]:
    """Read the versions of a kind in one state, the last that was live first."""
    query = select(PolicyRow).where(col(PolicyRow.kind) == kind, col(PolicyRow.state) == state)
    return session.exec(query.order_by(col(PolicyRow.live_at).desc(), col(PolicyRow.id))).all()


def live(session: Session, kind: VersionKind) -> PolicyRow | None:
    """Read the live version of a kind."""
    return next(iter(in_state(session, kind, VersionState.LIVE)), None)


def lock_live(session: Session, kind: VersionKind) -> PolicyRow | None:
    """Read the live version for change: of two who replace it the second waits."""
    query = select(PolicyRow).where(col(PolicyRow.kind) == kind, col(PolicyRow.state) == VersionState.LIVE)
    return session.exec(query.with_for_update()).first()


def by_ref(session: Session, ref: str) -> PolicyRow | None:
    """Read a version by what decisions pin; one that was live first, since proposals may share its text."""
    query = select(PolicyRow).where(col(PolicyRow.ref) == ref)
    return session.exec(query.order_by(col(PolicyRow.live_at).is_(None), col(PolicyRow.made_at)).limit(1)).first()


def shadow_texts(session: Session) -> list[tuple[str, str]]:
    """Name the policies that are judged beside the live one, with their texts."""
    query = sqlalchemy.select(col(PolicyRow.id), col(PolicyRow.text)).where(
        col(PolicyRow.kind) == VersionKind.POLICY, col(PolicyRow.state) == VersionState.SHADOW
    )
    return [(version_id, text) for version_id, text in session.execute(query)]


def add_shadows(session: Session, rows: Sequence[ShadowRow]) -> None:
    """Keep what shadows would have flagged."""
    if rows:
        session.execute(sqlalchemy.insert(ShadowRow), [row.model_dump() for row in rows])


class ShadowCount(NamedTuple):
    """How often two policies came to these codes."""

    live_codes: str
    codes: str
    number: int


def shadow_counts(session: Session, version_id: str) -> list[ShadowCount]:
    """Count what a shadow judged by the codes of both."""
    columns = (col(ShadowRow.live_codes), col(ShadowRow.codes))
    query = sqlalchemy.select(*columns, func.count()).where(col(ShadowRow.version_id) == version_id).group_by(*columns)
    return [ShadowCount(*row) for row in session.execute(query)]


def shadow_span(session: Session, version_id: str) -> tuple[datetime, datetime] | None:
    """Say when a shadow judged first and last."""
    query = select(func.min(ShadowRow.at), func.max(ShadowRow.at)).where(col(ShadowRow.version_id) == version_id)
    first, last = session.exec(query).one()
    return (first, last) if first is not None else None


def count_models(session: Session, counts: Iterable[ModelDayRow]) -> None:
    """Add to the counts by day; batches come one after the other, so that no two do so at once."""
    for row in counts:
        statement = _upsert(session, row)
        session.execute(statement)


def _upsert(session: Session, row: ModelDayRow) -> Insert:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(ModelDayRow).values(row.model_dump())
    more = {
        "screenings": ModelDayRow.screenings + statement.excluded.screenings,
        "flagged": ModelDayRow.flagged + statement.excluded.flagged,
    }
    return statement.on_conflict_do_update(index_elements=["day", "model"], set_=more)


def model_days(session: Session, since: date) -> Sequence[ModelDayRow]:
    """Read the counts since a day, oldest first."""
    query = select(ModelDayRow).where(col(ModelDayRow.day) >= since)
    return session.exec(query.order_by(col(ModelDayRow.model), col(ModelDayRow.day))).all()


def judged_by(session: Session, kind: VersionKind, ref: str, limit: int) -> tuple[int, int, int]:
    """Count open cases; of the first by id how many were looked at, and how many of those a version judged."""
    total = session.exec(select(func.count()).select_from(CaseRow).where(col(CaseRow.state) == CaseState.OPEN)).one()
    some = (
        select(ScreeningRow.document)
        .join(CaseRow, col(CaseRow.screening_id) == col(ScreeningRow.id))
        .where(col(CaseRow.state) == CaseState.OPEN)
        .order_by(col(CaseRow.id))
        .limit(limit)
        .subquery()
    )
    own = case((_is_judged(session, some.c.document, kind, ref), 1), else_=0)
    looked_at, found = session.execute(sqlalchemy.select(func.count(), func.sum(own)).select_from(some)).one()
    return total, looked_at, int(found or 0)


def _is_judged(session: Session, document: Any, kind: VersionKind, ref: str) -> ColumnElement[bool]:
    """Whether a screening's document pins a version: a policy whole, a model among those that were heard."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"  # which has no type of JSON: a cast would make it a number
    read = sqlalchemy.type_coerce(document, JSON) if is_sqlite else sqlalchemy.cast(document, JSON)
    versions = read["versions"]
    found: ColumnElement[bool] = (
        versions["policy"].as_string() == ref
        if kind is VersionKind.POLICY
        else versions["models"].as_string().contains(json.dumps(ref), autoescape=True)
    )
    return found
