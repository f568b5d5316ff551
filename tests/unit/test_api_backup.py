"""A backup of either database is restored into either, and a damaged one is refused."""

import hashlib
import json
import re
import shutil
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from fixtures_api import make_screening
from sqlmodel import select
from typer.testing import CliRunner

from api.cli.app import app
from api.public_appeals import AppealCreate
from api.services import appeals, audit, cases, clock, keys
from api.services.access import PIPELINE, Actor, Role
from api.services.screenings import case_id_of, record
from api.settings import Settings
from api.store import backup
from api.store.database import Database, open_database
from api.tables import AttachmentRow, DecisionRow
from api.tables.policies import ModelDayRow
from schemas.cases import Action, StatementOfReasons
from schemas.errors import InvalidInput
from schemas.review import AT_ONCE, ReviewRules

MIA = Actor("mia", Role.MODERATOR)
CASE = case_id_of("rec_1", "")


@pytest.fixture
def filled(db):
    record(db, PIPELINE, [make_screening(n, "AID-002").model_dump(mode="json") for n in (1, 2)])
    cases.decide(db, MIA, CASE, action=Action.APPROVE, reason="Schön.", expected_version=1, rules=AT_ONCE)
    undo = ReviewRules(undo_s={Action.ASK: 600}, sample_share=1)
    second = case_id_of("rec_2", "")
    cases.decide(db, MIA, second, action=Action.ASK, reason="Who?", expected_version=1, rules=undo)
    with db.write() as session:
        session.add(ModelDayRow(model="synthetic-3", day=date(2026, 11, 23), screenings=2, flagged=1))
    return db


def content(db):
    """Every row, as the backup writes it."""
    found = {}
    with db.engine.connect() as connection:
        for table in backup._tables(connection):
            rows = connection.execute(table.select().order_by(*table.primary_key)).mappings()
            found[table.name] = [{k: backup._plain(v) for k, v in row.items()} for row in rows]
    return found


def save(db, path):
    return backup.write(db, path, attachments=path.parent / "kept", engine="liner-test", now=clock.now())


def bring_back(db, path):
    return backup.restore(db, path, attachments=path.parent / "back")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def other(request, tmp_path):
    """An empty database of either kind to restore into."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'other.db'}")
    else:
        from fixtures_postgresql import NUMBERS, _create

        server, name = request.getfixturevalue("postgresql"), f"other_{next(NUMBERS)}"
        _create(server, name)
        database = Database(str(server.format(name=name)))
    yield database
    database.close()


def test_a_backup_comes_back_row_by_row_in_either_database(filled, other, tmp_path):
    made = save(filled, tmp_path / "b.zip")
    assert made.tables["event"].rows == 6

    bring_back(other, tmp_path / "b.zip")

    assert content(filled) == content(other)
    before, after = (audit.verify(one, keys.TERMINAL) for one in (filled, other))
    assert (after.broken, after.head.hash) == ((), before.head.hash)


def test_every_column_that_there_is_goes_forth_and_back(db):
    """One kind of column that cannot be written breaks every backup that has a row of it."""
    samples = {
        str: "Schön", int: 3, float: 0.1, bool: True, bytes: b"\x00\xff",
        date: date(2026, 11, 23), datetime: datetime(2026, 11, 23, 3, 4, 5, 6, tzinfo=UTC),
    }  # fmt: skip
    with db.engine.connect() as connection:
        tables = backup._tables(connection)

    assert len(tables) > 30
    for table in tables:
        for column in table.columns:
            value = samples[column.type.python_type]
            written = json.loads(json.dumps(backup._plain(value)))
            assert backup._typed(table, column.name, written) == value, column


def test_the_review_goes_on_where_it_was_restored(filled, other, tmp_path):
    save(filled, tmp_path / "b.zip")
    bring_back(other, tmp_path / "b.zip")

    cases.reopen(other, MIA, CASE, reason="Once more.", expected_version=2)
    record(other, PIPELINE, [make_screening(3, "AID-002").model_dump(mode="json")])

    found = audit.verify(other, keys.TERMINAL)
    assert (found.events, found.broken) == (9, ())


def test_a_backup_is_of_one_moment(filled, tmp_path):
    """A write between two tables of the backup is in none of them."""
    with backup._still(filled) as still:
        cases.reopen(filled, MIA, CASE, reason="Once more.", expected_version=2)
        state = still.execute(sa.text('SELECT state FROM "case" WHERE id = :id'), {"id": CASE}).scalar()
    if filled.is_sqlite:
        assert state == "decided"


def test_a_database_that_holds_something_is_not_overwritten(filled, tmp_path):
    save(filled, tmp_path / "b.zip")

    with pytest.raises(InvalidInput, match="not empty"):
        bring_back(filled, tmp_path / "b.zip")


def rewrite(path, change):
    """Write the archive again, with each member changed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: change(name, archive.read(name)) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            if data is not None:
                archive.writestr(name, data)


DAMAGES = [
    lambda name, data: data.replace(b"Sch", b"Sh") if "decision" in name else data,
    lambda name, data: None if name == "tables/event.jsonl" else data,
    lambda name, data: None if name == "manifest.json" else data,
    lambda name, data: b"{}" if name == "manifest.json" else data,
    lambda name, data: data.replace(b'"format": 2', b'"format": 9') if name == "manifest.json" else data,
    lambda name, data: data.replace(b'"revision": "', b'"revision": "9') if name == "manifest.json" else data,
]


@pytest.fixture
def attached(sqlite_db, tmp_path):
    """An appeal with a stem: its bytes lie under names of our own."""
    record(sqlite_db, PIPELINE, [make_screening(1, "AID-002").model_dump(mode="json")])
    statement = StatementOfReasons(facts="F", ground="G", explanation="E")
    given = {"action": Action.REMOVE, "reason": "Heard.", "expected_version": 1, "statement": statement}
    cases.decide(sqlite_db, MIA, CASE, rules=AT_ONCE, **given)
    nova = Actor("nova", Role.LABEL, account="nova", dpids=("PADPIDA2013020802I",))
    with sqlite_db.read() as session:
        decision = session.exec(select(DecisionRow.id)).one()
    wanted = AppealCreate(decision_id=decision, text="It is rain, I recorded it.")
    appeal = appeals.file(sqlite_db, nova, Settings(), wanted).appeal.id
    sound = bytes(range(256)) * 9000
    digest = hashlib.sha256(sound).hexdigest()
    told = {"kind": "stem", "name": "drums.wav", "size": len(sound), "sha256": digest}
    with sqlite_db.write() as session:
        row = AttachmentRow(id="att_1", appeal_id=appeal, added_by="nova", added_at=clock.now(), **told)
        session.add(row)
    path = tmp_path / "kept" / appeal / "att_1"
    path.parent.mkdir(parents=True)
    path.write_bytes(sound)
    return path


def test_what_was_attached_goes_forth_and_back(attached, sqlite_db, tmp_path):
    made = save(sqlite_db, tmp_path / "b.zip")
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")

    bring_back(empty, tmp_path / "b.zip")
    again = backup.write(empty, tmp_path / "c.zip", attachments=tmp_path / "back", engine="liner-test", now=clock.now())

    name = f"{attached.parent.name}/att_1"
    assert (tmp_path / "back" / name).read_bytes() == attached.read_bytes()
    assert (list(made.files), made.lost) == ([name], ())
    assert (again.files, again.tables) == (made.files, made.tables)
    empty.close()


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"other")])
def test_an_attachment_that_is_lost_is_named_and_the_rest_saved(attached, sqlite_db, tmp_path, harm):
    harm(attached)

    made = save(sqlite_db, tmp_path / "b.zip")

    assert made.lost == (f"{attached.parent.name}/att_1",)
    assert made.tables["case"].rows == 1


FILE_DAMAGES = [
    lambda name, data: data[:-1] + b"x" if name.startswith("attachments/") else data,
    lambda name, data: None if name.startswith("attachments/") else data,
    lambda name, data: re.sub(rb'"apl_\w+/att_1"', b'"../../att_1"', data) if name == "manifest.json" else data,
]


@pytest.mark.parametrize("change", FILE_DAMAGES)
def test_a_backup_with_a_damaged_file_restores_nothing(attached, sqlite_db, tmp_path, change):
    assert attached
    save(sqlite_db, tmp_path / "b.zip")
    rewrite(tmp_path / "b.zip", change)
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(InvalidInput):
        bring_back(empty, tmp_path / "b.zip")

    assert not (tmp_path / "back").exists()
    assert sa.inspect(empty.engine).get_table_names() == []
    empty.close()


def test_another_file_is_not_overwritten(attached, sqlite_db, tmp_path):
    save(sqlite_db, tmp_path / "b.zip")
    there = tmp_path / "back" / attached.parent.name / "att_1"
    there.parent.mkdir(parents=True)
    there.write_bytes(b"mine")
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(InvalidInput, match="another file"):
        bring_back(empty, tmp_path / "b.zip")
    assert there.read_bytes() == b"mine"
    empty.close()


@pytest.mark.parametrize("change", DAMAGES)
def test_a_damaged_backup_is_refused_in_a_sentence(sqlite_db, tmp_path, change):
    record(sqlite_db, PIPELINE, [make_screening(1, "AID-002").model_dump(mode="json")])
    cases.decide(sqlite_db, MIA, CASE, action=Action.APPROVE, reason="Schön.", expected_version=1, rules=AT_ONCE)
    save(sqlite_db, tmp_path / "b.zip")
    rewrite(tmp_path / "b.zip", change)
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(InvalidInput):
        bring_back(empty, tmp_path / "b.zip")
    assert sa.inspect(empty.engine).get_table_names() == []
    empty.close()


class TestCommands:
    @pytest.fixture
    def run(self, sqlite_template, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        shutil.copy(sqlite_template, tmp_path / "review.db")
        db = open_database(f"sqlite:///{tmp_path / 'review.db'}")
        record(db, PIPELINE, [make_screening(1, "AID-002").model_dump(mode="json")])
        db.close()

        def call(*words, database="review.db"):
            monkeypatch.setenv("LINER_DATABASE_URL", f"sqlite:///{tmp_path / database}")
            return CliRunner().invoke(app, words)

        return call

    def test_there_and_back(self, run, tmp_path):
        saved = run("backup", "b.zip")
        restored = run("restore", "b.zip", database="new/machine/other.db")

        assert (saved.exit_code, restored.exit_code) == (0, 0), (saved, restored)
        assert "The log is whole: 2 events" in restored.output

    def test_a_backup_of_a_broken_log_is_said_to_be_broken(self, run, tmp_path):
        db = open_database(f"sqlite:///{tmp_path / 'review.db'}")
        with db.write() as session:
            session.execute(sa.text("DROP TRIGGER event_no_update"))
            session.execute(sa.text("UPDATE event SET actor = 'x' WHERE seq = 1"))
        db.close()
        run("backup", "b.zip")

        assert run("restore", "b.zip", database="other.db").exit_code == 1

    def test_nothing_is_overwritten(self, run, tmp_path):
        (tmp_path / "b.zip").write_bytes(b"mine")

        assert "exists already" in str(run("backup", "b.zip").exception)
        assert "no backup" in str(run("restore", "b.zip", database="other.db").exception)
        assert list(tmp_path.glob("*.part")) == []
