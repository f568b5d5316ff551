"""Kinds of files by name and first bytes: what of a folder is tried as sound, and what is left alone.

A name that says sound is believed, so that a damaged file is reported. Under any other name the first bytes are
asked: what looks like text, a program or a document is left alone, for each would be a finding about nothing;
all else is tried, so that no recording under an odd name is lost.
"""

import os
import re
import stat
from pathlib import Path, PurePosixPath

from schemas.package import ARCHIVE_SUFFIXES, PICTURE_SUFFIXES, SOUND_SUFFIXES

MANIFEST_SUFFIXES = frozenset({".csv", ".tsv", ".parquet"})
SIDE_SUFFIXES = frozenset(
    {*PICTURE_SUFFIXES, *MANIFEST_SUFFIXES, ".xml", ".xsd", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".ini"}
    | {".md", ".txt", ".rst", ".pdf", ".html", ".htm", ".log", ".doc", ".docx", ".xls", ".xlsx", ".py", ".db"}
    | {".cue", ".m3u", ".m3u8", ".nfo", ".sfv", ".md5", ".sha1", ".sha256", ".lrc", ".srt", ".vtt"}
)  # what lies beside sound files and is none
OTHER_HEAD = re.compile(
    rb"\x7fELF|MZ|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe|..\r\n|#!"  # programs, byte code, scripts
    rb"|\x89PNG|\xff\xd8\xff|GIF8|BM|%PDF|%!PS|SQLite|PAR1|\x93NUMPY|PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!",
    re.DOTALL,
)  # what the first bytes of everyday files that hold no sound look like
HEAD_BYTES = 512


def is_sound(file: Path) -> bool:
    """Whether a file is to be tried as sound: its suffix says so, or nothing says that it is something else."""
    suffix = PurePosixPath(file.name).suffix.lower()
    return suffix in SOUND_SUFFIXES or (suffix not in SIDE_SUFFIXES and not _is_something_else(_head(file)))


def refusal(name: str, mode: int) -> str | None:
    """Say why an entry of a folder is not opened; None where it may be.

    Parameters
    ----------
    name
        As the system gives it; bytes that are no UTF-8 come as lone surrogates.
    mode
        ``st_mode`` of the entry itself, links not followed.
    """
    if not is_utf8(name):
        return "its name is not UTF-8"
    if stat.S_ISLNK(mode):
        return "symbolic link"
    if stat.S_ISDIR(mode):
        return None
    if not stat.S_ISREG(mode):
        return "not a plain file"
    return "archive" if PurePosixPath(name).suffix.lower() in ARCHIVE_SUFFIXES else None


def is_utf8(name: str) -> bool:
    """Whether a name can be written down: in messages, in the lake and as JSON."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def writable(name: str) -> str:
    r"""Write a name so that it can be stored and shown: bytes that are no UTF-8 as ``\xff``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _head(file: Path) -> bytes:
    """Read the first bytes; of what cannot be opened none."""
    try:
        with file.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except OSError:
        return b"\0"  # let the listener say what is wrong with it


def _is_something_else(head: bytes) -> bool:
    return bool(OTHER_HEAD.match(head)) or _is_text(head)


def _is_text(head: bytes) -> bool:
    """Recognise UTF-8 text without control characters, and nothing at all; the last character may be cut."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter in "\t\n\r\f\x1b" for letter in text)
