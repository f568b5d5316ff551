"""Keep: the sink of scan and watch. Outbox first, then the lake, then the review API.

It writes as the run goes, not at its end: a stopped run keeps what it has, and a stream is visible at once.
"""

import time
from pathlib import Path

import apache_beam as beam

from pipeline.deliver import ClientFactory, Courier, is_for_review, parcel_of
from pipeline.lake import Lake, LakeWriter
from pipeline.outbox import Outbox
from pipeline.progress import Progress, progress_of
from pipeline.runs import PerRun
from pipeline.screen import Job
from pipeline.screened import DeadLetter, Screened
from schemas.errors import LakeUnusable

DELIVER_EVERY_S = 2.0

_COURIERS: PerRun[Courier | None] = PerRun()


def courier_of(job: Job, review: ClientFactory | None) -> Courier | None:
    """Share one courier among the run's workers; None where nothing is delivered."""
    return _COURIERS.get(job.run_id, lambda: Courier(Path(job.lake), review) if review else None)


class Keeper:
    """Puts results where they belong: the outbox first, then the lake.

    Parameters
    ----------
    delivers
        Whether there is a review API to deliver to.
    """

    def __init__(self, lake: Path, *, delivers: bool) -> None:
        self._writer = LakeWriter(Lake(lake))
        self._outbox = Outbox(lake) if delivers else None

    def keep(self, element: Screened | DeadLetter) -> None:
        """Keep one result; `LakeUnusable` where that is impossible."""
        if self._outbox and isinstance(element, Screened) and is_for_review(element.screening):
            self._outbox.put(parcel_of(element.screening))
        self._writer.add(element)

    def flush(self) -> None:
        """Write what is buffered."""
        self._writer.flush()

    def close(self) -> None:
        """Close the outbox."""
        if self._outbox:
            self._outbox.close()


class KeepFn(beam.DoFn):
    """`Screened` and `DeadLetter` to the outbox, the lake and the review API.

    Parameters
    ----------
    review
        Makes a client of the review API; None to deliver nothing.
    """

    def __init__(self, job: Job, review: ClientFactory | None) -> None:
        super().__init__()
        self.job = job
        self.review = review

    def setup(self) -> None:
        """Open the lake and the outbox."""
        self.keeper = Keeper(Path(self.job.lake), delivers=self.review is not None)
        self.courier = courier_of(self.job, self.review)
        self.delivered_at = time.monotonic()

    def process(self, element: Screened | DeadLetter) -> None:
        """Keep one result. A lake that cannot be written stops the run: nothing would be kept."""
        if isinstance(element, DeadLetter):
            self.progress.count_dead_letters(1)
        try:
            self.keeper.keep(element)
        except LakeUnusable as error:
            self.progress.fail(error)
        if time.monotonic() - self.delivered_at > DELIVER_EVERY_S:
            self._deliver()

    def finish_bundle(self) -> None:
        """Write and send what is buffered."""
        try:
            self.keeper.flush()
        except LakeUnusable as error:
            self.progress.fail(error)
        self._deliver()

    def teardown(self) -> None:
        """Close the outbox."""
        self.keeper.close()

    @property
    def progress(self) -> Progress:
        """The run's counters."""
        return progress_of(self.job.run_id)

    def _deliver(self) -> None:
        if self.courier:
            self.progress.count_delivered(self.courier.deliver())
        self.delivered_at = time.monotonic()
