"""Bytes of a JSON submission to `schemas.release.Message`, without ever raising."""

import hashlib
import json
from collections import Counter
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.findings import Finding, Location
from schemas.reading import Reading
from schemas.rules import finding
from schemas.submission.form import Submission
from schemas.submission.message import to_message
from schemas.submission.places import Places, to_pointer

MAX_BYTES = 8 * 2**20
MAX_FAULTS = 100  # findings; who has more has a systematic fault


class _Unreadable(Exception):
    """Why bytes are no JSON, and where; it never leaves this module."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def read_submission(data: bytes, path: str, *, max_bytes: int = MAX_BYTES) -> Reading:
    """Read a JSON submission.

    Parameters
    ----------
    data
        The bytes as they arrived.
    path
        What findings and locations call the file.
    max_bytes
        More than this is refused unread.

    Returns
    -------
    Reading
        Without a message where the bytes are no JSON (PKG-010) or break the form (PKG-014: one
        finding for each fault, with JSON pointer and line). Never raises for what is in ``data``.
    """
    try:
        text = _decode(data, max_bytes)
        _check_json(text)
    except _Unreadable as error:
        at = Location(path=path, line=error.line, column=error.column)
        return Reading(findings=(finding("PKG-010", error.message, at=at, subject=path),))
    places = Places(path, text)
    try:
        submission = Submission.model_validate_json(text, strict=True)
    except ValidationError as error:
        return Reading(findings=_faults(error, places))
    return Reading(message=to_message(submission, places, hashlib.sha256(data).hexdigest()))


def _decode(data: bytes, max_bytes: int) -> str:
    if len(data) > max_bytes:
        raise _Unreadable(f"The submission has {len(data):,} bytes; at most {max_bytes:,} are read.")
    if not data.strip():
        raise _Unreadable("The file is empty.")
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise _Unreadable("The text is not UTF-8.") from error


def _check_json(text: str) -> None:
    """Parse strictly, for the line of a fault and for what pydantic lets pass."""
    try:
        json.loads(text, object_pairs_hook=_no_key_twice, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _Unreadable(f"This is not well-formed JSON: {error.msg}.", error.lineno, error.colno) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits; nesting
        raise _Unreadable("The submission has a number or a nesting beyond what is read.") from error


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        (twice, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise _Unreadable(f"The field {twice[:40]!r} stands twice in one object.")
    return content


def _no_constant(name: str) -> None:
    raise _Unreadable(f"{name} is no JSON value.")


def _faults(error: ValidationError, places: Places) -> tuple[Finding, ...]:
    errors = error.errors(include_url=False)
    findings = [_fault(one, places) for one in errors[:MAX_FAULTS]]
    if len(errors) > MAX_FAULTS:
        text = f"There are {len(errors) - MAX_FAULTS:,} more faults."
        findings.append(finding("PKG-014", text, at=places.at(()), subject=places.path))
    return tuple(findings)


def _fault(error: ErrorDetails, places: Places) -> Finding:
    steps = error["loc"]
    said = _SAID.get(error["type"]) or error["msg"].removeprefix("Value error, ").rstrip(".")
    is_whole = error["type"] in ("missing", "json_invalid") or not isinstance(error["input"], str | int | float)
    return finding(
        "PKG-014",
        f"{to_pointer(steps) or 'The submission'}: {said}.",
        at=places.at(steps),
        subject=places.path,
        value=None if is_whole else str(error["input"]),
    )


_SAID = {
    "missing": "this field is missing",
    "extra_forbidden": "there is no such field",
    "model_type": "this is not an object",
    "tuple_type": "this is not a list",
    "string_type": "this is not a text",
    "bool_type": "this is neither true nor false",
    "float_type": "this is not a number",
    "string_too_short": "this is empty",
    "literal_error": "this is not 'submission/1', the only form that is known",
}
