"""CSV as people's programs write it: UTF-8 with a mark or without, UTF-16; commas, semicolons or tabs."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from schemas.errors import InvalidInput

MAX_FIELD = 1024 * 1024  # characters of one field; a longer one is no table
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MEND = "Save the table as CSV in UTF-8."


def encoding_of(head: bytes) -> str:
    """Tell a table's encoding by its first bytes.

    Examples
    --------
    >>> encoding_of(b"path,label"), encoding_of("path".encode("utf-16"))
    ('utf-8-sig', 'utf-16')
    """
    return "utf-16" if head[:2] in _UTF16 else "utf-8-sig"


def delimiter_of(header: str) -> str:
    r"""Tell what separates columns, by the line that names them.

    Examples
    --------
    >>> delimiter_of("path;label;source"), delimiter_of("path")
    (';', ',')
    """
    return max(",;\t", key=header.count)


@contextmanager
def open_csv(path: Path, *, errors: str = "strict") -> Iterator[tuple[TextIO, str]]:
    """Open a table at its first line, with its delimiter."""
    csv.field_size_limit(MAX_FIELD)
    with path.open("rb") as file:
        encoding = encoding_of(file.read(2))
    with path.open(encoding=encoding, errors=errors, newline="") as stream:
        delimiter = delimiter_of(stream.readline(MAX_FIELD))
        stream.seek(0)
        yield stream, delimiter


def read_csv(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """Read a table whose first line names its columns: stripped cells by column, empty where a row ends early.

    Raises
    ------
    InvalidInput
        The file cannot be read, has no rows, or lacks a needed column.
    """
    try:
        with open_csv(path) as (stream, delimiter):
            reader = csv.DictReader(stream, delimiter=delimiter, restkey="")
            columns = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = columns
            rows = [{name: row[name] or "" for name in columns} for row in reader]
    except UnicodeDecodeError as error:
        raise InvalidInput(f"The manifest {path} is not text in UTF-8.", mend=_MEND) from error
    except (OSError, csv.Error) as error:
        raise InvalidInput(f"The manifest {path} cannot be read: {error}.", mend=_MEND) from error
    if missing := [name for name in needed if name not in columns]:
        found = ", ".join(filter(None, columns[:12])) or "none"
        raise InvalidInput(
            f"The manifest {path} has no column {', '.join(missing)} (columns: {found}).",
            mend=f"Its first line names the columns: {', '.join(needed)}.",
        )
    if not rows:
        raise InvalidInput(f"The manifest {path} names columns and has no rows.", mend="Add a row for each file.")
    return [{name: cell.strip() for name, cell in row.items()} for row in rows]
