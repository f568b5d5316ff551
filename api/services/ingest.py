"""One transaction of screenings: look everything up at once, decide in memory, write each table at once.

A transaction holds at most one screening of each case, so that what is looked up at its start holds until its end;
`parts` sees to it. Screenings, flags and new cases go in as plain columns: an object for each costs more than its
insert. What a screening alone determines is worked out before the transaction begins.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from api.public import ScreeningResult
from api.services import clock, declarations, drafts, placing, shadows
from api.services.access import Actor
from api.services.keys import normal_dpid
from api.services.texts import KEY_LIMIT, LIMIT, plain
from api.store import bulk, events
from api.store import cases as case_store
from api.store import drafts as draft_store
from api.store import screenings as store
from api.store.database import Database
from api.tables import CaseRow, FlagRow, ScreeningRow
from schemas import cases as machine
from schemas.cases import CaseState
from schemas.events import EventKind
from schemas.flags import Flag, FlagSeverity
from schemas.screening import Screening, derived_id

AT_ONCE = 250  # screenings in one transaction: others wait for as many
_FOLDER = re.compile(r"(?:^|/)accounts/[^/]+/(dlv_[0-9a-f]{32})(?:/|$)")
_BLANK_CASE = bulk.blank(CaseRow)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A screening with the columns that it alone determines: its own row's, and those of its case."""

    screening: Screening
    case_id: str
    delivery_id: str | None
    row: dict[str, Any]
    facts: dict[str, Any]


@dataclass
class _Batch:
    """One transaction's view: what is stored already, and what it makes and changes."""

    session: Session
    actor: Actor
    now: datetime
    known: Mapping[str, str | None]
    cases: Mapping[str, CaseRow]
    last: Mapping[str, ScreeningRow]
    deliveries: set[str]
    drawing: placing.Drawing
    stored: list[Prepared] = field(default_factory=list)
    opened: list[dict[str, Any]] = field(default_factory=list)
    changed: list[CaseRow] = field(default_factory=list)


def case_id_of(recording_key: str, account: str) -> str:
    """Name the case of a recording as one transport account delivered it."""
    return derived_id("cas", recording_key, account)


def parts(screenings: Sequence[Screening]) -> Iterator[list[int]]:
    """Share screenings out among transactions: positions, in an order that keeps each case's screenings in theirs."""
    waiting = list(range(len(screenings)))
    ids = [_case_id(one) for one in screenings]
    while waiting:
        first = list({ids[place]: place for place in reversed(waiting)}.values())[::-1]
        yield from (first[start : start + AT_ONCE] for start in range(0, len(first), AT_ONCE))
        taken = set(first)
        waiting = [place for place in waiting if place not in taken]


def prepare(screening: Screening) -> Prepared:
    """Work out the columns of a screening."""
    row = columns(screening)
    found = _FOLDER.search(screening.intake.delivery_path)
    return Prepared(screening, _case_id(screening), found[1] if found else None, row, _facts(screening, row))


def columns(screening: Screening) -> dict[str, Any]:
    """Give the columns of a `ScreeningRow`, but for those that the database has a say in."""
    intake = screening.intake
    return {
        "id": screening.id,
        "recording_key": intake.recording_key,
        "source_key": plain(intake.source_key),
        "kind": intake.kind,
        "account": plain(intake.account or "", KEY_LIMIT),
        "sender_id": plain(normal_dpid(intake.sender_id or ""), KEY_LIMIT),
        "audio_uri": plain(intake.audio_uri) if intake.audio_uri else None,
        "isrc": plain((intake.recording.isrc if intake.recording else None) or "", KEY_LIMIT),
        "codes": " ".join(dict.fromkeys("".join(flag.code.split()) for flag in screening.flags)),
        "screened_at": screening.screened_at,
        "document": screening.model_dump_json(),
    }


def store_part(db: Database, actor: Actor, part: Sequence[Prepared]) -> list[ScreeningResult]:
    """Store some screenings of different cases, all or none.

    Raises
    ------
    sqlalchemy.exc.DataError, sqlalchemy.exc.IntegrityError
        The database refuses one of them.
    """
    with db.write() as session:
        store.one_batch_at_a_time(session)
        batch = _open_batch(session, actor, part)
        with session.no_autoflush:  # cases point to screenings, which have to be there first
            results = [_record(batch, one) for one in part]
            _write(batch)
        return results


def _open_batch(session: Session, actor: Actor, part: Sequence[Prepared]) -> _Batch:
    known = store.known(session, [one.screening.id for one in part])
    fresh = [one for one in part if one.screening.id not in known]
    cases = case_store.lock_all(session, [one.case_id for one in fresh])
    return _Batch(
        session=session,
        actor=actor,
        now=clock.now(),
        known=known,
        cases=cases,
        last=store.rows(session, {row.screening_id for row in cases.values()}),
        deliveries=store.existing_deliveries(session, {one.delivery_id for one in fresh if one.delivery_id}),
        drawing=placing.drawing(session),
    )


def _record(batch: _Batch, one: Prepared) -> ScreeningResult:
    screening, row = one.screening, one.row
    if screening.id in batch.known:
        return ScreeningResult(id=screening.id, status="unchanged", case_id=batch.known[screening.id])
    case = batch.cases.get(one.case_id)
    is_drawn = case is None and not screening.flags and batch.drawing.draws(screening.id)
    row["case_id"] = one.case_id if case or screening.flags or is_drawn else None
    row["delivery_id"] = one.delivery_id if one.delivery_id in batch.deliveries else None
    row["received_at"] = batch.now
    _tell(batch, EventKind.SCREENING_RECORDED, row["case_id"], screening=row["id"], codes=row["codes"].split())
    if case is None and (screening.flags or is_drawn):
        _open_case(batch, one)
    elif case is not None and screening.screened_at >= batch.last[case.screening_id].screened_at:
        _update_case(batch, case, one)
    batch.stored.append(one)
    return ScreeningResult(id=row["id"], status="created", case_id=row["case_id"])


def _open_case(batch: _Batch, one: Prepared) -> None:
    batch.opened.append(
        {
            **_BLANK_CASE,
            **one.facts,
            "id": one.case_id,
            "recording_key": one.row["recording_key"],
            "account": one.row["account"],
            "kind": one.row["kind"],
            "state": CaseState.OPEN,
            "opened_at": batch.now,
            "updated_at": batch.now,
            "updated_by": batch.actor.name,
        }
    )
    _tell(batch, EventKind.CASE_OPENED, one.case_id, screening=one.row["id"], codes=one.row["codes"].split())


def _update_case(batch: _Batch, row: CaseRow, one: Prepared) -> None:
    before = batch.last[row.screening_id]
    old, new = set(row.codes.split()), set(one.row["codes"].split())
    case = case_store.to_case(row)
    is_answer = row.state == CaseState.WAITING and _is_answer(before, one.row)
    after = machine.screen_again(case, has_new_reasons=old != new, has_flags=bool(new), is_answer=is_answer)
    case_store.put(row, after, by=batch.actor.name, at=batch.now)
    for name, value in one.facts.items():
        setattr(row, name, value)
    batch.changed.append(row)
    reasons = {"added": sorted(new - old), "gone": sorted(old - new)}
    _tell(batch, EventKind.CASE_UPDATED, row.id, screening=one.row["id"], version=after.version, **reasons)
    if case.state.has_draft and after.state is CaseState.OPEN:
        _void_draft(batch, row.id)
    elif after.state is not case.state:
        why = "new evidence" if old != new else "the label delivered again"
        _tell(batch, EventKind.CASE_REOPENED, row.id, reason=why, **reasons)


def _write(batch: _Batch) -> None:
    session, new = batch.session, [one.screening for one in batch.stored]
    bulk.insert(session, ScreeningRow, [one.row for one in batch.stored])
    bulk.insert(session, FlagRow, [flag for one in new for flag in _flags(one)])
    placing.place(session, batch.opened, batch.changed, batch.now)
    declarations.remember(session, new, batch.now)
    shadows.observe(session, new, batch.now)


def _is_answer(before: ScreeningRow, now: Mapping[str, Any]) -> bool:
    """Tell whether the label sent something else: the same message and sound in another place are a replay."""
    if before.source_key == now["source_key"]:
        return False
    earlier, later = (_bytes_of(json.loads(document)) for document in (before.document, now["document"]))
    return earlier != later or earlier == (None, None)


def _bytes_of(document: dict[str, Any]) -> tuple[str | None, str | None]:
    audio = document["found"].get("audio") or {}
    return document["intake"].get("message_sha256"), audio.get("sha256")


def _void_draft(batch: _Batch, case_id: str) -> None:
    """Drop a decision that was made on other evidence and had no effect yet."""
    draft = draft_store.of_case(batch.session, case_id)
    if draft is not None:
        batch.session.delete(draft)
        drafts.close_hold(batch.session, case_id, batch.now)
        _tell(batch, EventKind.DECISION_UNDONE, case_id, decision=draft.id, why="new evidence")


def _tell(batch: _Batch, kind: EventKind, case_id: str | None, **payload: Any) -> None:
    events.record(batch.session, kind, actor=batch.actor.name, at=batch.now, case_id=case_id, **payload)


def _facts(screening: Screening, row: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a case says of its screening."""
    intake = screening.intake
    recording = intake.recording
    return {
        "screening_id": row["id"],
        "codes": row["codes"],
        "priority": min(machine.priority(screening.flags), 1_000_000),
        "severity": _gravest(screening.flags),
        "title": plain(intake.title, LIMIT),
        "artist": plain(recording.display_artist if recording else "", LIMIT),
        "isrc": plain((recording.isrc or "") if recording else "", LIMIT),
        "sender_id": row["sender_id"],
        "sender_name": plain(intake.sender_name, LIMIT),
        "release_key": plain(intake.release_key or "", LIMIT),
        **placing.facts(screening),
    }


def _flags(screening: Screening) -> Iterable[dict[str, Any]]:
    rests_on = shadows.models_of(screening)
    for position, (flag, model) in enumerate(zip(screening.flags, rests_on, strict=True)):
        yield {
            "screening_id": screening.id,
            "position": position,
            "code": plain(flag.code, KEY_LIMIT),
            "severity": flag.severity,
            "title": plain(flag.title, LIMIT),
            "model": plain(model, KEY_LIMIT),
        }


def _gravest(flags: tuple[Flag, ...]) -> FlagSeverity | None:
    return max((flag.severity for flag in flags), key=lambda severity: severity.weight, default=None)


def _case_id(screening: Screening) -> str:
    return case_id_of(screening.intake.recording_key, screening.intake.account or "")
