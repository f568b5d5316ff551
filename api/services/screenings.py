"""Screenings come in: each is stored once, and what it flags becomes or changes a case.

A batch is stored in several transactions, so that whoever decides meanwhile waits for a part, not for all;
an id that is stored already changes nothing, so a batch that broke off is sent again. A batch that is right is read
at once; of any other each item is validated by itself. Should the database refuse a part all the same, its screenings
are tried one by one: a bad one never costs another.
"""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DataError, IntegrityError

from api.public import ItemProblem, ScreeningList, ScreeningResult, ScreeningsCreate
from api.services import ingest, redaction
from api.services.access import PIPELINE, Actor, Permission, require_permission
from api.services.ingest import Prepared, case_id_of
from api.services.texts import KEY_LIMIT, encodable
from api.store import screenings as store
from api.store.database import Database
from schemas.errors import NotFound
from schemas.screening import Screening

__all__ = ["case_id_of", "loudness_of_match", "record", "record_json", "view"]


def record_json(db: Database, actor: Actor, body: bytes) -> tuple[ScreeningResult, ...]:
    """Store a batch of screenings as it comes over HTTP, a `ScreeningsCreate` in JSON; results in its order.

    Raises
    ------
    pydantic.ValidationError
        It is no batch at all; an item that is no screening is only refused.
    """
    require_permission(actor, Permission.SCREEN)
    try:
        whole = ScreeningsCreate.model_validate_json(body).screenings
    except ValidationError:
        return record(db, actor, _items(body))
    return _record(db, actor, [_keyed(one) for one in whole])


def record(db: Database, actor: Actor, items: Sequence[Any]) -> tuple[ScreeningResult, ...]:
    """Store a batch of screenings, given as JSON values; the results are in its order.

    A screening whose id is stored already changes nothing.
    """
    require_permission(actor, Permission.SCREEN)
    return _record(db, actor, [_read(item) for item in items])


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


def _items(body: bytes) -> list[Any]:
    """Read a batch by the standard library, which takes more of JSON, such as half a surrogate in one of the items."""
    try:
        return ScreeningList.model_validate(json.loads(body)).screenings
    except (ValueError, RecursionError):
        return ScreeningList.model_validate_json(body).screenings


def _read(item: Any) -> Screening | ScreeningResult:
    given = item.get("id") if isinstance(item, dict) else None
    given = given[:KEY_LIMIT] if isinstance(given, str) else None
    try:
        return _keyed(Screening.model_validate_json(json.dumps(item)))  # as JSON: half a surrogate is no text
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return _refused(given, "invalid-screening", f"{where or 'screening'}: {first['msg']}")


def _keyed(screening: Screening) -> Screening | ScreeningResult:
    """Refuse keys that no index takes."""
    for name, key in (("id", screening.id), ("intake.recording_key", screening.intake.recording_key)):
        if not 1 <= len(key) <= KEY_LIMIT or "\0" in key:
            detail = f"{name}: has to have 1 to {KEY_LIMIT} characters, no NUL"
            return _refused(screening.id[:KEY_LIMIT], "invalid-screening", detail)
    return screening


def _refused(given: str | None, code: str, detail: str) -> ScreeningResult:
    shown = None if given is None else encodable(given)
    return ScreeningResult(id=shown, status="refused", problem=ItemProblem(code=code, detail=encodable(detail)))


def _record(db: Database, actor: Actor, read: Sequence[Screening | ScreeningResult]) -> tuple[ScreeningResult, ...]:
    results = {place: one for place, one in enumerate(read) if isinstance(one, ScreeningResult)}
    good = [(place, one) for place, one in enumerate(read) if isinstance(one, Screening)]
    for part in ingest.parts([one for _, one in good]):
        prepared = [ingest.prepare(good[place][1]) for place in part]
        places = [good[place][0] for place in part]
        results.update(zip(places, _store(db, actor, prepared), strict=True))
    return tuple(results[place] for place in range(len(read)))


def _store(db: Database, actor: Actor, part: Sequence[Prepared]) -> list[ScreeningResult]:
    try:
        return ingest.store_part(db, actor, part)
    except (DataError, IntegrityError) as error:
        if len(part) > 1:
            return [_store(db, actor, [one])[0] for one in part]
        return [_refused(part[0].screening.id, "unstorable-screening", f"The database refuses it: {error.orig}")]
