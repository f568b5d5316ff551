"""What odd and broken files cost: every file of a folder through the contained listener, the dearest ones by name.

    python -m benchmarks broken --folder=FOLDER

Bars: each ends in a signal or a finding, none in a crash, none over 5 s of processor time or 500 MB.
"""

import argparse
import os
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from classifiers.listener import Listener
from schemas.errors import AudioLimitExceeded, AudioUnreadable, ListenerCrashed

MOST_S, MOST_BYTES = 5.0, 500_000_000
SHOWN = 5
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """What one file came to."""

    name: str
    outcome: str
    cpu_s: float
    wall_s: float
    peak_bytes: int


def main() -> None:
    """Listen to every file of a folder and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("../shared/broken"))
    folder = parser.parse_known_args()[0].folder
    if not folder.is_dir():
        print(f"broken: there is no folder {folder}")
        return
    with Listener() as listener:
        costs = [_cost(listener, path) for path in sorted(folder.rglob("*")) if _is_sound(path)]
    _tell(costs)
    if any(_is_over(one) for one in costs):
        sys.exit(1)


def _is_sound(path: Path) -> bool:
    return path.is_file() and path.suffix not in {".csv", ".md"}


def _cost(listener: Listener, path: Path) -> Cost:
    listener.start()
    pid, began = listener.pid or 0, time.perf_counter()
    before = _cpu_s(pid)
    try:
        outcome = "heard" if listener.listen(str(path)).heard.signals else "facts alone"
    except (AudioLimitExceeded, ListenerCrashed) as error:
        outcome = type(error).__name__
    except AudioUnreadable:
        outcome = "named as unreadable"
    wall_s = time.perf_counter() - began
    if listener.pid != pid:
        return Cost(path.name, outcome, wall_s, wall_s, 0)
    return Cost(path.name, outcome, _cpu_s(pid) - before, wall_s, _peak_bytes(pid))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _peak_bytes(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(found[1]) * 1024 if found else 0


def _is_over(one: Cost) -> bool:
    broke = one.outcome in (AudioLimitExceeded.__name__, ListenerCrashed.__name__)
    return broke or one.cpu_s > MOST_S or one.peak_bytes > MOST_BYTES


def _tell(costs: list[Cost]) -> None:
    print("\nOdd and broken files")
    for outcome, count in sorted(Counter(one.outcome for one in costs).items()):
        print(f"  {count:5} {outcome}")
    later = sorted(costs[1:], key=lambda one: -one.cpu_s)  # the first file pays for loading the libraries
    for one in later[:SHOWN]:
        print(f"  {one.cpu_s:6.2f} s CPU {one.wall_s:6.2f} s  {one.name}: {one.outcome}")
    peak = max((one.peak_bytes for one in costs), default=0)
    print(f"  {len(costs)} files, {sum(one.cpu_s for one in costs):.1f} s CPU, peak {peak / 1e6:.0f} MB")
