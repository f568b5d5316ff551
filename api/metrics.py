"""Counts and times for Prometheus: requests by route, how the review stands, what models flag."""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.services import dashboards
from api.store.database import Database


class Metrics:
    """One app's registry, so that several apps in one process keep their counts apart."""

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("liner_http_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram("liner_http_seconds", "Time to answer.", ("route",), registry=self.registry)
        self.registry.register(_Review(database))

    def text(self) -> bytes:
        """Write everything in Prometheus' text form."""
        return generate_latest(self.registry)


GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
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


class _Review(Collector):
    """Counts at the moment of asking: what was decided elsewhere counts too."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read the review's figures; several scrapes see one and the same state each."""
        gauges = {gauge.name: gauge for gauge in self.describe()}
        for name, labels, value in dashboards.gauges(self.database):
            gauges[name].add_metric(labels, value)
        yield from gauges.values()

    def describe(self) -> list[GaugeMetricFamily]:
        """Name the metrics without asking the database."""
        return [GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in GAUGES.items()]


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
