"""Which files are submissions of labels without DDEX, and what words stand in them: JSON, CSV and XLSX."""

from pathlib import Path

from schemas.submission import is_table, is_workbook_table, workbook_text

HEAD_BYTES = 1024 * 1024  # that are searched for what a file is and where its sounds are
MAX_WORKBOOK = 8 * 2**20  # bytes; a larger one is no submission


def is_submission(file: Path) -> bool:
    """Whether a document beside sound files describes them."""
    head = _head(file)
    return b'"submission/' in head or b'"recordings"' in head or is_submitted_table(file)


def is_submitted_table(file: Path) -> bool:
    """Whether a file is a submission as a CSV or XLSX table; a list of sound files to scan is none."""
    suffix = file.suffix.lower()
    return (suffix == ".csv" and is_table(_head(file))) or (suffix == ".xlsx" and is_workbook_table(_whole(file)))


def words_of(file: Path) -> bytes:
    """Read what may name sound files: the head of a message, the cells of a workbook."""
    return workbook_text(_whole(file)).encode() if file.suffix.lower() == ".xlsx" else _head(file)


def _whole(file: Path) -> bytes:
    """Read a workbook, which has its index at its end; of one that is too large or gone nothing."""
    try:
        return file.read_bytes() if file.stat().st_size <= MAX_WORKBOOK else b""
    except OSError:
        return b""


def _head(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except OSError:
        return b""
