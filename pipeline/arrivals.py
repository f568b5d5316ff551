"""Arrivals: what is new and complete in a landing zone since the last look.

A folder is complete when its marker is there; a loose file when its size and time stood still from one look to
the next. A delivery that changes after it was taken, a missing file that came late for instance, arrives again;
what of it was screened before is skipped like in any second run.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.landing import DeliveryRef, discover, package_file, package_files
from schemas.errors import InvalidInput
from schemas.package import PackageFile


class Arrivals:
    """Remembers what it has seen in a landing zone, for as long as the process lives.

    Parameters
    ----------
    zone
        The landing folder.
    """

    def __init__(self, zone: Path) -> None:
        self._zone = zone
        self._taken: dict[str, bytes] = {}  # delivery: its state when it was given out
        self._last: dict[str, bytes] = {}  # loose delivery: its state at the last look

    def look(self) -> list[DeliveryRef]:
        """Find the deliveries that are complete and new, or changed, since the last look."""
        states: dict[str, bytes] = {}
        arrived = []
        for ref in self._all():
            key, state = "/".join((ref.root, ref.path, *ref.files)), _state(ref)
            states[key] = state
            is_complete = ref.marker is not None if ref.is_folder else self._last.get(key) == state
            if is_complete and self._taken.get(key) != state:
                self._taken[key] = state
                arrived.append(ref)
        self._last = states
        self._taken = {key: state for key, state in self._taken.items() if key in states}
        return arrived

    def _all(self) -> Iterator[DeliveryRef]:
        try:
            for ref in discover(self._zone, is_zone=True):
                if ref.part == 0:  # a stream has one worker: it takes all shares
                    yield from _single_files(replace(ref, parts=1))
        except InvalidInput:
            return  # the zone itself is gone; it may come back


def _single_files(ref: DeliveryRef) -> Iterator[DeliveryRef]:
    if len(ref.sounds) <= 1:
        yield ref
    for sound in ref.sounds if len(ref.sounds) > 1 else ():
        yield replace(ref, sounds=(sound,))


def _state(ref: DeliveryRef) -> bytes:
    root = Path(ref.root)
    files = package_files(root) if ref.is_folder else tuple(package_file(root, name) for name in ref.files)
    return hashlib.sha256("\n".join(map(_line, files)).encode("utf-8", "surrogateescape")).digest()


def _line(file: PackageFile) -> str:
    return f"{file.path}\0{file.size}\0{file.modified_ns}\0{file.refused}"
