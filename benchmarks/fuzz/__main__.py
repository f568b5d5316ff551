"""Fuzz every target for its share of the time, and print executions, coverage and crashes as a table.

`python -m benchmarks.fuzz [--minutes 10] [--folder .fuzz] [TARGET ...]`; needs atheris (`make fuzz` installs it).
"""

import argparse
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fuzz.targets import TARGETS

GRACE_S = 300  # for reading the seeds, which is not counted


@dataclass(frozen=True)
class Outcome:
    """What came of fuzzing one target."""

    name: str
    executions: int
    edges: int
    features: int
    crashes: int
    seconds: int

    def row(self) -> str:
        """Write a row of the table."""
        counts = f"{self.executions:,} | {self.edges:,} | {self.features:,}"
        return f"| {self.name} | {counts} | {self.crashes} | {self.seconds} |"


def main() -> None:
    """Run the targets one after the other; exit code 1 if one crashed."""
    parser = argparse.ArgumentParser(prog="benchmarks.fuzz")
    parser.add_argument("--minutes", type=float, default=10, help="for all targets together (default 10)")
    parser.add_argument("--folder", type=Path, default=Path(".fuzz"), help="for seeds, corpus, crashes and logs")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    seconds = max(1, round(options.minutes * 60 / len(names)))
    print("| target | executions | edges | features | crashes | seconds |\n|---|---|---|---|---|---|", flush=True)
    outcomes = []
    for name in names:
        outcomes.append(fuzz(name, seconds, options.folder / name))
        print(outcomes[-1].row(), flush=True)
    print(f"\nCrashes, logs and what was learnt: {options.folder}/TARGET")
    sys.exit(1 if any(one.crashes for one in outcomes) else 0)


def fuzz(name: str, seconds: int, folder: Path) -> Outcome:
    """Fuzz one target in a process of its own, and in another for the time that is left when a crash ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    before, began = _artefacts(folder), time.monotonic()
    executions = edges = features = 0
    while (left := round(seconds - (time.monotonic() - began))) > 0:
        command = [sys.executable, "-P", "-m", "benchmarks.fuzz.one", name, str(left), str(folder)]
        with (folder / "log").open("wb") as log:
            ended = subprocess.run(command, stdout=log, stderr=log, check=False, timeout=left + GRACE_S)
        said = (folder / "log").read_text("utf-8", "replace")
        executions += _last(r"#(\d+)\s", said)
        edges, features = max(edges, _last(r"cov: (\d+)", said)), max(features, _last(r"ft: (\d+)", said))
        if ended.returncode == 0 or not executions:
            break
    return Outcome(name, executions, edges, features, len(_artefacts(folder) - before), seconds)


def _artefacts(folder: Path) -> set[Path]:
    """List the inputs that crashed, took too long or too much memory."""
    return {path for path in folder.iterdir() if path.name.startswith(("crash-", "timeout-", "oom-"))}


def _last(pattern: str, text: str) -> int:
    return int((re.findall(pattern, text) or ["0"])[-1])


if __name__ == "__main__":
    main()
