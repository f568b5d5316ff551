"""A delivery's folder as plain data: names, sizes and times, no file handles.

The walk that fills it (pipeline) refuses symbolic links, archives and whatever leaves the
folder; the rules of the PKG group look at what is here.
"""

from enum import StrEnum

from schemas.base import Model
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
