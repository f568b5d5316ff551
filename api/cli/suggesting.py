"""How certain corrections are written: one unified diff for all messages of a report."""

import difflib
import io
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from api.cli.reporting import plain
from schemas.errors import InvalidInput
from schemas.release import MessageKind
from schemas.report import CheckReport
from schemas.suggest import suggest

STANDARD_OUTPUT = Path("-")


def write_patch(report: CheckReport, target: Path) -> None:
    """Write the corrections of a report's messages as a patch for ``patch -p0``.

    Parameters
    ----------
    report
        Its paths are read again: a patch has to fit the bytes as they are.
    target
        A file, or ``-`` for standard output.

    Raises
    ------
    InvalidInput
        If the file cannot be written.
    """
    notes = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    patch = b"".join(_diff_of(m.path, notes) for m in report.messages if m.kind == MessageKind.NEW_RELEASE)
    if target == STANDARD_OUTPUT:
        sys.stdout.buffer.write(patch)
        sys.stdout.flush()
        return
    try:
        target.write_bytes(patch)
    except OSError as error:
        raise InvalidInput(f"{target} cannot be written: {error.strerror}.", mend="Choose another file.") from error


def _diff_of(path: str, notes: Console) -> bytes:
    if not path.isprintable():
        notes.print(plain(f"{path}: not corrected: a patch cannot name this file."))
        return b""
    try:
        before = Path(path).read_bytes()
    except OSError as error:
        notes.print(f"{path}: not corrected: {error.strerror}.")
        return b""
    suggestion = suggest(before, path)
    for one in suggestion.corrections:
        notes.print(plain(f"{path}:{one.line}: suggested: {one.what}"))
    return unified_diff(path, before, suggestion.data)


def unified_diff(path: str, before: bytes, after: bytes) -> bytes:
    """Compare two versions of a file line by line, in their own bytes; empty where they are equal."""
    name = path.encode("utf-8", "surrogateescape") + b"\t"  # ends a name that has spaces
    lines = difflib.diff_bytes(difflib.unified_diff, _lines(before), _lines(after), name, name)
    return b"".join(_ended(lines))


def _lines(data: bytes) -> list[bytes]:
    return io.BytesIO(data).readlines()  # at LF alone: splitlines would also cut at a lone CR


def _ended(lines: Iterable[bytes]) -> Iterable[bytes]:
    for line in lines:
        yield line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"
