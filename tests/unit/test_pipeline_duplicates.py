"""The parts of the join: packing, hot keys, stars; each on arrays made here."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from prints import faster, fingerprint, song
from sounds import RATE, music

from classifiers.fingerprint import pack
from classifiers.landmarks import LandmarkFinder
from pipeline.duplicates import join, keys, packing, stars, twins, verify
from pipeline.duplicates.keys import MAX_WIDE, chosen, indexed, paired_keys, wide_keys
from pipeline.duplicates.shares import About, Share, day_of, day_text

numbers = st.integers(0, packing.MAX_RECORDINGS - 1)
DAY = day_of("2026-01-01", None)


@pytest.fixture
def about(tmp_path):
    """Make the table of a lake with so many recordings, all of one day unless said."""

    def make(total, days=None):
        table = np.zeros(total, About.DTYPE)
        table["day"] = DAY if days is None else days
        table["duration_s"] = 100
        table["signal"] = np.arange(1, total + 1)
        path = packing.save(tmp_path / "about.npy", table)
        return About([Share(0, (), 0, total)], [path])

    return make


# --- packing


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers, st.integers(0, 255)), max_size=40))
def test_packed_pairs_give_back_their_numbers(pairs):
    one, other, weights = (np.array([p[n] for p in pairs], np.uint64) for n in range(3))

    low, high = packing.pair_numbers(packing.pairs(one, other, weights))

    assert low.tolist() == [min(a, b) for a, b, _ in pairs]
    assert high.tolist() == [max(a, b) for a, b, _ in pairs]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(6, 9), st.integers(1, 255)), max_size=60))
def test_weights_of_equal_pairs_are_added_up(pairs):
    one, other, weights = (np.array([p[n] for p in pairs], np.uint64) for n in range(3))
    expected = {}
    for a, b, weight in pairs:
        expected[a, b] = expected.get((a, b), 0) + weight

    places, sums = packing.summed(packing.pairs(one, other, weights))
    low, high = packing.pair_numbers(places)

    assert dict(zip(zip(low.tolist(), high.tolist(), strict=True), sums.tolist(), strict=True)) == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=50), st.sampled_from([1, 2, 8]))
def test_ranges_cut_sorted_files_without_loss(tmp_path_factory, values, count):
    folder = tmp_path_factory.mktemp("ranges")
    array = np.array(values, np.uint64)
    paths = [packing.save(folder / f"{n}.npy", np.sort(array[n::2])) for n in range(2)]

    ranges = [packing.one_range(paths, index, count) for index in range(count)]

    assert sorted(np.concatenate(ranges).tolist()) == sorted(values)
    assert all(index == value * count >> 64 for index, part in enumerate(ranges) for value in part.tolist())


def test_keys_are_spread_evenly_whatever_they_were():
    spread = packing.scattered(np.arange(100_000))

    counts = np.bincount((spread >> np.uint64(60)).astype(int), minlength=16)

    assert counts.min() > 5_900
    assert counts.max() < 6_600


# --- which keys


def test_copies_choose_the_same_keys():
    rng = np.random.default_rng(0)
    shared, own, other = rng.integers(0, 2**48, (3, 900))

    one, two = (indexed(chosen(np.concatenate([shared, rest]))) for rest in (own, other))

    assert 800 < len(one) < 1000
    assert 400 < len(np.intersect1d(one, two)) < 500  # half of the keys are shared, so half of the chosen


def test_a_moment_says_nothing_and_ten_hours_say_no_more_than_they_may():
    assert len(wide_keys(None)) == 0
    assert len(chosen(np.arange(7))) == 0
    assert len(chosen(np.arange(8))) == 8
    assert len(chosen(np.arange(200_000))) == MAX_WIDE


def test_long_recordings_that_keep_a_part_of_their_keys_keep_the_same_part():
    shared = np.arange(20_000)

    one, two = (chosen(np.concatenate([shared, first + np.arange(20_000)])) for first in (10**6, 10**7))

    assert len(np.intersect1d(one, two)) > 3500


def test_a_song_has_keys_and_a_faster_copy_shares_them():
    original = song(60, 1)
    own, copy = (wide_keys(fingerprint(sound)) for sound in (original, faster(original, 1.1)))

    assert len(own) > 100
    assert len(np.intersect1d(own, copy)) > 0.3 * len(own)


def heard(sound):
    """Take the fingerprint of a sound that can be heard."""
    finder = LandmarkFinder(RATE)
    finder.push(np.ascontiguousarray(sound.mean(axis=1), np.float32))
    return pack(finder.landmarks())


@pytest.mark.parametrize("speed", [0.7, 1.3])
def test_copies_at_very_other_speeds_share_keys_through_landmarks_of_another_reach(monkeypatch, speed):
    original = music(40, 11)
    sounds = heard(original), heard(soxr.resample(original, RATE * speed, RATE))

    def shared():
        return len(np.intersect1d(*(wide_keys(sound) for sound in sounds)))

    ours = shared()
    monkeypatch.setattr(keys, "SETS", ((13, 0.0, 5.0),))  # as if every copy had the same landmarks to a second
    monkeypatch.setattr(keys, "ONE_IN", 2)
    assert ours >= 8
    assert ours > 2 * shared()


def test_paired_keys_are_shared_by_copies_and_by_nobody_else():
    original = song(60, 1)
    own, copy, stranger = (paired_keys(fingerprint(s)) for s in (original, faster(original, 1.1), song(60, 2)))

    assert len(own) > 300
    assert len(np.intersect1d(own, copy)) > 0.15 * len(own)
    assert len(np.intersect1d(own, stranger)) == 0
    assert len(paired_keys(None)) == 0


def test_a_pair_of_constellations_begins_apart():
    first, second = keys._near(np.array([0.0, 0.0, 0.04, 0.06, 1.4, 1.52]))

    assert sorted(zip(first.tolist(), second.tolist(), strict=True)) == [
        (0, 3), (0, 4), (1, 3), (1, 4), (2, 4), (2, 5), (3, 4), (3, 5), (4, 5),
    ]  # fmt: skip


# --- twins


def test_the_earliest_stands_for_its_twins(about, tmp_path):
    table = about(6, days=[DAY + 5, DAY + 1, DAY, DAY + 2, DAY, DAY])
    stored = np.load(tmp_path / "about.npy")
    stored["signal"] = [7, 7, 8, 7, 9, 10]
    packing.save(tmp_path / "about.npy", stored)
    postings = packing.postings(packing.scattered(stored["signal"]), np.arange(6))

    path = twins.merged([twins.twins(postings, table, tmp_path / "t.npy")], tmp_path / "all.npy")

    assert np.load(path).tolist() == [(0, 1), (3, 1)]
    keys = packing.postings(packing.scattered(np.arange(6)), np.arange(6))
    assert sorted(packing.posting_numbers(twins.without_twins(keys, path)).tolist()) == [1, 2, 4, 5]


# --- the join


def joined(about, tmp_path, keys_of):
    """Join recordings given by their keys; candidates with what they share in bits."""
    flat = np.concatenate([packing.scattered(np.asarray(keys)) for keys in keys_of])
    owner = np.repeat(np.arange(len(keys_of)), [len(keys) for keys in keys_of])
    table = about(len(keys_of))
    done = join.join(packing.postings(flat, owner), table, tmp_path / "pairs.npy")
    counted = join.count(np.load(done.pairs), table, tmp_path / "candidates.npy")
    found = join.candidates_of([counted.path], 0, len(keys_of))
    assert len(found) == counted.count
    earlier = packing.posting_numbers(found["earlier"])
    return done, set(zip(earlier.tolist(), found["number"].tolist(), strict=True))


def test_pairs_that_share_rare_keys_are_candidates(about, tmp_path):
    keys_of = [np.arange(n * 100, n * 100 + 40) for n in range(50)]
    keys_of[7] = np.concatenate([keys_of[7][:30], keys_of[3][:10]])
    keys_of[9] = np.concatenate([keys_of[9][:39], keys_of[4][:1]])  # a single key is chance

    done, candidates = joined(about, tmp_path, keys_of)

    assert candidates == {(3, 7)}
    assert done.hot_keys == 0


def test_a_hot_key_costs_no_more_than_its_recordings(about, tmp_path):
    """A loop that everybody uses makes one pair for each user, not half the square of their number."""
    loop = np.arange(1_000_000, 1_000_020)
    keys_of = [np.concatenate([np.arange(n * 100, n * 100 + 40), loop]) for n in range(3000)]

    done, _ = joined(about, tmp_path, keys_of)

    assert done.hot_keys == 20
    assert done.hot_postings == 20 * 3000
    assert 2999 <= done.count < 3010  # two of 120,000 keys may have the same 36 bits


def test_very_many_copies_still_meet_in_the_earliest(about, tmp_path):
    keys_of = [np.arange(150)] * 5000 + [np.arange(9000, 9150)]

    _, candidates = joined(about, tmp_path, keys_of)

    assert candidates == {(0, n) for n in range(1, 5000)}


def test_no_pair_is_lost_when_sums_are_made_early(about, tmp_path, monkeypatch):
    keys_of = [np.arange(n % 5 * 100, n % 5 * 100 + 60) for n in range(60)]
    _, expected = joined(about, tmp_path, keys_of)

    monkeypatch.setattr(join, "COMPACT_PAIRS", 500)
    _, found = joined(about, tmp_path, keys_of)

    assert found == expected
    assert len(found) == 5 * 12 * 11 // 2


def test_only_candidates_that_share_more_keys_are_compared_in_full(tmp_path):
    shared = {(0, 5): 2, (1, 5): 3, (2, 6): 30}
    keys = {n: set(range(1000 * n, 1000 * n + 40)) for n in range(7)}
    for (one, other), count in shared.items():
        keys[other] |= set(range(1000 * one, 1000 * one + count))
    candidates = np.zeros(3, join.CANDIDATE)
    candidates["number"], candidates["earlier"] = [5, 5, 6], [0, 1, 2]
    wide = {number: np.array(sorted(own), np.uint32) for number, own in keys.items()}

    found = join.sift(candidates, wide, tmp_path / "sifted.npy")

    assert np.load(found.path)["earlier"].tolist() == [1, 2]


# --- stars


def linked(tmp_path, links, total, days=None, twin=()):
    """Assign members to centres; links are (later, earlier, own share, other share)."""
    array = np.zeros(len(links), verify.LINK)
    for place, (later, earlier, own, other) in enumerate(links):
        ranks = [((DAY if days is None else days[n]) << packing.NUMBER_BITS) | n for n in (later, earlier)]
        array[place]["later"], array[place]["earlier"] = max(ranks), min(ranks)
        array[place]["own_share"], array[place]["other_share"] = own, other
    order = np.argsort(array["later"])
    paths = [packing.save(tmp_path / f"links-{n}.npy", array[order][n::2]) for n in range(2)]
    twin_path = packing.save(tmp_path / "twins.npy", np.array(list(twin), twins.TWIN))
    members = np.load(stars.stars(paths, twin_path, total, tmp_path))
    return dict(zip(members["number"].tolist(), members["centre"].tolist(), strict=True))


def test_copies_stand_around_the_earliest(tmp_path):
    assert linked(tmp_path, [(2, 0, 1, 1), (5, 0, 1, 1), (5, 2, 1, 1), (4, 3, 1, 1)], 6) == {
        0: 0,
        2: 0,
        5: 0,
        3: 3,
        4: 3,
    }


def test_the_declared_release_decides_who_is_the_earliest(tmp_path):
    assert linked(tmp_path, [(1, 0, 1, 1), (2, 0, 1, 1)], 3, days=[9, 4, 6]) == {1: 1, 0: 1}


@pytest.mark.parametrize("medley", [0, 2])
def test_a_medley_chains_nobody_whether_it_came_first_or_last(tmp_path, medley):
    tracks = [n for n in range(3) if n != medley]
    links = [(max(medley, t), min(medley, t), *((1, 0.4) if t > medley else (0.4, 1))) for t in tracks]

    assert linked(tmp_path, links, 3) == {}


def test_nobody_belongs_to_a_cluster_through_a_third(tmp_path):
    """B is a copy of A, C of B but not of A: C stands alone, as its own centre would."""
    assert linked(tmp_path, [(1, 0, 0.7, 0.7), (2, 1, 0.7, 0.7)], 3) == {0: 0, 1: 0}


def test_twins_go_where_their_first_goes(tmp_path):
    found = linked(tmp_path, [(3, 0, 1, 1)], 8, twin=[(4, 3), (5, 0), (7, 6)])

    assert found == {0: 0, 3: 0, 4: 0, 5: 0, 6: 6, 7: 6}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda p: p[0] > p[1]), max_size=30))
def test_a_member_is_linked_with_its_centre_and_a_centre_with_no_earlier_centre(tmp_path_factory, edges):
    found = linked(tmp_path_factory.mktemp("stars"), [(a, b, 1, 1) for a, b in set(edges)], 12)

    for own, centre in found.items():
        assert own == centre or (own, centre) in edges
        assert found[centre] == centre
        if own == centre:
            assert not any((own, other) in edges for other, c in found.items() if c == other)


def test_links_are_taken_in_order_also_in_many_chunks(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    edges = {(int(max(p)), int(min(p)), 1, 1) for p in rng.integers(0, 300, (900, 2)) if p[0] != p[1]}
    whole = linked(tmp_path, sorted(edges), 300)

    monkeypatch.setattr(stars, "CHUNK_LINKS", 40)

    assert linked(tmp_path, sorted(edges), 300) == whole


# --- days


@pytest.mark.parametrize(
    ("released", "expected"), [("2026-03-02", "2026-03-02"), ("2026-03", "2026-03-28"), ("2026", "2026-12-28")]
)
def test_dates_of_lower_precision_count_late(released, expected):
    assert day_text(day_of(released, None)) == expected


@pytest.mark.parametrize("released", [None, "", "soon", "2026-13-40", "9999-99"])
def test_what_is_no_date_leaves_the_delivery(released):
    from datetime import UTC, datetime

    assert day_text(day_of(released, datetime(2026, 5, 1, tzinfo=UTC))) == "2026-05-01"
    assert day_text(day_of(released, None)) == ""


def test_a_release_after_its_delivery_counts_as_delivered():
    from datetime import UTC, datetime

    assert day_text(day_of("2027-01-01", datetime(2026, 5, 1, tzinfo=UTC))) == "2026-05-01"
