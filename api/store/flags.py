"""Flags of screenings as lists show them: a code, how grave, a few words."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy
from sqlmodel import Session, col

from api.store.bulk import any_of, read
from api.tables import FlagRow
from schemas.flags import FlagSeverity

_SEVERITIES = {str(one): one for one in FlagSeverity}


class FlagBrief(NamedTuple):
    """A flag without its explanation and evidence."""

    code: str
    severity: FlagSeverity
    title: str


def of_screenings(session: Session, screening_ids: Collection[str]) -> Mapping[str, tuple[FlagBrief, ...]]:
    """Read the flags of several screenings at once, gravest first as the policy ordered them."""
    found: dict[str, list[FlagBrief]] = defaultdict(list)
    query = _query(session.get_bind().dialect.name)
    for screening_id, code, severity, title in read(session, query, {"ids": list(screening_ids)}):
        found[screening_id].append(FlagBrief(code, _SEVERITIES[severity], title))
    return {screening_id: tuple(flags) for screening_id, flags in found.items()}


@cache
def _query(dialect: str) -> Any:
    """Build the statement once: every page of the queue asks for it."""
    return (
        sqlalchemy.select(*map(col, (FlagRow.screening_id, FlagRow.code, FlagRow.severity, FlagRow.title)))
        .where(any_of(dialect, FlagRow.screening_id, "ids"))
        .order_by(col(FlagRow.screening_id), col(FlagRow.position))
    )
