"""Tables as spreadsheets and scripts write them are read alike; what is no table says what to do."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.csv_files import read_csv
from schemas.errors import InvalidInput

CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


def written(rows, delimiter, encoding):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_table_is_read_alike_whoever_wrote_it(tmp_path_factory, rows, delimiter, encoding):
    path = tmp_path_factory.mktemp("tables") / "m.csv"
    path.write_bytes(written([("path", " label "), *rows], delimiter, encoding))

    assert read_csv(path, ["path", "label"]) == [{"path": a.strip(), "label": b.strip()} for a, b in rows]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no column path (columns: none)"),
        (b"file,label\na.wav,ai\n", "no column path (columns: file, label)"),
        (b"path,label\n", "no rows"),
        (b"path,label\n\xe9.wav,ai\n", "not text in UTF-8"),
        (b"path,label\n" + b"x" * 2_000_000 + b",ai\n", "field larger than"),
    ],
)
def test_what_is_no_table_says_what_to_do(tmp_path, content, says):
    path = tmp_path / "m.csv"
    path.write_bytes(content)

    with pytest.raises(InvalidInput) as caught:
        read_csv(path, ["path"])

    assert says in caught.value.message
    assert caught.value.mend


def test_a_short_or_long_row_loses_nothing_that_has_a_column(tmp_path):
    (tmp_path / "m.csv").write_text("path,label\na.wav\nb.wav,ai,more\n")
    assert read_csv(Path(tmp_path / "m.csv"), ["path"]) == [
        {"path": "a.wav", "label": ""},
        {"path": "b.wav", "label": "ai"},
    ]
