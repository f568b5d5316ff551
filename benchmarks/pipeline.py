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
FILES = 8
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
    with tempfile.TemporaryDirectory(prefix="liner-bench-") as folder:
        music = Path(folder, "music")
        music.mkdir()
        for number in range(FILES):
            write_sound(music / f"{number:02}.mp3", MINUTES * 60, seed=number)
        decode_s = _decode_cpu(music)
        empty = _scan(Path(folder, "none"), Path(folder, "lake-none"), workers=1)
        one = _scan(music, Path(folder, "lake-1"), workers=1)
        two = _scan(music, Path(folder, "lake-2"), workers=2)
        long = _long_file(Path(folder))
    _print(decode_s, empty, one, two, long)


def write_sound(path: Path, seconds: int, *, seed: int) -> None:
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
    source.mkdir(exist_ok=True)
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


def _print(decode_s: float, empty: dict[str, Any], one: dict[str, Any], two: dict[str, Any], long: Any) -> None:
    listen = one["listen_cpu_seconds"]
    running = one["cpu_seconds"] - empty["cpu_seconds"]
    print(f"\n{FILES} files of {MINUTES} minutes, MP3 stereo 128 kb/s")
    print(f"  decode alone (soundfile)       {decode_s / FILES:7.2f} CPU s a file")
    print(f"  listen (decode and all else)   {listen / FILES:7.2f} CPU s a file, {listen / decode_s:.2f}x decoding")
    print(f"  whole pipeline, running        {running / FILES:7.2f} CPU s a file, {running / decode_s:.2f}x decoding")
    print(f"  whole pipeline, with its start {one['cpu_seconds'] / FILES:7.2f} CPU s a file")
    print(f"  share that is not listening    {100 * (running - listen) / running:7.1f} %")
    print(f"  one worker {one['seconds']:.1f} s, two {two['seconds']:.1f} s: {one['seconds'] / two['seconds']:.2f}x")
    print(
        f"  peak memory                    {one['peak_rss_mb']:7.0f} MB, listener {one['listener_peak_rss_mb']:.0f} MB"
    )
    print(f"  {LONG_HOURS}-hour file: {long['seconds']:.0f} s, {long['peak_rss_mb']:.0f} MB, listener ", end="")
    print(f"{long['listener_peak_rss_mb']:.0f} MB")
