"""The review API without a network: a client whose requests go straight to the app.

`client` is a module-level function, so that ``functools.partial(client, settings)`` can be
pickled and each worker process makes its own.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deps import ACTOR_IN_SCOPE
from api.main import create_app
from api.services.access import PIPELINE, Actor
from api.settings import Settings

BASE_URL = "http://liner.invalid"


def client(settings: Settings) -> httpx.Client:
    """Make a client that talks to an app of this process as the pipeline.

    Parameters
    ----------
    settings
        Where the database is; it is brought up to date, and a running `liner serve` may use it too.

    Returns
    -------
    httpx.Client
        Safe to share between threads, not between processes.
    """
    app = create_app(settings, with_console=False)
    return httpx.Client(transport=InProcessTransport(app, actor=PIPELINE), base_url=BASE_URL)


class InProcessTransport(httpx.BaseTransport):
    """Answers requests from an ASGI app, each in an event loop of its own in the calling thread.

    ``actor`` is who asks; None leaves that to the request's headers.

    A loop per request costs about a millisecond, and there is no background thread that a fork, a
    crash or the end of the process could leave hanging.
    """

    def __init__(self, app: FastAPI, *, actor: Actor | None) -> None:
        self._app = app
        self._asgi = httpx.ASGITransport(_asking_as(actor, app) if actor else app, raise_app_exceptions=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read its whole answer; also from a thread whose own event loop runs (a notebook)."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(self._answer(request))
        with ThreadPoolExecutor(1) as aside:
            return aside.submit(lambda: asyncio.run(self._answer(request))).result()

    def close(self) -> None:
        """Give the database's connections back; they are made anew if the app is used again."""
        self._app.state.database.close()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = httpx.Request(
            request.method, request.url, headers=request.headers, stream=httpx.ByteStream(request.read())
        )
        response = await self._asgi.handle_async_request(asked)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content, request=request)


def _asking_as(actor: Actor, app: ASGIApp) -> ASGIApp:
    async def trusted(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, ACTOR_IN_SCOPE: actor}, receive, send)

    return trusted
