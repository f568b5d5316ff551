"""Where the values of a JSON text stand: JSON pointer (RFC 6901) to line."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.findings import Location

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


@dataclass(slots=True)
class _Container:
    """An object or array that is open: its pointer, and the key or index of the value that comes next."""

    pointer: str
    is_object: bool
    wants_key: bool
    key: str = ""
    index: int = 0

    def next_pointer(self) -> str:
        return f"{self.pointer}/{self.key if self.is_object else self.index}"


def to_pointer(steps: Iterable[str | int]) -> str:
    """Write keys and indexes as a JSON pointer.

    Examples
    --------
    >>> to_pointer(["recordings", 0, "isrc"])
    '/recordings/0/isrc'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def json_lines(text: str) -> dict[str, int]:
    """Find the line, from 1, on which each value of a well-formed JSON text begins.

    Returns
    -------
    dict of str to int
        By JSON pointer; the empty pointer is the whole.
    """
    ends = [match.start() for match in re.finditer("\n", text)]
    lines: dict[str, int] = {}
    open_containers: list[_Container] = []
    for token in _TOKEN.finditer(text):
        word = token[0]
        inside = open_containers[-1] if open_containers else None
        if inside and word in ("}", "]"):
            open_containers.pop()
        elif inside and word == ",":
            inside.wants_key = inside.is_object
            inside.index += 1
        elif inside and word == ":":
            inside.wants_key = False
        elif inside and inside.wants_key:
            inside.key = to_pointer([json.loads(word)])[1:]
        else:
            pointer = inside.next_pointer() if inside else ""
            lines[pointer] = bisect_right(ends, token.start()) + 1
            if word in ("{", "["):
                open_containers.append(_Container(pointer, word == "{", wants_key=word == "{"))
    return lines


class Places:
    """Points to the values of one JSON text."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self._lines = json_lines(text)

    def at(self, steps: Sequence[str | int]) -> Location:
        """Point to a value by keys and indexes; to what encloses it where it is missing."""
        known = (steps[:length] for length in range(len(steps), -1, -1))
        line = next((self._lines[p] for p in map(to_pointer, known) if p in self._lines), 1)
        return Location(path=self.path, line=line, xpath=to_pointer(steps))
