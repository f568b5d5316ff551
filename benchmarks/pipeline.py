"""The whole pipeline beside decoding alone: CPU, one and two workers, peak memory.

The sound is made here: three-minute stereo MP3, 128 kb/s, a slowly changing chord with noise. Each way runs in
a process of its own, so that nothing is warm for the next one.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

RATE_HZ = 44100
MINUTES = 3
FEW, MANY = 2, 14  # files; what the second costs more than the first is what a file costs once all is started
LONG_HOURS = 3

DECODE = """
import sys, resource, soundfile as sf
for path in sys.argv[1:]:
    with sf.SoundFile(path) as sound:
        for block in sound.blocks(65536, dtype="float32"):
            pass
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime)
"""
NOTHING = "import soundfile, resource; used = resource.getrusage(0); print(used.ru_utime + used.ru_stime)"


def main() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory(prefix="liner-bench-") as name:
        folder = Path(name)
        for number in range(MANY):
            for music in [folder / "many"] + [folder / "few"] * (number < FEW):
                music.mkdir(exist_ok=True)
                _write_sound(music / f"{number:02}.mp3", MINUTES * 60, seed=number)
        decode_s = _decode_cpu(folder / "many") / MANY
        runs = {
            (music, workers): _scan(folder / music, folder / f"lake-{music}-{workers}", workers=workers)
            for music in ("few", "many")
            for workers in (1, 2)
        }
        _print(decode_s, runs, _long_file(folder))


def _write_sound(path: Path, seconds: int, *, seed: int) -> None:
    """Write a stereo MP3 in blocks, whatever its length."""
    rng = np.random.default_rng(seed)
    with sf.SoundFile(path, "w", RATE_HZ, 2, format="MP3", subtype="MPEG_LAYER_III") as sink:
        for second in range(seconds):
            t = second + np.arange(RATE_HZ) / RATE_HZ
            tones = 110.0 * 2 ** (rng.integers(0, 36, 5) / 12)
            chord = sum(np.sin(2 * np.pi * tone * t) for tone in tones) / 10
            block = chord[:, None] + rng.normal(0, 0.03, (RATE_HZ, 2))
            sink.write(block.astype(np.float32))


def _decode_cpu(music: Path) -> float:
    paths = [str(p) for p in sorted(music.iterdir())]
    idle = float(subprocess.check_output([sys.executable, "-P", "-c", NOTHING]))
    return float(subprocess.check_output([sys.executable, "-P", "-c", DECODE, *paths])) - idle


def _scan(source: Path, lake: Path, *, workers: int) -> dict[str, Any]:
    command = ["scan", str(source), "--lake", str(lake), "--no-review", "--format", "json", "--workers", str(workers)]
    done = subprocess.check_output([sys.executable, "-P", "-c", "from api.cli import main; main()", *command])
    summary: dict[str, Any] = json.loads(done)
    return summary


def _long_file(folder: Path) -> dict[str, Any]:
    """Screen one very long file; FLAC, because encoding hours of MP3 takes longer than the measurement."""
    source = folder / "long"
    source.mkdir()
    rng = np.random.default_rng(99)
    minute = (np.cumsum(rng.normal(0, 1e-3, (60 * RATE_HZ, 2)), axis=0) % 1 - 0.5).astype(np.float32)
    with sf.SoundFile(source / "long.flac", "w", RATE_HZ, 2, format="FLAC", subtype="PCM_16") as sink:
        for _ in range(LONG_HOURS * 60):
            sink.write(minute)
    return _scan(source, folder / "lake-long", workers=1)


def _print(decode_s: float, runs: dict[tuple[str, int], dict[str, Any]], long: dict[str, Any]) -> None:
    def a_file(key: str, workers: int) -> float:
        return float(runs["many", workers][key] - runs["few", workers][key]) / (MANY - FEW)

    listen, whole = a_file("listen_cpu_seconds", 1), a_file("cpu_seconds", 1)
    start = runs["few", 1]["cpu_seconds"] - FEW * whole
    gain = a_file("seconds", 1) / a_file("seconds", 2)
    peak = {name: runs["many", 2][name] for name in ("peak_rss_mb", "listener_peak_rss_mb")}
    print(f"\n{MINUTES} minutes, MP3 stereo 128 kb/s; CPU seconds a file, from {MANY} files against {FEW}")
    print(f"  decode alone (soundfile)       {decode_s:6.2f}")
    print(f"  listen (decode and all else)   {listen:6.2f}  {listen / decode_s:.2f}x decoding")
    print(f"  whole pipeline                 {whole:6.2f}  {whole / decode_s:.2f}x decoding")
    print(f"  of it not listening            {100 * (whole - listen) / whole:6.1f} %")
    print(f"  start, once a run              {start:6.2f}  imports of listener and catalogue")
    print(f"  two workers                    {gain:6.2f}x one, by the clock")
    print(
        "  peak memory                    {peak_rss_mb:6.0f} MB, listener {listener_peak_rss_mb:.0f} MB".format(**peak)
    )
    print(f"  {LONG_HOURS}-hour FLAC: {long['seconds']:.0f} s, {long['peak_rss_mb']:.0f} MB, listener ", end="")
    print(f"{long['listener_peak_rss_mb']:.0f} MB")
