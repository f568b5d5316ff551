"""What listening costs beside decoding: CPU seconds per three-minute MP3, in one run on one core.

Both sides run in this process, so that neither pays for pipes; the listener's child adds about a
millisecond per file. Times on shared machines wander: read the ratios.
"""

import resource
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from threadpoolctl import threadpool_limits

from classifiers.decode import SoundfileSource, mixed
from classifiers.descriptors import Descriptors
from classifiers.hearing import listen
from classifiers.landmarks import LandmarkFinder
from classifiers.listener import Listener
from classifiers.listening import Limits

SECONDS = 180
RATE = 44_100
ROUNDS = 5
LONG_HOURS = 3

# libsndfile maps 0..1 to 320..32 kbit/s at constant bit rate.
FILES = {"MP3 320k": 0.0, "MP3 128k": 0.7}


def main() -> None:
    """Print the cost table and the memory of a long file."""
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:  # as the listener's child has it
        sound = _music(SECONDS)
        print(f"\nListen, {SECONDS} s stereo; CPU s, lowest of {ROUNDS}; x = times decoding alone")
        print(f"{'':34}" + "".join(f"{name:>18}" for name in FILES))
        paths = [_encoded(Path(folder), name, sound) for name in FILES]
        table = _table(paths)
        for step, costs in table.items():
            cells = (f"{cost:.3f} ({cost / decode:.2f}x)" for cost, decode in zip(costs, table["decode"], strict=True))
            print(f"{step:34}" + "".join(f"{cell:>18}" for cell in cells))
        _print_long(Path(folder), sound)


def _table(paths: list[str]) -> dict[str, list[float]]:
    steps: dict[str, Callable[[str], object]] = {
        "decode": _decode,
        "decode + descriptors": _describe,
        "decode + landmarks": _find_landmarks,
        "Listen: all, with hashes and tags": _listen,
    }
    for step in steps.values():
        step(paths[0])  # imports and tables, paid once per worker
    costs: dict[str, list[list[float]]] = {name: [[] for _ in paths] for name in steps}
    for _ in range(ROUNDS):  # in turns, so that a busy minute falls on all alike
        for name, step in steps.items():
            for path, spent in zip(paths, costs[name], strict=True):
                spent.append(_cost(step, path))
    return {name: [min(spent) for spent in by_path] for name, by_path in costs.items()}


def _cost(step: Callable[[str], object], path: str) -> float:
    before = _cpu_s()
    step(path)
    return _cpu_s() - before


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _decode(path: str) -> None:
    samples, _ = soundfile.read(path, dtype="float32")
    (samples[:, 0] + samples[:, 1]) * np.float32(0.5)


def _describe(path: str) -> None:
    with SoundfileSource(path) as source:
        descriptors = Descriptors(source.sample_rate_hz, source.channels)
        for block in source.blocks():
            descriptors.push(block)
        descriptors.heard()


def _find_landmarks(path: str) -> None:
    with SoundfileSource(path) as source:
        finder = LandmarkFinder(source.sample_rate_hz)
        for block in source.blocks():
            finder.push(mixed(block))
        finder.landmarks()


def _listen(path: str) -> None:
    listen(path, limits=Limits(), progress=lambda _heard_s: None)


def _print_long(folder: Path, sound: np.ndarray) -> None:
    path = folder / "long.flac"
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(LONG_HOURS * 3600 // SECONDS):
            file.write(sound)
    with Listener() as listener:
        listener.listen(str(path))
        status = Path(f"/proc/{listener.pid}/status").read_text()
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    print(f"\nPeak memory of the child over a {LONG_HOURS}-hour FLAC file: {peak_kb / 1024:.0f} MiB")


def _encoded(folder: Path, name: str, sound: np.ndarray) -> str:
    path = folder / f"{name.replace(' ', '-')}.mp3"
    soundfile.write(path, sound, RATE, compression_level=FILES[name], bitrate_mode="CONSTANT")
    return str(path)


def _music(seconds: int) -> np.ndarray:
    """Stereo with what makes decoders work: chords, a melody, noise bursts, some room."""
    rng = np.random.default_rng(7)
    sound = 0.003 * rng.standard_normal((seconds * RATE, 2)).astype(np.float32)
    time = np.arange(RATE) / RATE
    for at in np.arange(0, seconds - 1, 0.25):
        start = int(at * RATE)
        hz = 110 * 2 ** (rng.integers(0, 40) / 12)
        tone = sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, 12)) * np.exp(-4 * time)
        hit = rng.standard_normal(RATE) * np.exp(-25 * time)
        pan = rng.uniform(0.2, 0.8)
        sound[start : start + RATE] += (0.12 * tone)[:, None] * (pan, 1 - pan) + (0.1 * hit)[:, None]
    return np.asarray(0.8 * sound / np.abs(sound).max(), np.float32)
