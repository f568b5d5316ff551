"""Screenings: the document as received, and what is looked up by."""

from collections.abc import Collection, Iterable

import sqlalchemy
from sqlalchemy import bindparam, text
from sqlmodel import Session, col, select

from api.services.access import Actor
from api.store.bulk import among, read
from api.store.cases import visible
from api.store.shown import Columns
from api.tables import DeliveryRow, ScreeningRow
from schemas.screening import Screening

INGEST_LOCK = 0x696E67  # "ing": batches come one after the other, so that none waits for another in a ring

_DOCUMENT = sqlalchemy.select(col(ScreeningRow.document)).where(col(ScreeningRow.id) == bindparam("of"))


def one_batch_at_a_time(session: Session) -> None:
    """Hold other batches back until this transaction ends; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": INGEST_LOCK})


def known(session: Session, ids: Collection[str]) -> dict[str, str | None]:
    """Say which ids are stored already, and the case of each."""
    query = select(ScreeningRow.id, ScreeningRow.case_id).where(among(session, ScreeningRow.id, ids))
    return dict(session.exec(query).all())


def rows(session: Session, ids: Iterable[str]) -> dict[str, ScreeningRow]:
    """Read screenings by id."""
    wanted = list(ids)
    query = select(ScreeningRow).where(among(session, ScreeningRow.id, wanted))
    return {row.id: row for row in session.exec(query)} if wanted else {}


def existing_deliveries(session: Session, ids: Iterable[str]) -> set[str]:
    """Say which of these deliveries came in over HTTP."""
    wanted = list(ids)
    return set(session.exec(select(DeliveryRow.id).where(col(DeliveryRow.id).in_(wanted)))) if wanted else set()


def find(session: Session, actor: Actor, screening_id: str) -> ScreeningRow | None:
    """Read a screening that is the actor's to see."""
    return session.exec(
        select(ScreeningRow).where(
            col(ScreeningRow.id) == screening_id, visible(actor, ScreeningRow.account, ScreeningRow.sender_id)
        )
    ).first()


def latest_of_recording(session: Session, actor: Actor, recording_key: str) -> ScreeningRow | None:
    """Read the newest screening of a recording that is the actor's to see."""
    query = select(ScreeningRow).where(
        col(ScreeningRow.recording_key) == recording_key,
        visible(actor, ScreeningRow.account, ScreeningRow.sender_id),
    )
    return session.exec(query.order_by(col(ScreeningRow.screened_at).desc(), col(ScreeningRow.id))).first()


def latest_of_isrc(session: Session, actor: Actor, isrc: str) -> ScreeningRow | None:
    """Read the newest screening of an ISRC that is the actor's to see, whoever sent it."""
    query = select(ScreeningRow).where(
        col(ScreeningRow.isrc) == isrc, visible(actor, ScreeningRow.account, ScreeningRow.sender_id)
    )
    return session.exec(query.order_by(col(ScreeningRow.screened_at).desc(), col(ScreeningRow.id))).first()


def of_deliveries(session: Session, ids: Iterable[str]) -> list[ScreeningRow]:
    """Read the screenings of deliveries, oldest first."""
    query = select(ScreeningRow).where(col(ScreeningRow.delivery_id).in_(list(ids)))
    return list(session.exec(query.order_by(col(ScreeningRow.screened_at), col(ScreeningRow.id))))


def of_case(session: Session, case: Columns) -> Screening:
    """Read the screening that a case rests on."""
    return Screening.model_validate_json(read(session, _DOCUMENT, {"of": case.screening_id})[0][0])


def document(row: ScreeningRow) -> Screening:
    """Read the document back."""
    return Screening.model_validate_json(row.document)
