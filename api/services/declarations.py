"""The declaration history of the review store: who declared what when, and what each declaration changed."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session

from api.public_deliveries import DeclarationChange, DeclarationNote, DeclarationPublic, DeclarationsPublic
from api.services.access import Actor
from api.services.keys import normal_dpid
from api.services.texts import KEY_LIMIT, LIMIT, plain
from api.store import declarations as store
from api.store import screenings
from api.store.database import Database
from api.tables import DeclarationRow
from schemas.credits import credit_card
from schemas.disclosure import Disclosure
from schemas.errors import NotFound
from schemas.evidence import Evidence
from schemas.history import Arrival, PastDeclaration
from schemas.identifiers import parse_isrc
from schemas.rules import ask
from schemas.screening import Intake, Screening, derived_id

REST = ""
RULES = ("HIS-001", "HIS-002", "HIS-003", "HIS-004")  # those about one recording


def remember(session: Session, recorded: Iterable[Screening], now: datetime) -> None:
    """Keep what new screenings say was declared; a message that came before adds nothing."""
    store.add(session, (_row(one, now) for one in recorded if one.intake.recording or one.intake.is_takedown))


def of_isrc(db: Database, actor: Actor, isrc: str) -> DeclarationsPublic:
    """Tell who declared what about an ISRC, newest first, as far as it is the actor's to see.

    Raises
    ------
    InvalidIdentifier
        It is no ISRC.
    NotFound
        Nobody delivered it, or it is not the actor's to see.
    """
    wanted = parse_isrc(isrc)
    told = _told(db, actor, wanted, {})
    if not told:
        raise NotFound(f"There is no recording {wanted}.")
    return DeclarationsPublic(isrc=wanted, declarations=told)


def beside(db: Database, actor: Actor, screening: Screening) -> tuple[DeclarationPublic, ...]:
    """Tell what was declared about a screening's recording, newest first; nothing where it has no ISRC."""
    recording = screening.intake.recording
    return _told(db, actor, recording.isrc, {screening.id: screening}) if recording and recording.isrc else ()


def _told(db: Database, actor: Actor, isrc: str, known: dict[str, Screening]) -> tuple[DeclarationPublic, ...]:
    with db.read() as session:
        rows = store.of_isrc(session, actor, isrc)
        read = screenings.rows(session, {row.screening_id for row in rows} - set(known))
        found = known | {name: screenings.document(row) for name, row in read.items()}
        teller = _Teller(session, actor, isrc, rows, found)
        return tuple(teller.tell(number) for number in reversed(range(len(rows))))


def _row(screening: Screening, now: datetime) -> dict[str, Any]:
    """Give the columns of a `DeclarationRow`: an object for each would cost more than the insert."""
    intake, audio = screening.intake, screening.found.audio
    recording = intake.recording
    return {
        "id": _id_of(intake),
        "screening_id": screening.id,
        "recording_key": intake.recording_key,
        "isrc": plain((recording.isrc if recording else None) or "", KEY_LIMIT),
        "account": plain(intake.account or "", KEY_LIMIT),
        "sender_id": plain(normal_dpid(intake.sender_id or ""), KEY_LIMIT),
        "sender_name": plain(intake.sender_name, LIMIT),
        "release_key": plain(intake.release_key or "", LIMIT),
        "release_title": plain(intake.release_title, LIMIT),
        "artist": plain(recording.display_artist if recording else "", LIMIT),
        "level": screening.declared.level,
        "can_declare": screening.declared.can_declare,
        "is_takedown": intake.is_takedown,
        "message_id": plain(intake.message_id, LIMIT),
        "message_sha256": plain(intake.message_sha256 or "", LIMIT),
        "declared_at": intake.message_created_at,
        "made_at": intake.message_created_at or now,
        "received_at": now,
        "signal_hash": audio.signal_hash if audio else None,
        "disclosure": screening.declared.model_dump_json(),
    }


def _id_of(intake: Intake) -> str:
    identity = intake.message_sha256 or intake.source_key
    return derived_id("dcl", intake.account or "", intake.recording_key, intake.release_key or "", identity)


class _Teller:
    """Tells of one declaration after the other, beside those before it; each row is read once."""

    def __init__(
        self, session: Session, actor: Actor, isrc: str, rows: list[DeclarationRow], found: dict[str, Screening]
    ) -> None:
        self._session, self._actor, self._isrc, self._rows, self._screenings = session, actor, isrc, rows, found
        self._origins = [(row.account, row.sender_id, row.release_key) for row in rows]
        self._disclosures = [Disclosure.model_validate_json(row.disclosure) for row in rows]
        self._past = [store.to_past(row) for row in rows]

    def tell(self, number: int) -> DeclarationPublic:
        row, disclosure, origin = self._rows[number], self._disclosures[number], self._origins[number]
        own = [one for one, other in enumerate(self._origins) if other == origin]
        earlier = [one for one in own if one < number and not self._rows[one].is_takedown]
        is_new = bool(earlier) and not row.is_takedown
        return DeclarationPublic(
            declared_at=row.declared_at,
            received_at=row.received_at,
            sender_id=row.sender_id,
            sender_name=row.sender_name,
            account=row.account or None,
            release_key=row.release_key,
            release_title=row.release_title,
            message_id=row.message_id,
            is_takedown=row.is_takedown,
            came_late=any(_is_overtaken(row, self._rows[one]) for one in own),
            level=disclosure.level,
            lines=credit_card(disclosure).lines,
            changes=tuple(_changes(self._disclosures[earlier[-1]], disclosure)) if is_new else (),
            notes=() if row.is_takedown else tuple(self._notes(number)),
        )

    def _notes(self, number: int) -> Iterator[DeclarationNote]:
        row = self._rows[number]
        screening = self._screenings[row.screening_id]
        evidence = Evidence(intake=screening.intake, found=screening.found, heard=screening.heard)
        arrival = Arrival(evidence, store.StoreHistory(self._session, self._actor, row, self._before(number)))
        for rule_id in RULES:
            for one in ask(rule_id, arrival):
                yield DeclarationNote(rule=one.rule, severity=one.severity, message=one.message)

    def _before(self, number: int) -> dict[str, list[PastDeclaration]]:
        """List what was declared about the ISRC before, unless older rows were left out of what was read."""
        if len(self._rows) >= store.MAX_LISTED:
            return {}
        return {self._isrc: [self._past[one] for one in range(number) if not self._rows[one].is_takedown]}


def _is_overtaken(row: DeclarationRow, other: DeclarationRow) -> bool:
    """Tell whether a later message had been applied when this one came."""
    return other.received_at < row.received_at and other.made_at > row.made_at


def _changes(then: Disclosure, now: Disclosure) -> Iterator[DeclarationChange]:
    if then.level is not now.level:
        yield DeclarationChange(what="Recording", before=then.level, after=now.level)
    before, after = _degrees(then), _degrees(now)
    for label in dict.fromkeys((*before, *after)):
        degrees = [said.get(label, said[REST]) for said in (before, after)]
        if label != REST and degrees[0] != degrees[1]:
            yield DeclarationChange(what=label, before=degrees[0], after=degrees[1])


def _degrees(disclosure: Disclosure) -> dict[str, str]:
    """Say of each area how it was made, and of the rest."""
    lines = credit_card(disclosure).lines
    return {REST: "not declared"} | {line.label if line.area else REST: line.degree for line in lines}
