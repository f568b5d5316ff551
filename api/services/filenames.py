"""Names of uploaded files: what may become a file name on any machine, and what is refused."""

import re
import unicodedata
from pathlib import PurePosixPath

from schemas.errors import UnsafePath

MAX_NAME_BYTES = 200
RESOURCES = "resources"
MESSAGE_SUFFIXES = {".xml", ".json", ".csv", ".xlsx"}
_FORBIDDEN = re.compile(r'[<>:"|?*\\/]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, bidi marks, surrogates, line separators ...
_MARKER = re.compile(r"batchcomplete|.*\.complete$|ack_", re.IGNORECASE)


def safe_name(name: str) -> str:
    """Give a file's name back if it is one on every machine.

    ``resources/`` before it is dropped: messages name their files that way.

    Raises
    ------
    UnsafePath
        Folders, a hidden or reserved name, characters that are not to be seen, or too long.
    """
    bare = name.removeprefix(f"{RESOURCES}/")
    problem = _problem(bare)
    if problem:
        shown = name[:80].encode("unicode_escape").decode()
        raise UnsafePath(f"The file name '{shown}' {problem}.", mend="Use letters, digits, blanks, - _ and .")
    return bare


def message_name(name: str) -> str:
    """Give the message's name back: an XML message or a JSON submission, and no marker."""
    safe = safe_name(name)
    if PurePosixPath(safe).suffix.lower() not in MESSAGE_SUFFIXES or _MARKER.match(safe):
        raise UnsafePath(f"The message's name '{safe}' is none.", mend="Name it e.g. message.xml or release.json.")
    return safe


def audio_name(name: str) -> str:
    """Give a sound file's name back: no message, which would be read as one, and no marker."""
    safe = safe_name(name)
    if PurePosixPath(safe).suffix.lower() in MESSAGE_SUFFIXES or _MARKER.match(safe):
        raise UnsafePath(
            f"The audio file's name '{safe}' is that of a message or marker.", mend="Name it e.g. song.wav."
        )
    return safe


def folded(name: str) -> str:
    """Fold a name so that two that a file system may take for one compare equal."""
    return unicodedata.normalize("NFC", name).casefold()


def _problem(name: str) -> str | None:
    checks = (
        (not name, "is empty"),
        (bool(_FORBIDDEN.search(name)), "has a folder or a character that not every file system takes"),
        (name.startswith("."), "is hidden"),
        (name != name.strip() or name.endswith("."), "begins or ends with a blank or ends with a dot"),
        (any(unicodedata.category(c) in _INVISIBLE for c in name), "has characters that are not to be seen"),
        (bool(_RESERVED.fullmatch(name)), "is reserved on some systems"),
        (len(name.encode(errors="replace")) > MAX_NAME_BYTES, f"is longer than {MAX_NAME_BYTES} bytes"),
    )
    return next((problem for is_wrong, problem in checks if is_wrong), None)
