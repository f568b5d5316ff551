"""The catalogue: what was committed is found, whoever is killed; lists; and clusters that do not depend on order."""

import base64
import contextlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fixtures_api import make_screening
from prints import after, cut, faster, fingerprint, laid, row, song, worn, write_lake

from pipeline import compare, indexing, star
from pipeline.catalogue import Alike, Catalogue
from pipeline.compare import Comparer, likeliest
from pipeline.duplicates.keys import wide_keys
from pipeline.lists import save_list
from pipeline.revisit import as_on_arrival
from pipeline.sound import Sound
from schemas.copies import Relation
from schemas.disclosure import Disclosure, Level
from schemas.evidence import Evidence
from schemas.known import MatchKind
from schemas.policy import house_policy, judge
from schemas.release import SoundRecording
from schemas.rules import Scope, run
from schemas.screening import Intake

SECONDS = 60


def sound(number, what, seconds=SECONDS, **about):
    return Sound.of_row(row(number, what, seconds, **about))


@pytest.fixture
def catalogue(tmp_path):
    with contextlib.closing(Catalogue(tmp_path)) as opened:
        yield opened


@pytest.fixture
def comparer(catalogue):
    return Comparer(catalogue, laid)


def key(number):
    return f"rec_{number:032}"


def names(known):
    return [int(match.recording_key.removeprefix("rec_")) for match in known.matches]


# --- looking up


def test_a_faster_copy_is_found_with_what_one_needs_to_judge_it(comparer):
    original = song(SECONDS, 1)
    comparer.arrive(sound(1, original, release_date="2024-05-01", isrc="QZABC2600001", declared_level="none"))
    comparer.arrive(sound(2, song(SECONDS, 2)))

    known = comparer.arrive(sound(3, faster(original, 1.1), SECONDS / 1.1, declared_level="all"))

    (match,) = known.matches
    assert (match.recording_key, match.kind, match.is_earlier) == (key(1), MatchKind.FINGERPRINT, True)
    assert match.speed == pytest.approx(1.1, abs=0.003)
    assert (match.declared, match.relation, match.released_on) == ("none", Relation.STRANGER, "2024-05-01")
    assert min(match.own_share, match.other_share) > 0.9
    assert known.cluster.size == 2
    assert known.cluster.bearer == key(3)


def test_of_those_that_share_what_strangers_share_two_are_compared():
    alike = [Alike(1, is_certain=True), *(Alike(number, is_certain=False) for number in range(2, 9))]
    assert likeliest(alike) == [1, 2, 3]
    assert likeliest([Alike(number, is_certain=True) for number in range(99)]) == list(range(8))


def test_keys_are_drawn_once_for_an_arrival(tmp_path):
    drawn = []

    def counted(fingerprint):
        drawn.append(fingerprint)
        return wide_keys(fingerprint)

    with contextlib.closing(Catalogue(tmp_path, counted)) as catalogue:
        Comparer(catalogue).arrive(sound(1, fingerprint(song(SECONDS, 1))))
    assert len(drawn) == 1


def test_strangers_share_nothing(comparer):
    for number in range(20):
        assert comparer.arrive(sound(number, song(SECONDS, number))).matches == ()


def test_a_part_in_common_is_a_match_with_its_seconds_but_no_cluster(comparer):
    loop = song(20, 1)
    comparer.arrive(sound(1, after((loop, 20), (song(40, 2), 40))))

    known = comparer.arrive(sound(2, after((song(40, 3), 40), (loop, 20))))

    (match,) = known.matches
    assert match.own.start_s == pytest.approx(40, abs=2)
    assert match.other.end_s == pytest.approx(20, abs=2)
    assert match.own_share == pytest.approx(1 / 3, abs=0.06)
    (segment,) = match.segments
    assert (segment.own, segment.other) == (match.own, match.other)
    assert known.cluster is None


def test_another_sound_under_one_isrc_is_a_namesake(comparer):
    comparer.arrive(sound(1, song(SECONDS, 1), isrc="QZABC2600001", declared_level="all"))
    comparer.arrive(sound(2, worn(song(SECONDS, 1), 5), isrc="QZABC2600001"))

    known = comparer.arrive(sound(3, song(SECONDS, 2), isrc="QZABC2600001"))

    assert [(n.recording_key, n.declared) for n in known.namesakes] == [(key(1), "all"), (key(2), "none")]
    assert comparer.known(key(2)).namesakes == (comparer.known(key(2)).namesakes[0],)
    assert comparer.known(key(2)).namesakes[0].recording_key == key(3)


def test_who_is_told_of_two_sounds_does_not_depend_on_the_order_of_arrival(catalogue, comparer):
    comparer.arrive(sound(1, song(SECONDS, 1), isrc="QZABC2600001", release_date="2026-02-01"))
    earlier = comparer.arrive(sound(2, song(SECONDS, 2), isrc="QZABC2600001", release_date="2026-01-01"))

    assert [rule_ids(earlier, 2), rule_ids(comparer.known(key(1)), 1)] == [[], ["HIS-007"]]
    assert list(catalogue.revisits()) == [key(1)]


@pytest.mark.parametrize("copies", [0, 2])
def test_one_recording_delivered_again_with_another_sound_is_a_namesake_of_itself(comparer, copies):
    """Whether or not the sound before was a member of a cluster; what an encoder went over is no other sound."""
    comparer.arrive(sound(1, song(SECONDS, 1), isrc="QZABC2600001"))
    for number in range(2, 2 + copies):
        comparer.arrive(sound(number, worn(song(SECONDS, 1), number), release_date=f"202{number}-01-01"))
    same = comparer.arrive(sound(1, worn(song(SECONDS, 1), 9), isrc="QZABC2600001"))

    other = comparer.arrive(sound(1, song(SECONDS, 2), isrc="QZABC2600001"))
    again = comparer.arrive(sound(1, song(SECONDS, 2), isrc="QZABC2600001"))

    assert (same.namesakes, again.namesakes) == ((), ())
    assert [(one.recording_key, one.is_earlier) for one in other.namesakes] == [(key(1), True)]
    (found,) = (f for f in findings_on(other, 1, Level.NONE) if f.rule == "HIS-007")
    text = "QZABC2600001 was delivered before as \u201cSong 1\u201d by Artist 1 of 60 s, with another sound."
    assert found.message == text
    before = make_screening(1).model_copy(update={"known": other})
    assert as_on_arrival(before, comparer.known(key(1))).namesakes == ()  # of another recording than the one looked at
    own = before.intake.model_copy(update={"recording_key": key(1)})
    looked_at = before.model_copy(update={"intake": own})
    assert as_on_arrival(looked_at, comparer.known(key(1))).namesakes == other.namesakes


def test_a_moment_of_another_sound_is_not_told_apart(comparer):
    comparer.arrive(sound(1, song(SECONDS, 1), isrc="QZABC2600001"))

    assert comparer.arrive(sound(2, cut(song(SECONDS, 2), 0, 8), 8, isrc="QZABC2600001")).namesakes == ()


def rule_ids(known, number):
    return [f.rule for f in findings_on(known, number, Level.ALL) if f.rule.startswith("HIS")]


def test_copies_declared_in_another_way_are_flagged_once_at_who_bears_the_flag(comparer):
    original = song(SECONDS, 1)
    comparer.arrive(sound(1, original, declared_level="all"))
    for number in range(2, 7):
        level = "all" if number == 2 else "none"
        copy = worn(faster(original, 1.05), number)
        comparer.arrive(sound(number, copy, SECONDS / 1.05, declared_level=level, release_date=f"2026-02-{number:02}"))

    told = {number: comparer.known(key(number)) for number in range(2, 7)}

    assert {known.cluster.at_odds for known in told.values()} == {key(3)}
    assert told[2].cluster.bearer == key(2)
    levels = {number: Level.ALL if number == 2 else Level.NONE for number in told}
    assert [flagged_at_odds(told[number], number, levels[number]) for number in told] == [0, 1, 0, 0, 0]
    assert rule_ids(told[6], 6) == []  # declared as the earliest
    assert [f.rule for f in findings_on(told[6], 6, Level.NONE) if f.rule == "HIS-006"] == ["HIS-006"]


def flagged_at_odds(known, number, level):
    one = evidence(known, number)
    flags = judge(one, tuple(findings_on(known, number, level)), house_policy())
    return sum(flag.code == "HIS-006" for flag in flags)


def test_a_redelivery_with_another_sound_is_no_longer_found_by_the_old_one(catalogue, comparer):
    comparer.arrive(sound(1, song(SECONDS, 1)))
    keys_before = catalogue.contents().keys
    comparer.arrive(sound(1, song(SECONDS, 2)))

    assert comparer.arrive(sound(2, worn(song(SECONDS, 1), 1))).matches == ()
    assert names(comparer.arrive(sound(3, worn(song(SECONDS, 2), 1)))) == [1]
    assert catalogue.contents().keys <= 3 * keys_before
    assert catalogue.contents().sounds == 3


def test_a_fingerprint_of_another_version_is_kept_and_found_by_its_samples_alone(comparer):
    comparer.arrive(sound(1, b"\x09" + bytes(40)))

    known = comparer.arrive(sound(2, b"\x09" + bytes(40)))

    assert [match.kind for match in known.matches] == [MatchKind.SAME_SIGNAL]


# --- clusters, whatever the order


def settle(catalogue, comparer):
    """What `pipeline.revisit` does, without judging."""
    for _ in range(8):
        waiting = list(catalogue.revisits().items())
        for recording_key, _ in waiting:
            comparer.known(recording_key)
        catalogue.revisited(waiting)
    return catalogue.revisits()


@pytest.mark.parametrize("seed", range(3))
def test_clusters_do_not_depend_on_the_order_of_arrival(tmp_path, seed):
    originals = [song(SECONDS, n) for n in range(3)]
    sounds = [sound(n, original, release_date=f"2024-01-0{n + 1}") for n, original in enumerate(originals)]
    for n in range(10, 22):
        speed = 1 + (n - 16) / 100
        copy = worn(faster(originals[n % 3], speed), n, share=0.1)
        sounds.append(sound(n, copy, SECONDS / speed, release_date=f"2025-01-{n}"))
    sounds.append(sound(30, after(*((original, SECONDS) for original in originals)), 3 * SECONDS))
    random.Random(seed).shuffle(sounds)

    with contextlib.closing(Catalogue(tmp_path)) as catalogue:
        comparer = Comparer(catalogue, laid)
        for one in sounds:
            comparer.arrive(one)
        left = settle(catalogue, comparer)
        found = {key(n): comparer.known(key(n)) for n in range(3)}
        medley = comparer.known(key(30))

    assert left == {}
    for n, known in enumerate(found.values()):
        assert known.cluster.earliest.recording_key == key(n)
        assert {m.recording_key for m in known.cluster.members} == {key(m) for m in range(10, 22) if m % 3 == n}
        assert known.cluster.bearer == key(min(m for m in range(10, 22) if m % 3 == n))
    assert medley.cluster is None
    assert {0, 1, 2} <= set(names(medley))


def evidence(known, number):
    recording = SoundRecording(reference="A1", title=f"Song {number}", display_artist=f"Artist {number}")
    intake = Intake(
        recording_key=key(number), source_key="s", delivery_id="d", delivery_path="p", sender_id=f"S{number}",
        recording=recording,
    )  # fmt: skip
    return Evidence(intake=intake, known=known)


def test_a_farm_has_one_flag(catalogue, comparer):
    original = song(SECONDS, 1)
    for number in range(30):
        comparer.arrive(sound(number, worn(original, number, 0.1), release_date=f"2025-02-{number // 2 + 1:02}"))
    settle(catalogue, comparer)

    flagged = {n: judge(evidence(comparer.known(key(n)), n), (), house_policy()) for n in range(30)}

    bearers = {n: flags for n, flags in flagged.items() if flags}
    assert list(bearers) == [1]
    assert [flag.code for flag in bearers[1]] == ["SPM-004"]
    assert "One of 30 recordings of this sound (30 titles, 30 artists, 30 senders)" in bearers[1][0].explanation
    assert "the earliest, 2025-02-01: \u201cSong 0\u201d by Artist 0" in bearers[1][0].explanation


def streamed(catalogue, comparer, sounds):
    """What the last screening of each recording says, if they are renewed as `pipeline.revisit` does it."""
    said = {}
    for one in sounds:
        said[one.recording_key] = comparer.arrive(one)
        for _ in range(8):
            waiting = list(catalogue.revisits().items())
            for recording_key, _ in waiting:
                comparer.known(recording_key)
            said |= {recording_key: comparer.known(recording_key) for recording_key, _ in waiting}
            catalogue.revisited(waiting)
        assert catalogue.revisits() == {}
    return said


@pytest.mark.parametrize("seed", range(4))
def test_a_farm_that_arrives_one_by_one_has_one_flag_and_its_earliest_is_told(catalogue, comparer, seed):
    """In any order, under names that explain more or less, and though the flag moves to another one on the way."""
    original = fingerprint(song(SECONDS, 1))
    sounds = []
    for number in range(16):
        about = {} if number % 4 else {"title": "Song 0", "display_artist": "Artist 0"}
        level = "none" if number % 3 else "all"
        day = f"2025-02-{number + 1:02}"
        sounds.append(sound(number, original, release_date=day, declared_level=level, **about))
    random.Random(seed).shuffle(sounds)

    said = streamed(catalogue, comparer, sounds)

    flagged = [n for n in range(16) if judge(evidence(said[key(n)], n), (), house_policy())]
    assert flagged == [1]
    assert {said[key(n)].cluster.earliest.recording_key for n in range(16)} == {key(0)}
    everyone = {key(n) for n in range(16)}
    for teller in (0, 1):
        cluster = said[key(teller)].cluster
        assert {cluster.earliest.recording_key, *(m.recording_key for m in cluster.members)} == everyone
        assert cluster == comparer.known(key(teller)).cluster


def test_whoever_bore_the_flag_before_a_new_title_came_is_told(catalogue, comparer):
    original = fingerprint(song(SECONDS, 1))
    same = {"title": "Song 0", "display_artist": "Artist 0"}
    days = ("2025-02-01", "2025-02-02", "2025-02-03")
    sounds = [sound(n, original, release_date=day, **same) for n, day in enumerate(days)]
    again = sound(2, original, release_date=days[2], title="Another", display_artist="Somebody")

    said = streamed(catalogue, comparer, [*sounds, again])

    assert [n for n in range(3) if judge(evidence(said[key(n)], n), (), house_policy())] == [2]


def test_copies_equal_to_the_sample_are_counted_without_being_compared(tmp_path):
    with contextlib.closing(Catalogue(tmp_path)) as catalogue:
        compared = []
        comparer = Comparer(catalogue, lambda *pair: compared.append(pair))
        original = fingerprint(song(SECONDS, 1))
        for number in range(60):
            known = comparer.arrive(sound(number, original))
        assert known.cluster.size == 60
        assert len(compared) <= 60 * 8


def test_copies_that_contradict_each_other_and_one_isrc_with_two_sounds_become_findings(comparer):
    """Whatever was done to the copy: it plays faster, and an encoder went over it."""
    original = song(SECONDS, 1)
    comparer.arrive(sound(1, original, declared_level="all", isrc="QZABC2600001"))
    copy = worn(faster(original, 1.05), 3)

    known = comparer.arrive(sound(2, copy, SECONDS / 1.05, declared_level="none", release_date="2026-02-01"))
    namesake = comparer.arrive(sound(3, song(SECONDS, 2), isrc="QZABC2600001", release_date="2026-02-01"))

    assert [f.rule for f in findings_on(known, 2, Level.NONE) if f.rule.startswith("HIS")] == ["HIS-006"]
    assert [f.rule for f in findings_on(known, 2, Level.ALL) if f.rule.startswith("HIS")] == []
    (found,) = (f for f in findings_on(namesake, 3, Level.ALL) if f.rule.startswith("HIS"))
    assert (found.rule, found.message) == (
        "HIS-007",
        "QZABC2600001 is also \u201cSong 1\u201d by Artist 1 of 60 s, with another sound.",
    )


def findings_on(known, number, level):
    one = evidence(known, number)
    recording = one.intake.recording.model_copy(update={"disclosure": Disclosure(level=level, can_declare=True)})
    intake = one.intake.model_copy(update={"recording": recording})
    return list(run(Scope.RECORDING, one.model_copy(update={"intake": intake})))


def test_a_star_is_counted_beyond_what_a_look_up_reads(catalogue, comparer, monkeypatch):
    monkeypatch.setattr(compare, "COUNTED", 10)
    original = fingerprint(song(SECONDS, 1))
    for number in range(25):
        known = comparer.arrive(sound(number, original, release_date=f"2026-01-{number + 1:02}"))

    assert (known.cluster.size, known.cluster.titles, known.cluster.is_counted) == (25, 11, False)
    assert known.cluster.describe().startswith(
        "One of 25 recordings of this sound (11 or more titles, 11 or more artists, 11 or more senders)"
    )


def test_a_member_beyond_those_shown_is_named_beside_the_one_that_bears_the_flag(comparer, monkeypatch):
    monkeypatch.setattr(star, "SHOWN", 3)
    original = fingerprint(song(SECONDS, 1))
    for number in range(8):
        known = comparer.arrive(sound(number, original, release_date=f"2026-01-{number + 1:02}"))

    cluster = known.cluster
    assert (cluster.size, cluster.earliest.recording_key, cluster.bearer) == (8, key(0), key(1))
    assert [member.recording_key for member in cluster.members] == [key(1), key(7)]
    assert judge(evidence(known, 7), (), house_policy()) == ()


# --- lists


def test_a_list_is_a_catalogue_of_its_own(tmp_path, comparer, catalogue):
    packed = fingerprint(song(SECONDS, 1))
    entries = [
        {"fingerprint": base64.b64encode(packed).decode(), "title": "Rain", "reason": "case 7"},
        {"sha256": "ab" * 32, "reason": "taken down"},
    ]
    lines = map(json.dumps, entries)
    (tmp_path / "spam.jsonl").write_text("\n".join(lines))
    save_list(tmp_path, "known-spam", tmp_path / "spam.jsonl")
    from pipeline.lists import listed_sounds

    for entry in listed_sounds(tmp_path, "known-spam"):
        catalogue.add(entry)

    copy = comparer.arrive(sound(1, worn(song(SECONDS, 1), 3)))
    same_file = comparer.arrive(sound(2, song(SECONDS, 2), audio_sha256="ab" * 32))

    assert [(m.listed, m.reason, m.relation, m.is_earlier) for m in copy.matches] == [
        ("known-spam", "case 7", None, True)
    ]
    assert [(m.listed, m.kind) for m in same_file.matches] == [("known-spam", MatchKind.SAME_FILE)]
    assert copy.cluster is None
    (flag,) = judge(evidence(copy, 1), (), house_policy())
    assert (flag.code, flag.severity) == ("SPM-010", "high")
    assert "It is on the list known-spam: case 7." in flag.explanation


# --- made anew


def test_the_index_made_at_once_answers_like_the_one_that_grew(tmp_path):
    originals = [song(SECONDS, n) for n in range(6)]
    rows = [row(n, original, SECONDS) for n, original in enumerate(originals)]
    lake = write_lake(tmp_path / "lake", rows)
    grown = tmp_path / "grown"
    with contextlib.closing(Catalogue(grown)) as catalogue:
        for one in rows:
            catalogue.add(Sound.of_row(one))

    indexing.ensure(lake)

    answers = []
    for folder in (lake, grown):
        with contextlib.closing(Catalogue(folder)) as catalogue:
            comparer = Comparer(catalogue, laid)
            copies = [worn(original, n) for n, original in enumerate(originals)]
            found = [comparer.arrive(sound(100 + n, copy, release_date="2026-04-01")) for n, copy in enumerate(copies)]
            answers.append([sorted(names(known)) for known in found])
    assert answers[0] == answers[1] == [[0], [1], [2], [3], [4], [5]]


@pytest.mark.parametrize("spoil", ["older form", "cut off", "gone", "keys cut off", "keys gone"])
def test_a_catalogue_of_an_older_form_or_a_broken_one_is_made_anew(tmp_path, spoil):
    lake = write_lake(tmp_path / "lake", [row(1, song(SECONDS, 1), SECONDS)])
    file = lake / "catalogue.sqlite"
    indexing.ensure(lake)
    if spoil == "older form":
        with contextlib.closing(sqlite3.connect(file)) as db:
            db.execute("PRAGMA user_version = 1")
    elif spoil == "cut off":
        file.write_bytes(b"SQLite format 3\x00" + b"x" * 50)
    else:
        (keys,) = lake.glob("catalogue.sqlite-keys-*")
        whole = keys.read_bytes()
        {"gone": file, "keys gone": keys, "keys cut off": keys}[spoil].unlink()
        if spoil == "keys cut off":
            keys.write_bytes(whole[:-8])

    indexing.ensure(lake)

    with contextlib.closing(Catalogue(lake)) as catalogue:
        assert names(Comparer(catalogue, laid).arrive(sound(2, worn(song(SECONDS, 1), 1)))) == [1]
    assert not list(lake.glob(".catalogue*"))
    assert len(list(lake.glob("catalogue.sqlite-keys-*"))) == 1


def test_clusters_found_in_batch_are_there_when_the_index_is_made_anew(tmp_path):
    from pipeline.duplicates.flow import Plan, find_duplicates

    original = song(SECONDS, 1)
    rows = [row(n, worn(original, n, 0.1), SECONDS, release_date=f"2024-01-{n + 1:02}") for n in range(6)]
    lake = write_lake(tmp_path / "lake", rows)
    find_duplicates(Plan(lake, compare=laid))

    indexing.ensure(lake)

    with contextlib.closing(Catalogue(lake)) as catalogue:
        known = Comparer(catalogue, laid).arrive(sound(9, worn(original, 9, 0.1), release_date="2026-01-01"))
    assert known.cluster.size == 7
    assert known.cluster.earliest.recording_key == key(0)


# --- two at once, and kill -9

WRITER = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_pipeline_catalogue import Catalogue, Comparer, laid, sound, song, worn
from pipeline import keystore
keystore.FOLD_FROM = {fold}
catalogue = Catalogue(Path({lake!r}))
comparer = Comparer(catalogue, laid)
for number in range({first}, 10_000):
    known = comparer.arrive(sound(number, {what}))
    print(number, len(known.matches), flush=True)
    catalogue.bring_home()
"""


def writer(lake, first, what, fold=20_000):
    tests = str(Path(__file__).parent)
    code = WRITER.format(tests=tests, lake=str(lake), first=first, what=what, fold=fold)
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(Path(tests).parent)!r})\n{code}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_killed_writer_loses_nothing_that_it_had_committed(tmp_path):
    """Killed in the middle of writing or folding, again and again; whatever it said is there, and nothing half."""
    first = 0
    for fold in (2, 20_000):
        with writer(tmp_path, first, "song(20, number)", fold) as process:
            said = [process.stdout.readline() for _ in range(8)]
            time.sleep(random.Random(first + fold).uniform(0, 0.03))
            process.send_signal(signal.SIGKILL)
            said += process.stdout.read().splitlines(keepends=True)
        numbers = [int(line.split()[0]) for line in said if line.endswith("\n")]
        with (
            contextlib.closing(Catalogue(tmp_path)) as catalogue,
            contextlib.closing(sqlite3.connect(tmp_path / "catalogue.sqlite")) as db,
        ):
            assert all(catalogue.sound(key(number)) for number in numbers)
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            for (recording_key,) in db.execute("SELECT recording_key FROM sound"):
                one = catalogue.sound(recording_key)
                own_keys = catalogue._keys(one)
                assert len(own_keys) >= 8
                assert all(one.number in has for has in catalogue.keys.find(own_keys, 10_000))
        first = numbers[-1] + 2
    assert list(tmp_path.glob("catalogue.sqlite-keys-*"))


def test_of_two_copies_at_once_the_later_commit_sees_the_other(tmp_path):
    Catalogue(tmp_path).close()
    copy = "worn(song(20, number % 1000), number)"
    with writer(tmp_path, 0, copy) as one, writer(tmp_path, 1000, copy) as other:
        seen = {}
        for _ in range(10):
            for process in (one, other):
                number, matches = map(int, process.stdout.readline().split())
                seen[number] = matches
        for process in (one, other):
            process.kill()
    pairs = [(n, n + 1000) for n in range(1000) if n in seen and n + 1000 in seen]
    assert len(pairs) >= 5
    assert all(seen[a] + seen[b] >= 1 for a, b in pairs)


def test_a_part_of_an_index_entry_stays_small(catalogue, comparer):
    """Ten hours have no more keys than an hour or so; three minutes have some two hundred."""
    times, heights = song(3600, 1)
    comparer.arrive(sound(1, (times * 10, heights), 36_000))
    assert catalogue.contents().keys <= 8192
    comparer.arrive(sound(2, song(180, 2), 180))
    assert replace(catalogue.contents(), size=0).sounds == 2
