"""Submissions in JSON or CSV: a delivery's metadata for labels without DDEX (docs/submission.md)."""

from schemas.submission.form import Submission, json_schema
from schemas.submission.reader import read_submission
from schemas.submission.table import is_table, read_table

__all__ = ["Submission", "is_table", "json_schema", "read_submission", "read_table"]
