"""What a lake remembers of declarations, and what a run makes of it in whatever order it reads."""

import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deliveries import FakeEars, message, put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rule_cases.history import ALL, BEFORE, LATER, NONE, NOW, THEIRS, UNDECLARED, arrival

from pipeline.history import LakeHistory
from pipeline.lake import Lake
from pipeline.scan import Plan, Run, scan, scan_graph
from schemas.disclosure import Level
from schemas.history import Arrival, declaration_of
from schemas.rules.history import hold_against_history
from schemas.rules.spam import RATE_LIMIT


def made(level, at=BEFORE, number=1, **more):
    """Evidence of a message's declaration; each number is a message of its own."""
    about = {"source_key": f"src_{number}", "message_sha256": str(number), "message_id": f"MSG{number}"}
    return arrival(level, message_created_at=at, **{**about, **more}).evidence


@pytest.fixture
def history(tmp_path):
    with closing(LakeHistory(tmp_path)) as history:
        yield history


def rules(history, evidence):
    return [f.rule for f in hold_against_history(Arrival(evidence, history.arrive(evidence)))]


def test_what_arrived_is_the_past_of_the_next(history):
    first = made(ALL)

    assert rules(history, first) == []
    past = history.arrive(made(NONE, NOW, 2))
    assert list(past.of_isrc("QZABC2600001")) == [declaration_of(first)]
    assert [m.message_id for m in past.of_release("4006381333931")] == ["MSG1", "MSG2"]


def test_within_a_run_the_time_of_making_counts_and_not_the_order_of_reading(history):
    newer, older = made(NONE, NOW, 2), made(ALL, BEFORE, 1)

    assert rules(history, newer) == []
    assert rules(history, older) == []  # it is no stale message: both came at once
    assert history.marked() == ["src_2"]
    assert [f.rule for f in hold_against_history(Arrival(newer, history.past_of("src_2")))] == ["HIS-001"]


def test_after_a_run_the_order_of_arrival_counts(history):
    history.arrive(made(NONE, NOW, 2))
    history.settle()

    assert rules(history, made(ALL, BEFORE, 1)) == ["PKG-013"]
    assert history.marked() == []


def test_the_same_bytes_screened_again_keep_their_place(history):
    history.arrive(made(ALL, BEFORE, 1))
    history.settle()
    history.arrive(made(NONE, NOW, 2))
    history.settle()

    assert rules(history, made(ALL, BEFORE, 1)) == []


def test_what_an_unfinished_run_left_belongs_to_the_next(history):
    history.arrive(made(NONE, NOW, 2))  # and then the run was killed

    assert rules(history, made(ALL, BEFORE, 1)) == []
    assert history.marked() == ["src_2"]


def test_a_replay_is_noted_and_changes_nothing(history):
    history.arrive(made(ALL, BEFORE, 1, delivery_id="dlv_1"))
    history.settle()
    again = made(ALL, BEFORE, 1, source_key="src_9", delivery_id="dlv_9")

    (one,) = hold_against_history(Arrival(again, history.arrive(again)))

    assert (one.rule, one.severity) == ("PKG-012", "info")
    assert one.message == "The message MSG1 came before, to the last byte; it changes nothing."
    twice = made(ALL, BEFORE, 1, source_key="src_8", delivery_id="dlv_1")  # the ISRC stands twice in one message
    assert rules(history, twice) == []


def test_a_sound_and_a_message_id_mark_as_well(history):
    history.arrive(made(NONE, NOW, 2, message_id="MSG1"))
    history.arrive(made(NONE, NOW, 3, isrc="QZABC2600009"))
    history.arrive(made(NONE, LATER, 4, isrc="QZABC2600004", sound="t"))

    history.arrive(made(NONE, BEFORE, 1, isrc="QZABC2600008"))

    assert history.marked() == ["src_2", "src_3"]


def test_a_takedown_ends_contradictions_in_whatever_order(history):
    history.arrive(made(ALL, BEFORE, 1, sender_id=THEIRS))
    assert rules(history, made(NONE, LATER, 3)) == ["HIS-003"]

    history.arrive(made(ALL, NOW, 2, sender_id=THEIRS, is_takedown=True))

    assert history.marked() == ["src_3"]
    again = Arrival(made(NONE, LATER, 3), history.past_of("src_3"))
    assert not list(hold_against_history(again))


def test_a_message_of_many_recordings_is_one_message(history):
    for number in range(5):
        past = history.arrive(made(NONE, BEFORE, 1, source_key=f"src_{number}", isrc=f"QZABC27{number:05}"))

    assert len(past.of_release("4006381333931")) == len(past.of_message("MSG1")) == 1


def test_norms_are_those_of_earlier_runs(history):
    for number in range(20):
        history.arrive(made(NONE, BEFORE, number, isrc=f"QZABC27{number:05}", sound=f"s{number}"))
    assert rules(history, made(UNDECLARED, NOW, 98, isrc="QZABC2700098", sound="t")) == []
    history.settle()

    assert rules(history, made(UNDECLARED, NOW, 99, isrc="QZABC2700099", sound="u")) == ["HIS-005"]


def test_mass_uploads_are_marked_for_a_second_look(history):
    for number in range(RATE_LIMIT + 3):
        isrc = f"QZABC27{number:05}"
        history.arrive(
            made(NONE, NOW, 100 + number, isrc=isrc, sound=isrc, release_key=isrc, artist="Ana", source_key=isrc)
        )

    marked = history.marked()
    assert len(marked) == RATE_LIMIT + 3
    last = made(NONE, NOW, 102 + RATE_LIMIT, isrc=marked[-1], artist="Ana", source_key=marked[-1])
    assert "SPM-005" in {f.rule for f in hold_against_history(Arrival(last, history.past_of(marked[-1])))}


SENDERS = st.sampled_from(["PADPIDA202401120D9", THEIRS])
ARRIVALS = st.lists(
    st.builds(
        dict,
        level=st.sampled_from(Level),
        at=st.sampled_from([BEFORE, NOW, LATER, None]),
        isrc=st.sampled_from(["QZABC2600001", "QZABC2600002", None]),
        sound=st.sampled_from("stu"),
        sender_id=SENDERS,
        release_key=st.sampled_from(["r1", "r2"]),
        message_id=st.sampled_from(["MSG1", "MSG2", ""]),
        is_takedown=st.booleans() | st.just(False),
    ),
    max_size=7,
)


def outcome(folder, arrivals, order):
    """What a run says of each arrival once it is settled."""
    found = {}
    with closing(LakeHistory(folder)) as history:
        for number in order:
            about = dict(arrivals[number])
            evidence = made(about.pop("level"), about.pop("at"), number, **about)
            found[number] = (evidence, history.arrive(evidence))
            found[number] = (evidence, said(evidence, found[number][1]))
        for key in history.marked():
            number = int(key.removeprefix("src_"))
            found[number] = (found[number][0], said(found[number][0], history.past_of(key)))
    return {number: told for number, (_, told) in found.items()}


def said(evidence, past):
    return sorted((f.rule, f.message) for f in hold_against_history(Arrival(evidence, past)))


@given(ARRIVALS, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_order_of_reading_changes_what_a_run_says(tmp_path, arrivals, random):
    order = list(range(len(arrivals)))
    random.shuffle(order)
    one, other = (Path(tempfile.mkdtemp(dir=tmp_path)) for _ in range(2))

    assert outcome(one, arrivals, range(len(arrivals))) == outcome(other, arrivals, order)


# --- whole runs


def declared(level, *uris, **about):
    """A release message whose recordings declare a level."""
    return message(*uris, **about).replace("<Duration>", f"<ContainsAI>{level}</ContainsAI><Duration>")


def scanned(tmp_path, zone):
    lake = tmp_path / "lake"
    scan(Plan(source=zone, lake=lake, ears=FakeEars, policy=None))
    return lake


def findings(lake, wanted=("HIS", "PKG-012", "PKG-013")):
    rows = Lake(lake).rows("screenings")
    newest = {row["source_key"]: row for row in rows}
    return {r["message_id"]: [f for f in r["finding_rules"] if f.startswith(wanted)] for r in newest.values()}


@pytest.mark.parametrize("order", ["abc", "cba", "bca"])
def test_a_run_finds_the_same_in_whatever_order_it_reads(tmp_path, order):
    for name, (level, day) in zip(order, [("All", 1), ("Partly", 2), ("None", 3)], strict=True):
        text = declared(level, "s.wav", message_id=f"M{day}", created=f"2026-11-{day:02}T12:00:00Z")
        put(tmp_path / "zone" / name / "m.xml", text)
        put(tmp_path / "zone" / name / "s.wav", f"sound {day}".encode())

    lake = scanned(tmp_path, tmp_path / "zone")

    assert findings(lake) == {"M1": [], "M2": ["HIS-001"], "M3": ["HIS-001"]}
    (row,) = [r for r in Lake(lake).rows("screenings") if r["message_id"] == "M3"]
    assert "was partly (message M2)" in row["screening"]
    assert all(r["fingerprint"] is None for r in Lake(lake).rows("fingerprints"))


def test_runs_find_stale_conflicting_and_lowering_messages(tmp_path):
    zone = tmp_path / "zone"
    put(zone / "1" / "m.xml", declared("All", "s.wav", message_id="M1", created="2026-11-02T12:00:00Z"))
    scanned(tmp_path, zone)
    put(zone / "2" / "m.xml", declared("None", "s.wav", message_id="M2", created="2026-11-01T12:00:00Z"))
    put(zone / "3" / "m.xml", declared("None", "s.wav", message_id="M1", created="2026-11-03T12:00:00Z"))
    lake = scanned(tmp_path, zone)

    found = [[f for f in r["finding_rules"] if f[:3] in ("HIS", "PKG")] for r in Lake(lake).rows("screenings")]
    kept = [[f for f in one if f in ("HIS-001", "PKG-012", "PKG-013")] for one in found]
    assert sorted(kept) == [[], ["PKG-012", "HIS-001"], ["PKG-013"]]
    again = scanned(tmp_path, zone)
    assert len(list(Lake(again).rows("screenings"))) == 3  # nothing is screened twice


def test_a_stopped_run_leaves_its_messages_open(tmp_path):
    zone = tmp_path / "zone"
    put(zone / "2" / "m.xml", declared("None", "s.wav", message_id="M2", created="2026-11-02T12:00:00Z"))
    run = Run(Plan(source=zone, lake=tmp_path / "lake", ears=FakeEars))
    run(lambda run: (scan_graph(run), run.stop()))
    put(zone / "1" / "m.xml", declared("All", "s.wav", message_id="M1", created="2026-11-01T12:00:00Z"))

    lake = scanned(tmp_path, zone)

    assert findings(lake) == {"M1": [], "M2": ["HIS-001"]}


def test_an_index_that_is_lost_is_made_anew(tmp_path):
    zone = tmp_path / "zone"
    put(zone / "1" / "m.xml", declared("All", "s.wav", message_id="M1", created="2026-11-02T12:00:00Z"))
    lake = scanned(tmp_path, zone)
    for file in lake.glob("history.sqlite*"):
        file.unlink()
    put(zone / "2" / "m.xml", declared("None", "s.wav", message_id="M2", created="2026-11-03T12:00:00Z"))

    assert findings(scanned(tmp_path, zone)) == {"M1": [], "M2": ["HIS-001"]}
    with closing(sqlite3.connect(lake / "history.sqlite")) as db:
        assert db.execute("SELECT can_declare, declared_at, run FROM declaration ORDER BY run").fetchall() == [
            (1, "2026-11-02T12:00:00.000000+00:00", 1),
            (1, "2026-11-03T12:00:00.000000+00:00", 2),
        ]


def test_an_index_of_another_form_is_made_anew(tmp_path):
    lake = Lake(tmp_path / "lake")
    with closing(sqlite3.connect(lake.folder / "history.sqlite")) as db:
        db.execute("CREATE TABLE declaration (source_key TEXT)")

    LakeHistory.ensure(lake.folder)

    with closing(LakeHistory(lake.folder)) as history:
        assert rules(history, made(ALL)) == []


def test_a_lake_of_before_the_columns_is_remembered_too(tmp_path):
    zone = tmp_path / "zone"
    put(zone / "1" / "m.xml", declared("All", "s.wav", message_id="M1", created="2026-11-02T12:00:00Z"))
    lake = Lake(scanned(tmp_path, zone))
    (row,) = lake.rows("screenings")
    for part in lake.parts("screenings"):
        part.unlink()
    lake.write("screenings", [{**row, **dict.fromkeys(("message_id", "message_created_at", "can_declare"))}])
    (lake.folder / "history.sqlite").unlink()

    LakeHistory.ensure(lake.folder)

    with closing(LakeHistory(lake.folder)) as history:
        (one,) = history.arrive(made(NONE, LATER, 9, sender_id="PADPIDA2014021201H")).of_isrc("QZABC2600001")
    assert (one.level, one.declared_at) == (Level.ALL, datetime(2026, 11, 2, 12, tzinfo=UTC))
