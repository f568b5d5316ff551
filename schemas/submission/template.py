"""The table form to fill in: empty or with an example, as CSV and as an XLSX workbook."""

import csv
import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from schemas.submission.table import COLUMNS

SHEET = "Submission"
ROWS_OFFERED = 1_000  # rows whose cells offer what is allowed

ABOUT = {
    "submission_id": "needed: your own name for the submission; a correction has a new one",
    "created_at": "when it was made, with a zone: 2026-11-22T12:00:00Z",
    "test": "true for a trial",
    "sender_name": "needed: you",
    "sender_dpid": "your DDEX party id, if you have one",
    "release_title": "needed: as it is to be shown",
    "release_artist": "needed: as it is to be shown",
    "release_contains_ai": "all, partly or none; empty: nothing is stated",
    "label": "the label's name",
    "kind": "as in DDEX: Album, EP, Single",
    "icpn": "UPC or EAN, digits alone",
    "grid": "GRid of the release",
    "date": "a year, a month or a day: 2026-12-01",
    "territories": "codes as US; GB; or Worldwide; several are separated by semicolons",
    "release_genres": "of the release; several are separated by semicolons",
    "cover_file": "path of the front cover inside the folder",
    "cover_contains_ai": "all, partly or none; empty: nothing is stated",
    "isrc": "of the recording",
    "iswc": "of the work",
    "title": "needed: of the recording",
    "artist": "needed: of the recording",
    "file": "needed: path of the sound file inside the folder; further rows with the same one add contributions",
    "duration_s": "seconds",
    "language": "BCP 47 tag of what is sung: en, pt-BR",
    "genres": "of the recording; several are separated by semicolons",
    "hash_algorithm": "SHA-256, MD5 ...",
    "hash": "of the sound file, hexadecimal",
    "has_vocals": "true or false",
    "is_instrumental": "true or false",
    "contains_ai": "all, partly or none; empty: nothing is stated, which is not none",
    "role": "a DDEX role: LeadVocalist, Composer, Lyricist, StudioMusician, StudioProducer, MixingEngineer ...",
    "agent": "human (then name is needed), generative_ai or other",
    "name": "of the person",
    "instrument": "what was played",
    "ai": "how much of this contribution AI made: none or partly for a person, all for generative_ai",
}
_LEVELS = ("all", "partly", "none")
_CHOICES = {
    **dict.fromkeys(("release_contains_ai", "cover_contains_ai", "contains_ai", "ai"), _LEVELS),
    **dict.fromkeys(("test", "has_vocals", "is_instrumental"), ("true", "false")),
    "agent": ("human", "generative_ai", "other"),
}
_RELEASE = {
    "submission_id": "example-2",
    "sender_name": "Example Records",
    "release_title": "Long Way Round",
    "release_artist": "The Examples",
    "icpn": "4006381333931",
}
EXAMPLE: tuple[dict[str, str], ...] = (
    {
        **_RELEASE,
        "file": "one.wav",
        "title": "Long Way Round",
        "artist": "The Examples",
        "isrc": "GXF3D2400001",
        "contains_ai": "partly",
        "role": "LeadVocalist",
        "agent": "human",
        "name": "Ada Example",
        "ai": "none",
    },
    {"file": "one.wav", "role": "StudioMusician", "agent": "generative_ai"},
    {
        "file": "two.wav",
        "title": "Short Way Home",
        "artist": "The Examples",
        "isrc": "GXF3D2400002",
        "contains_ai": "none",
        "role": "Composer",
        "agent": "human",
        "name": "Ada Example",
        "ai": "none",
    },
)
"""A release of two recordings, the first with two contributions."""


def template_rows(*, example: bool) -> list[list[str]]:
    """Lay out the header, with every column, and the example's rows if wanted."""
    rows = [[row.get(column, "") for column in COLUMNS] for row in EXAMPLE] if example else []
    return [list(COLUMNS), *rows]


def template_csv(*, example: bool = False) -> bytes:
    """Write the form as CSV: UTF-8 with a byte order mark, which spreadsheet programs ask for."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\r\n").writerows(template_rows(example=example))
    return sink.getvalue().encode("utf-8-sig")


def template_xlsx(*, example: bool = False) -> bytes:
    """Write the form as a workbook: cells of text, choices where the form has them, a sheet that says what is what."""
    book = Workbook()
    sheet = book.active or book.create_sheet()
    sheet.title = SHEET
    _fill(sheet, template_rows(example=example))
    for place, column in enumerate(COLUMNS, start=1):
        _prepare(sheet, get_column_letter(place), column)
    _fill(book.create_sheet("Columns"), [["column", "what"], *([name, ABOUT[name]] for name in COLUMNS)])
    book["Columns"].column_dimensions["A"].width = 24
    book["Columns"].column_dimensions["B"].width = 100
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def _fill(sheet: Worksheet, rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        sheet.append([value or None for value in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(vertical="top")
    sheet.freeze_panes = "A2"


def _prepare(sheet: Worksheet, letter: str, column: str) -> None:
    """Keep zeros in front and long numbers: a spreadsheet program would make numbers and dates of them."""
    dimension = sheet.column_dimensions[letter]
    dimension.width, dimension.number_format = max(12, len(column) + 3), "@"
    for cell in sheet[letter]:
        cell.number_format = "@"
    if column in _CHOICES:
        choice = DataValidation(type="list", formula1=f'"{",".join(_CHOICES[column])}"', allow_blank=True)
        choice.add(f"{letter}2:{letter}{ROWS_OFFERED + 1}")
        sheet.add_data_validation(choice)
