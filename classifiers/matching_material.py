"""Anybody's tracks as test material: the manifest, their sound, their fingerprints, kept for the next time."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classifiers.decode import DecodeError, mixed, openers
from classifiers.fingerprint import pack
from classifiers.landmarks import LandmarkFinder
from classifiers.versions import LANDMARKS
from schemas.csv_files import read_csv
from schemas.errors import AudioUnreadable, InvalidInput

Array = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]

SET, REPORTED = "set", "reported"

_PUSH = 1 << 18


@dataclass(frozen=True)
class Track:
    """A file of the manifest.

    Attributes
    ----------
    name
        Its path as the manifest has it.
    group
        Tracks of one group hold the same sound, wholly or in part; they are no unrelated pair. Never empty.
    half
        ``set`` or ``reported``, where the manifest says so: whether thresholds were set with it in sight.
    """

    path: Path
    name: str
    group: str
    half: str = ""

    @property
    def is_reported(self) -> bool:
        """Whether figures are reported on it. Where the manifest is silent, its group decides, by a hash."""
        if self.half:
            return self.half == REPORTED
        return hashlib.sha256(self.group.encode()).digest()[0] % 2 == 1


def read_manifest(path: Path, root: Path) -> tuple[Track, ...]:
    """Read a CSV manifest with the column path and, if there, group and half.

    Raises
    ------
    InvalidInput
        The file cannot be read, has no rows with a path, or a half that is neither ``set`` nor ``reported``.
    """
    rows = read_csv(path, ["path"])
    cells = [[row.get(column, "") for column in ("path", "group", "half")] for row in rows]
    tracks = {name: Track(root / name, name, group or name, half) for name, group, half in cells if name}
    if unknown := {track.half for track in tracks.values()} - {"", SET, REPORTED}:
        raise InvalidInput(
            f"The manifest {path} has a half that is no half: {', '.join(sorted(unknown))}.",
            mend="Write set or reported, or leave the column out.",
        )
    if not tracks:
        raise InvalidInput(f"The manifest {path} has no row with a path.", mend="Fill in the column path.")
    return tuple(tracks.values())


def load(path: Path, start_s: float = 0.0, end_s: float = np.inf) -> tuple[Array, int]:
    """Decode a stretch of a file to mono [shape=(n,)], with its rate in Hz; raises `AudioUnreadable`."""
    causes = []
    for opener in openers(str(path)):
        try:
            with opener(str(path)) as source:
                source.seek(start_s)
                blocks, samples = [np.zeros(0, np.float32)], 0
                for block in source.blocks():
                    blocks.append(mixed(block))
                    samples += len(block)
                    if samples >= (end_s - start_s) * source.sample_rate_hz:
                        break
                rate = source.sample_rate_hz
                wanted = samples if end_s == np.inf else round((end_s - start_s) * rate)
                return np.concatenate(blocks)[:wanted], rate
        except (DecodeError, OSError) as error:
            causes.append(str(error))
    raise AudioUnreadable(f"{path.name} cannot be decoded: {'; '.join(causes) or 'no such file'}.")


def fingerprint_of(wave: Array, rate: int) -> bytes | None:
    """Fingerprint mono sound [shape=(n,)]."""
    finder = LandmarkFinder(rate)
    for start in range(0, len(wave), _PUSH):
        finder.push(np.ascontiguousarray(wave[start : start + _PUSH]))
    return pack(finder.landmarks())


class Cache:
    """Fingerprints that were made before, in a folder; without one, none are kept.

    Parameters
    ----------
    folder
        It is made when the first one is kept.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def kept(self, about: str, make: Callable[[], bytes]) -> bytes:
        """Look up what was made of something, or make it."""
        if self._folder is None:
            return make()
        place = self._folder / f"{hashlib.sha256(about.encode()).hexdigest()[:32]}.bin"
        if place.is_file():
            return place.read_bytes()
        made = make()
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = place.with_suffix(".part")  # who is interrupted leaves no half of it
        aside.write_bytes(made)
        aside.replace(place)
        return made


def stamp(track: Track) -> str:
    """Say which sound a fingerprint is of, and by which method; raises `OSError` where there is no such file."""
    status = track.path.stat()
    return f"{track.name}\0{status.st_size}\0{status.st_mtime_ns}\0{LANDMARKS}"


def fingerprints(
    tracks: Sequence[Track], cache: Path | None = None, progress: Progress | None = None
) -> dict[str, bytes]:
    """Fingerprint tracks by name; those that cannot be read, or have none, are not in the answer.

    Parameters
    ----------
    cache
        A folder where fingerprints are kept; a file that did not change is not decoded again.
    """
    found: dict[str, bytes] = {}
    held = Cache(cache)
    for done, track in enumerate(tracks, start=1):
        fingerprint = _known(track, held)
        if fingerprint:
            found[track.name] = fingerprint
        if progress:
            progress(done, len(tracks))
    return found


def _known(track: Track, cache: Cache) -> bytes:
    """Look a fingerprint up or make it; empty where the sound has none."""
    try:
        return cache.kept(stamp(track), lambda: fingerprint_of(*load(track.path)) or b"")
    except (OSError, AudioUnreadable):
        return b""
