"""Published decisions as the audit sees them: their ids, and a hash over all that they say."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from api.tables import DecisionRow


def digest(row: DecisionRow) -> str:
    """Hash a decision by its canonical JSON; empty columns are left out, so that a new one changes no old hash."""
    members = {name: value for name, value in row.model_dump().items() if value is not None}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(session: Session, decision_id: str) -> str | None:
    """Hash a decision by its id; None where there is none."""
    row = session.get(DecisionRow, decision_id, populate_existing=True)
    return digest(row) if row else None


def every_id(session: Session) -> Iterator[str]:
    """Name all decisions."""
    yield from session.exec(select(DecisionRow.id).order_by(col(DecisionRow.id)).execution_options(yield_per=5000))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)
