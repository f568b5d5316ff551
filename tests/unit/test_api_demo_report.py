"""The demonstration's folder and table: nothing of anybody else's is removed, nothing is hard-coded."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from api.demo.folder import MARK, prepare
from api.demo.report import flag_table, read_screenings, totals
from schemas.disclosure import Disclosure, Level
from schemas.errors import InvalidInput
from schemas.flags import Flag, FlagSeverity, Layer
from schemas.release import SoundRecording
from schemas.screening import Intake, Screening, SubjectKind, Versions

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def screening(key, *flags, title="A Song", minutes=0, **intake):
    facts = {
        "recording_key": key,
        "source_key": "bytes",
        "delivery_id": "batch",
        "delivery_path": "N_1",
        "sender_name": "A Label",
        "recording": SoundRecording(reference="A1", title=title, display_artist="Ada [bold]"),
    }
    return Screening(
        id=f"scr_{key}_{minutes}",
        versions=Versions(engine="e", policy="p"),
        screened_at=NOW + timedelta(minutes=minutes),
        intake=Intake.model_validate({**facts, **intake}),
        declared=Disclosure(level=Level.PARTLY),
        flags=flags,
    )


def flag(explanation="Seconds [3] to 4."):
    return Flag(code="XYZ-001", severity=FlagSeverity.HIGH, title="Odd", explanation=explanation, layers=(Layer.HEARD,))


def shown(*screenings, width=100):
    console = Console(width=width)
    with console.capture() as capture:
        console.print(flag_table(screenings, width))
    return capture.get()


def write(lake, name, *screenings):
    (lake / "screenings").mkdir(parents=True, exist_ok=True)
    table = pa.table({"screening": [one.model_dump_json() for one in screenings]})
    pq.write_table(table, lake / "screenings" / name)


def test_the_newest_screening_of_each_recording_counts(tmp_path):
    write(tmp_path, "a.parquet", screening("one", flag(), minutes=5), screening("two"))
    write(tmp_path, "b.parquet", screening("one", minutes=1))

    found = {one.intake.recording_key: one for one in read_screenings(tmp_path)}

    assert found.keys() == {"one", "two"}
    assert found["one"].flags


def test_screenings_come_in_the_order_of_delivery(tmp_path):
    write(tmp_path, "a.parquet", screening("late", delivery_path="N_2"), screening("early", delivery_path="N_1"))

    assert [one.intake.recording_key for one in read_screenings(tmp_path)] == ["early", "late"]


def test_the_table_tells_recording_declaration_code_title_and_reason():
    text = shown(screening("one", flag()))

    for part in ("A Label", "A Song", "Ada [bold]", "partly", "high", "XYZ-001", "Odd", "Seconds [3] to 4."):
        assert part in text


def test_what_is_not_flagged_is_shown_as_clean():
    assert "clean" in shown(screening("one"))
    assert "clean" not in shown(screening("one", flag()))


def test_a_delivery_that_could_not_be_read_declares_nothing():
    text = shown(screening("one", flag(), kind=SubjectKind.DELIVERY, recording=None, sender_name=""))

    assert "unknown sender" in text
    assert "partly" not in text


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_table_fits_its_width_and_never_more_than_100(width):
    text = shown(
        screening("one", flag("Why, in many words. " * 20), title="A Title That Goes On and On" * 3), width=width
    )

    assert max(len(line.rstrip()) for line in text.splitlines()) <= min(width, 100)
    assert text.count("Why, in") >= 15


def test_totals():
    found = [screening("one"), screening("two", flag()), screening("three", flag(), delivery_id="other")]

    assert totals(found) == "3 recordings in 2 deliveries: 1 clean, 2 for a person to look at."


def test_a_new_folder_is_marked_and_known_again(tmp_path):
    home = tmp_path / "a" / "demo"
    prepare(home, fresh=False)
    (home / "landing").mkdir()

    prepare(home, fresh=False)

    assert (home / MARK).is_file()
    assert (home / "landing").is_dir()


def test_fresh_empties_a_demonstrations_folder(tmp_path):
    prepare(tmp_path, fresh=False)
    (tmp_path / "landing").mkdir()

    prepare(tmp_path, fresh=True)

    assert [path.name for path in tmp_path.iterdir()] == [MARK]


@pytest.mark.parametrize("fresh", [True, False])
def test_anybody_elses_folder_or_file_is_refused(tmp_path, fresh):
    (tmp_path / "thesis.txt").write_text("three years of work")

    for home in (tmp_path, tmp_path / "thesis.txt", tmp_path / "thesis.txt" / "below"):
        with pytest.raises(InvalidInput):
            prepare(home, fresh=fresh)
    assert (tmp_path / "thesis.txt").exists()
