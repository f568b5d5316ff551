"""Flags of screenings as lists show them: a code, how grave, a few words."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlmodel import Session, col, select

from api.store.bulk import among
from api.tables import FlagRow
from schemas.flags import FlagSeverity


class FlagBrief(NamedTuple):
    """A flag without its explanation and evidence."""

    code: str
    severity: FlagSeverity
    title: str


def of_screenings(session: Session, screening_ids: Collection[str]) -> Mapping[str, tuple[FlagBrief, ...]]:
    """Read the flags of several screenings at once, gravest first as the policy ordered them."""
    query = (
        select(FlagRow.screening_id, FlagRow.code, FlagRow.severity, FlagRow.title)
        .where(among(session, FlagRow.screening_id, screening_ids))
        .order_by(col(FlagRow.screening_id), col(FlagRow.position))
    )
    found: dict[str, list[FlagBrief]] = defaultdict(list)
    for screening_id, code, severity, title in session.exec(query):
        found[screening_id].append(FlagBrief(code, FlagSeverity(severity), title))
    return {screening_id: tuple(flags) for screening_id, flags in found.items()}
