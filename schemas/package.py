"""A delivery's folder as plain data: names, sizes and times, no file handles.

The walk that fills it (pipeline) refuses symbolic links, archives and whatever leaves the
folder; the rules of the PKG group look at what is here.
"""

import posixpath
import re
from collections.abc import Set as AbstractSet
from enum import StrEnum
from urllib.parse import unquote

from schemas.base import Model
from schemas.errors import UnsafePath
from schemas.release import Message


class Layout(StrEnum):
    """How a delivery is laid out (DDEX ERN-C-SFTP 1.6, clauses 7.2 and 8.1)."""

    BATCH = "batch"  # <P|M|N>_<BatchId>/ with release folders and BatchComplete
    RELEASE = "release"  # one release folder with its message and resources/
    MESSAGE = "message"  # a single message without audio
    SUBMISSION = "submission"  # a JSON submission
    AUDIO = "audio"  # bare sound files


class PackageFile(Model):
    """One file below the delivery's root.

    Attributes
    ----------
    path
        Relative to the root, with ``/``.
    modified_ns
        Modification time, nanoseconds since the epoch.
    refused
        Why it may not be opened (``symbolic link``, ``archive`` ...); None where it may.
    """

    path: str
    size: int
    modified_ns: int
    refused: str | None = None


class Package(Model):
    """A delivery's folder with the messages read from it.

    Attributes
    ----------
    root
        The folder as the user named it.
    marker
        The completion marker's relative path, if there is one.
    messages
        Release messages, each with ``path`` relative to the root.
    manifest
        The batch's ManifestMessage, if it could be read.
    """

    root: str
    layout: Layout
    files: tuple[PackageFile, ...] = ()
    marker: str | None = None
    messages: tuple[Message, ...] = ()
    manifest: Message | None = None


SOUND_SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".mp2", ".m4a", ".mp4", ".aac", ".ogg", ".oga", ".opus", ".spx", ".aif", ".aiff", ".aifc"}
    | {".wma", ".caf", ".wv", ".ape", ".mpc", ".tta", ".tak", ".dsf", ".dff", ".mka", ".ac3", ".au", ".w64"}
)
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif"})
ARCHIVE_SUFFIXES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar"})


def resolve(message_path: str, uri: str, present: AbstractSet[str] = frozenset()) -> str:
    """Name the file that a message means, relative to the delivery's root.

    Parameters
    ----------
    message_path
        The message's path relative to the root.
    uri
        The file's URI as the message writes it; relative to the message's folder.
    present
        The delivery's files; decides between readings (percent-encoded or not, in ``resources/`` or
        beside the message), since senders differ.

    Raises
    ------
    UnsafePath
        The URI is absolute, leaves the message's folder or names an archive.
    """
    folder = posixpath.dirname(message_path)
    readings = [_safe(uri, reading) for reading in dict.fromkeys((uri, unquote(uri)))]
    candidates = [posixpath.join(folder, part, r) for r in readings for part in ("", "resources")]
    return next((c for c in candidates if c in present), candidates[0])


def _safe(uri: str, reading: str) -> str:
    path = posixpath.normpath(reading.replace("\\", "/").strip()) if reading.strip() else ""
    refusal = _refusal(path, reading)
    if refusal:
        raise UnsafePath(f"{uri!r} {refusal}.", mend="Name a plain file in the release folder by a relative path.")
    return path


def _refusal(path: str, reading: str) -> str | None:
    if not path or path == ".":
        return "names no file"
    if not path.isprintable():
        return "holds control characters"
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", reading.strip()):
        return "is an absolute path or address"
    if path == ".." or path.startswith("../"):
        return "leaves the release folder"
    if posixpath.splitext(path)[1].lower() in ARCHIVE_SUFFIXES:
        return "is an archive"
    return None
