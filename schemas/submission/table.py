"""A submission as a table, CSV or XLSX: one row for each recording, or for each contribution to one.

The same form as the JSON submission, the same message, the same rules; findings point to row and
column. A table is known by its header, which has ``submission_id`` and ``release_title``: a list of
sound files to scan has neither.
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from schemas.csv_files import delimiter_of, encoding_of
from schemas.findings import Finding, Location
from schemas.reading import Reading
from schemas.rules import finding
from schemas.submission.form import Submission
from schemas.submission.message import to_message
from schemas.submission.places import Places, to_pointer
from schemas.submission.workbook import NoValue, Row, Unreadable, has_head, rows_of_workbook

MAX_BYTES = 8 * 2**20
MAX_ROWS = 20_000
MAX_FAULTS = 100
MAX_FIELD = 131_072  # characters of one cell
MARKERS = frozenset({"submission_id", "release_title"})

Steps = tuple[str, ...]
WHOLE: dict[str, Steps] = {
    "submission_id": ("id",),
    "created_at": ("created_at",),
    "test": ("test",),
    "sender_name": ("sender", "name"),
    "sender_dpid": ("sender", "dpid"),
    "release_title": ("release", "title"),
    "release_artist": ("release", "artist"),
    "release_contains_ai": ("release", "contains_ai"),
    "label": ("release", "label"),
    "kind": ("release", "kind"),
    "icpn": ("release", "icpn"),
    "grid": ("release", "grid"),
    "date": ("release", "date"),
    "territories": ("release", "territories"),
    "release_genres": ("release", "genres"),
    "cover_file": ("release", "cover", "file"),
    "cover_contains_ai": ("release", "cover", "disclosure", "contains_ai"),
}
RECORDING: dict[str, Steps] = {
    **{name: (name,) for name in ("isrc", "iswc", "title", "artist", "file", "duration_s", "language", "genres")},
    "hash_algorithm": ("hash", "algorithm"),
    "hash": ("hash", "value"),
    "has_vocals": ("has_vocals",),
    "is_instrumental": ("is_instrumental",),
    "contains_ai": ("disclosure", "contains_ai"),
}
CONTRIBUTION: dict[str, Steps] = {name: (name,) for name in ("role", "agent", "name", "instrument", "ai")}
COLUMNS = (*WHOLE, *RECORDING, *CONTRIBUTION)
LISTS = frozenset({"territories", "release_genres", "genres"})
LOWERED = frozenset({"release_contains_ai", "cover_contains_ai", "contains_ai", "agent", "ai", "test"})

_CONTRIBUTIONS = ("disclosure", "contributions")


class _Places(Places):
    """Where the values of a table stand: steps into the form to row and column."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "")
        self.found: dict[tuple[str | int, ...], Location] = {}

    def at(self, steps: Sequence[str | int]) -> Location:
        """Point to a cell; to its recording's first row, else to the header, where there is none."""
        known = (tuple(steps[:length]) for length in range(len(steps), -1, -1))
        return next((self.found[one] for one in known if one in self.found), Location(path=self.path, line=1))


class _Fault(Exception):
    """Why no table can be made of the bytes; it never leaves this module."""

    def __init__(self, rule: str, message: str, line: int | None = None, value: str | None = None) -> None:
        super().__init__(message)
        self.rule, self.message, self.line, self.value = rule, message, line, value


def is_table(head: bytes) -> bool:
    """Tell by its first line whether a CSV file is a submission and no list of files to scan."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    first = head.decode(encoding, "replace").split("\n", 1)[0]
    return {name.strip(' "\r').lower() for name in re.split("[,;\t]", first)} >= MARKERS


def is_workbook_table(data: bytes) -> bool:
    """Tell by its first row whether an XLSX workbook is a submission; any other workbook is left alone."""
    return len(data) <= MAX_BYTES and has_head(data, MARKERS)


def workbook_text(data: bytes) -> str:
    """Write the cells of a workbook's submission line by line; empty for what is no workbook."""
    try:
        rows = rows_of_workbook(data, MARKERS, max_rows=MAX_ROWS)
    except Unreadable:
        return ""
    return "\n".join(cell for _, cells in rows for cell in cells)


def read_table(data: bytes, path: str, *, max_bytes: int = MAX_BYTES) -> Reading:
    """Read a submission from a CSV table.

    Parameters
    ----------
    data
        The bytes as they arrived: UTF-8 or UTF-16, separated by commas, semicolons or tabs.
    path
        What findings and locations call the file.
    max_bytes
        More than this is refused unread.

    Returns
    -------
    Reading
        Without a message where the bytes are no table (PKG-010) or break the form (PKG-014: one finding for
        each fault, with row and column). Never raises for what is in ``data``.
    """
    return _read(data, path, lambda: _rows_of_csv(_decode(data, max_bytes)))


def read_workbook(data: bytes, path: str, *, max_bytes: int = MAX_BYTES) -> Reading:
    """Read a submission from an XLSX workbook: the sheet whose first row has the form's columns.

    Parameters
    ----------
    data
        The bytes as they arrived.
    path, max_bytes
        As for `read_table`; what the workbook unpacks to has limits of its own.

    Returns
    -------
    Reading
        As of `read_table`. A formula is never evaluated: it is a fault of its cell.
    """

    def rows() -> Iterable[Row]:
        _refuse_large(data, max_bytes)
        return rows_of_workbook(data, MARKERS, max_rows=MAX_ROWS)

    return _read(data, path, rows)


def _read(data: bytes, path: str, rows: Callable[[], Iterable[Row]]) -> Reading:
    places = _Places(path)
    try:
        content, findings = _Builder(places).build(rows())
    except (_Fault, Unreadable) as fault:
        rule, value = (fault.rule, fault.value) if isinstance(fault, _Fault) else ("PKG-010", None)
        at = Location(path=path, line=fault.line)
        return Reading(findings=(finding(rule, fault.message, at=at, subject=path, value=value),))
    try:
        submission = Submission.model_validate(content)
    except ValidationError as error:
        return Reading(findings=(*findings, *_faults(error, places))[:MAX_FAULTS])
    if findings:
        return Reading(findings=tuple(findings[:MAX_FAULTS]))
    return Reading(message=to_message(submission, places, hashlib.sha256(data).hexdigest()))


def _refuse_large(data: bytes, max_bytes: int) -> None:
    if len(data) > max_bytes:
        raise _Fault("PKG-010", f"The table has {len(data):,} bytes; at most {max_bytes:,} are read.")


def _decode(data: bytes, max_bytes: int) -> str:
    _refuse_large(data, max_bytes)
    try:
        text = data.decode(encoding_of(data))
    except UnicodeDecodeError as error:
        raise _Fault("PKG-010", "The table is not UTF-8.", _line_of(data, error.start)) from error
    if "\0" in text:
        raise _Fault("PKG-010", "The table has NUL characters.")
    return text


def _line_of(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _rows_of_csv(text: str) -> Iterator[Row]:
    delimiter = delimiter_of(text.partition("\n")[0])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if max(map(len, cells), default=0) > MAX_FIELD:  # csv's own limit is the whole process's, and may be more
                text = f"This is not well-formed CSV: field larger than {MAX_FIELD:,} characters."
                raise _Fault("PKG-010", text, reader.line_num)
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _Fault("PKG-010", f"This is not well-formed CSV: {error}.", reader.line_num) from error


class _Builder:
    """Puts the cells of a table where the form wants them, and remembers where they came from."""

    def __init__(self, places: _Places) -> None:
        self._places = places
        self._columns: list[str] = []
        self._findings: list[Finding] = []
        self._content: dict[str, Any] = {"liner": "submission/1", "recordings": []}
        self._keys: dict[str, int] = {}

    def build(self, rows: Iterable[Row]) -> tuple[dict[str, Any], list[Finding]]:
        """Read every row; the first that names a file begins a recording, the others add to it."""
        lines = iter(rows)
        _, names = next(lines, (1, []))
        self._header([name.strip().lower() for name in names])
        for number, (line, cells) in enumerate(lines):
            if number >= MAX_ROWS:
                raise _Fault("PKG-010", f"The table has more than {MAX_ROWS:,} rows.", line)
            if any(cell.strip() for cell in cells):
                self._row(cells, line)
        return self._content, self._findings

    def _header(self, columns: list[str]) -> None:
        unknown = next((name for name in columns if name and name not in COLUMNS), None)
        twice = next((name for name in columns if name and columns.count(name) > 1), None)
        missing = sorted({*MARKERS, "file"} - set(columns))
        if not any(columns):
            raise _Fault("PKG-010", "The table is empty.")
        if unknown is not None:
            raise _Fault("PKG-014", f"There is no column {unknown[:60]!r} in the form.", 1, unknown)
        if twice is not None:
            raise _Fault("PKG-014", f"The column {twice} stands twice.", 1, twice)
        if missing:
            raise _Fault("PKG-014", f"The column {missing[0]} is missing.", 1)
        self._columns = columns

    def _row(self, cells: Sequence[str], line: int) -> None:
        if any(cell.strip() for cell in cells[len(self._columns) :]):
            self._fault("The row has more cells than the header.", Location(path=self._places.path, line=line))
        row = {}
        for name, cell in zip(self._columns, cells, strict=False):
            if isinstance(cell, NoValue):
                self._fault(f"{name}: {cell.why}.", self._location(line, name), str(cell))
            elif name and cell.strip():
                row[name] = cell.strip()
        for name in filter(row.__contains__, WHOLE):
            self._put((), WHOLE[name], name, row, line)
        if key := row.get("file"):
            index = self._keys.setdefault(key, len(self._keys))
            here = ("recordings", index)
            self._places.found.setdefault(here, self._location(line, "file"))
            for name in filter(row.__contains__, RECORDING):
                self._put(here, RECORDING[name], name, row, line)
            if row.keys() & CONTRIBUTION.keys():
                self._contribution(here, row, line)
        elif row.keys() & (RECORDING.keys() | CONTRIBUTION.keys()):
            self._fault("The row names no file, so nobody knows its recording.", self._location(line, "file"))

    def _contribution(self, here: tuple[str | int, ...], row: dict[str, str], line: int) -> None:
        count = len(self._container((*here, *_CONTRIBUTIONS)))
        for name in filter(row.__contains__, CONTRIBUTION):
            self._put((*here, *_CONTRIBUTIONS, count), CONTRIBUTION[name], name, row, line)

    def _put(self, here: tuple[str | int, ...], below: Steps, name: str, row: dict[str, str], line: int) -> None:
        """Put a cell into its place; where another row filled it, the two must agree."""
        steps = (*here, *below)
        value: Any = row[name].lower().replace(" ", "_") if name in LOWERED else row[name]
        if name in LISTS:
            value = [part.strip() for part in value.split(";") if part.strip()]
        container = self._container(steps[:-1])
        at = self._location(line, name)
        if container.setdefault(steps[-1], value) != value:
            before = self._places.at(steps).line
            self._fault(f"{name} is {row[name][:60]!r} here and something else in line {before}.", at, row[name])
        for length in range(len(here) or 1, len(steps) + 1):
            self._places.found.setdefault(steps[:length], at)

    def _container(self, steps: tuple[str | int, ...]) -> Any:
        container: Any = self._content
        for step in steps:
            if isinstance(step, int) and step == len(container):
                container.append({})
            elif isinstance(step, str) and step not in container:
                container[step] = [] if step == _CONTRIBUTIONS[1] else {}
            container = container[step]
        return container

    def _location(self, line: int, name: str) -> Location:
        return Location(path=self._places.path, line=line, xpath=f"row {line}, column {name}")

    def _fault(self, message: str, at: Location, value: str | None = None) -> None:
        self._findings.append(finding("PKG-014", message, at=at, subject=self._places.path, value=value))


def _faults(error: ValidationError, places: _Places) -> list[Finding]:
    findings = []
    for one in error.errors(include_url=False)[:MAX_FAULTS]:
        said = "this is missing" if one["type"] == "missing" else one["msg"].removeprefix("Value error, ").rstrip(".")
        value = one["input"] if isinstance(one["input"], str) else None
        column = _column(one["loc"])
        findings.append(
            finding("PKG-014", f"{column}: {said}.", at=places.at(one["loc"]), subject=places.path, value=value)
        )
    return findings


def _column(steps: Sequence[str | int]) -> str:
    """Name the column that a place of the form is written in; a JSON pointer where there is none."""
    names = tuple(step for step in steps if isinstance(step, str))
    if names[: 1 + len(_CONTRIBUTIONS)] == ("recordings", *_CONTRIBUTIONS):
        table, below = CONTRIBUTION, names[1 + len(_CONTRIBUTIONS) :]
    else:
        table, below = (RECORDING, names[1:]) if names[:1] == ("recordings",) else (WHOLE, names)
    return next((column for column, place in table.items() if place == below), to_pointer(steps))
