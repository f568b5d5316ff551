"""Rows of an XLSX workbook as texts, read so that no workbook can cost more than a table may.

An XLSX file is a ZIP archive of XML. Before openpyxl sees it, what it unpacks to is measured: the size and the
number of its parts, and of the tags in them, have limits. Formulas are never evaluated, and what an earlier program
computed of them is not believed: such a cell is `NoValue`.
"""

import contextlib
import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from typing import Any
from xml.parsers import expat

MAX_PARTS = 1_000
MAX_UNPACKED = 32 * 2**20  # bytes of all parts
MAX_TAGS = 4_000_000  # twice what the largest table that is read needs; each costs memory
MAX_DEPTH = 200
MAX_SHEETS = 20
MAX_COLUMNS = 200
MAX_CELLS = 1_000_000
_PIECE = 2**16

Row = tuple[int, Sequence[str]]  # number from 1, and the cells


class Unreadable(Exception):
    """Why no rows can be had; it never leaves this package."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line = message, line


class NoValue(str):  # noqa: SLOT000 - it carries a reason
    """The text of a cell that holds no value of its own, and why."""

    why: str


def rows_of_workbook(data: bytes, markers: AbstractSet[str], *, max_rows: int) -> list[Row]:
    """Read the rows of the first sheet whose first row has the markers; of the first sheet where none has.

    Parameters
    ----------
    markers
        Lower-case texts of the first row.
    max_rows
        Rows below the first one; one more is refused.

    Raises
    ------
    Unreadable
        The bytes are no workbook, or one beyond the limits.
    """
    with _opened(data) as book:
        sheets = book.worksheets[:MAX_SHEETS]
        if not sheets:
            raise Unreadable("The workbook has no sheet.")
        sheet = next((one for one in sheets if markers <= _head(one)), sheets[0])
        rows: list[Row] = []
        for number, row in _numbered(sheet):
            if number > max_rows + 1:
                raise Unreadable(f"The sheet has more than {max_rows:,} rows.", number)
            rows.append((number, [_text(cell) for cell in row]))
        return rows


def has_head(data: bytes, markers: AbstractSet[str]) -> bool:
    """Whether the first row of some sheet has the markers; false for what is no workbook."""
    with contextlib.suppress(Unreadable), _opened(data) as book:
        return any(markers <= _head(one) for one in book.worksheets[:MAX_SHEETS])
    return False


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    from openpyxl import load_workbook  # noqa: PLC0415 - it takes a while, and few deliveries have a workbook

    book = None
    try:
        _measure(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that do not matter here
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
            yield book
    except Unreadable:
        raise
    except Exception as error:  # openpyxl and zipfile raise many things on damaged workbooks
        raise Unreadable("This is no XLSX workbook, or a damaged one.") from error
    finally:
        if book is not None:
            book.close()


def _measure(data: bytes) -> None:
    """Unpack every part piece by piece and keep nothing of it."""
    total = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        unpacked = sum(part.file_size for part in parts)  # zipfile unpacks no more than is stated
        if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED:
            raise Unreadable(f"The workbook unpacks to more than {MAX_UNPACKED >> 20} MB, or to many parts.")
        for part in parts:
            tags, depth = _tags(archive, part)
            total += tags
            if total > MAX_TAGS:
                raise Unreadable(f"The workbook has more than {MAX_TAGS:,} tags.")
            if depth > MAX_DEPTH:
                _refuse_deep(archive, part)


def _tags(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[int, int]:
    """Count the tags of a part, and how many at most were open at the end of some piece of it."""
    tags = closing = depth = 0
    last = b""
    with archive.open(part) as stream:
        while piece := stream.read(_PIECE):
            tags += piece.count(b"<")
            closing += piece.count(b"</")
            depth = max(depth, tags - 2 * closing)
            if b"<!DOCTYPE" in last + piece:
                raise Unreadable("The workbook has a document type declaration.")
            last = piece[-len(b"<!DOCTYPE") :]
    return tags, depth


def _refuse_deep(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse elements in elements in elements: each costs memory until it ends, and no sheet has many."""
    depth = 0

    def start(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise Unreadable(f"The workbook has more than {MAX_DEPTH} elements in one another.")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    with contextlib.suppress(expat.ExpatError), archive.open(part) as stream:  # what is no XML is no sheet either
        parser.ParseFile(stream)


def _head(sheet: Any) -> set[str]:
    row = next(sheet.iter_rows(max_row=1, max_col=MAX_COLUMNS, values_only=True), ())
    return {str(value).strip().lower() for value in row if value is not None}


def _numbered(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """Yield rows that have anything, without the empty cells at their ends."""
    empty, count = None, 0
    for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
        if cells is empty:  # openpyxl fills a gap of a million rows with one tuple
            continue
        count += len(cells)  # those without a value, too: a style alone makes a cell
        if count > MAX_CELLS:
            raise Unreadable(f"The sheet has more than {MAX_CELLS:,} cells.", number)
        row = list(cells)
        while row and row[-1].value is None:
            row.pop()
        if row:
            yield number, row
        else:
            empty = cells


def _text(cell: Any) -> str:
    if cell.data_type == "f":
        return _no_value(str(cell.value), "this is a formula, which is never evaluated")
    if cell.data_type == "e":
        return _no_value(str(cell.value), "this is an error of the spreadsheet program")
    return _as_typed(cell.value)


def _as_typed(value: Any) -> str:
    """Write a value as the form's text: whole numbers without a fraction, days as ISO 8601."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return "" if value is None else str(value)


def _no_value(text: str, why: str) -> NoValue:
    cell = NoValue(text)
    cell.why = why
    return cell
