"""Screenings come in: each is stored once, and what it flags becomes or changes a case.

A batch is stored in transactions of a hundred, so that whoever decides meanwhile waits for a hundred, not for all;
an id that is stored already changes nothing, so a batch that broke off is sent again. Each item is validated by itself;
should the database refuse a hundred all the same, they are tried one by one: a bad one never costs another.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session

from api.public import ItemProblem, ScreeningResult
from api.services import clock, declarations, drafts, placing, redaction, shadows
from api.services.access import PIPELINE, Actor, Permission, require_permission
from api.services.keys import normal_dpid
from api.services.texts import KEY_LIMIT, LIMIT, encodable, plain
from api.store import cases as case_store
from api.store import drafts as draft_store
from api.store import events
from api.store import screenings as store
from api.store.database import Database
from api.tables import CaseRow, FlagRow, ScreeningRow
from schemas import cases as machine
from schemas.cases import CaseState
from schemas.errors import NotFound
from schemas.events import EventKind
from schemas.flags import Flag, FlagSeverity
from schemas.screening import Screening, derived_id

AT_ONCE = 100  # screenings in one transaction: the chain of events is locked for as many
_FOLDER = re.compile(r"(?:^|/)accounts/[^/]+/(dlv_[0-9a-f]{32})(?:/|$)")


@dataclass
class _Batch:
    """One transaction's view: what is stored already, and the rows that it makes and changes."""

    session: Session
    actor: Actor
    now: datetime
    known: dict[str, str | None]
    cases: dict[str, CaseRow]
    last: dict[str, ScreeningRow]
    deliveries: set[str]
    drawing: placing.Drawing
    screenings: list[ScreeningRow] = field(default_factory=list)
    flags: list[dict[str, Any]] = field(default_factory=list)
    touched: dict[str, CaseRow] = field(default_factory=dict)


def record(db: Database, actor: Actor, items: Sequence[Any]) -> tuple[ScreeningResult, ...]:
    """Store a batch of screenings, given as JSON values; the results are in its order.

    A screening whose id is stored already changes nothing.
    """
    require_permission(actor, Permission.SCREEN)
    read = [_read(item) for item in items]
    good = [one for one in read if isinstance(one, Screening)]
    parts = (good[start : start + AT_ONCE] for start in range(0, len(good), AT_ONCE))
    recorded = iter([result for part in parts for result in _record(db, actor, part)])
    return tuple(next(recorded) if isinstance(one, Screening) else one for one in read)


def view(db: Database, actor: Actor, screening_id: str) -> Screening:
    """Read a screening."""
    with db.read() as session:
        row = store.find(session, actor, screening_id)
        if row is None:
            raise NotFound(f"There is no screening {screening_id[:80]}.")
        return redaction.screening_for(store.document(row), actor)


def loudness_of_match(db: Database, screening: Screening) -> float | None:
    """Look up how loud the first match that has sound is (LUFS), so that both are heard alike; None where not known."""
    match = next((one for one in screening.known.matches or () if one.audio_uri), None)
    if match is None:
        return None
    with db.read() as session:
        row = store.latest_of_recording(session, PIPELINE, match.recording_key)
    signal = store.document(row).heard.signal("loudness_lufs") if row else None
    return signal.value if signal else None


def case_id_of(recording_key: str, account: str) -> str:
    """Name the case of a recording as one transport account delivered it."""
    return derived_id("cas", recording_key, account)


def _read(item: Any) -> Screening | ScreeningResult:
    given = item.get("id") if isinstance(item, dict) else None
    given = given[:KEY_LIMIT] if isinstance(given, str) else None
    try:
        screening = Screening.model_validate(item)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return _refused(given, "invalid-screening", f"{where}: {first['msg']}")
    for name, key in (("id", screening.id), ("intake.recording_key", screening.intake.recording_key)):
        if not 1 <= len(key) <= KEY_LIMIT or "\0" in key:
            return _refused(given, "invalid-screening", f"{name}: has to have 1 to {KEY_LIMIT} characters, no NUL")
    return screening


def _refused(given: str | None, code: str, detail: str) -> ScreeningResult:
    shown = None if given is None else encodable(given)
    return ScreeningResult(id=shown, status="refused", problem=ItemProblem(code=code, detail=encodable(detail)))


def _record(db: Database, actor: Actor, screenings: list[Screening]) -> list[ScreeningResult]:
    try:
        return _record_batch(db, actor, screenings)
    except (DataError, IntegrityError) as error:
        if len(screenings) > 1:
            return [_record(db, actor, [one])[0] for one in screenings]
        return [_refused(screenings[0].id, "unstorable-screening", f"The database refuses it: {error.orig}")]


def _record_batch(db: Database, actor: Actor, screenings: list[Screening]) -> list[ScreeningResult]:
    if not screenings:
        return []
    with db.write() as session:
        store.one_batch_at_a_time(session)
        batch = _open_batch(session, actor, screenings)
        with session.no_autoflush:  # cases point to screenings, which have to be there first
            results = [_record_one(batch, screening) for screening in screenings]
            store.insert(session, ScreeningRow, [row.model_dump() for row in batch.screenings])
            session.flush()
            store.insert(session, FlagRow, batch.flags)
            placing.place(session, batch.touched, batch.now)
            new = [one for one, result in zip(screenings, results, strict=True) if result.status == "created"]
            declarations.remember(session, new, batch.now)
            shadows.observe(session, new, batch.now)
        return results


def _open_batch(session: Session, actor: Actor, screenings: Iterable[Screening]) -> _Batch:
    known = store.known(session, (one.id for one in screenings))
    fresh = [one for one in screenings if one.id not in known]
    cases = case_store.lock_all(session, (_case_id(one) for one in fresh))
    return _Batch(
        session=session,
        actor=actor,
        now=clock.now(),
        known=known,
        cases=cases,
        last=store.rows(session, {row.screening_id for row in cases.values()}),
        deliveries=store.existing_deliveries(session, {d for one in fresh if (d := _delivery_id(one))}),
        drawing=placing.drawing(session),
    )


def _record_one(batch: _Batch, screening: Screening) -> ScreeningResult:
    if screening.id in batch.known:
        return ScreeningResult(id=screening.id, status="unchanged", case_id=batch.known[screening.id])
    row = _row(batch, screening)
    case = batch.cases.get(_case_id(screening))
    is_drawn = case is None and not screening.flags and batch.drawing.draws(screening.id)
    row.case_id = _case_id(screening) if case or screening.flags or is_drawn else None
    _tell(batch, EventKind.SCREENING_RECORDED, row.case_id, screening=row.id, codes=row.codes.split())
    if case is None and (screening.flags or is_drawn):
        _open_case(batch, screening, row)
    elif case is not None and _at(screening) >= batch.last[case.screening_id].screened_at:
        _update_case(batch, case, screening, row)
    batch.known[row.id] = row.case_id
    batch.screenings.append(row)
    batch.flags += _flags(screening)
    return ScreeningResult(id=row.id, status="created", case_id=row.case_id)


def _open_case(batch: _Batch, screening: Screening, row: ScreeningRow) -> None:
    case = CaseRow(
        id=_case_id(screening),
        recording_key=row.recording_key,
        account=row.account,
        kind=row.kind,
        state=CaseState.OPEN,
        priority=0,
        screening_id=row.id,
        opened_at=batch.now,
        updated_at=batch.now,
        updated_by=batch.actor.name,
    )
    _describe(case, screening, row)
    batch.cases[case.id] = case
    batch.last[row.id] = row
    batch.touched[case.id] = case
    batch.session.add(case)
    _tell(batch, EventKind.CASE_OPENED, case.id, screening=row.id, codes=row.codes.split())


def _update_case(batch: _Batch, row: CaseRow, screening: Screening, now: ScreeningRow) -> None:
    before = batch.last[row.screening_id]
    old, new = set(row.codes.split()), set(now.codes.split())
    case = case_store.to_case(row)
    is_answer = row.state == CaseState.WAITING and _is_answer(before, now)
    after = machine.screen_again(case, has_new_reasons=old != new, has_flags=bool(new), is_answer=is_answer)
    case_store.put(row, after, by=batch.actor.name, at=batch.now)
    _describe(row, screening, now)
    batch.last[now.id] = now
    batch.touched[row.id] = row
    reasons = {"added": sorted(new - old), "gone": sorted(old - new)}
    _tell(batch, EventKind.CASE_UPDATED, row.id, screening=now.id, version=after.version, **reasons)
    if case.state.has_draft and after.state is CaseState.OPEN:
        _void_draft(batch, row.id)
    elif after.state is not case.state:
        why = "new evidence" if old != new else "the label delivered again"
        _tell(batch, EventKind.CASE_REOPENED, row.id, reason=why, **reasons)


def _is_answer(before: ScreeningRow, now: ScreeningRow) -> bool:
    """Tell whether the label sent something else: the same message and sound in another place are a replay."""
    if before.source_key == now.source_key:
        return False
    earlier, later = (_bytes_of(json.loads(row.document)) for row in (before, now))
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


def _describe(case: CaseRow, screening: Screening, row: ScreeningRow) -> None:
    intake = screening.intake
    recording = intake.recording
    case.screening_id = row.id
    case.codes = row.codes
    case.priority = min(machine.priority(screening.flags), 1_000_000)
    case.severity = _gravest(screening.flags)
    case.title = plain(intake.title, LIMIT)
    case.artist = plain(recording.display_artist if recording else "", LIMIT)
    case.isrc = plain((recording.isrc or "") if recording else "", LIMIT)
    case.sender_id = row.sender_id
    case.sender_name = plain(intake.sender_name, LIMIT)
    case.release_key = plain(intake.release_key or "", LIMIT)
    placing.describe(case, screening)


def _row(batch: _Batch, screening: Screening) -> ScreeningRow:
    intake = screening.intake
    delivery_id = _delivery_id(screening)
    return ScreeningRow(
        id=screening.id,
        recording_key=intake.recording_key,
        source_key=plain(intake.source_key),
        kind=intake.kind,
        delivery_id=delivery_id if delivery_id in batch.deliveries else None,
        account=plain(intake.account or "", KEY_LIMIT),
        sender_id=plain(normal_dpid(intake.sender_id or ""), KEY_LIMIT),
        audio_uri=plain(intake.audio_uri) if intake.audio_uri else None,
        isrc=plain((intake.recording.isrc if intake.recording else None) or "", KEY_LIMIT),
        codes=" ".join(dict.fromkeys("".join(flag.code.split()) for flag in screening.flags)),
        screened_at=_at(screening),
        received_at=batch.now,
        document=screening.model_dump_json(),
    )


def _flags(screening: Screening) -> Iterator[dict[str, Any]]:
    """Give the columns of `FlagRow`: an object for each would cost more than the insert."""
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


def _delivery_id(screening: Screening) -> str | None:
    found = _FOLDER.search(screening.intake.delivery_path)
    return found[1] if found else None


def _at(screening: Screening) -> datetime:
    at = screening.screened_at
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
