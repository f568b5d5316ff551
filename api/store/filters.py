"""The filter language in SQL: one condition a term, all values as parameters, on SQLite and PostgreSQL alike."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, literal, not_, or_, true
from sqlmodel import col

from api.services.texts import plain
from api.store.alerts import last_backlog
from api.store.search import has_words
from api.tables import CaseRow, EventRow
from schemas.cases import CaseState
from schemas.disclosure import Level
from schemas.events import EventKind
from schemas.filter_words import NEW_SENDER, duration, moment
from schemas.filters import Term
from schemas.rules.territories import WORLDWIDE

Condition = ColumnElement[bool]
_COMPARED: dict[str, Callable[[Any, float], Condition]] = {
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ":": lambda column, value: column == value,
}
_PARTS = {
    "label": (CaseRow.label,),
    "artist": (CaseRow.artist,),
    "title": (CaseRow.title,),
}
ALERTS = (EventKind.CASE_DUE_SOON, EventKind.CASE_OVERDUE)
_EQUAL = {"declared": CaseRow.level, "severity": CaseRow.severity, "kind": CaseRow.kind, "queue": CaseRow.queue}
_NUMBERS = {"synthetic": CaseRow.synthetic, "confidence": CaseRow.confidence}


def conditions(terms: Iterable[Term], *, viewer: str, now: datetime) -> list[Condition]:
    """Put a filter into SQL; ``viewer`` is whom ``me`` means."""
    compiler = _Compiler(viewer, now)
    return [compiler.of(term) for term in terms]


def names_state(terms: Sequence[Term]) -> bool:
    """Whether a filter says itself which states it wants; without, it looks at open cases."""
    return any(term.field == "state" for term in terms)


def names_parked(terms: Sequence[Term]) -> bool:
    """Whether a filter says itself what of parked cases it wants."""
    return any(term.field == "parked" for term in terms)


class _Compiler:
    """One filter's way into SQL; a method a field that is more than a comparison."""

    def __init__(self, viewer: str, now: datetime) -> None:
        self.viewer = viewer
        self.now = now

    def of(self, term: Term) -> Condition:
        """Compile one term; where a column has no value, the term does not hold, and its opposite does."""
        found = self._any(term)
        return not_(_known(found)) if term.is_negated else found

    def _any(self, term: Term) -> Condition:
        if not term.values:
            method: Callable[[], Condition] = getattr(self, f"_{term.field.replace('-', '_')}")
            return method()
        return or_(*(self._one(term, value) for value in term.values))

    def _one(self, term: Term, value: str) -> Condition:
        if term.field in _PARTS:
            return or_(*(_has(column, value) for column in _PARTS[term.field]))
        if term.field in _EQUAL:
            return col(_EQUAL[term.field]) == value
        if term.field in _NUMBERS:
            return _COMPARED[term.operator](col(_NUMBERS[term.field]), float(value))
        method: Callable[[str], Condition] = getattr(self, f"_{term.field.replace('-', '_')}")
        return method(value)

    def _undeclared(self) -> Condition:
        return col(CaseRow.level) == Level.UNDECLARED

    def _new_sender(self, value: str = "") -> Condition:
        return col(CaseRow.sender_since) >= self.now - ((duration(value) if value else None) or NEW_SENDER)

    def _sender(self, value: str) -> Condition:
        return or_(col(CaseRow.sender_id) == value.upper(), _has(CaseRow.sender_name, value))

    def _rule(self, value: str) -> Condition:
        return has_code(value) if "-" in value else _among_codes(f" {value}-")

    def _text(self, value: str) -> Condition:
        return has_words(value)

    def _isrc(self, value: str) -> Condition:
        return col(CaseRow.isrc).startswith(value, autoescape=True)

    def _territory(self, value: str) -> Condition:
        named = [_listed(code) for code in {value, value.partition("-")[0], WORLDWIDE}]
        return _listed(WORLDWIDE) if value == WORLDWIDE else or_(*named)

    def _since(self, value: str) -> Condition:
        return col(CaseRow.opened_at) >= moment(value, self.now)

    def _before(self, value: str) -> Condition:
        return col(CaseRow.opened_at) < moment(value, self.now)

    def _state(self, value: str) -> Condition:
        return true() if value == "any" else col(CaseRow.state) == value

    def _holder(self, value: str) -> Condition:
        name = self.viewer if value == "me" else value
        return and_(col(CaseRow.claim_holder) == name, self._held())

    def _held(self) -> Condition:
        expires = col(CaseRow.claim_expires_at)
        return and_(expires.is_not(None), expires > self.now)

    def _parked(self) -> Condition:
        until = col(CaseRow.parked_until)
        return and_(until.is_not(None), until > self.now)

    def _late(self) -> Condition:
        return and_(col(CaseRow.due_at) < self.now, col(CaseRow.state) == CaseState.OPEN)

    def _alerted(self) -> Condition:
        told = exists().where(col(EventRow.case_id) == col(CaseRow.id), col(EventRow.kind).in_(ALERTS))
        in_backlog = col(CaseRow.due_at) <= last_backlog()
        return and_(col(CaseRow.state) == CaseState.OPEN, or_(told, in_backlog))

    def _due(self, value: str) -> Condition:
        within = duration(value)
        return false() if within is None else col(CaseRow.due_at) <= self.now + within


def has_code(code: str) -> Condition:
    """Whether a case has a reason; read from the case itself, in whatever order cases are looked through."""
    return _among_codes(f" {plain(code)} ")


def _among_codes(part: str) -> Condition:
    return literal(" ").concat(col(CaseRow.codes)).concat(" ").contains(part, autoescape=True)


def _known(condition: Condition) -> Condition:
    """Turn "not known" into "no", so that a term and its opposite together are everything."""
    return and_(condition.is_not(None), condition)


def _has(column: Any, part: str) -> Condition:
    return col(column).icontains(plain(part), autoescape=True)


def _listed(code: str) -> Condition:
    return col(CaseRow.territories).contains(f" {code} ", autoescape=True)
