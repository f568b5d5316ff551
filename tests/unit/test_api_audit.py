"""The audit log: any single change to it is found."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from fixtures_api import START, make_screening
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli.app import app
from api.services import audit, cases, keys
from api.services.access import PIPELINE, Actor, Role
from api.services.screenings import case_id_of, record
from api.store import events
from api.store.database import Database, open_database
from schemas.cases import Action
from schemas.chain import GENESIS, Head, event_hash, find_breaks
from schemas.errors import NotAllowed
from schemas.events import EventKind
from schemas.review import AT_ONCE

MIA = Actor("mia", Role.MODERATOR)
ROOT = keys.TERMINAL
EVENTS = 7


def fill(db: Database) -> None:
    """Seven events: two recordings, two cases, a claim, two decisions."""
    both = [make_screening(1, "AID-002"), make_screening(2, "AID-002")]
    record(db, PIPELINE, [one.model_dump(mode="json") for one in both])
    first, second = case_id_of("rec_1", ""), case_id_of("rec_2", "")
    cases.claim(db, MIA, first, expected_version=1)
    cases.decide(db, MIA, first, action=Action.APPROVE, reason="Heard.", expected_version=2, rules=AT_ONCE)
    cases.decide(db, MIA, second, action=Action.ASK, reason="Who?", expected_version=1, rules=AT_ONCE)


def tamper(db: Database, *statements: str) -> None:
    """Change rows as somebody would who owns the database: without the triggers."""
    with db.engine.connect() as connection:
        if db.is_sqlite:
            names = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            statements = (*(f"DROP TRIGGER {name}" for name in names), *statements)
        else:
            statements = ("SET LOCAL session_replication_role = replica", *statements)
        for statement in statements:
            connection.execute(sa.text(statement))
        connection.commit()


def broken(db: Database, kept: Head | None = None) -> list[str]:
    return [one.kind for one in audit.verify(db, ROOT, kept=kept).broken]


def rehash(db: Database, seq: int) -> str:
    with db.read() as session:
        return event_hash(events.at_seq(session, seq))


@pytest.fixture(scope="module")
def template(sqlite_template, tmp_path_factory):
    path = tmp_path_factory.mktemp("audit") / "filled.db"
    shutil.copy(sqlite_template, path)
    db = open_database(f"sqlite:///{path}")
    fill(db)
    db.close()
    return path


@pytest.fixture
def filled(db):
    fill(db)
    return db


def test_an_untouched_log_is_whole(filled):
    found = audit.verify(filled, ROOT)

    assert (found.events, found.decisions, found.broken) == (EVENTS, 2, ())
    assert found.head.seq == EVENTS


def test_an_empty_log_is_whole(db):
    assert (audit.verify(db, ROOT).events, audit.verify(db, ROOT).broken) == (0, ())
    assert audit.head(db, ROOT).hash == GENESIS


CHANGES = [
    "UPDATE event SET actor = 'nobody' WHERE seq = {seq}",
    "UPDATE event SET payload = '{{}}' WHERE seq = {seq}",
    "UPDATE event SET kind = 'case.claimed ' WHERE seq = {seq}",
    "UPDATE event SET case_id = 'cas_x' WHERE seq = {seq}",
    "UPDATE event SET at = '2020-01-01 00:00:00' WHERE seq = {seq}",
    "UPDATE event SET prev_hash = hash WHERE seq = {seq}",
    "UPDATE event SET hash = '00' WHERE seq = {seq}",
    "UPDATE event SET seq = seq + 1000 WHERE seq = {seq}",
    "DELETE FROM event WHERE seq = {seq}",
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seq", [1, 4, EVENTS])
def test_any_change_to_any_event_is_found_on_both_databases(filled, change, seq):
    tamper(filled, "DELETE FROM outbox", change.format(seq=seq))

    assert broken(filled)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_single_tampering_is_found(template, data):
    """Alter any column to anything, remove, swap, repeat or insert any row, and recompute its own hash or not."""
    folder = template.parent
    copy = folder / "copy.db"
    shutil.copy(template, copy)
    db = open_database(f"sqlite:///{copy}")
    try:
        _tamper_somehow(db, data)
        assert broken(db)
    finally:
        db.close()
        for left in folder.glob("copy.db*"):
            left.unlink()


def _tamper_somehow(db, data):
    seq = data.draw(st.integers(1, EVENTS), label="seq")
    other = data.draw(st.integers(1, EVENTS).filter(lambda n: n != seq), label="other")
    how = data.draw(st.sampled_from(["alter", "remove", "swap", "insert", "head", "decision", "undecide"]), label="how")
    if how == "alter":
        column = data.draw(st.sampled_from(["kind", "actor", "payload", "case_id"]))
        text = data.draw(st.text(st.characters(codec="ascii", exclude_characters="':\\\0"), max_size=8))
        tamper(db, f"UPDATE event SET {column} = {column} || '{text}x' WHERE seq = {seq}")
        if data.draw(st.booleans(), label="rehash"):
            tamper(db, f"UPDATE event SET hash = '{rehash(db, seq)}' WHERE seq = {seq}")
    elif how == "remove":
        tamper(db, f"DELETE FROM outbox WHERE event_seq = {seq}", f"DELETE FROM event WHERE seq = {seq}")
    elif how == "swap":
        moves = ((seq, -1), (other, seq), (-1, other))
        tamper(db, "DELETE FROM outbox", *(f"UPDATE event SET seq = {to} WHERE seq = {at}" for at, to in moves))
    elif how == "insert":
        tamper(db, _copied(seq, EVENTS + 1))
    elif how == "head":
        tamper(db, data.draw(st.sampled_from(["DELETE FROM chain_head", "UPDATE chain_head SET seq = seq - 1"])))
    elif how == "decision":
        column = data.draw(st.sampled_from(["reason", "note", "decided_by", "policy"]))
        tamper(db, f"UPDATE decision SET {column} = {column} || 'x' WHERE action = 'ask'")
    else:
        tamper(db, "DELETE FROM decision WHERE action = 'ask'")


def _copied(seq, to):
    names = "case_id, kind, actor, at, payload, prev_hash, hash"
    return f"INSERT INTO event (seq, {names}) SELECT {to}, {names} FROM event WHERE seq = {seq}"


def test_a_log_written_anew_is_found_by_a_head_that_was_kept(filled):
    kept = Head.model_validate(audit.head(filled, ROOT).model_dump(exclude={"at"}))
    tamper(filled, "DELETE FROM outbox", f"DELETE FROM event WHERE seq = {EVENTS}")
    with filled.read() as session:
        last = events.at_seq(session, EVENTS - 1)
    tamper(
        filled,
        "DELETE FROM decision WHERE action = 'ask'",
        f"UPDATE chain_head SET seq = {last.seq}, hash = '{last.hash}'",
    )

    assert broken(filled) == []
    assert broken(filled, kept) == ["head"]


def test_a_decision_put_in_beside_the_log_is_found(filled):
    tamper(
        filled,
        "INSERT INTO decision (id, case_id, case_version, screening_id, action, reason, note, policy, decided_by,"
        " decided_at) SELECT 'dec_x', case_id, 99, screening_id, action, reason, note, policy, decided_by, decided_at"
        " FROM decision WHERE action = 'ask'",
    )

    assert broken(filled) == ["decision"]


def test_writers_at_once_make_one_chain_without_gaps(db):
    def write(number):
        with db.write() as session:
            for step in range(3):
                events.record(session, EventKind.SIGNED_IN, actor=f"a{number}", at=START, how=str(step))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(20)))

    with db.read() as session:
        chain = list(events.walk(session))
        assert list(range(1, 61)) == [one.seq for one in chain]
        assert list(find_breaks(chain, head=events.head(session))) == []
    assert all([one.actor for one in chain[at : at + 3]] == [chain[at].actor] * 3 for at in range(0, 60, 3))


def test_who_may_not_audit_is_refused(filled):
    with pytest.raises(NotAllowed):
        audit.verify(filled, MIA)
    assert audit.verify(filled, Actor("eve", Role.AUDITOR)).events == EVENTS


class TestCommands:
    @pytest.fixture
    def run(self, template, tmp_path, monkeypatch):
        copy = tmp_path / "review.db"
        shutil.copy(template, copy)
        monkeypatch.setenv("LINER_DATABASE_URL", f"sqlite:///{copy}")
        monkeypatch.chdir(tmp_path)
        self.url = f"sqlite:///{copy}"
        return lambda *words: CliRunner().invoke(app, ["audit", *words])

    def test_a_whole_log(self, run):
        kept = run("head").output
        Path("head.json").write_text(kept)
        answer = run("verify", "--head", "head.json")

        assert (answer.exit_code, json.loads(kept)["seq"]) == (0, EVENTS)
        assert "whole: 7 events, 2 decisions" in answer.output

    def test_a_broken_log(self, run):
        db = open_database(self.url)
        tamper(db, "UPDATE event SET actor = 'x' WHERE seq = 3")
        db.close()

        assert (run("verify").exit_code, run("verify", "--json").exit_code) == (1, 1)
        assert "Event 3 was changed" in run("verify").output

    def test_a_head_that_is_none(self, run, tmp_path):
        (tmp_path / "x.json").write_text("[]")

        assert "no head" in str(run("verify", "--head", "x.json").exception)
