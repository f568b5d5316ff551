"""Rows of cases and decisions turned into what is shown of them."""

from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Row

from api.public import CasePublic
from api.tables import CaseRow, DecisionRow
from schemas.cases import Claim, Decision, Park, StatementOfReasons

FACTS = {"level", "synthetic", "label", "territories", "sender_since"}  # what filters look at, and nobody is shown
MADE = {"codes", "claim", "park", "decision"}  # of several columns, or other rows
DECISION = tuple(Decision.model_fields)
LISTED = [
    column
    for name, column in CaseRow.__table__.columns.items()  # type: ignore[attr-defined]
    if name not in FACTS
]
Columns = CaseRow | Row[Any]  # an object, or the columns of `LISTED` without the cost of one

_FLAT = tuple(name for name in CasePublic.model_fields if name not in MADE)
_CLAIM = ("claim_holder", "claim_expires_at", "claim_note", "claim_given_by")
_PARK = ("parked_by", "parked_until", "park_reason")
_ALL = (*_FLAT, "codes", *_CLAIM, *_PARK)
_NAMES = [column.name for column in LISTED]
_READ_OBJECT = attrgetter(*_ALL)
_READ_ROW = itemgetter(*map(_NAMES.index, _ALL))  # a row's columns by place take a twentieth of the time by name


def case_of(row: Columns, decision: Decision | None) -> CasePublic:
    """Turn a row into a case, with the last decision on it."""
    *flat, codes, holder, expires_at, note, given_by, by, until, reason = (
        _READ_ROW(row) if isinstance(row, Row) else _READ_OBJECT(row)
    )
    is_held, is_parked = holder is not None and expires_at is not None, by is not None and until is not None
    found: dict[str, Any] = dict(zip(_FLAT, flat, strict=True))
    found["codes"] = tuple(codes.split())
    found["claim"] = Claim(holder=holder, expires_at=expires_at, note=note, given_by=given_by) if is_held else None
    found["park"] = Park(by=by, until=until, reason=reason) if is_parked else None
    return CasePublic.model_validate({**found, "decision": decision})


def decision_of(columns: dict[str, Any]) -> Decision:
    """Turn the columns of `DECISION` into a decision."""
    text = columns.pop("statement")
    return Decision(**columns, statement=StatementOfReasons.model_validate_json(text) if text else None)


def statement_of(row: DecisionRow) -> StatementOfReasons | None:
    """Read the statement of reasons that a decision carries."""
    return StatementOfReasons.model_validate_json(row.statement) if row.statement else None
