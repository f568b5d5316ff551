"""What a fingerprint costs beside decoding and beside Chromaprint, and what comparing two costs: one run, one core.

fpcalc (Debian: libchromaprint-tools) decodes by itself; essentia's Chromaprinter is looked for in ``.venv/essentia``,
where the listening benchmark puts it. Contenders take turns. Times on shared machines wander: read the ratios.
"""

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from threadpoolctl import threadpool_limits

from classifiers.fingerprint import align, pack
from classifiers.landmarks import LandmarkFinder
from pipeline.duplicates.keys import indexed, wide_keys

SECONDS = 180
RATE = 44_100
ROUNDS = 7
KBPS = {320: 0.0, 128: 2 / 3}  # libsndfile maps 0..1 to 320..32 kbit/s

_ESSENTIA = Path(sys.prefix) / "essentia" / "bin" / "python"
_CHROMAPRINTER = """
import json, resource, sys
import numpy
from essentia.standard import Chromaprinter
sound = numpy.load(sys.argv[1])
cost = []
for _ in range(int(sys.argv[2])):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    Chromaprinter(sampleRate=44100, maxLength=0)(sound)
    cost.append(resource.getrusage(resource.RUSAGE_SELF).ru_utime - before)
print(json.dumps(sorted(cost)[len(cost) // 2]))
"""


def main() -> None:
    """Print the cost table."""
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        for kbps, level in KBPS.items():
            path = str(Path(folder) / f"{kbps}.mp3")
            how = {"format": "MP3", "subtype": "MPEG_LAYER_III", "compression_level": level}
            soundfile.write(path, _music(7), RATE, bitrate_mode="CONSTANT", **how)
            _print_costs(f"MP3 {kbps}k", path, Path(folder))
        _print_comparing()


def _print_costs(title: str, path: str, folder: Path) -> None:
    mono = _decoded(path)
    contenders: dict[str, Callable[[], object]] = {
        "decode alone (soundfile, (L+R)/2)": lambda: _decoded(path),
        "liner fingerprint, from decoded mono": lambda: _fingerprint(mono),
    }
    if fpcalc := shutil.which("fpcalc"):
        # It ends with 3 at the end of a file, its fingerprint being whole.
        command = [fpcalc, "-length", "0", path]
        contenders["fpcalc -length 0, decoding included"] = lambda: subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    costs: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            costs[name].append(_cost(run))
    medians = {name: statistics.median(cost) for name, cost in costs.items()}
    medians |= _essentia(mono, folder)
    decode = next(iter(medians.values()))
    print(f"\n{title}, {SECONDS} s, median CPU s (times decoding alone)")
    for name, median in medians.items():
        print(f"{name:40}{median:.3f} ({median / decode:.2f}x)")


def _essentia(mono: np.ndarray, folder: Path) -> dict[str, float]:
    if not _ESSENTIA.exists():
        return {}
    sound = folder / "mono.npy"
    np.save(sound, mono)
    command = [str(_ESSENTIA), "-c", _CHROMAPRINTER, str(sound), str(ROUNDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {"essentia Chromaprinter, from decoded mono": float(json.loads(done.stdout))}


def _print_comparing() -> None:
    """Compare copies and strangers; each recording is unpacked anew, as where every pair is another."""
    songs = [_music(seed).mean(axis=1) for seed in (7, 8)]
    one, other = (_fingerprint(song) for song in songs)
    copy = _fingerprint(songs[0][: 60 * RATE])
    pairs = {"a stranger": (one, other), "a part of it, 60 s": (copy, one), "itself": (one, one)}
    keys = wide_keys(one)
    print(f"\none fingerprint: {len(one)} bytes, {len(indexed(keys))} keys in an index; median CPU ms")
    print(f"{'keys of a fingerprint':40}{1000 * _median(lambda: wide_keys(one)):.1f}")
    for name, (query, reference) in pairs.items():
        print(f"{'compared with ' + name:40}{1000 * _median(lambda q=query, r=reference: align(q, r)):.1f}")  # type: ignore[misc]


def _median(run: Callable[[], object]) -> float:
    return statistics.median(_cost(run) for _ in range(ROUNDS))


def _cost(run: Callable[[], object]) -> float:
    before = _cpu_s()
    run()
    return _cpu_s() - before


def _cpu_s() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _decoded(path: str) -> np.ndarray:
    samples, _ = soundfile.read(path, dtype="float32")
    return np.asarray((samples[:, 0] + samples[:, 1]) * np.float32(0.5))


def _fingerprint(mono: np.ndarray) -> bytes:
    finder = LandmarkFinder(RATE)
    for start in range(0, len(mono), 1 << 17):  # as much as the decoder hands over at once
        finder.push(mono[start : start + (1 << 17)])
    return pack(finder.landmarks()) or b""


def _music(seed: int) -> np.ndarray:
    """Stereo of chords, a melody and hits."""
    rng = np.random.default_rng(seed)
    sound = 0.003 * rng.standard_normal((SECONDS * RATE, 2)).astype(np.float32)
    time = np.arange(RATE) / RATE
    for at in np.arange(0, SECONDS - 1, 0.25):
        start, hz = int(at * RATE), 110 * 2 ** (rng.integers(0, 40) / 12)
        tone = sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, 12)) * np.exp(-4 * time)
        hit = rng.standard_normal(RATE) * np.exp(-25 * time)
        pan = rng.uniform(0.2, 0.8)
        sound[start : start + RATE] += (0.12 * tone)[:, None] * (pan, 1 - pan) + (0.1 * hit)[:, None]
    return np.asarray(0.8 * sound / np.abs(sound).max(), np.float32)


if __name__ == "__main__":
    main()
