#!/usr/bin/env python3
"""Fetch full-length music from Debian's game packages into a cache: test material for `liner evaluate duplicates`.

Needs a Debian or Ubuntu machine (apt-get, dpkg-deb) and liner's environment:

    .venv/bin/python scripts/fetch_tracks.py [--cache DIR] [--max-gb 9] [--min-seconds 45]

Packages are downloaded, their sound files of at least that length are kept, the rest is thrown away. Tracker modules
are played once into a FLAC file where openmpt123 is installed (Debian has it under that name), else passed over. A
package that was fetched before is not fetched again. The cache then holds `manifest.csv` (path, group, seconds, half;
tracks of one group hold the same sound, thresholds were set with those of the half `set` in sight) and `left-out.csv`
(files that were left out, and which kept file they equal).
The music stays under its own licences: see /usr/share/doc/PACKAGE/copyright inside each package.
"""

import argparse
import csv
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import av

SOUNDS = {".ogg", ".oga", ".opus", ".mp3", ".flac", ".wav", ".m4a"}
MODULES = {".mod", ".xm", ".it", ".s3m", ".mtm", ".med", ".okt", ".stm", ".mo3"}
ARCHIVES = {".pk3", ".pk4", ".zip", ".love"}  # games keep their music in zip files under such names
_MIN_BYTES = 150_000  # less than 45 s at 32 kbit/s
_MAX_BYTES = 500_000_000
_MAX_MODULE_S = 600  # some never come to an end


def main() -> None:
    """Fetch package after package until all are there or the budget is spent."""
    options = _options()
    tracks = options.cache / "tracks"
    tracks.mkdir(parents=True, exist_ok=True)
    spent, budget = 0, options.max_gb * 1e9
    halves = _halves()
    for package, size in _sizes(list(halves)):
        target = tracks / package
        if target.exists():
            spent += size
            continue
        if spent + size > budget:
            print(f"{package}: {size / 1e6:.0f} MB would go beyond {options.max_gb} GB; left out")
            continue
        spent += size
        kept = _fetched(package, target, options.min_seconds)
        print(f"{package}: {size / 1e6:.0f} MB, {kept} tracks", flush=True)
    rows, left_out = _sorted_out(tracks, options.min_seconds, halves)
    _write(options.cache / "manifest.csv", ("path", "group", "seconds", "half"), rows)
    _write(options.cache / "left-out.csv", ("path", "same_as"), left_out)
    print(f"{len(rows)} different tracks, {sum(float(r[2]) for r in rows) / 3600:.1f} hours; {len(left_out)} left out")


def _options() -> argparse.Namespace:
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cache", type=Path, default=home / "liner-tracks", help="folder that receives the tracks")
    parser.add_argument("--max-gb", type=float, default=9.0, help="gigabytes of packages to download, at most")
    parser.add_argument("--min-seconds", type=float, default=45.0, help="shortest track that is kept")
    return parser.parse_args()


def _halves() -> dict[str, str]:
    """Read the packages of the list, each with the half that it stands under."""
    halves, half = {}, ""
    for line in Path(__file__).with_name("track_packages.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# half: "):
            half = line[8:]
        elif not line.startswith("#"):
            halves[line] = half
    return halves


def _sizes(packages: list[str]) -> Iterator[tuple[str, int]]:
    """Ask apt for the size of each package that it knows."""
    listing = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", *packages], capture_output=True, text=True, check=False
    )
    sizes, name = {}, ""
    for line in listing.stdout.splitlines():
        if line.startswith("Package: "):
            name = line[9:]
        elif line.startswith("Size: "):
            sizes[name] = int(line[6:])
    missing = sorted(set(packages) - set(sizes))
    if missing:
        print(f"not in this release: {' '.join(missing)}", file=sys.stderr)
    return ((package, sizes[package]) for package in packages if package in sizes)


def _fetched(package: str, target: Path, min_s: float) -> int:
    """Download and unpack one package, keep its long sound files; 0 where that fails."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        work = Path(folder)
        got = subprocess.run(
            ["apt-get", "download", "-q", package], cwd=work, capture_output=True, text=True, check=False
        )
        archive = next(work.glob("*.deb"), None)
        if archive is None:
            print(f"{package}: not downloaded: {got.stderr.strip()[-200:]}", file=sys.stderr)
            return 0
        subprocess.run(["dpkg-deb", "-x", archive, work / "files"], check=True)
        kept = work / "kept"
        kept.mkdir()
        _open_archives(work / "files")
        _render_modules(work / "files")
        found = sorted(p for p in (work / "files").rglob("*") if p.suffix.lower() in SOUNDS and not p.is_symlink())
        for path in found:
            if path.is_file() and path.stat().st_size >= _MIN_BYTES and _seconds(path) >= min_s:
                shutil.move(path, kept / "-".join(path.relative_to(work / "files").parts[-3:]))
        kept.rename(target)  # a package is there whole or not at all
    return len(list(target.iterdir()))


def _open_archives(folder: Path) -> None:
    """Unpack the sound files of zip archives beside them."""
    for path in [p for p in folder.rglob("*") if p.suffix.lower() in ARCHIVES and zipfile.is_zipfile(p)]:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                name = Path(member.filename)
                if _is_wanted(name.suffix.lower(), member.file_size):
                    target = path.with_suffix("") / name.name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(member))


def _is_wanted(suffix: str, size: int) -> bool:
    return suffix in MODULES or (suffix in SOUNDS and _MIN_BYTES <= size <= _MAX_BYTES)


def _render_modules(folder: Path) -> None:
    """Play each tracker module into a FLAC file beside it; nothing where no player is installed."""
    player = shutil.which("openmpt123")
    if player is None:
        return
    for module in sorted(p for p in folder.rglob("*") if p.suffix.lower() in MODULES and not p.is_symlink()):
        play = [player, "--quiet", "--batch", "--render", "--output-type", "flac", "--no-float"]
        subprocess.run(
            [*play, "--samplerate", "44100", "--end-time", str(_MAX_MODULE_S), "--force", module],
            capture_output=True,
            check=False,  # what is no module after all is left out
        )


def _seconds(path: Path) -> float:
    try:
        with av.open(str(path), metadata_errors="ignore") as file:
            return (file.duration or 0) / av.time_base if file.streams.audio else 0.0
    except av.error.FFmpegError:
        return 0.0


def _sorted_out(
    tracks: Path, min_s: float, halves: dict[str, str]
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """List each sound once: files with the same bytes are left out."""
    first: dict[str, str] = {}
    rows: list[tuple[str, ...]] = []
    left_out: list[tuple[str, ...]] = []
    for path in sorted(p for p in tracks.rglob("*") if p.is_file()):
        name = str(path.relative_to(tracks.parent))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in first:
            left_out.append((name, first[digest]))
        elif (seconds := _seconds(path)) >= min_s:
            first[digest] = name
            rows.append((name, digest[:16], f"{seconds:.1f}", halves.get(path.parent.name, "")))
    return rows, left_out


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


if __name__ == "__main__":
    main()
