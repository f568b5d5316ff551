"""Counts and times for Prometheus: requests by route, cases by state."""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.store import cases
from api.store.database import Database


class Metrics:
    """One app's registry, so that several apps in one process keep their counts apart."""

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("liner_http_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram("liner_http_seconds", "Time to answer.", ("route",), registry=self.registry)
        self.registry.register(_Cases(database))

    def text(self) -> bytes:
        """Write everything in Prometheus' text form."""
        return generate_latest(self.registry)


class _Cases(Collector):
    def __init__(self, database: Database) -> None:
        self.database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Count at the moment of asking: a case decided elsewhere counts too."""
        gauge = GaugeMetricFamily("liner_cases", "Cases by state.", labels=("state",))
        with self.database.read() as session:
            for state, number in cases.count_states(session).items():
                gauge.add_metric((state,), number)
        yield gauge

    def describe(self) -> list[GaugeMetricFamily]:
        """Name the metric without asking the database."""
        return [GaugeMetricFamily("liner_cases", "Cases by state.", labels=("state",))]


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
