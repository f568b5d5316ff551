"""Several workers behind one address: processes that share nothing but the database and a folder of counts.

Each worker has a socket of its own on the same port, and the kernel spreads connections over them. This process only
holds the sockets and starts again what ends; a connection to a worker that just died waits in its socket for the next.
"""

import ctypes
import gc
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import TYPE_CHECKING

from api.settings import Settings
from schemas.errors import InvalidInput

if TYPE_CHECKING:
    from fastapi import FastAPI

BACKLOG = 2048
GRACE_S = 10  # for answers that are being given when the service is told to stop
LOOK_S = 0.5
TURN_S = 0.001  # a request waits for the interpreter's lock several times, each time for the turn of every busy thread
SOON_S = 5.0  # a worker that ends sooner than this after its start is not started again at once
SHARED_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
M_ARENA_MAX = -8  # of glibc's malloc.h
FORK = multiprocessing.get_context("forkserver")  # loads the program once; no worker inherits what another opened


def listen(host: str, port: int, number: int) -> list[socket.socket]:
    """Take a port once for each worker.

    Parameters
    ----------
    port
        0 takes any free one, the same for all.

    Raises
    ------
    OSError
        The port is taken, not allowed, or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as alone:  # fails where anybody else listens, us included
        port = alone.getsockname()[1]
    return [open_port(host, port, shared=True) for _ in range(number)]


def open_port(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Listen on a port, answers leaving at once.

    asyncio sets ``TCP_NODELAY`` on connections of sockets that it made itself only; on any other, what follows the
    head of an answer waits 40 ms for the client's word that the head has arrived. Connections inherit it.

    Parameters
    ----------
    shared
        Whether other sockets of this program may listen on the same port, each served in turn.

    Raises
    ------
    OSError
        As for `listen`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=shared)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def serve_alone(
    settings: Settings,
    listening: socket.socket,
    *,
    shared: Path | None = None,
    greet: "Callable[[FastAPI], None] | None" = None,
) -> None:
    """Serve in this process until told to stop by INT or TERM; requests under way are answered first.

    Parameters
    ----------
    shared
        The folder that several workers share.
    greet
        Called with the app once it listens.
    """
    import uvicorn

    from api.main import create_app

    _share_memory()
    sys.setswitchinterval(TURN_S)
    app = create_app(settings, shared=shared)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_S
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if greet:
                greet(app)

    gc.collect()
    gc.freeze()  # what a service is made of stays; collections need not look at it again
    _ignore_signals()  # uvicorn raises them again when it has ended; that is enough
    Server(config).run(sockets=[listening])


def serve_together(settings: Settings, sockets: list[socket.socket], *, greet: Callable[[], None]) -> None:
    """Serve with a worker for each socket until told to stop by INT or TERM, then end them all.

    Parameters
    ----------
    greet
        Called when the workers are started.
    """
    if settings.database_url in {"sqlite://", "sqlite:///:memory:"}:
        raise InvalidInput(
            "Several workers cannot share a database in memory.", mend="Use a file, or PostgreSQL, or one worker."
        )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    with ExitStack() as stack:
        shared = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liner-workers-")))
        os.environ[SHARED_COUNTS] = str(shared)  # read by prometheus_client where a worker imports it
        FORK.set_forkserver_preload(["uvicorn", "api.main"])
        workers = [_Worker(settings, one, shared) for one in sockets]
        for worker in workers:
            stack.callback(worker.end)
            worker.start()
        greet()
        while not stop.wait(LOOK_S):
            for worker in workers:
                worker.look_after()
        for worker in workers:
            worker.stop()


class _Worker:
    """One worker's process, started again when it ends by itself."""

    def __init__(self, settings: Settings, listening: socket.socket, shared: Path) -> None:
        self._what = (settings, listening, shared)
        self._process: ForkServerProcess | None = None
        self._looks = 0

    def start(self) -> None:
        """Start the process."""
        self._process = FORK.Process(target=_work, args=self._what)  # no daemon: it has children of its own
        self._process.start()
        self._looks = 0

    def look_after(self) -> None:
        """Start it again where it has ended, but not at once where it ended at its start."""
        self._looks += 1
        if self._process is not None and not self._process.is_alive() and self._looks * LOOK_S >= SOON_S:
            self._process.close()
            self.start()

    def stop(self) -> None:
        """Tell it to stop."""
        if self._process is not None and self._process.is_alive():
            self._process.terminate()

    def end(self) -> None:
        """Wait until it has ended, and no longer than its answers may take."""
        if self._process is None:
            return
        self.stop()
        self._process.join(GRACE_S + 5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _work(settings: Settings, listening: socket.socket, shared: Path) -> None:
    threading.Thread(target=_end_with_parent, name="liner-parent", daemon=True).start()
    serve_alone(settings, listening, shared=shared)


def _end_with_parent() -> None:
    """Stop when the process is gone that holds the sockets, also by kill -9: nobody would end this one then."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _share_memory() -> None:
    """Let all threads take memory from two places: of one place each, every thread would keep the most it ever held."""
    with suppress(OSError, AttributeError):  # a C library that knows no such setting
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
