"""A review database of any size, fast: real screenings go in the usual way, and SQL multiplies them.

Times are spread, ids are made anew, a third of the cases is open. Only the hashes of the multiplied events are empty:
`liner audit verify` would say so, and nothing that is measured reads them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table, text

from api.services import screenings
from api.services.access import PIPELINE
from api.store.database import Database
from api.tables import CaseRow, CaseTextRow, DecisionRow, DeclarationRow, EventRow, FlagRow, ScreeningRow
from schemas.flags import Flag, FlagSeverity, Layer
from schemas.release import SoundRecording
from schemas.screening import Found, Heard, Intake, Screening, Signal, Versions

TEMPLATES = 200
EVENTS_EACH = 5
START = datetime(2026, 11, 1, tzinfo=UTC)
CODES = (("AID-001", FlagSeverity.HIGH), ("AUD-002", FlagSeverity.MEDIUM), ("SPM-003", FlagSeverity.LOW))
MODEL = "synthetic@1+bench"
EXPLANATION = "The sender declares no use of AI in any area; the sound is like that of generated recordings. " * 3


def screening(number: int, *, take: str = "bench") -> Screening:
    """Make a screening as the pipeline sends it, about 3 kB, with one or two flags."""
    code, severity = CODES[number % len(CODES)]
    first = _flag(code, severity, "synthetic_probability")
    second = (_flag("KNO-001", FlagSeverity.LOW, None),) if number % 2 else ()
    signals = tuple(
        Signal(name=name, value=0.5, model=MODEL, probability=(number % 100) / 100)
        for name in ("synthetic_probability", "flatness", "roughness", "loudness_lufs")
    )
    return Screening(
        id=f"scr_{take}_{number}",
        versions=Versions(engine="liner-bench", policy="house@1+abc", models=(MODEL,)),
        screened_at=START + timedelta(seconds=number),
        intake=Intake(
            recording_key=f"rec_{take}_{number}",
            source_key=f"src_{take}_{number}",
            delivery_id="bench",
            delivery_path=f"P_{number}/a",
            sender_id=f"PADPIDA2013{number % 50:06}I",
            sender_name=f"Sender {number % 50}",
            account=f"acc{number % 50}",
            release_key=f"rel_{take}_{number // 10}",
            territories=("BR", "DE", "GB", "US") if number % 3 else ("Worldwide",),
            recording=SoundRecording(
                reference="A1", title=f"Song {number}", isrc=_isrc(take, number), display_artist="Ada"
            ),
        ),
        found=Found(),
        heard=Heard(signals=signals),
        flags=(first, *second),
    )


def _isrc(take: str, number: int) -> str:
    """Make an ISRC of its own, as a recording has: a benchmark that runs again does not declare the same ones again."""
    return f"QZ{int(sha256(f'{take}_{number}'.encode()).hexdigest()[:15], 16) % 10**10:010}"


def fill(db: Database, cases: int) -> None:
    """Put in ``cases`` cases, rounded to a multiple of 200, with five events each and decisions on two of three."""
    screenings.record(db, PIPELINE, [screening(n).model_dump(mode="json") for n in range(TEMPLATES)])
    copies = cases // TEMPLATES - 1
    with db.engine.connect() as connection, _unguarded(connection, is_sqlite=db.is_sqlite), connection.begin():
        if copies > 0:
            for statement in _statements(copies, is_sqlite=db.is_sqlite):
                connection.execute(text(statement))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


@contextmanager
def _unguarded(connection: Connection, *, is_sqlite: bool) -> Iterator[None]:
    """Leave foreign keys, triggers and indexes aside while rows pour in."""
    off, on = (
        ("PRAGMA foreign_keys=OFF", "PRAGMA foreign_keys=ON")
        if is_sqlite
        else ("SET session_replication_role=replica", "RESET session_replication_role")
    )
    with connection.begin():
        connection.execute(text(off))
    yield
    with connection.begin():
        connection.execute(text(on))


def _statements(copies: int, *, is_sqlite: bool) -> Iterator[str]:
    series = (
        f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {copies}) SELECT n FROM s) AS s"  # noqa: S608 - own names
        if is_sqlite
        else f"generate_series(1, {copies}) AS s(n)"
    )
    source = f"AS t CROSS JOIN {series}"
    yield _copy(ScreeningRow, f"screening {source}", _again("id", "recording_key", "case_id", "isrc"))
    yield _copy(FlagRow, f"flag {source}", _again("screening_id"))
    again = _again("id", "recording_key", "screening_id", "release_key", "isrc")
    yield _copy(DeclarationRow, f"declaration {source}", again)
    opened = _moved("t.opened_at", is_sqlite=is_sqlite)
    due = _ahead(is_sqlite=is_sqlite)
    is_open = "(t.rowid + s.n) % 3 = 0" if is_sqlite else "(hashtext(t.id) + s.n) % 3 = 0"
    decided = {"state": f"CASE WHEN {is_open} THEN 'open' ELSE 'decided' END"}
    moved = {"opened_at": opened, "due_at": due, "rank": "t.rank + s.n / 1500.0"}
    yield _copy(CaseRow, f'"case" {source}', {**again, **decided, **moved})
    yield _copy(CaseTextRow, f"case_text {source}", _again("case_id"))
    yield _decisions()
    yield _events(is_sqlite=is_sqlite)
    yield "UPDATE chain_head SET seq = (SELECT max(seq) FROM event)"


def _again(*columns: str) -> dict[str, str]:
    return {name: f"t.{name} || '-' || s.n" for name in columns}


def _moved(column: str, *, is_sqlite: bool) -> str:
    if is_sqlite:
        return f"strftime('%Y-%m-%d %H:%M:%f000', {column}, '-' || (s.n * 97 % 8000000) || ' seconds')"
    return f"{column} - (s.n * 97 % 8000000) * interval '1 second'"


def _ahead(*, is_sqlite: bool) -> str:
    """Spread due times over the next three months: a review that is kept up with."""
    seconds = "(86400 + s.n * 97 % 8000000)"
    if is_sqlite:
        return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '+' || {seconds} || ' seconds')"
    return f"now() + {seconds} * interval '1 second'"


def _copy(row: Any, source: str, changed: Mapping[str, str]) -> str:
    table: Table = row.__table__
    names = [column.name for column in table.columns]
    values = ", ".join(changed.get(name, f"t.{name}") for name in names)
    return f'INSERT INTO "{table.name}" ({", ".join(names)}) SELECT {values} FROM {source}'  # noqa: S608 - own names


def _decisions() -> str:
    given = {
        "id": "'dec_' || c.id",
        "case_id": "c.id",
        "case_version": "1",
        "screening_id": "c.screening_id",
        "action": "'approve'",
        "reason": "'Fine as it is.'",
        "note": "''",
        "policy": "'house@1+abc'",
        "decided_by": "'mia'",
        "decided_at": "c.opened_at",
    }
    columns = [name for name in given if name in DecisionRow.model_fields]
    values = ", ".join(given[name] for name in columns)
    return f"INSERT INTO decision ({', '.join(columns)}) SELECT {values} FROM \"case\" c WHERE c.state = 'decided'"  # noqa: S608 - own names


def _events(*, is_sqlite: bool) -> str:
    payload = '{"screening": "scr_bench_1", "codes": ["AID-001", "KNO-001"], "version": 2}'
    numbers = " UNION ALL ".join(f"SELECT {k} AS k" for k in range(EVENTS_EACH))
    start = "(SELECT max(seq) FROM event)"
    cast = "" if is_sqlite else "::bigint"
    kinds = "CASE k.k WHEN 0 THEN 'screening.recorded' WHEN 1 THEN 'case.opened' ELSE 'case.updated' END"
    return (
        f"INSERT INTO {EventRow.__tablename__} (seq, case_id, kind, actor, at, payload, prev_hash, hash) "  # noqa: S608 - own names
        f"SELECT {start} + (row_number() OVER ()){cast}, c.id, {kinds}, 'pipeline', c.opened_at, '{payload}', '', '' "
        f'FROM "case" c CROSS JOIN ({numbers}) AS k'
    )


def _flag(code: str, severity: FlagSeverity, signal: str | None) -> Flag:
    return Flag(
        code=code,
        severity=severity,
        title=f"What {code} is about",
        explanation=EXPLANATION,
        layers=(Layer.DECLARED,),
        signal=signal,
    )
