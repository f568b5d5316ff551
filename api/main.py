"""The app: `create_app` mounts what the other modules define and holds no rules of its own."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from api import problems
from api.console import routes as console
from api.deps import SAFE_METHODS, identified
from api.metrics import CountRequests, Metrics
from api.portal import creator_proofs
from api.portal import routes as portal
from api.ratelimit import Buckets, Names, RateLimit, TokenBuckets
from api.routes import (
    appeals,
    audit,
    batches,
    cases,
    chat,
    creators,
    dashboards,
    deliveries,
    dsa,
    keys,
    meta,
    models,
    oidc,
    policies,
    quality,
    queues,
    recordings,
    screenings,
    uploads,
    webhooks,
)
from api.security import BodyLimit, SecurityHeaders, cookie_name
from api.services import alerts, courier, drafting, drafts
from api.services import deliveries as deliveries_service
from api.services import policies as policies_service
from api.services.access import Role
from api.settings import Settings
from api.shared_buckets import SharedBuckets, SharedNames, SharedTable
from api.store.database import Database, open_database
from schemas.errors import LinerError, NotSignedIn
from schemas.policy import house_text
from schemas.review import load_rules
from schemas.versions import ENGINE

DELIVERIES = "/v1/deliveries"
UPLOADS = "/v1/uploads/"
ROUTERS = (
    meta,
    deliveries,
    uploads,
    screenings,
    cases,
    batches,
    quality,
    audit,
    queues,
    recordings,
    keys,
    appeals,
    creators,
    webhooks,
    dsa,
    policies,
    models,
    dashboards,
    chat,
)
STRANGER_BODY_BYTES = 64 * 1024
LABEL_BODY_BYTES = 1024 * 1024  # beside files and messages: half a million fields take seconds to refuse one by one
LONG_OF_LABELS = (DELIVERIES, UPLOADS, "/v1/drafts/", "/portal/drafts/", "/portal/disclosure")
PUBLISH_EVERY_S = 1.0
log = logging.getLogger("liner.api")


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0] if route.tags else 'console'}-{route.name}"


def _assembled(*modules: Any) -> APIRouter:
    """Put the modules' routes together once for every app of the process: the framework takes half a second for it."""
    router = APIRouter(responses=problems.RESPONSES, generate_unique_id_function=_operation_id)
    for module in modules:
        router.include_router(module.router)
    return router


_API = _assembled(*ROUTERS)
_PAGES = _assembled(oidc, console, portal)


def create_app(settings: Settings, *, with_console: bool = True, shared: Path | None = None) -> FastAPI:
    """Make the app on a database that is brought up to date first.

    Parameters
    ----------
    settings
        Where the database and the landing zone are, and the limits.
    with_console
        Whether to serve the moderators' pages too.
    shared
        A folder in which the workers of one service keep what they have to know of each other.

    Raises
    ------
    InvalidInput
        The database cannot be used.
    """
    database = open_database(settings.database_url)
    policies_service.keep_packaged(database, house_text())
    metrics = Metrics(database)
    app = FastAPI(
        title="liner review API",
        version=ENGINE.removeprefix("liner-"),
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.rules = load_rules(settings.review_rules)
    app.state.database = database
    app.state.metrics = metrics
    app.router.routes.extend(_API.routes)
    meta.describe_parts(app)
    problems.install(app)
    if with_console:
        app.router.routes.extend(_PAGES.routes)
    app.add_middleware(BodyLimit, limit_of=_limits(settings))
    app.add_middleware(
        RateLimit,
        keys=_buckets(settings.rate_per_key, shared, "keys"),
        addresses=_buckets(settings.rate_per_address, shared, "addresses"),
        good=SharedNames(SharedTable(shared / "good")) if shared else Names(),
        cookie=cookie_name(settings),
        refuse=problems.refuse,
    )
    app.add_middleware(CountRequests, metrics=metrics)
    app.add_middleware(SecurityHeaders, is_secure=settings.is_secure)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    await run_in_threadpool(deliveries_service.sweep, app.state.settings)
    await run_in_threadpool(drafting.sweep, app.state.database, app.state.settings)
    publishing = asyncio.create_task(_publish(app.state.database))
    with (
        courier.running(app.state.database, app.state.settings),
        alerts.running(app.state.database, app.state.settings),
        app.state.metrics.review.running(),
    ):
        async with _PAGES.lifespan_context(app):
            yield
    publishing.cancel()
    app.state.database.close()


async def _publish(database: Database) -> None:
    """Let drafts have their effect when their time has come, as long as the service runs."""
    while True:
        try:
            await run_in_threadpool(drafts.publish_due, database, rest=time.sleep)
        except (LinerError, SQLAlchemyError):
            log.exception("drafts could not be published; they are tried again")
        await asyncio.sleep(PUBLISH_EVERY_S)


def _buckets(rate: float, shared: Path | None, name: str) -> TokenBuckets:
    return SharedBuckets(SharedTable(shared / name), rate) if shared else Buckets(rate)


def _limits(settings: Settings) -> Callable[[Request], Awaitable[int]]:
    """Give each caller a limit: the framework reads a body before it asks who sends it."""

    async def limit_of(request: Request) -> int:
        path = request.url.path
        if path == chat.PATH:
            return min(chat.MAX_BODY_BYTES, settings.max_body_bytes)  # signed, not keyed: the body is what is checked
        if request.method not in SAFE_METHODS:
            try:
                is_label = (await identified(request)).role is Role.LABEL
            except NotSignedIn:
                if path.startswith("/v1/"):
                    raise
                if creator_proofs.is_piece(request.method, path):
                    return settings.max_file_bytes  # its route finds the link good before it reads a byte
                return min(STRANGER_BODY_BYTES, settings.max_body_bytes)  # enough for the form that signs in
            if is_label and not path.startswith(LONG_OF_LABELS):
                return min(LABEL_BODY_BYTES, settings.max_body_bytes)
        if path.startswith(UPLOADS):
            return settings.max_file_bytes
        return settings.max_delivery_bytes if path == DELIVERIES else settings.max_body_bytes

    return limit_of
