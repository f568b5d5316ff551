"""Cases and their decisions: rows in, the state machine's nouns out."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, Protocol

import sqlalchemy
from sqlalchemy import ColumnElement, Integer, Row, and_, bindparam, func, not_, or_
from sqlmodel import Session, col, select

from api.public import CasePublic, DecisionPublic, QueueFilters
from api.services import clock
from api.services.access import Actor, Role
from api.services.texts import plain
from api.store import search
from api.store.bulk import among, read
from api.store.filters import conditions, has_code, names_parked, names_state
from api.store.queues import COUNT_LIMIT
from api.store.shown import DECISION, LISTED, Columns, case_of, decision_of, statement_of
from api.tables import CaseRow, DecisionRow
from api.tables.base import UtcDateTime
from schemas.cases import Case, CaseState, Decision
from schemas.errors import InvalidInput
from schemas.filters import Term, parse

LABEL_STATES = {
    CaseState.OPEN: (CaseState.OPEN, CaseState.PENDING, CaseState.SECOND_REVIEW),
    CaseState.WAITING: (CaseState.WAITING,),
    CaseState.DECIDED: (CaseState.DECIDED,),
    CaseState.PENDING: (),
    CaseState.SECOND_REVIEW: (),
}
CODES_OF = 500  # most urgent cases whose reasons are counted
_SHOWN = sqlalchemy.select(*LISTED).where(col(CaseRow.id) == bindparam("of"))
_LOCKED = select(CaseRow).where(col(CaseRow.id) == bindparam("of")).with_for_update()
_DECISIONS = (
    select(DecisionRow).where(col(DecisionRow.case_id) == bindparam("of")).order_by(col(DecisionRow.case_version))
)
_RELEASE_SIZE = (
    sqlalchemy.select(func.count())
    .select_from(CaseRow)
    .where(
        col(CaseRow.release_key) == bindparam("release"),
        col(CaseRow.account) == bindparam("account"),
        col(CaseRow.sender_id) == bindparam("sender"),
    )
)


class Tally(NamedTuple):
    """How many cases match, up to `COUNT_LIMIT`, and the reasons of the most urgent ones, by code."""

    total: int
    codes: dict[str, int]


class OfRelease(Protocol):
    """What a case says of its release."""

    @property
    def release_key(self) -> str: ...  # noqa: D102
    @property
    def account(self) -> str: ...  # noqa: D102
    @property
    def sender_id(self) -> str: ...  # noqa: D102


def find(session: Session, case_id: str) -> CaseRow | None:
    """Read a case."""
    return session.get(CaseRow, case_id)


def look(session: Session, case_id: str) -> Row[Any] | None:
    """Read the columns of a case that are shown."""
    return next(iter(read(session, _SHOWN, {"of": case_id})), None)


def lock(session: Session, case_id: str) -> CaseRow | None:
    """Read a case for change; others who want to change it wait for this transaction."""
    return session.scalars(_LOCKED, {"of": case_id}).first()


def lock_all(session: Session, case_ids: Iterable[str]) -> dict[str, CaseRow]:
    """Read several cases for change, in one order for everybody, so that nobody waits in a ring."""
    query = select(CaseRow).where(among(session, CaseRow.id, set(case_ids))).order_by(col(CaseRow.id))
    return {row.id: row for row in session.exec(query.with_for_update())}


def put(row: CaseRow, case: Case, *, by: str, at: datetime) -> None:
    """Write the state machine's outcome into the row."""
    row.state = case.state
    row.version = case.version
    row.claim_holder = case.claim.holder if case.claim else None
    row.claim_expires_at = case.claim.expires_at if case.claim else None
    row.claim_note = case.claim.note if case.claim else ""
    row.claim_given_by = case.claim.given_by if case.claim else None
    row.parked_by = case.park.by if case.park else None
    row.parked_until = case.park.until if case.park else None
    row.park_reason = case.park.reason if case.park else ""
    row.updated_by = by
    row.updated_at = at


def to_case(row: CaseRow) -> Case:
    """Turn a row into the state machine's case, without its last decision."""
    return case_of(row, None)


def to_public(session: Session, rows: Sequence[Columns]) -> tuple[CasePublic, ...]:
    """Turn rows into cases with their last decisions, in the rows' order."""
    decided = [row.id for row in rows if _may_be_decided(row)]
    decisions = _last_decisions(session, decided) if decided else {}
    return tuple(case_of(row, decisions.get(row.id)) for row in rows)


def with_decisions(session: Session, row: Columns) -> tuple[CasePublic, tuple[DecisionPublic, ...]]:
    """Turn a row into its case and all decisions on it, oldest first."""
    decisions = decisions_of(session, row.id) if _may_be_decided(row) else ()
    return case_of(row, _brief(decisions[-1]) if decisions else None), decisions


def _may_be_decided(row: Columns) -> bool:
    """Whether there may be a decision: publishing one raises the version, and only a published one is kept."""
    return row.version > 1 or row.state != CaseState.OPEN


def _brief(decision: DecisionPublic) -> Decision:
    return Decision(**{name: getattr(decision, name) for name in Decision.model_fields})


def add_decision(session: Session, row: DecisionRow) -> None:
    """Append a decision."""
    session.add(row)


def decisions_of(session: Session, case_id: str) -> tuple[DecisionPublic, ...]:
    """Read all decisions on a case, oldest first."""
    return tuple(
        DecisionPublic.model_validate({**row.model_dump(exclude={"case_id"}), "statement": statement_of(row)})
        for row in session.scalars(_DECISIONS, {"of": case_id})
    )


def page(session: Session, actor: Actor, filters: QueueFilters) -> list[CaseRow]:
    """Read one more than a page, most urgent first, then longest waiting."""
    return list(session.exec(_page(session, select(CaseRow), actor, filters)))


def listed(session: Session, actor: Actor, filters: QueueFilters) -> tuple[tuple[CasePublic, ...], str | None]:
    """Read a page as `page` does, with last decisions, and where the next page begins; None where there is none."""
    rows = _rows(session, actor, filters)
    shown = rows[: filters.limit]
    following = cursor_of(shown[-1]) if len(rows) > filters.limit else None
    return to_public(session, shown), following


def _rows(session: Session, actor: Actor, filters: QueueFilters) -> Sequence[Row[Any]]:
    if actor.role is Role.LABEL or actor.queues is not None or _is_filtered(filters):
        return session.execute(_page(session, sqlalchemy.select(*LISTED), actor, filters)).all()
    given = {"now": clock.now(), "most": filters.limit + 1, "skipped": filters.offset}
    return read(session, _unfiltered(filters.state, filters.parked), given)


def _is_filtered(filters: QueueFilters) -> bool:
    narrowed = (filters.code, filters.sender, filters.q, filters.filter, filters.holder, filters.cursor)
    return filters.severity is not None or any(narrowed)


@cache
def _unfiltered(state: CaseState | None, parked: bool | None) -> Any:
    """Build the statement of a page that nobody filters once: that takes half as long as reading the page."""
    now: Any = bindparam("now", type_=UtcDateTime)
    found = _in_state(QueueFilters(state=state, parked=parked), now)
    page = sqlalchemy.select(*LISTED).where(col(CaseRow.account).is_not(None), *found)
    return _in_order(page.limit(bindparam("most", type_=Integer)).offset(bindparam("skipped", type_=Integer)))


def _page(session: Session, query: Any, actor: Actor, filters: QueueFilters) -> Any:
    query = query.where(*_conditions(session, actor, filters)).limit(filters.limit + 1).offset(filters.offset)
    return _in_order(query.where(_beyond(filters.cursor)) if filters.cursor else query)


def count(session: Session, actor: Actor, filters: QueueFilters) -> int:
    """Count the cases that match, up to `COUNT_LIMIT`."""
    some = select(CaseRow.id).where(*_conditions(session, actor, filters)).limit(COUNT_LIMIT).subquery()
    return session.exec(select(func.count()).select_from(some)).one()


def count_states(session: Session) -> dict[str, int]:
    """Count all cases by state."""
    return dict(session.exec(select(CaseRow.state, func.count()).group_by(col(CaseRow.state))).all())


def tally(session: Session, actor: Actor, filters: QueueFilters) -> Tally:
    """Count the cases that match, and the reasons of their state's most urgent ones."""
    return Tally(count(session, actor, filters), _count_codes(session, actor, filters))


def _count_codes(session: Session, actor: Actor, filters: QueueFilters) -> dict[str, int]:
    """Count the cases of the filters' state by reason code, among the `CODES_OF` most urgent."""
    of_state = QueueFilters(state=filters.state, parked=filters.parked)  # a filter may be slow, and needs no counts
    some = _in_order(select(CaseRow.codes).where(*_conditions(session, actor, of_state))).limit(CODES_OF).subquery()
    found: Counter[str] = Counter()
    for codes, number in session.exec(select(some.c.codes, func.count()).group_by(some.c.codes)):
        found.update(dict.fromkeys(codes.split(), number))
    return dict(sorted(found.items()))


def count_release(session: Session, row: OfRelease) -> int:
    """Count the cases of the same release by the same account; a case without a release stands alone."""
    if not row.release_key:
        return 1
    about = {"release": row.release_key, "account": row.account, "sender": row.sender_id}
    return int(read(session, _RELEASE_SIZE, about)[0][0])


def of_release(session: Session, row: CaseRow) -> list[CaseRow]:
    """Read the cases of the same release by the same account, the case itself among them."""
    if not row.release_key:
        return [row]
    return list(session.exec(select(CaseRow).where(*_same_release(row)).order_by(col(CaseRow.title), col(CaseRow.id))))


def _same_release(row: OfRelease) -> list[ColumnElement[bool]]:
    """Tell releases apart by account and stated sender, too: another sender's equal release key is another release."""
    return [
        col(CaseRow.release_key) == row.release_key,
        col(CaseRow.account) == row.account,
        col(CaseRow.sender_id) == row.sender_id,
    ]


def first_free(session: Session, actor: Actor, now: datetime, *, after: CaseRow | None, text: str = "") -> str | None:
    """Name the first case of a filter, else of the queue, that nobody else holds."""
    free = or_(
        col(CaseRow.claim_expires_at).is_(None),
        col(CaseRow.claim_expires_at) <= now,
        col(CaseRow.claim_holder) == actor.name,
    )
    query = select(CaseRow).where(*_conditions(session, actor, QueueFilters(filter=text)), free)
    if after is not None:
        query = query.where(_behind(after.rank, after.opened_at, after.id))
    row = session.exec(_in_order(query).limit(1)).first()
    return row.id if row else None


def cursor_of(row: Columns) -> str:
    """Name a place in the queue."""
    place = json.dumps([row.rank, row.opened_at.isoformat(), row.id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def visible(actor: Actor, account: Any, sender_id: Any) -> ColumnElement[bool]:
    """Put `Actor.sees` into SQL."""
    if actor.role is not Role.LABEL:
        return col(account).is_not(None)
    own = col(account) == actor.account
    return or_(own, and_(col(account) == "", col(sender_id).in_(actor.dpids))) if actor.dpids else own


def _in_order(query: Any) -> Any:
    return query.order_by(col(CaseRow.rank).desc(), col(CaseRow.opened_at), col(CaseRow.id))


def _beyond(cursor: str) -> ColumnElement[bool]:
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        rank, opened_at, case_id = float(place[0]), datetime.fromisoformat(place[1]), str(place[2])
        return _behind(rank, opened_at.astimezone(), case_id)
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise InvalidInput("The cursor is none of ours.", mend="Use next_cursor as it was given.") from error


def _behind(rank: float, opened_at: datetime, case_id: str) -> ColumnElement[bool]:
    later = or_(
        col(CaseRow.opened_at) > opened_at, and_(col(CaseRow.opened_at) == opened_at, col(CaseRow.id) > case_id)
    )
    beyond = or_(col(CaseRow.rank) < rank, and_(col(CaseRow.rank) == rank, later))
    return and_(col(CaseRow.rank) <= rank, beyond)  # the first half says no more, but an index can begin there


def _conditions(session: Session, actor: Actor, filters: QueueFilters) -> list[ColumnElement[bool]]:
    now = clock.now()
    terms = parse(filters.filter) if actor.role is not Role.LABEL else ()
    asked = _as_asked(filters, terms)
    found = [visible(actor, CaseRow.account, CaseRow.sender_id)]
    found += _for_label(asked) if actor.role is Role.LABEL else _in_state(asked, now)
    found += conditions(terms, viewer=actor.name, now=now)
    if actor.queues is not None:
        found.append(col(CaseRow.queue).in_(sorted(actor.queues)))
    if filters.severity is not None:
        found.append(col(CaseRow.severity) == filters.severity)
    if filters.code:
        found.append(has_code(filters.code))
    if filters.sender:
        found.append(or_(col(CaseRow.sender_id) == filters.sender, _has(CaseRow.sender_name, filters.sender)))
    if filters.q:
        found.append(search.has_words(filters.q))
    return [*found, *search.narrowing(session, terms, filters.q or "")]


def _as_asked(filters: QueueFilters, terms: Sequence[Term]) -> QueueFilters:
    """Let a filter that names states, or parked cases, have its way over the defaults."""
    state = None if names_state(terms) else filters.state
    parked = None if names_parked(terms) else filters.parked
    return filters.model_copy(update={"state": state, "parked": parked})


def _for_label(filters: QueueFilters) -> list[ColumnElement[bool]]:
    """To a label a case whose decision is not published yet is open."""
    states = LABEL_STATES[filters.state] if filters.state else tuple(CaseState)
    return [col(CaseRow.state).in_(states)]


def _in_state(filters: QueueFilters, now: Any) -> list[ColumnElement[bool]]:
    """To colleagues a parked case is elsewhere."""
    found: list[ColumnElement[bool]] = []
    if filters.state is not None:
        found.append(col(CaseRow.state) == filters.state)
    if filters.parked is not None and filters.state is CaseState.OPEN:
        is_parked = and_(col(CaseRow.parked_until).is_not(None), col(CaseRow.parked_until) > now)
        found.append(is_parked if filters.parked else not_(is_parked))
    if filters.holder:
        found.append(and_(col(CaseRow.claim_holder) == filters.holder, col(CaseRow.claim_expires_at) > now))
    return found


def _has(column: Any, part: str) -> ColumnElement[bool]:
    return col(column).icontains(plain(part), autoescape=True)


def _last_decisions(session: Session, case_ids: list[str]) -> dict[str, Decision]:
    columns = [getattr(DecisionRow, name) for name in ("case_id", *DECISION)]
    query = select(*columns).where(among(session, DecisionRow.case_id, case_ids))
    last = {row[0]: row[1:] for row in session.execute(query.order_by(col(DecisionRow.case_version)))}
    return {case_id: decision_of(dict(zip(DECISION, found, strict=True))) for case_id, found in last.items()}
