import json

import pyarrow.parquet as pq
import pytest
from fixtures_api import make_screening

from pipeline.lake import Lake, LakeWriter
from pipeline.ledger import Ledger, packed
from pipeline.screened import Screened, dead_letter
from pipeline.tables import SCHEMAS
from schemas.errors import LakeUnusable
from schemas.screening import AudioFacts, Found, Heard, Signal, derived_id

FACTS = {"container": "WAV", "codec": "PCM", "sample_rate_hz": 1, "channels": 1, "duration_s": 2.0, "size": 1}


def screened(number, *codes, take=0, title="Song"):
    one = make_screening(number, *codes, take=take, source=derived_id("src", str(number)))
    audio = AudioFacts(**FACTS, sha256=f"{number}", signal_hash=f"{number}", decoder="soundfile")
    heard = Heard(signals=(Signal(name="loudness_lufs", value=-14.0, model="m"), Signal(name="x", value=1, model="m")))
    recording = one.intake.recording.model_copy(update={"title": title})
    intake = one.intake.model_copy(update={"recording": recording})
    return Screened(one.model_copy(update={"found": Found(audio=audio), "heard": heard, "intake": intake}), b"print")


def write(lake, *elements):
    writer = LakeWriter(lake)
    for element in elements:
        writer.add(element)
    writer.flush()


def rows(lake, table="screenings"):
    return list(lake.rows(table))


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


def test_any_tool_reads_every_table(lake):
    import duckdb
    import pandas as pd
    import polars as pl

    write(lake, screened(1, "AID-002"), screened(2), dead_letter("listen", "a.wav", ValueError("x")))

    for table, size in {"screenings": 2, "signals": 4, "fingerprints": 2, "dead_letters": 1}.items():
        glob = f"{lake.folder}/{table}/*.parquet"
        assert pl.read_parquet(glob).height == size
        assert len(pd.read_parquet(lake.folder / table)) == size
        assert duckdb.sql(f"select count(*) from '{glob}'").fetchall() == [(size,)]
    flat = duckdb.sql(f"select isrc, flag_codes, flag_severity from '{lake.folder}/screenings/*.parquet' order by isrc")
    assert flat.fetchall() == [("QZABC2600001", ["AID-002"], "high"), ("QZABC2600002", [], None)]


def test_a_new_lake_has_its_columns_already(lake):
    import polars as pl

    for table, schema in SCHEMAS.items():
        assert pl.read_parquet(f"{lake.folder}/{table}/*.parquet").columns == schema.names


def test_what_is_written_is_skipped_by_the_next_run(lake):
    write(lake, screened(1))
    versions = screened(1).screening.versions

    ledger = Ledger(set(map(packed, lake.screened_sources(versions.key))))

    assert not ledger.take(derived_id("src", "1"))
    assert ledger.take(derived_id("src", "2"))
    assert not ledger.take(derived_id("src", "2"))
    assert list(lake.screened_sources("another engine")) == []


def test_a_later_row_replaces_an_earlier_one(lake):
    write(lake, screened(1, title="old"), screened(2, title="old"))
    lake.tidy()
    write(lake, screened(1, title="new"))
    write(lake, screened(1, title="newest"))

    lake.tidy()

    assert sorted(row["title"] for row in rows(lake)) == ["newest", "old"]
    assert {table: len(rows(lake, table)) for table in ("signals", "fingerprints")} == {"signals": 4, "fingerprints": 2}


def test_of_one_recording_kept_again_and_again_the_last_counts(lake):
    """Also within one part, as a watch writes it, and for whoever looks before the lake is tidied."""
    first, second, third = (screened(1, take=take, title=str(take)) for take in range(3))
    write(lake, first, second, screened(2))
    write(lake, third)

    key, versions = third.screening.intake.recording_key, third.screening.versions.key
    assert [one.intake.title for one in lake.screenings_of([key], versions)] == ["2"]
    write(lake, screened(2), screened(2, take=1))
    lake.tidy()

    counts = {table: len(rows(lake, table)) for table in ("screenings", "fingerprints", "signals")}
    assert counts == {"screenings": 2, "fingerprints": 2, "signals": 4}
    assert sorted(row["title"] for row in rows(lake)) == ["2", "Song"]


def test_tidying_merges_parts_and_changes_nothing_else(lake):
    for number in range(5):
        write(lake, screened(number))
    before = sorted(rows(lake), key=lambda row: row["id"])

    lake.tidy()
    lake.tidy()

    assert before == sorted(rows(lake), key=lambda row: row["id"])
    assert len(lake.parts("screenings")) == 2  # the empty first part, and the merged one


@pytest.mark.parametrize("dies_at", ["replace", "unlink"])
def test_a_tidy_that_was_killed_is_finished_by_the_next(lake, monkeypatch, dies_at):
    write(lake, screened(1, title="old"))
    lake.tidy()
    write(lake, screened(1, title="new"), screened(2))
    from pathlib import Path

    real = getattr(Path, dies_at)

    def die(self, *args, **kwargs):
        if self.parent.name == "screenings":
            raise KeyboardInterrupt
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, dies_at, die)
    with pytest.raises(KeyboardInterrupt):
        lake.tidy()
    monkeypatch.undo()

    lake.tidy()

    assert sorted(row["title"] for row in rows(lake)) == ["Song", "new"]
    assert not list(lake.folder.glob(".journal*"))


def test_a_folder_with_something_else_is_no_lake(tmp_path):
    (tmp_path / "thesis.doc").write_text("x")

    with pytest.raises(LakeUnusable, match=r"thesis\.doc"):
        Lake(tmp_path)


def test_a_lake_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(LakeUnusable, match="cannot be used"):
        Lake(tmp_path / "file" / "lake")


def test_rows_wait_while_the_lake_cannot_be_written(lake, monkeypatch):
    writer = LakeWriter(lake)
    writer.add(screened(1))
    monkeypatch.setattr(lake, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(LakeUnusable, match="No space left"):
        writer.flush()
    monkeypatch.undo()

    writer.flush()

    assert [len(rows(lake, t)) for t in ("screenings", "signals", "fingerprints")] == [1, 2, 1]


def test_a_dead_letter_names_stage_file_and_cause(lake):
    try:
        int("odd byte")
    except ValueError as error:
        write(lake, dead_letter("listen", "a.wav", error, subject_id="rec_1"))

    (row,) = rows(lake, "dead_letters")

    assert (row["stage"], row["path"], row["subject_id"]) == ("listen", "a.wav", "rec_1")
    assert "odd byte" in row["cause"]
    assert "Traceback" in row["detail"]


def test_the_whole_screening_stands_in_its_row(lake):
    one = screened(1, "AID-002")
    write(lake, one)

    (row,) = rows(lake)

    assert json.loads(row["screening"]) == one.screening.model_dump(mode="json")
    versions_key = one.screening.versions.key
    assert list(lake.screenings_of(["rec_1"], versions_key)) == [one.screening]
    assert list(lake.screenings_of(["rec_2"], versions_key)) == []


def test_parts_of_an_older_liner_get_the_columns_that_came_since(lake):
    write(lake, screened(1), screened(2))
    lake.tidy()
    for part in lake.parts("screenings"):
        pq.write_table(pq.read_table(part).drop_columns(["message_id", "territories"]), part)
    write(lake, screened(2, take=1), screened(3))

    lake.tidy()

    assert {tuple(pq.read_schema(part).names) for part in lake.parts("screenings")} == {
        tuple(SCHEMAS["screenings"].names)
    }
    assert {row["recording_key"]: row["message_id"] for row in rows(lake)} == {"rec_1": None, "rec_2": "", "rec_3": ""}
