"""Scan: screen everything below a folder, or in a manifest, once.

The batch source names deliveries (ids and paths only), one Reshuffle spreads them over the workers, and each
worker takes its share through `Read | Screen | Keep` without another shuffle.
"""

import contextlib
import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from classifiers import versions
from classifiers.listener import Listener
from pipeline import indexing
from pipeline.deliver import TRIES, ClientFactory
from pipeline.history import LakeHistory
from pipeline.keep import KeepFn, courier_of
from pipeline.lake import Lake, LakeWriter
from pipeline.landing import DeliveryRef, discover, refuse_odd_name
from pipeline.manifest import is_manifest, spool
from pipeline.progress import Progress, Totals, cpu_seconds, peak_rss_mb, progress_of
from pipeline.revisit import revisit
from pipeline.runs import end_run
from pipeline.screen import Ears, Job, ReadFn, Screen
from pipeline.senders import SenderIndex
from pipeline.settle import settle
from pipeline.validate import Yardstick, profile_ref, schemas_ref
from schemas.errors import InvalidInput, LinerError
from schemas.policy import Policy, house_policy
from schemas.screening import Versions
from schemas.versions import ENGINE

MAX_WORKERS = 64


@dataclass(frozen=True, slots=True)
class Plan:
    """What to screen, and with what.

    Attributes
    ----------
    source
        Landing folder, delivery, folder of bare audio, sound file or manifest.
    lake
        Folder of the Parquet parts.
    policy
        None for the house policy.
    workers
        How many recordings are listened to at once; each has its own listener process.
    force
        Whether to screen again what the lake already holds.
    review
        Makes a client of the review API; None to deliver nothing.
    ears
        Makes a worker's listener.
    yardstick
        The schemas and the profile that messages are measured with.
    """

    source: Path
    lake: Path
    policy: Policy | None = None
    workers: int = 1
    force: bool = False
    review: ClientFactory | None = None
    ears: Callable[[], Ears] = Listener
    yardstick: Yardstick = field(default_factory=Yardstick)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did.

    Attributes
    ----------
    cpu_seconds
        Of this process and the listeners' children.
    peak_rss_mb
        Largest memory of any single process.
    waiting
        Screenings that the review API has not taken yet.
    """

    totals: Totals
    seconds: float
    cpu_seconds: float
    peak_rss_mb: float
    listener_peak_rss_mb: float
    waiting: int
    was_stopped: bool
    lake: Path
    versions: Versions

    def as_dict(self) -> dict[str, object]:
        """Give the summary as plain data, for ``--format json``."""
        totals = self.totals
        return {
            "recordings": totals.recordings,
            "screened": totals.screened,
            "skipped": totals.skipped,
            "unreadable": totals.unreadable,
            "dead_letters": totals.dead_letters,
            "not_audio": totals.not_audio,
            "flagged": totals.flagged,
            "flags": dict(sorted(totals.flags.items())),
            "judged_again": totals.judged_again,
            "delivered": dict(sorted(totals.delivered.items())),
            "waiting": self.waiting,
            "sound_seconds": round(totals.heard_s, 1),
            "seconds": round(self.seconds, 2),
            "cpu_seconds": round(self.cpu_seconds, 2),
            "listen_cpu_seconds": round(totals.listen_cpu_s, 2),
            "peak_rss_mb": round(self.peak_rss_mb, 1),
            "listener_peak_rss_mb": round(self.listener_peak_rss_mb, 1),
            "stopped": self.was_stopped,
            "lake": str(self.lake),
            "engine": self.versions.engine,
            "policy": self.versions.policy,
            "models": list(self.versions.models),
            "profile": self.versions.profile,
            "schemas": self.versions.schemas,
        }


class DiscoverFn(beam.DoFn):
    """A path to the deliveries at it; rows of a manifest go through the spool file."""

    def __init__(self, run_id: str, spool_file: str) -> None:
        super().__init__()
        self.run_id = run_id
        self.spool_file = spool_file

    def process(self, source: str) -> Iterator[DeliveryRef]:
        """Yield small references; nothing is read but names and the manifest's rows."""
        path, progress = Path(source), progress_of(self.run_id)
        try:
            for ref in self._refs(path, progress):
                progress.count_named()
                yield ref
        except LinerError as error:
            progress.fail(error)

    def _refs(self, path: Path, progress: Progress) -> Iterator[DeliveryRef]:
        if is_manifest(path):
            return spool(path, Path(self.spool_file))
        return discover(path, left_alone=progress.count_left_alone)


class Run:
    """One run of the pipeline in this process: prepares the lake, runs a graph, delivers, tidies.

    Parameters
    ----------
    plan
        What to screen, and with what.
    """

    def __init__(self, plan: Plan) -> None:
        refuse_odd_name(plan.source)
        if not plan.source.exists():
            raise InvalidInput(f"There is nothing at {plan.source}.", mend="Name a folder, a file or a manifest.")
        policy = plan.policy or house_policy()
        self.plan = plan
        self.job = Job(
            run_id=uuid.uuid4().hex,
            lake=str(plan.lake.absolute()),
            policy=policy,
            versions=Versions(
                engine=ENGINE,
                policy=policy.ref,
                models=versions.models(),
                profile=profile_ref(plan.yardstick.profile),
                schemas=schemas_ref(plan.yardstick.schemas),
            ),
            ears=plan.ears,
            force=plan.force,
            yardstick=plan.yardstick,
        )
        self._cpu_before = cpu_seconds()

    @property
    def progress(self) -> Progress:
        """The run's counters and its stop signal."""
        return progress_of(self.job.run_id)

    def stop(self) -> None:
        """Ask the run to end after the recordings in work; what is not done is left to the next run."""
        self.progress.stopping.set()

    def __call__(self, graph: Callable[["Run"], None]) -> Summary:
        """Run a graph between preparing the lake and delivering what is left.

        Raises
        ------
        LinerError
            The run could not go on; what it had finished is kept.
        """
        progress = self.progress
        lake = Lake(Path(self.job.lake))
        lake.tidy()
        indexing.ensure(Path(self.job.lake))
        LakeHistory.ensure(Path(self.job.lake))
        SenderIndex.ensure(Path(self.job.lake))
        try:
            self._run(graph)
            self._finish(lake)
            return self._summary(progress)
        finally:
            courier = courier_of(self.job, self.plan.review)
            if courier:
                courier.close()
            end_run(self.job.run_id)

    def _run(self, graph: Callable[["Run"], None]) -> None:
        try:
            graph(self)
        except LinerError:
            raise
        except Exception as error:
            logging.getLogger("liner.pipeline").exception("the run failed")
            cause = str(error).strip().splitlines() or [type(error).__name__]
            raise LinerError(
                f"The run ended early: {cause[-1]}", mend="Run it again; what was finished is kept and skipped."
            ) from error
        if self.progress.failure:
            raise self.progress.failure

    def _finish(self, lake: Lake) -> None:
        """Look again at late copies and at what was read too early, deliver what is left, and put the lake in order."""
        revisit(self.job, delivers=self.plan.review is not None)
        if not self.progress.stopping.is_set():  # what is left belongs to the same run, and may be earlier
            settle(self.job, delivers=self.plan.review is not None)
        courier = courier_of(self.job, self.plan.review)
        if courier:
            tries = 1 if self.progress.stopping.is_set() else TRIES
            outcomes, letters = courier.deliver_all(tries=tries)
            writer = LakeWriter(lake)
            for letter in letters:
                writer.add(letter)
            writer.flush()
            self.progress.count_delivered(outcomes)
            self.progress.count_dead_letters(len(letters))
        lake.tidy()

    def _summary(self, progress: Progress) -> Summary:
        courier = courier_of(self.job, self.plan.review)
        own, listener = peak_rss_mb()
        return Summary(
            totals=progress.totals(),
            seconds=progress.seconds,
            cpu_seconds=cpu_seconds() - self._cpu_before,
            peak_rss_mb=max(own, listener),
            listener_peak_rss_mb=listener,
            waiting=courier.waiting() if courier else 0,
            was_stopped=progress.stopping.is_set(),
            lake=self.plan.lake,
            versions=self.job.versions,
        )


def scan(plan: Plan) -> Summary:
    """Screen everything at ``plan.source`` that the lake does not hold yet."""
    return Run(plan)(scan_graph)


def scan_graph(run: Run) -> None:
    """Build and run the batch graph; returns when all is screened, or the run was stopped."""
    spool_file = Path(run.job.lake, ".spool", f"{run.job.run_id}.jsonl")
    workers = max(1, min(run.plan.workers, MAX_WORKERS))
    options = PipelineOptions(
        ["--runner=FnApiRunner", "--direct_running_mode=multi_threading", f"--direct_num_workers={workers}"]
    )
    try:
        with beam.Pipeline(options=options) as pipeline:
            screened = (
                pipeline
                | "Source" >> beam.Create([str(run.plan.source)], reshuffle=False)
                | "Discover" >> beam.ParDo(DiscoverFn(run.job.run_id, str(spool_file)))
                | "Spread" >> beam.Reshuffle()
                | "Read" >> beam.ParDo(ReadFn(run.job))
                | "Screen" >> Screen(run.job)
            )
            _ = screened | "Keep" >> beam.ParDo(KeepFn(run.job, run.plan.review))
    finally:
        with contextlib.suppress(OSError):
            spool_file.unlink(missing_ok=True)
