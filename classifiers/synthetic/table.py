"""The table that a model is fitted on: every file clean and, in copies, changed at random."""

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classifiers.synthetic.attacks import Attack
from classifiers.synthetic.corpus import LabelledFile, read_windows
from classifiers.synthetic.features import extract
from classifiers.synthetic.gate import gate_features
from classifiers.synthetic.voice import voice_features
from classifiers.synthetic.windows import SHORTEST_S, Window, to_analysis
from schemas.errors import AudioUnreadable

SAMPLED = {"ai": 4, "human": 2}  # files of a source that are attacked
PITCHED = 2  # the number of the copy whose pitch alone is changed: it hides most, and needs to be seen often
CODED = 3  # of the one that only goes through AAC: at low rates it leaves holes as still as a decoder's lines
BUZZING = 4  # of the one with a mains buzz: still lines at even spacing that no decoder made
SPED = 5  # of the one that is at another speed half of the time, and goes through AAC
BUZZ_DB = (25.0, 50.0)  # under the music
MOST_SPEED = 6.0  # per cent
BIT_RATES_KBPS = {"mp3": (64, 96, 128, 192), "opus": (48, 64, 96), "aac": (64, 96, 128)}
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Table:
    """What was measured.

    Attributes
    ----------
    files
        One for each row.
    features : np.ndarray [shape=(1 + copies, rows, features)]
        The clean files first.
    gate, voice : np.ndarray [shape=(rows, gate or voice features)]
        Of the clean files.
    skipped
        Paths that gave no window, with the reason.
    """

    files: tuple[LabelledFile, ...]
    features: npt.NDArray[np.float32]
    gate: npt.NDArray[np.float32]
    voice: npt.NDArray[np.float32]
    skipped: tuple[tuple[str, str], ...]


def measure_table(files: Sequence[LabelledFile], root: Path, *, copies: int, progress: Progress | None = None) -> Table:
    """Measure one window of each file, and ``copies`` changed copies of it.

    Both classes meet the same changes, drawn by the file's path: what a codec or a filter does must not
    tell the classes apart.
    """
    kept: list[LabelledFile] = []
    rows: list[npt.NDArray[np.float32]] = []
    gates: list[npt.NDArray[np.float64]] = []
    voices: list[npt.NDArray[np.float64]] = []
    skipped: list[tuple[str, str]] = []
    for number, file in enumerate(files, start=1):
        try:
            window = _middle(read_windows(root / file.path))
            rows.append(np.stack([_features(window), *(_features(_changed(window, file, i)) for i in range(copies))]))
            wave = to_analysis(window.samples, window.sample_rate_hz)
            gates.append(gate_features(wave))
            voices.append(voice_features(wave))
            kept.append(file)
        except AudioUnreadable as error:
            skipped.append((file.path, error.message))
        if progress:
            progress(number, len(files))
    features = np.stack(rows, axis=1) if rows else np.zeros((1 + copies, 0, 0), dtype=np.float32)
    gate, voice = (np.array(part, dtype=np.float32) for part in (gates, voices))
    return Table(tuple(kept), features, gate, voice, tuple(skipped))


def sample_rows(files: Sequence[LabelledFile]) -> npt.NDArray[np.int64]:
    """Choose the first few music files of every source: enough to see what an attack does."""
    seen: Counter[str] = Counter()
    chosen = []
    for row, file in enumerate(files):
        if file.label in ("ai", "human") and seen[file.source] < SAMPLED[file.label]:
            seen[file.source] += 1
            chosen.append(row)
    return np.array(chosen, dtype=np.int64)


def measure_attacked(files: Sequence[LabelledFile], root: Path, attacks: Sequence[Attack]) -> npt.NDArray[np.float32]:
    """Measure files under attacks [shape=(attacks, files, features)]."""
    rows = []
    for file in files:
        window = _middle(read_windows(root / file.path))
        changed = (attack.apply(window.samples, window.sample_rate_hz) for attack in attacks)
        rows.append([_features(Window(window.start_s, wave, window.sample_rate_hz)) for wave in changed])
    return np.array(rows, dtype=np.float32).swapaxes(0, 1)


def draw_changes(file: LabelledFile, copy: int) -> tuple[Attack, ...]:
    """Draw what happens to one copy: speed or pitch, tone, room, noise, bandwidth, and a codec, or less of it."""
    dice = np.random.default_rng([zlib.crc32(file.path.encode()), copy])
    return PLAIN[copy](dice) if copy in PLAIN else _mixed(dice)


def _mixed(dice: np.random.Generator) -> tuple[Attack, ...]:
    chance = dice.random(6)
    changes: list[Attack] = []
    if chance[0] < 0.35:
        changes.append(_speed(dice))
    elif chance[0] < 0.5:
        changes.append(Attack("pitch", round(float(dice.uniform(-2, 2)), 2)))
    if chance[1] < 0.3:
        changes.append(Attack("eq", 8.0))
    if chance[2] < 0.1:
        changes.append(Attack("reverb", round(float(dice.uniform(0.2, 1.2)), 2)))
    if chance[3] < 0.2:
        changes.append(Attack("noise", round(float(dice.uniform(15, 40)), 1)))
    if chance[4] < 0.2:
        changes.append(Attack("lowpass", float(dice.integers(2500, 7500))))
    if chance[5] < 0.5 or not changes:
        codec = str(dice.choice(sorted(BIT_RATES_KBPS)))
        changes.append(Attack(codec, float(dice.choice(BIT_RATES_KBPS[codec]))))
    return tuple(changes)


def _speed(dice: np.random.Generator) -> Attack:
    return Attack("speed", round(float(dice.uniform(-MOST_SPEED, MOST_SPEED)), 2))


def _aac(dice: np.random.Generator) -> Attack:
    return Attack("aac", float(dice.choice(BIT_RATES_KBPS["aac"])))


PLAIN: dict[int, Callable[[np.random.Generator], tuple[Attack, ...]]] = {
    PITCHED: lambda dice: (Attack("pitch", round(float(dice.choice([-1, 1]) * dice.uniform(0.5, 1.5)), 2)),),
    CODED: lambda dice: (_aac(dice),),
    BUZZING: lambda dice: (Attack("buzz", round(float(dice.uniform(*BUZZ_DB)), 1)),),
    SPED: lambda dice: (*((_speed(dice),) if dice.random() < 0.5 else ()), _aac(dice)),
}


def _changed(window: Window, file: LabelledFile, copy: int) -> Window:
    samples = _cropped(window, file, copy)
    for change in draw_changes(file, copy):
        samples = change.apply(samples, window.sample_rate_hz)
    return Window(window.start_s, samples, window.sample_rate_hz)


def _cropped(window: Window, file: LabelledFile, copy: int) -> npt.NDArray[np.float32]:
    """Cut a third of the copies short: the number of frames must not tell either."""
    dice = np.random.default_rng([zlib.crc32(file.path.encode()), copy, 1])
    shortest = int(SHORTEST_S * 1.1 * window.sample_rate_hz)
    if dice.random() > 1 / 3 or len(window.samples) <= shortest:
        return window.samples
    length = int(dice.integers(shortest, len(window.samples)))
    first = int(dice.integers(0, len(window.samples) - length + 1))
    return window.samples[first : first + length]


def _features(window: Window) -> npt.NDArray[np.float32]:
    return extract(to_analysis(window.samples, window.sample_rate_hz)).values


def _middle(windows: Sequence[Window]) -> Window:
    if not windows:
        raise AudioUnreadable("It is silent or shorter than five seconds.")
    return windows[len(windows) // 2]
