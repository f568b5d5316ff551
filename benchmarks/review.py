"""The review under load: a database of many cases, fifty requests a second of all kinds, ingest, memory.

    python -m benchmarks review                                        # SQLite, 100,000 cases
    python -m benchmarks review --database=postgresql://liner@/bench   # and 1,000,000 on PostgreSQL
    options: --cases=N  --seconds=60  --rate=50  --workers=1  --filled (use what is there)

With --seconds=600 it shows whether memory grows.

`liner serve` runs in a process of its own on the loopback interface. Requests leave at their time whether or not the
ones before were answered, so that waiting counts. Processor time is that of the server, and of PostgreSQL where its
processes can be seen: on a busy machine it says more than the clock.
"""

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
from sqlalchemy import text

from api.public_keys import KeyCreate
from api.services import keys, sessions
from api.services.access import Role
from api.settings import Settings
from api.store.database import Database, open_database
from benchmarks.review_fill import fill, screening

SHARES = {"queue page": 35, "queue (API)": 10, "case page": 35, "decide": 15, "screenings (20)": 5}
TICK = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
WARM = 10  # before: statements are prepared, and figures kept
ALONE = 40  # requests of a kind, one after the other, to count its processor time
BATCH = 500
SETTLE_S = 10.0
MINUTE_S = 60


class Served(NamedTuple):
    """A running server: its address and process, a moderator's headers, a service's."""

    address: str
    pid: int
    headers: dict[str, str]
    service: dict[str, str]


@dataclass
class Bench:
    """A running server with a client, and what was measured."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    service: dict[str, str]
    case_ids: list[str]
    pid: int
    store_pid: int
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    memory_mb: list[float] = field(default_factory=list)
    sent: int = 0

    async def ask(self, kind: str) -> None:
        """Send a request of a kind and note how it went."""
        try:
            status = await self._kinds()[kind]()
        except httpx.TransportError as error:
            status = 0
            print(f"{kind}: {error!r}")
        self.statuses[f"{kind} {status}"] += 1

    def _kinds(self) -> dict[str, Callable[[], Awaitable[int]]]:
        return {
            "queue page": lambda: self._get("/console"),
            "queue (API)": lambda: self._get("/v1/cases?limit=20"),
            "case page": lambda: self._get(f"/console/cases/{random.choice(self.case_ids)}"),  # noqa: S311
            "decide": self._decide,
            "screenings (20)": lambda: self.ingest(20),
        }

    async def _get(self, path: str) -> int:
        return (await self.client.get(path, headers=self.headers)).status_code

    async def _decide(self) -> int:
        """Decide the next case: its version is 1, since nobody has touched it."""
        case_id = self.case_ids.pop(0)
        body = {"action": "approve", "reason": "Fine as it is.", "expected_version": 1}
        return (await self.client.post(f"/v1/cases/{case_id}/decide", json=body, headers=self.headers)).status_code

    async def ingest(self, number: int) -> int:
        """Send a batch of new screenings."""
        return await self.send(self.batch(number))

    def batch(self, number: int) -> str:
        """Write a batch of new screenings."""
        self.sent += number
        made = [screening(self.sent + n, take=f"t{time.time_ns()}").model_dump(mode="json") for n in range(number)]
        return json.dumps({"screenings": made})

    async def send(self, body: str) -> int:
        """Send a batch."""
        headers = {**self.service, "content-type": "application/json"}
        return (await self.client.post("/v1/screenings", content=body, headers=headers)).status_code


def main() -> None:
    """Fill, serve, ask, and print."""
    options = dict(one.removeprefix("--").partition("=")[::2] for one in sys.argv[1:] if one.startswith("--"))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(home=home, **({"database_url": options["database"]} if options.get("database") else {}))
        db = open_database(settings.database_url)
        cases = int(options.get("cases", 100_000 if db.is_sqlite else 1_000_000))
        if "filled" not in options:
            started = time.perf_counter()
            fill(db, cases)
            print(f"{cases:,} cases in {time.perf_counter() - started:.0f} s")
        with _serving(settings, db, workers=int(options.get("workers", "1"))) as served:
            found = asyncio.run(_measure(db, served, options))
        _report(found, "SQLite" if db.is_sqlite else "PostgreSQL")
        db.close()


@contextmanager
def _serving(settings: Settings, db: Database, *, workers: int) -> Iterator[Served]:
    """Run `liner serve` on any free port, with a moderator's session and a service's key."""
    stamp = time.time_ns()
    tokens = {
        role: keys.create(db, keys.TERMINAL, KeyCreate(name=f"{role}-{stamp}", role=role)).token
        for role in (Role.SENIOR, Role.SERVICE)
    }
    link = sessions.link_token(db, f"{Role.SENIOR}-{stamp}", valid_for=timedelta(hours=1))
    started = sessions.start(db, link, valid_for=timedelta(hours=1))
    headers = {"cookie": f"liner_session={started.token}", "x-csrf-token": started.actor.csrf_token or ""}
    environment = {
        **os.environ,
        "LINER_HOME": str(settings.home),
        "LINER_DATABASE_URL": settings.database_url,
        "LINER_RATE_PER_KEY": "0",
        "LINER_RATE_PER_ADDRESS": "0",
    }
    command = [sys.executable, "-P", "-c", "from api.cli.app import main; main()", "serve", "--port", "0"]
    command += ["--workers", str(workers)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        address = next(line.split()[1] for line in server.stdout or () if line.startswith("API")).removesuffix("/docs")
        try:
            yield Served(address, server.pid, headers, {"authorization": f"Bearer {tokens[Role.SERVICE]}"})
        finally:
            server.terminate()


async def _measure(db: Database, served: Served, options: dict[str, str]) -> Bench:
    limits = httpx.Limits(max_connections=64, keepalive_expiry=2)  # sooner than the server gives a connection up
    async with httpx.AsyncClient(base_url=served.address, timeout=60, limits=limits) as client:
        headers = served.headers
        bench = Bench(client, headers, served.service, [], served.pid, _postmaster(db))
        rate, seconds = float(options.get("rate", "50")), float(options.get("seconds", "60"))
        needed = max(3000, int(rate * seconds * 0.2))  # more than there are decisions
        cursor = ""
        while len(bench.case_ids) < needed:  # the most urgent, which people work on
            page = (await client.get("/v1/cases", params={"limit": 200, "cursor": cursor}, headers=headers)).json()
            bench.case_ids += [case["id"] for case in page["cases"] if case["version"] == 1]
            cursor = page["next_cursor"]
            if not cursor:
                break
        for kind in SHARES:
            await _alone(bench, kind)
        bench.statuses.clear()
        await _ingest(bench)
        await asyncio.sleep(SETTLE_S)  # what the batches left to do is not the load's
        await _load(bench, rate, seconds)
    return bench


async def _alone(bench: Bench, kind: str) -> None:
    """Count the processor time of one kind, asked one after the other."""
    for _ in range(WARM):
        await bench.ask(kind)
    before, stored, walls = _cpu_s(bench.pid), _store_s(bench.store_pid), []
    for _ in range(ALONE):
        started = time.perf_counter()
        await bench.ask(kind)
        walls.append((time.perf_counter() - started) * 1000)
    server = (_cpu_s(bench.pid) - before) * 1000 / ALONE
    store = "" if not bench.store_pid else f", PostgreSQL {(_store_s(bench.store_pid) - stored) * 1000 / ALONE:.1f} ms"
    wall = f"by the clock {statistics.median(walls):.1f} ms"
    print(f"{kind:16} one request alone: {wall}; processor time: server {server:.1f} ms{store}")


async def _ingest(bench: Bench, *, batches: int = 20) -> None:
    """Send batches that were written before, two at a time, as two runs of the pipeline would."""
    waiting = [bench.batch(BATCH) for _ in range(batches)]
    before, stored, started = _cpu_s(bench.pid), _store_s(bench.store_pid), time.perf_counter()

    async def sender() -> None:
        while waiting:
            status = await bench.send(waiting.pop())
            bench.statuses[f"ingest {status}"] += 1

    await asyncio.gather(sender(), sender())
    took, used, number = time.perf_counter() - started, _cpu_s(bench.pid) - before, batches * BATCH
    stored = _store_s(bench.store_pid) - stored
    store = f", {stored / number * 1000:.2f} ms of PostgreSQL" if bench.store_pid else ""
    print(
        f"ingest in batches of {BATCH}: {number / took:.0f}/s by the clock, "
        f"{used / number * 1000:.2f} ms of server each{store}; answers {dict(bench.statuses)}"
    )


async def _load(bench: Bench, rate: float, seconds: float) -> None:
    """Send requests at their times, mixed by share; those before need not have been answered."""
    chosen = random.Random(2026)  # noqa: S311
    kinds, weights = list(SHARES), list(SHARES.values())
    bench.statuses.clear()
    started, before, tasks = time.perf_counter(), _cpu_s(bench.pid), []
    for number in range(int(rate * seconds)):
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(_timed(bench, chosen.choices(kinds, weights)[0], due)))
        if number % int(rate * MINUTE_S) == 0:
            bench.memory_mb.append(_memory_mb(bench.pid))
            tasks = [task for task in tasks if not task.done()]
    await asyncio.gather(*tasks)
    bench.memory_mb.append(_memory_mb(bench.pid))
    cores = (_cpu_s(bench.pid) - before) / (time.perf_counter() - started)
    print(f"mixed load: {rate:.0f} requests/s for {seconds:.0f} s, server {cores:.2f} cores")


async def _timed(bench: Bench, kind: str, due: float) -> None:
    await bench.ask(kind)
    bench.seconds[kind].append(time.perf_counter() - due)


def _report(bench: Bench, store: str) -> None:
    print(f"{store}; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for kind, found in bench.seconds.items():
        found.sort()
        p50, p99 = (found[int(len(found) * share)] * 1000 for share in (0.5, 0.99))
        print(f"{kind:16} n {len(found):5}  p50 {p50:7.1f} ms  p99 {p99:7.1f} ms")
    print("answers:", dict(bench.statuses))
    print("memory in MB at the start, each minute and the end:", " ".join(f"{one:.0f}" for one in bench.memory_mb))
    later = bench.memory_mb[len(bench.memory_mb) // 2 : -1]
    if len(later) > 1:
        slope = statistics.linear_regression(range(len(later)), later).slope
        print(f"memory over the second half: {slope:+.2f} MB a minute")


def _family(pid: int) -> list[int]:
    """Name a process and those that it started; the service's workers are such."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it ended meanwhile
        children = []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _cpu_s(pid: int) -> float:
    return sum(_own_cpu_s(one) for one in _family(pid))


def _store_s(pid: int) -> float:
    """Sum the processor time of a PostgreSQL's processes; what it cleans up by itself is no request's."""
    return sum(_own_cpu_s(one) for one in (_family(pid) if pid else ()) if not _cleans_up(one))


def _cleans_up(pid: int) -> bool:
    try:
        return b"autovacuum" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def _own_cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it ended meanwhile
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


def _memory_mb(pid: int) -> float:
    return sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) * PAGE_MB for one in _family(pid))


def _postmaster(db: Database) -> int:
    """Find the process that all of a PostgreSQL's own come from; 0 on SQLite, or where it runs on another machine."""
    if db.is_sqlite:
        return 0
    with db.read() as session:
        backend = Path(f"/proc/{session.execute(text('SELECT pg_backend_pid()')).scalar_one()}")
    try:
        is_here = (backend / "comm").read_text().startswith("postgres")
        return int((backend / "stat").read_text().rpartition(")")[2].split()[1]) if is_here else 0
    except OSError:
        return 0
