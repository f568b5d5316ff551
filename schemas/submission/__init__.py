"""The JSON submission: a delivery's metadata for labels without DDEX (docs/submission.md)."""

from schemas.submission.form import Submission
from schemas.submission.reader import read_submission

__all__ = ["Submission", "read_submission"]
