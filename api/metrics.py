"""Counts and times for Prometheus: requests by route, how the review stands, what models flag."""

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.services import dashboards
from api.store.database import Database

SHARED_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
EVERY_S, JOIN_S = 30.0, 10.0
RESTS = 50.0  # times as long as it took: at most a fiftieth of a processor
ASKED_S = 600.0  # nobody who watches asks less often
AGE = "liner_figures_age_seconds"
Figure = tuple[str, tuple[str, ...], float]
log = logging.getLogger("liner.metrics")


class Metrics:
    """One app's registry, so that several apps in one process keep their counts apart.

    Several workers of one service count into files of one folder, which ``PROMETHEUS_MULTIPROC_DIR`` names before
    this module is imported; whichever is asked adds them up.
    """

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("liner_http_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram("liner_http_seconds", "Time to answer.", ("route",), registry=self.registry)
        self.review = Review(database)
        if os.environ.get(SHARED_COUNTS):
            self.registry = CollectorRegistry()
            MultiProcessCollector(self.registry)  # type: ignore[no-untyped-call]
        self.registry.register(self.review)

    def text(self) -> bytes:
        """Write everything in Prometheus' text form."""
        return generate_latest(self.registry)


GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    AGE: ("How long ago the figures of the review were counted.", ()),
    "liner_cases": ("Cases by state.", ("state",)),
    "liner_oldest_case_seconds": ("How long the longest waiting case waits; 0 where none does.", ()),
    "liner_cases_opened_per_day": ("Cases opened a day, over the last two weeks.", ()),
    "liner_decisions_per_day": ("Decisions a day, over the last two weeks.", ()),
    "liner_deciders": ("People who decided in the last two weeks.", ()),
    "liner_handling_seconds": ("Median time from taking a case to deciding it; NaN where it was never measured.", ()),
    "liner_appeals": ("Appeals by outcome; open where there is none yet.", ("outcome",)),
    "liner_appeals_overdue": ("Open appeals past their day.", ()),
    "liner_outbox": ("Messages that have to leave, by status.", ("status",)),
    "liner_policy_live_since_seconds": ("When the live policy went live, as a Unix time.", ("ref",)),
    "liner_model_flag_share": ("Share of screenings of the last seven days with a flag of this model.", ("model",)),
    "liner_model_drift_sigma": ("Spreads between that share and the weeks before; NaN where unknown.", ("model",)),
}


class Review(Collector):
    """How the review stands, whoever decided: counted over all rows, which takes a second at a million cases.

    While `running`, the figures are counted anew in the background and an answer is at once; a gauge says how old they
    are. Nobody counts while nobody asks: the first who does waits. Without, they are counted when they are asked for.
    """

    def __init__(self, database: Database, *, now: Callable[[], float] = time.monotonic) -> None:
        self.database = database
        self._now = now
        self._is_kept = False
        self._asked_at = -math.inf
        self._kept: tuple[float, list[Figure]] | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the figures; several scrapes see one and the same state each."""
        self._asked_at = self._now()
        at, figures = self._kept or self.count()
        gauges = {gauge.name: gauge for gauge in self.describe()}
        for name, labels, value in [*figures, (AGE, (), self._now() - at)]:
            gauges[name].add_metric(labels, value)
        yield from gauges.values()

    def describe(self) -> list[GaugeMetricFamily]:
        """Name the metrics without asking the database."""
        return [GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in GAUGES.items()]

    def count(self) -> tuple[float, list[Figure]]:
        """Count now."""
        found = self._now(), dashboards.gauges(self.database)
        if self._is_kept:
            self._kept = found
        return found

    @contextmanager
    def running(self, *, every_s: float = EVERY_S) -> Iterator[None]:
        """Count again and again in a thread, as long as somebody asks, until the end of the block."""
        stop = threading.Event()
        self._is_kept = True
        thread = threading.Thread(target=self._work, args=(stop, every_s), name="liner-figures", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            self._is_kept, self._kept = False, None
            thread.join(JOIN_S)

    def _work(self, stop: threading.Event, every_s: float) -> None:
        while not stop.is_set():
            started = self._now()
            try:
                if self._now() - self._asked_at < ASKED_S:
                    self.count()
                else:
                    self._kept = None
            except SQLAlchemyError as error:
                log.warning("figures could not be counted: %s", error)
                self._kept = None
            stop.wait(max(every_s, RESTS * (self._now() - started)))


class CountRequests:
    """Count each answer under its route's template, so that ids do not multiply the series."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Time the request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = "500"
        started = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self.metrics.requests.labels(scope["method"], route, status).inc()
            self.metrics.seconds.labels(route).observe(time.perf_counter() - started)
