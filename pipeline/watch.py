"""Watch: screen what arrives in a landing zone, until told to stop.

The stream differs from the batch in its source alone: an unbounded splittable DoFn that looks at the folder
again and again. `Screen` and `Keep` are those of scan; nothing after the source shuffles, so a delivery
is in the lake and in the review queue moments after its marker. Nothing is remembered but the lake: a restart
looks at everything and skips what is screened.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.io.watermark_estimators import WalltimeWatermarkEstimator
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.arrivals import Arrivals
from pipeline.deliver import ClientFactory
from pipeline.keep import KeepFn, courier_of
from pipeline.lake import Lake
from pipeline.landing import DeliveryRef
from pipeline.progress import progress_of
from pipeline.revisit import revisit
from pipeline.scan import Plan, Run, Summary
from pipeline.screen import Job, ReadFn, Screen
from pipeline.settle import settle

LOOK_EVERY_S = 0.5
LOOK_SHARE = 0.2  # of the time may go into looking: a large landing zone is looked at less often
TIDY_EVERY_S = 600.0
END = 2**62

_RESTRICTION = beam.DoFn.RestrictionParam()
_WATERMARK = beam.DoFn.WatermarkEstimatorParam(WalltimeWatermarkEstimator.default_provider())


class WatchFn(beam.DoFn, beam.transforms.core.RestrictionProvider):
    """A landing folder to the deliveries that arrive in it; ends when the run is stopped.

    The restriction only counts what was given out. Where the stream stands is in the lake's ledger, because
    a delivery counts as done when its screenings are written, not when it was seen.
    """

    def __init__(self, job: Job, review: ClientFactory | None) -> None:
        super().__init__()
        self.job = job
        self.review = review

    def setup(self) -> None:
        """Start with nothing seen."""
        self.arrivals: Arrivals | None = None
        self.tidied_at = time.monotonic()

    def create_tracker(self, restriction: OffsetRange) -> OffsetRestrictionTracker:
        """Track an offset that only grows."""
        return OffsetRestrictionTracker(restriction)

    def initial_restriction(self, element: str) -> OffsetRange:
        """Start without an end."""
        del element
        return OffsetRange(0, END)

    def restriction_size(self, element: str, restriction: OffsetRange) -> int:
        """Claim no size: nobody knows how much will arrive."""
        del element, restriction
        return 1

    def truncate(self, element: str, restriction: OffsetRange) -> None:
        """Drain: a runner that is told to finish gets no further looks."""
        del element, restriction

    @beam.DoFn.unbounded_per_element()
    def process(
        self,
        zone: str,
        tracker: OffsetRestrictionTracker = _RESTRICTION,
        watermark: WalltimeWatermarkEstimator = _WATERMARK,
    ) -> Iterator[DeliveryRef]:
        """Look once, yield what arrived, and ask to be called again."""
        del watermark  # Beam keeps it at the clock; nothing here waits for it
        position = tracker.current_restriction().start
        progress = progress_of(self.job.run_id)
        self.arrivals = self.arrivals or Arrivals(Path(zone))
        began = time.monotonic()
        arrived = self.arrivals.look()
        looked_s = time.monotonic() - began
        for ref in arrived:
            if progress.stopping.is_set() or not tracker.try_claim(position):
                break
            position += 1
            progress.count_named()
            yield ref
        if progress.stopping.is_set():
            tracker.try_claim(END)  # nothing left: the watermark goes to its end and the pipeline with it
            return
        if not arrived:  # only then: a pause after an element would hold back its commit
            self._catch_up()
            progress.stopping.wait(max(LOOK_EVERY_S, looked_s / LOOK_SHARE))
        tracker.defer_remainder()

    def _catch_up(self) -> None:
        """Do between arrivals what a batch does at its end."""
        revisit(self.job, delivers=self.review is not None)
        settle(self.job, delivers=self.review is not None)
        courier = courier_of(self.job, self.review)
        if courier:
            progress_of(self.job.run_id).count_delivered(courier.deliver())
        if time.monotonic() - self.tidied_at > TIDY_EVERY_S:
            Lake(Path(self.job.lake)).tidy()
            self.tidied_at = time.monotonic()


def watch(plan: Plan) -> Summary:
    """Screen what arrives at ``plan.source`` until the run is stopped."""
    return Run(plan)(watch_graph)


def watch_graph(run: Run) -> None:
    """Build and run the streaming graph; returns when the run was stopped."""
    options = PipelineOptions(["--runner=FnApiRunner", "--streaming"])
    with beam.Pipeline(options=options) as pipeline:
        screened = (
            pipeline
            | "Source" >> beam.Create([str(run.plan.source.absolute())], reshuffle=False)
            | "Watch" >> beam.ParDo(WatchFn(run.job, run.plan.review)).with_output_types(DeliveryRef)
            | "Read" >> beam.ParDo(ReadFn(run.job))
            | "Screen" >> Screen(run.job)
        )
        _ = screened | "Keep" >> beam.ParDo(KeepFn(run.job, run.plan.review))
