"""Copies at catalogue scale: the join over 10^4 and 10^5 recordings (and 10^6), and a look-up against the index.

The recordings are invented (`benchmarks.invented`): their keys coincide as often as those of real music. What depends
on one or two recordings alone is measured once, on music that is made here, and multiplied: keys out of a fingerprint,
and the full comparison of two. For 10^8, one range of keys is made as dense as it would be there. ``--million`` adds
10^6 (some 20 GB of scratch, ten minutes of one core for the join and as long for the index); ``--copies-of-one`` joins
two million copies of one file.

A look-up is charged what it would pay for real music besides: the keys of its fingerprint, and each comparison. What a
stranger costs differs much from track to track, and no music that is drawn is like it (notes on one grid of time and
of pitch coincide too often); so it is drawn from costs that were measured on real tracks, as multiples of the cost of
keys that is measured here and now.
"""

import contextlib
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIZES = (10_000, 100_000)
MILLION = 1_000_000
QUERIES = 1000
COPIES = 0.05  # of the queries
DOLLARS_A_CORE_HOUR = 0.04
FAR = 100_000_000

# 2,493 pairs of full-length tracks of game music, each drawn as likely as it is long, as those are that share keys by
# chance: shares of the pairs, and what a comparison takes, in times of the keys of a drawn recording of three minutes.
STRANGERS = (
    (0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.996, 0.999, 1),
    (0.3, 0.93, 1.23, 1.69, 2.45, 3.69, 4.92, 6.61, 7.52, 8.7, 54.0),
)


def main() -> None:
    """Measure every size in a process of its own, and print the tables."""
    sizes = [*SIZES, *([MILLION] if "--million" in sys.argv else [])]
    single = _child("single", 0)
    print(
        f"\nOne recording, 180 s: keys {single['keys_ms']:.1f} ms, paired {single['paired_ms']:.1f} ms; "
        f"full comparison with a copy {single['compare_ms']:.1f} ms, with a stranger {single['stranger_ms']:.1f} ms"
    )
    joins = {size: _child("join", size) for size in sizes}
    _print_joins(joins)
    far = {kind: _child("far", FAR, kind) for kind in ("six", "paired")}
    _print_far(far)
    _print_projection(joins, single, far["paired"])
    _print_lookups({size: _child("look", size) for size in sizes})
    if "--copies-of-one" in sys.argv:
        _print_joins({2 * MILLION: _child("copies", 2 * MILLION)})


def _child(what: str, size: int, *more: str) -> dict[str, Any]:
    """Run one measurement in its own process, so that its peak of memory is its own."""
    command = [sys.executable, "-P", "-m", "benchmarks.duplicates", what, str(size), *more]
    found: dict[str, Any] = json.loads(subprocess.check_output(command).splitlines()[-1])
    return found


def measure(what: str, size: int, folder: str = "") -> dict[str, Any]:
    """Do one measurement: single, join, copies, look; ask, in the folder that look made; far, with a kind of keys."""
    if what == "single":
        return _single()
    if what == "ask":
        return _ask(Path(folder), size)
    if what == "far":
        with tempfile.TemporaryDirectory(prefix="liner-bench-", dir=os.environ.get("LINER_BENCH_DIR")) as name:
            return _far(Path(name), folder)
    with tempfile.TemporaryDirectory(prefix="liner-bench-", dir=os.environ.get("LINER_BENCH_DIR")) as name:
        steps: dict[str, Callable[[Path, int], dict[str, Any]]] = {"join": _join, "copies": _copies, "look": _look}
        return steps[what](Path(name), size)


def _single() -> dict[str, Any]:
    import soxr  # noqa: PLC0415

    from benchmarks.fingerprint import RATE, _music  # noqa: PLC0415
    from classifiers.fingerprint import aligned, pack, unpack  # noqa: PLC0415
    from classifiers.landmarks import LandmarkFinder  # noqa: PLC0415
    from classifiers.matching import Recording  # noqa: PLC0415
    from pipeline.duplicates.keys import paired_keys, wide_keys  # noqa: PLC0415

    def print_of(sound: np.ndarray) -> bytes:
        finder = LandmarkFinder(RATE)
        finder.push(np.ascontiguousarray(sound, np.float32))
        return pack(finder.landmarks()) or b""

    sound, other = (_music(seed).mean(axis=1) for seed in (7, 8))
    own, copy = print_of(sound), print_of(soxr.resample(sound, RATE * 1.07, RATE))
    stranger = print_of(other)
    return {
        "keys_ms": _ms(lambda: wide_keys(own)),
        "paired_ms": _ms(lambda: paired_keys(own)),
        "compare_ms": _ms(lambda: aligned(Recording(unpack(copy)), Recording(unpack(own)))),
        "stranger_ms": _ms(lambda: aligned(Recording(unpack(stranger)), Recording(unpack(own)))),
    }


def _ms(work: Callable[[], object], times: int = 20) -> float:
    work()
    began = time.process_time()
    for _ in range(times):
        work()
    return 1000 * (time.process_time() - began) / times


def _join(folder: Path, size: int) -> dict[str, Any]:
    from benchmarks import invented  # noqa: PLC0415
    from pipeline.duplicates.flow import Plan, find_duplicates  # noqa: PLC0415

    copies = invented.write_lake(folder / "lake", size)
    plan = Plan(folder / "lake", workers=2, keys_of=invented.keys_of, compare=invented.are_one)
    return {**find_duplicates(plan), "copies": copies}


def _copies(folder: Path, size: int) -> dict[str, Any]:
    """Join copies of one file: nine of ten are equal to the sample, the tenth went through an encoder of its own."""
    from benchmarks import invented  # noqa: PLC0415
    from pipeline.duplicates.flow import Plan, find_duplicates  # noqa: PLC0415
    from pipeline.lake import Lake  # noqa: PLC0415

    lake = Lake(folder / "lake")
    for start in range(0, size, invented.PART_ROWS):
        rows = list(invented._rows(range(start, min(start + invented.PART_ROWS, size)), size))  # noqa: SLF001
        for number, row in enumerate(rows, start):
            row["signal_hash"] = "one" if number % 10 else row["recording_key"]
            seed = 1 if number % 10 else number + 1
            row["fingerprint"] = invented._FORM.pack(b"i", seed, 1, 0.3)  # noqa: SLF001
        lake.write("fingerprints", rows, f"data-{start:012}.parquet")
    plan = Plan(folder / "lake", workers=2, keys_of=invented.keys_of, compare=invented.are_one)
    return {**find_duplicates(plan), "copies": size - 1}


def _look(folder: Path, size: int) -> dict[str, Any]:
    """Make the index of a whole lake, then ask it in a process of its own."""
    from benchmarks import invented  # noqa: PLC0415
    from pipeline import indexing  # noqa: PLC0415

    invented.write_lake(folder, size)
    began, cpu = time.monotonic(), time.process_time()
    indexing.make_anew(folder, invented.keys_of)
    built = {"build_s": time.monotonic() - began, "build_cpu_s": time.process_time() - cpu}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**built, "build_rss_mb": peak, **_child("ask", size, str(folder))}


def _ask(folder: Path, size: int) -> dict[str, Any]:
    """Add, commit and look up `QUERIES` uploads, a fifth of them while the index is not in the system's cache.

    Every upload pays for its keys and its comparisons what they cost of real music.
    """
    from benchmarks import invented  # noqa: PLC0415
    from pipeline.catalogue import Catalogue  # noqa: PLC0415
    from pipeline.compare import Comparer  # noqa: PLC0415

    rng = np.random.default_rng(1)
    waits: dict[str, list[tuple[float, float]]] = {"cold": [], "warm": [], "copy": []}
    found = 0
    single = _single()
    with contextlib.closing(Catalogue(folder, _paid_keys(invented.keys_of, single))) as catalogue:
        comparer = Comparer(catalogue, _paid(invented.are_one, single))
        for number in range(QUERIES):
            if number in (0, QUERIES // 5):
                for file in folder.glob("catalogue.sqlite*"):
                    (_remember if number else _forget)(file)
            is_copy = number >= QUERIES // 5 and rng.random() < COPIES
            sound = invented.upload(number, size, 1 + int(rng.integers(0, size)) if is_copy else None)
            began, cpu = time.perf_counter(), time.process_time()
            known = comparer.arrive(sound)
            wait = time.perf_counter() - began, time.process_time() - cpu
            waits["copy" if is_copy else "cold" if number < QUERIES // 5 else "warm"].append(wait)
            found += is_copy and bool(known.matches)
        held = catalogue.contents()
    figures = {
        f"{kind}{what}_p{q}": 1000 * float(np.percentile([wait[at] for wait in values], q))
        for kind, values in waits.items()
        for at, what in enumerate(("", "_cpu"))
        for q in (50, 99)
    }
    counts = {"copies": len(waits["copy"]), "found": found, "keys": held.keys, "size_mb": held.size / 1e6}
    return {**figures, **counts, "own_mb": _memory_mb("RssAnon"), "mapped_mb": _memory_mb("RssFile")}


def _memory_mb(kind: str) -> float:
    """Read from the system what this process holds: RssAnon is its own, RssFile the pages of files it looked at."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{kind}:"))


def _far(folder: Path, kind: str) -> dict[str, Any]:
    """Do Join and Count on one range as it would be at `FAR` recordings: keys as dense, numbers as many."""
    from benchmarks.invented import KINDS  # noqa: PLC0415
    from pipeline.duplicates import flow, join, packing  # noqa: PLC0415
    from pipeline.duplicates.shares import About, Share  # noqa: PLC0415

    keys = KINDS[kind]
    ranges = min(flow.MAX_RANGES, packing.ranges_for(FAR * keys.indexed))
    count, different = FAR * keys.indexed // ranges, round(keys.different / ranges)
    rng = np.random.default_rng(0)
    drawn = packing.scattered(rng.integers(0, different, count)) // np.uint64(ranges)
    postings = packing.postings(drawn, rng.integers(0, FAR, count))
    np.lib.format.open_memmap(folder / "about.npy", "w+", About.DTYPE, (FAR,))  # holes, no disk
    about = About([Share(0, (), 0, FAR)], [str(folder / "about.npy")])
    cpu = [time.process_time()]
    joined = join.join(postings, about, folder / "pairs.npy")
    cpu.append(time.process_time())
    pairs = np.load(joined.pairs)
    join.count(pairs, about, folder / "candidates.npy")
    cpu.append(time.process_time())
    keys_of_two = keys.by_chance / 2 + keys.indexed**2 / 2**packing.KEY_BITS
    return {
        "ranges": ranges, "postings": FAR * keys.indexed, "recordings_a_key": FAR * keys_of_two / keys.indexed,
        "hot_share": joined.hot_postings / count, "pairs": joined.count * ranges,
        "by_chance": FAR * keys_of_two**2 / 2, "scratch_tb": (count + joined.count) * ranges * 8 / 1e12,
        "core_hours": (cpu[2] - cpu[0]) * ranges / 3600, "own_mb": _memory_mb("VmHWM"),
    }  # fmt: skip


def _paid(truth: Callable[[bytes, bytes], Any], single: dict[str, Any]) -> Callable[[bytes, bytes], Any]:
    """Answer from the truth, but take the time that a full comparison takes: of copies, or of strangers as drawn."""
    rng = np.random.default_rng(2)

    def compare(query: bytes, reference: bytes) -> Any:
        began, found = time.process_time(), truth(query, reference)
        stranger_ms = single["keys_ms"] * float(np.interp(rng.random(), *STRANGERS))
        _pay(began, single["compare_ms"] if found else stranger_ms)
        return found

    return compare


def _paid_keys(keys_of: Callable[[bytes | None], Any], single: dict[str, Any]) -> Callable[[bytes | None], Any]:
    """Draw keys, but take the time that those of a real fingerprint take."""

    def paid(fingerprint: bytes | None) -> Any:
        began, keys = time.process_time(), keys_of(fingerprint)
        _pay(began, single["keys_ms"])
        return keys

    return paid


def _pay(began: float, cost_ms: float) -> None:
    while time.process_time() - began < cost_ms / 1000:
        pass


def _forget(file: Path) -> None:
    """Ask the system to drop a file from its cache."""
    descriptor = os.open(file, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def _remember(file: Path) -> None:
    """Read a file into the system's cache."""
    with file.open("rb") as source, Path(os.devnull).open("wb") as sink:
        shutil.copyfileobj(source, sink)


def _print_joins(joins: dict[int, dict[str, Any]]) -> None:
    rows = (
        ("seconds", "seconds"), ("CPU seconds", "cpu_seconds"), ("peak memory of a process, MB", "peak_rss_mb"),
        ("through the scratch folder, MB", "shuffle_mb"), ("postings", "postings"), ("hot keys", "hot_keys"),
        ("pairs that share a key", "pairs"), ("candidates", "candidates"), ("sifted", "sifted"),
        ("full comparisons", "compared_pairs"), ("copies planted", "copies"), ("in clusters", "in_clusters"),
        ("largest cluster", "largest_cluster"), ("equal to the sample", "twins"),
    )  # fmt: skip
    print("\nJoin on two workers" + "".join(f"{size:>16,}" for size in joins))
    for label, key in rows:
        print(f"  {label:32}" + "".join(f"{found[key]:>16,.0f}" for found in joins.values()))
    for low, high in zip(list(joins), list(joins)[1:], strict=False):
        for key in ("cpu_seconds", "seconds", "shuffle_mb", "pairs"):
            growth = math.log(joins[high][key] / joins[low][key]) / math.log(high / low)
            print(f"  growth {low:,} to {high:,}, {key:14} n^{growth:.2f}")


def _print_projection(joins: dict[int, dict[str, Any]], single: dict[str, Any], far: dict[str, Any]) -> None:
    """Say what `FAR` recordings would cost: what grows with recordings, and what with pairs of them."""
    size, last = max(joins), joins[max(joins)]
    scale = FAR / size
    steps = (
        ("paired keys from fingerprints (linear)", FAR * single["paired_ms"] / 3.6e6),
        ("the rest of the join (linear, by postings)", last["cpu_seconds"] * far["postings"] / last["postings"] / 3600),
        ("pairs: Join and Count of one range, times all", far["core_hours"]),
        ("comparisons, as many a recording", last["compared_pairs"] * scale * single["compare_ms"] / 3.6e6),
    )
    print(f"\nProjected to {FAR:,}, at {DOLLARS_A_CORE_HOUR} dollars a core-hour")
    for label, hours in (*steps, ("together", sum(hours for _, hours in steps))):
        print(f"  {label:48} {hours:>8,.0f} core-hours {hours * DOLLARS_A_CORE_HOUR:>8,.1f} dollars")


def _print_far(found: dict[str, dict[str, Any]]) -> None:
    rows = (
        ("ranges", "ranges", 0), ("postings", "postings", 0), ("recordings that have a key", "recordings_a_key", 1),
        ("postings of hot keys, share", "hot_share", 3), ("pairs that share a key", "pairs", 0),
        ("chance candidates a recording", "by_chance", 3), ("postings and pairs in scratch, TB", "scratch_tb", 2),
        ("Join and Count, core-hours", "core_hours", 1), ("memory of one range, MB", "own_mb", 0),
    )  # fmt: skip
    print(f"\nOne range at the density of {FAR:,}, times all ranges" + "".join(f"{kind:>24}" for kind in found))
    for label, key, digits in rows:
        print(f"  {label:36}" + "".join(f"{figures[key]:>24,.{digits}f}" for figures in found.values()))


def _print_lookups(looks: dict[int, dict[str, Any]]) -> None:
    rows = (
        ("unknown sound, p50 ms", "warm_p50"), ("... p99 ms", "warm_p99"), ("... p50 CPU ms", "warm_cpu_p50"),
        ("... p99 CPU ms", "warm_cpu_p99"), ("copy, p50 ms", "copy_p50"), ("... p99 ms", "copy_p99"),
        ("... p50 CPU ms", "copy_cpu_p50"), ("... p99 CPU ms", "copy_cpu_p99"),
        ("not in the cache, p50 ms", "cold_p50"), ("... p99 ms", "cold_p99"),
        ("copies asked", "copies"), ("copies found", "found"), ("on disk, MB", "size_mb"), ("keys", "keys"),
        ("own memory, MB", "own_mb"), ("... pages of files, MB", "mapped_mb"),
        ("made anew, s", "build_s"), ("made anew, CPU s", "build_cpu_s"), ("... memory, MB", "build_rss_mb"),
    )  # fmt: skip
    print("\nAdd, commit, look up" + "".join(f"{size:>15,}" for size in looks))
    for label, key in rows:
        print(f"  {label:32}" + "".join(f"{found[key]:>16,.1f}" for found in looks.values()))


if __name__ == "__main__":
    if len(sys.argv) > 2 and not sys.argv[1].startswith("--"):
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])))
    else:
        main()
