"""What listening costs beside decoding, and what others cost: one run, one core, one table.

Each contender has a process of its own and they take turns, so that a busy minute falls on all alike. Times on
shared machines wander: read the ratios. essentia is installed into ``.venv/essentia`` when the package index is
reachable; without it its row says how.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from classifiers.listener import Listener

SECONDS = 180
RATE = 44_100
LONG_HOURS = 3
CATALOGUE = 10**8

# On-demand price of a compute-optimised core in large clouds as of 2026-11; a "vCPU" is often half a core.
USD_PER_CORE_HOUR = 0.04

# libsndfile maps 0..1 to 320..32 kbit/s at constant bit rate.
FILES = {"MP3 320k": 0.0, "MP3 128k": 2 / 3}

ROWS = {  # contender: what to call it, and how many rounds
    "decode": ("decode alone (soundfile, (L+R)/2)", 9),
    "descriptors": ("decode + descriptors", 9),
    "fingerprint": ("decode + fingerprint", 9),
    "synthetic": ("decode + synthetic score", 9),
    "listen": ("liner Listen: all, hashes and tags", 9),
    "librosa_shared": ("librosa, one shared spectrum", 3),
    "librosa_naive": ("librosa, naive", 3),
    "essentia": ("essentia MusicExtractor", 3),
}
_HERE = Path(__file__).parent
_ESSENTIA = Path(sys.prefix) / "essentia"


@dataclass
class Costs:
    """What a contender took: CPU seconds per file and round, and its peak memory."""

    cpu_s: dict[str, list[float]] = field(default_factory=dict)
    peak_mb: float = 0.0

    def median_s(self, path: str) -> float:
        """Median over the rounds."""
        return statistics.median(self.cpu_s[path])


def main() -> None:
    """Print the cost table, what a catalogue costs, and the memory of a worker."""
    with tempfile.TemporaryDirectory() as folder:
        sound = _music(SECONDS)
        paths = {name: _encoded(Path(folder), name, sound) for name in FILES}
        costs = _raced(list(paths.values()))
        _print_costs(paths, costs)
        _print_catalogue(paths, costs)
        _print_memory(Path(folder), sound, paths)


def _raced(paths: list[str]) -> dict[str, Costs]:
    costs: dict[str, Costs] = {}
    with _started() as running:
        for name, process in running.items():
            for path in paths:
                _ask(process, path)  # imports, tables and compilation, paid once per worker
            costs[name] = Costs({path: [] for path in paths})
        for turn in range(max(rounds for _, rounds in ROWS.values())):
            for name, process in running.items():
                for path in paths if turn < ROWS[name][1] else ():
                    answer = _ask(process, path)
                    costs[name].cpu_s[path].append(answer["cpu_s"])
                    costs[name].peak_mb = answer["peak_mb"]
    return costs


@contextmanager
def _started() -> Iterator[dict[str, "subprocess.Popen[str]"]]:
    running = {}
    for name in ROWS:
        python = _essentia_python() if name == "essentia" else sys.executable
        if python:
            running[name] = _process(python, name)
    try:
        yield running
    finally:
        for process in running.values():
            process.stdin.close()  # type: ignore[union-attr]
            process.wait()


def _process(python: str, name: str) -> "subprocess.Popen[str]":
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    command = [python, str(_HERE / "contenders.py"), name]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **threads}
    )


def _ask(process: "subprocess.Popen[str]", path: str) -> dict[str, float]:
    process.stdin.write(f"{path}\n")  # type: ignore[union-attr]
    process.stdin.flush()  # type: ignore[union-attr]
    line = process.stdout.readline()  # type: ignore[union-attr]
    if not line.startswith("{"):
        sys.exit(f"{' '.join(map(str, process.args))} ended before its time")  # type: ignore[arg-type]
    answer: dict[str, float] = json.loads(line)
    return answer


def _essentia_python() -> str | None:
    python = _ESSENTIA / "bin" / "python"
    if python.exists():
        return str(python)
    wanted = _HERE / "requirements-essentia.txt"
    steps = (["-m", "venv", str(_ESSENTIA)], None), (["-m", "pip", "install", "--quiet", "-r", str(wanted)], python)
    for arguments, inside in steps:
        done = subprocess.run([inside or sys.executable, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"essentia is left out; for it: {python} -m pip install -r {wanted.name}\n{done.stderr[-200:]}")
            return None
    return str(python)


def _print_costs(paths: dict[str, str], costs: dict[str, Costs]) -> None:
    print(f"\nListen, {SECONDS} s stereo, one core; median CPU s (times decoding alone); peak memory of the process")
    print(f"{'':37}" + "".join(f"{name:>18}" for name in paths) + f"{'MiB':>8}")
    for name, (title, _) in ROWS.items():
        if name not in costs:
            print(f"{title:37}{'not installed':>18}")
            continue
        cells = (f"{costs[name].median_s(p):.3f} ({_ratio(costs, name, p):.2f}x)" for p in paths.values())
        print(f"{title:37}" + "".join(f"{cell:>18}" for cell in cells) + f"{costs[name].peak_mb:>8.0f}")


def _ratio(costs: dict[str, Costs], name: str, path: str) -> float:
    return costs[name].median_s(path) / costs["decode"].median_s(path)


def _print_catalogue(paths: dict[str, str], costs: dict[str, Costs]) -> None:
    print(f"\n{CATALOGUE:.0e} such recordings: core-hours, USD at {USD_PER_CORE_HOUR} a core-hour; reading not counted")
    for name, (title, _) in ROWS.items():
        if name in costs:
            hours = [costs[name].median_s(path) * CATALOGUE / 3600 for path in paths.values()]
            cells = (f"{h:,.0f} h ${h * USD_PER_CORE_HOUR:,.0f}" for h in hours)
            print(f"{title:37}" + "".join(f"{cell:>22}" for cell in cells))


def _print_memory(folder: Path, sound: np.ndarray, paths: dict[str, str]) -> None:
    long = folder / "long.flac"
    with soundfile.SoundFile(long, "w", RATE, 2, "PCM_16") as file:
        for _ in range(LONG_HOURS * 3600 // SECONDS):
            file.write(sound)
    print("\nPeak memory of a listener's child")
    with Listener() as listener:
        for title, path in {**paths, f"{LONG_HOURS} hours of FLAC after it": str(long)}.items():
            listener.listen(path)
            print(f"{title:37}{_peak_mb(listener):>8.0f} MiB")


def _peak_mb(listener: Listener) -> float:
    status = Path(f"/proc/{listener.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


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
