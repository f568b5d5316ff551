"""What the DSA wants to be told: statements of reasons for the EU's database, tables for the yearly report."""

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from api.services import clock
from api.services.access import Actor, Permission, require_permission
from api.settings import Settings
from api.store.database import Database
from api.store.screenings import document
from api.tables import AppealRow, CaseRow, DecisionRow, ScreeningRow
from schemas import dsa
from schemas.appeals import AppealState, Outcome
from schemas.cases import Action, StatementOfReasons
from schemas.dsa_tables import Complaint, Period, tables
from schemas.errors import InvalidInput

MAX_STATEMENTS = 100_000  # of one answer; take shorter periods for more
PAGE = 500


def records(db: Database, actor: Actor, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Write the statements of a period as the transparency database takes them, oldest first.

    Restrictions that apply nowhere in the European Economic Area are left out.
    """
    since, until = _check(actor, since, until)
    with db.snapshot() as session:
        found = (dsa.to_record(one) for one in _decided(session, since, until))
        kept = [record for record in found if record is not None]
    if len(kept) > MAX_STATEMENTS:
        raise InvalidInput(f"The period has {len(kept):,} statements.", mend="Ask for a shorter one.")
    return kept


def report(db: Database, actor: Actor, settings: Settings, since: datetime, until: datetime) -> dict[str, str]:
    """Write the report's tables for a period, by file name."""
    since, until = _check(actor, since, until)
    kept = records(db, actor, since, until)
    period = Period(service=settings.public_url, since=since, until=until)
    with db.snapshot() as session:
        within = (col(DecisionRow.decided_at) >= since, col(DecisionRow.decided_at) < until)
        decided = session.exec(select(func.count()).select_from(DecisionRow).where(*within)).one()
        return tables(period, kept, _complaints(session, since, until), decided=decided)


def zipped(files: dict[str, str]) -> bytes:
    """Put the tables into one archive, the same bytes for the same tables."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text.encode())
    return packed.getvalue()


def _check(actor: Actor, since: datetime, until: datetime) -> tuple[datetime, datetime]:
    require_permission(actor, Permission.AUDIT)
    first, last = clock.to_utc(since), clock.to_utc(until)
    if first >= last:
        raise InvalidInput("The period ends before it begins.", mend="Give a later day as its end.")
    return first, last


def _decided(session: Session, since: datetime, until: datetime) -> Iterator[dsa.Decided]:
    query = (
        select(DecisionRow, ScreeningRow, CaseRow)
        .join(ScreeningRow, col(ScreeningRow.id) == col(DecisionRow.screening_id))
        .join(CaseRow, col(CaseRow.id) == col(DecisionRow.case_id))
        .where(col(DecisionRow.statement).is_not(None))
        .where(col(DecisionRow.decided_at) >= since, col(DecisionRow.decided_at) < until)
        .order_by(col(DecisionRow.decided_at), col(DecisionRow.id))
        .execution_options(yield_per=PAGE)
    )
    for decision, screening, case in session.exec(query):
        yield _one(decision, screening, case)


def _one(decision: DecisionRow, row: ScreeningRow, case: CaseRow) -> dsa.Decided:
    screening = document(row)
    recording = screening.intake.recording
    people = [c.name for c in recording.all_contributions] if recording else []
    statement = StatementOfReasons.model_validate_json(decision.statement or "{}")
    return dsa.Decided(
        id=decision.id,
        action=Action(decision.action),
        decided_at=decision.decided_at,
        statement=statement,
        source=statement.source,
        codes=tuple(row.codes.split()),
        names=tuple(filter(None, (case.artist, case.sender_name, decision.decided_by, *people))),
        icpn=screening.intake.release_key,
        language=next((one.value for one in recording.languages), None) if recording else None,
        received_at=row.received_at,
    )


def _complaints(session: Session, since: datetime, until: datetime) -> list[Complaint]:
    within = (col(AppealRow.received_at) >= since, col(AppealRow.received_at) < until)
    query = select(AppealRow, DecisionRow.action).join(DecisionRow, col(DecisionRow.id) == col(AppealRow.decision_id))
    return [
        Complaint(
            state=AppealState(row.state),
            outcome=Outcome(row.outcome) if row.outcome else None,
            received_at=row.received_at,
            decided_at=row.decided_at,
            restriction=dsa.VISIBILITY[Action(action)],
        )
        for row, action in session.exec(query.where(*within))
    ]
