"""Cases and their decisions: rows in, the state machine's nouns out."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

import sqlalchemy
from sqlalchemy import ColumnElement, Row, and_, bindparam, func, not_, or_
from sqlmodel import Session, col, select

from api.public import CasePublic, DecisionPublic, QueueFilters
from api.services import clock
from api.services.access import Actor, Role
from api.services.texts import plain
from api.store import search
from api.store.bulk import among
from api.store.filters import conditions, has_code, names_parked, names_state
from api.tables import CaseRow, DecisionRow
from schemas.cases import Case, CaseState, Claim, Decision, Park, StatementOfReasons
from schemas.errors import InvalidInput
from schemas.filters import Term, parse

LABEL_STATES = {
    CaseState.OPEN: (CaseState.OPEN, CaseState.PENDING, CaseState.SECOND_REVIEW),
    CaseState.WAITING: (CaseState.WAITING,),
    CaseState.DECIDED: (CaseState.DECIDED,),
    CaseState.PENDING: (),
    CaseState.SECOND_REVIEW: (),
}
COUNT_LIMIT = 1000  # who has more in front of them needs no exact number, and a page must not scan a million rows
CODES_OF = 500  # most urgent cases whose reasons are counted
FACTS = {"level", "synthetic", "label", "territories", "sender_since"}  # what filters look at, and nobody is shown
MADE = {"codes", "claim", "park", "decision"}  # of several columns, or other rows
_FLAT = tuple(name for name in CasePublic.model_fields if name not in MADE)
_READ_FLAT = attrgetter(*_FLAT)
_DECISION = tuple(Decision.model_fields)
_LISTED = [
    column
    for name, column in CaseRow.__table__.columns.items()  # type: ignore[attr-defined]
    if name not in FACTS
]
_RELEASE_SIZE = (
    sqlalchemy.select(func.count())
    .select_from(CaseRow)
    .where(
        col(CaseRow.release_key) == bindparam("release"),
        col(CaseRow.account) == bindparam("account"),
        col(CaseRow.sender_id) == bindparam("sender"),
    )
)
Columns = CaseRow | Row[Any]  # an object, or the same columns without the cost of one


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


def lock(session: Session, case_id: str) -> CaseRow | None:
    """Read a case for change; others who want to change it wait for this transaction."""
    return session.exec(select(CaseRow).where(col(CaseRow.id) == case_id).with_for_update()).first()


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
    return _to_public(row, None)


def to_public(session: Session, rows: Sequence[Columns]) -> tuple[CasePublic, ...]:
    """Turn rows into cases with their last decisions, in the rows' order."""
    decided = [row.id for row in rows if _may_be_decided(row)]
    decisions = _last_decisions(session, decided) if decided else {}
    return tuple(_to_public(row, decisions.get(row.id)) for row in rows)


def with_decisions(session: Session, row: CaseRow) -> tuple[CasePublic, tuple[DecisionPublic, ...]]:
    """Turn a row into its case and all decisions on it, oldest first."""
    decisions = decisions_of(session, row.id) if _may_be_decided(row) else ()
    return _to_public(row, _brief(decisions[-1]) if decisions else None), decisions


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
    query = select(DecisionRow).where(col(DecisionRow.case_id) == case_id).order_by(col(DecisionRow.case_version))
    return tuple(
        DecisionPublic.model_validate({**row.model_dump(exclude={"case_id"}), "statement": _statement(row)})
        for row in session.exec(query)
    )


def page(session: Session, actor: Actor, filters: QueueFilters) -> list[CaseRow]:
    """Read one more than a page, most urgent first, then longest waiting."""
    return list(session.exec(_page(session, select(CaseRow), actor, filters)))


def listed(session: Session, actor: Actor, filters: QueueFilters) -> tuple[tuple[CasePublic, ...], str | None]:
    """Read a page as `page` does, with last decisions, and where the next page begins; None where there is none."""
    rows = session.execute(_page(session, sqlalchemy.select(*_LISTED), actor, filters)).all()
    shown = rows[: filters.limit]
    following = cursor_of(shown[-1]) if len(rows) > filters.limit else None
    return to_public(session, shown), following


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
    return int(session.execute(_RELEASE_SIZE, about).scalar_one())


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
    found = [visible(actor, CaseRow.account, CaseRow.sender_id), *_in_state(actor, _as_asked(filters, terms))]
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


def _in_state(actor: Actor, filters: QueueFilters) -> list[ColumnElement[bool]]:
    """To a label a case whose decision is not published yet is open; to colleagues a parked one is elsewhere."""
    if actor.role is Role.LABEL:
        states = LABEL_STATES[filters.state] if filters.state else tuple(CaseState)
        return [col(CaseRow.state).in_(states)]
    now = clock.now()
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


def _to_public(row: Columns, decision: Decision | None) -> CasePublic:
    flat = dict(zip(_FLAT, _READ_FLAT(row), strict=True))
    parts = {"codes": tuple(row.codes.split()), "claim": _claim(row), "park": _park(row), "decision": decision}
    return CasePublic.model_validate({**flat, **parts})


def _claim(row: Columns) -> Claim | None:
    if row.claim_holder is None or row.claim_expires_at is None:
        return None
    return Claim(
        holder=row.claim_holder, expires_at=row.claim_expires_at, note=row.claim_note, given_by=row.claim_given_by
    )


def _park(row: Columns) -> Park | None:
    if row.parked_by is None or row.parked_until is None:
        return None
    return Park(by=row.parked_by, until=row.parked_until, reason=row.park_reason)


def _last_decisions(session: Session, case_ids: list[str]) -> dict[str, Decision]:
    columns = [getattr(DecisionRow, name) for name in ("case_id", *_DECISION)]
    query = select(*columns).where(among(session, DecisionRow.case_id, case_ids))
    last = {row[0]: row[1:] for row in session.execute(query.order_by(col(DecisionRow.case_version)))}
    return {case_id: _decision(dict(zip(_DECISION, found, strict=True))) for case_id, found in last.items()}


def _decision(columns: dict[str, Any]) -> Decision:
    text = columns.pop("statement")
    return Decision(**columns, statement=StatementOfReasons.model_validate_json(text) if text else None)


def _statement(row: DecisionRow) -> StatementOfReasons | None:
    return StatementOfReasons.model_validate_json(row.statement) if row.statement else None
