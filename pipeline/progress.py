"""A run's counters and its stop signal, shared by the threads of one process.

Beam copies its DoFns, and its own metrics appear only at the end; so the stages look their counters
up by the run's id. On a remote worker nobody reads them, and they cost nothing.
"""

import resource
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from pipeline.runs import PerRun
from schemas.errors import LinerError
from schemas.screening import Screening

NAMED = 5  # files left alone whose names are kept; the rest is a number

_RUNS: PerRun["Progress"] = PerRun()


@dataclass(slots=True)
class Totals:
    """What a run did so far.

    Attributes
    ----------
    named, read
        Shares of work that the source has named, and that workers have taken up.
    recordings
        Intakes read, skipped ones included.
    not_audio, not_audio_names
        Files that were left alone, as they are no sound; the paths of the first few.
    heard_s
        Seconds of sound listened to.
    listen_cpu_s
        Processor seconds of the listeners' children.
    judged_again
        Screenings that were made of a recording once more, at the end, with the whole run known.
    delivered
        Outcomes of delivery, of both: created, unchanged, refused.
    """

    named: int = 0
    read: int = 0
    recordings: int = 0
    screened: int = 0
    skipped: int = 0
    unreadable: int = 0
    dead_letters: int = 0
    not_audio: int = 0
    not_audio_names: tuple[str, ...] = ()
    heard_s: float = 0.0
    listen_cpu_s: float = 0.0
    flagged: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    judged_again: int = 0
    delivered: Counter[str] = field(default_factory=Counter)


class Progress:
    """Counters that stages add to and a display reads, and the signal to stop."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.failure: LinerError | None = None
        self.began = time.monotonic()
        self._lock = threading.Lock()
        self._totals = Totals()

    @property
    def seconds(self) -> float:
        """Seconds on the clock since the run began."""
        return time.monotonic() - self.began

    def totals(self) -> Totals:
        """Copy the counters as they stand."""
        with self._lock:
            now = self._totals
            copies = {name: getattr(now, name) for name in Totals.__slots__}
            return Totals(**{**copies, "flags": Counter(now.flags), "delivered": Counter(now.delivered)})

    def fail(self, error: LinerError) -> None:
        """Stop the run for a reason that concerns everything, such as a full disk."""
        self.failure = self.failure or error
        self.stopping.set()

    def count_named(self) -> None:
        """Count one share of work that the source has named."""
        with self._lock:
            self._totals.named += 1

    def count_left_alone(self, path: str) -> None:
        """Count one file that is no sound."""
        with self._lock:
            self._totals.not_audio += 1
            if len(self._totals.not_audio_names) < NAMED:
                self._totals.not_audio_names += (path,)

    def count_intakes(self, read: int, *, skipped: int) -> None:
        """Count what came out of Read, and how much of it the lake already holds."""
        with self._lock:
            self._totals.read += 1
            self._totals.recordings += read
            self._totals.skipped += skipped

    def count_heard(self, heard_s: float, cpu_s: float) -> None:
        """Count one file listened to."""
        with self._lock:
            self._totals.heard_s += heard_s
            self._totals.listen_cpu_s += cpu_s

    def count_unreadable(self) -> None:
        """Count one file that no decoder could read."""
        with self._lock:
            self._totals.unreadable += 1

    def count_screened(self, screening: Screening) -> None:
        """Count one finished screening and its flags."""
        with self._lock:
            self._totals.screened += 1
            self._totals.flagged += bool(screening.flags)
            self._totals.flags.update(flag.code for flag in screening.flags)

    def count_changed(self, before: Screening, after: Screening) -> None:
        """Count a screening that looking again has changed, and the flags that it has added."""
        with self._lock:
            self._totals.judged_again += 1
            self._totals.flagged += bool(after.flags) and not before.flags
            self._totals.flags.update({flag.code for flag in after.flags} - {flag.code for flag in before.flags})

    def count_dead_letters(self, number: int) -> None:
        """Count what a stage could not work on."""
        with self._lock:
            self._totals.dead_letters += number

    def count_delivered(self, outcomes: Counter[str]) -> None:
        """Count the review API's answers."""
        with self._lock:
            self._totals.delivered.update(outcomes)


def progress_of(run_id: str) -> Progress:
    """Find the counters of a run in this process, or start them."""
    return _RUNS.get(run_id, Progress)


def cpu_seconds() -> float:
    """Processor seconds of this process and of its children that ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak_rss_mb() -> tuple[float, float]:
    """Peak memory in MB of this process, and of the largest child that ended."""
    own, child = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_maxrss / 1024, child.ru_maxrss / 1024
