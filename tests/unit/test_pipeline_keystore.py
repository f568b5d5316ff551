"""Keys on disk: what was put in is found, by one process and by many, folded or not."""

import contextlib
import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import keyfile, keystore
from pipeline.duplicates import packing
from pipeline.keyfile import KeyFile
from pipeline.keystore import TABLES, KeyStore

keys = st.one_of(st.integers(0, 5), st.integers((1 << packing.KEY_BITS) - 3, (1 << packing.KEY_BITS) - 1))
numbers = st.one_of(st.integers(0, 5), st.just(packing.MAX_RECORDINGS - 1))
postings = st.sets(st.tuples(keys, numbers), max_size=60)


def found(store, keys, limit):
    """Look keys up, as plain lists."""
    return [numbers.tolist() for numbers in store.find(keys, limit)]


def packed(pairs):
    return np.array(sorted((key << packing.NUMBER_BITS) | number for key, number in pairs), np.uint64)


@settings(deadline=None, max_examples=60)
@given(postings, st.integers(0, 40_000), st.integers(1, 4))
def test_a_key_file_gives_back_who_has_a_key(tmp_path_factory, pairs, slack, limit):
    path = tmp_path_factory.mktemp("keys") / "k"
    every = packed(pairs)

    keyfile.write(path, [every[:7], every[7:]], len(every) + slack)

    held = KeyFile(path)
    asked = sorted({key for key, _ in pairs} | {1, 77})
    found = held.numbers_of(np.array(asked, np.uint64), limit)
    assert held.count == len(every)
    assert [n.tolist() for n in found] == [sorted(n for k, n in pairs if k == key)[:limit] for key in asked]


@pytest.mark.parametrize("spoil", [b"", b"x", b"liner-k1" + bytes(16) + b"x", b"other   " + bytes(32)])
def test_what_is_no_whole_key_file_is_refused(tmp_path, spoil):
    (tmp_path / "k").write_bytes(spoil)

    with pytest.raises(ValueError, match="is no"):
        KeyFile(tmp_path / "k")


@contextlib.contextmanager
def opened(folder):
    with contextlib.closing(sqlite3.connect(folder / "c", isolation_level=None)) as db:
        db.executescript(TABLES + "CREATE TABLE IF NOT EXISTS sound (number INTEGER PRIMARY KEY)")
        yield db, KeyStore(db, folder / "c")


def put(db, store, number, *own):
    db.execute("INSERT INTO sound VALUES (?)", (number,))
    store.add(own, number)


def test_folding_changes_no_answer_and_is_done_when_many_came(tmp_path, monkeypatch):
    monkeypatch.setattr(keystore, "FOLD_FROM", 4)
    monkeypatch.setattr(keystore, "ROWS", 2)
    with opened(tmp_path) as (db, store), opened(tmp_path) as (_, other):
        folded, answers = [], []
        for number in range(1, 12):
            put(db, store, number, 5, 7 + number % 2, 100 + number)
            before = found(store, [5, 7, 8, 9], 64)
            folded.append(store.fold())
            answers.append((before, found(store, [5, 7, 8, 9], 64), found(other, [5, 7, 8, 9], 64)))

        assert [n for n, one in enumerate(folded, start=1) if one] == [4, 8]
        assert all(before == after == others for before, after, others in answers)
        assert found(store, [5, 7, 8, 9], 3) == [[1, 2, 3], [2, 4, 6], [1, 3, 5], []]
        assert store.count() == other.count() == 33
        assert len(list(tmp_path.glob("c-keys-*"))) == 1


def test_a_fold_that_fails_leaves_what_was(tmp_path, monkeypatch):
    monkeypatch.setattr(keystore, "FOLD_FROM", 1)
    with opened(tmp_path) as (db, store):
        put(db, store, 1, 5)
        store.fold()
        put(db, store, 2, 5)
        monkeypatch.setattr(keyfile.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("full")))

        with pytest.raises(OSError, match="full"):
            store.fold()

        assert found(store, [5], 64) == [[1, 2]]
        monkeypatch.undo()
        monkeypatch.setattr(keystore, "FOLD_FROM", 1)
        assert store.fold()
        assert found(store, [5], 64) == [[1, 2]]
        assert sorted(path.name for path in tmp_path.glob("*keys*")) == [store.file().name]
