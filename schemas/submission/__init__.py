"""Submissions in JSON, CSV or XLSX: a delivery's metadata for labels without DDEX (docs/submission.md)."""

from schemas.submission.form import Submission, json_schema
from schemas.submission.reader import read_submission
from schemas.submission.table import is_table, is_workbook_table, read_table, read_workbook, workbook_text

__all__ = [
    "Submission",
    "is_table",
    "is_workbook_table",
    "json_schema",
    "read_submission",
    "read_table",
    "read_workbook",
    "workbook_text",
]
