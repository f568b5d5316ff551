"""Kinds of files by name and first bytes: what of a folder is tried as sound, and what is left alone.

A name that says sound is believed, so that a damaged file is reported. Any other name is asked for its first
bytes: a folder of recordings may hold programs, caches and notes, and each would be a finding about nothing.
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
SOUND_HEAD = re.compile(
    rb"RIFF|RF64|riff|fLaC|OggS|ID3|FORM|caff|\.snd"  # WAV and its large forms, FLAC, Ogg, MP3, AIFF, CAF, AU
    rb"|wvpk|MAC |TTA1|MPCK|MP\+|DSD |FRM8|#!AMR"  # WavPack, Monkey's Audio, True Audio, Musepack, DSD, AMR
    rb"|\x30\x26\xb2\x75|\x1a\x45\xdf\xa3|....ftyp",  # ASF, Matroska, ISO media
    re.DOTALL,
)
HEAD_BYTES = 16


def is_sound(file: Path) -> bool:
    """Whether a file is to be tried as sound: its suffix says so, or else its first bytes."""
    suffix = PurePosixPath(file.name).suffix.lower()
    return suffix in SOUND_SUFFIXES or (suffix not in SIDE_SUFFIXES and _sounds_like(_head(file)))


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
    """Read the first bytes; of what cannot be opened none, unless it must be reported."""
    try:
        with file.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except OSError:
        return b"ID3"  # let the listener say what is wrong with it


def _sounds_like(head: bytes) -> bool:
    return bool(SOUND_HEAD.match(head)) or _is_mpeg(head)


def _is_mpeg(head: bytes) -> bool:
    """Recognise an MPEG or ADTS frame: sync, and a version, layer, bit rate and sample rate that exist."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if layer == 0:  # ADTS: sync of twelve bits
        return head[1] & 0xF6 == 0xF0 and head[2] >> 2 & 15 < 13
    return version != 1 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3
