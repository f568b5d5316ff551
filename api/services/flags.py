"""The flags of the cases on a page of the queue, read at once."""

from collections.abc import Iterable, Mapping

from api.public import CasePublic
from api.store import flags as store
from api.store.database import Database
from api.store.flags import FlagBrief


def of_cases(db: Database, cases: Iterable[CasePublic]) -> Mapping[str, tuple[FlagBrief, ...]]:
    """Give the flags by case id; the cases are ones that the asker was shown."""
    screenings = {case.id: case.screening_id for case in cases}
    with db.read() as session:
        found = store.of_screenings(session, set(screenings.values()))
    return {case_id: found.get(screening_id, ()) for case_id, screening_id in screenings.items()}
