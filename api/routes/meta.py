"""Whether the service lives and is ready, its figures, and its description."""

from html import escape
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from api.deps import CurrentActor, Db
from api.services.access import Role, require

router = APIRouter(tags=["meta"])
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/livez")
def livez() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(db: Db) -> JSONResponse:
    """Say whether the database answers too."""
    is_ready = db.is_reachable()
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse({"status": "ok" if is_ready else "the database gives no answer"}, status)


@router.get("/metrics")
def metrics(request: Request, actor: CurrentActor) -> Response:
    """Give the figures to Prometheus, which sends a service's key."""
    require(actor, Role.SERVICE, Role.ADMIN)
    return Response(request.app.state.metrics.text(), media_type=METRICS_TYPE)


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """List the operations; a page of our own, because the usual one loads scripts from elsewhere."""
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    rows = "".join(
        f"<dt><code>{method.upper()} {escape(path)}</code><dd>{escape(operation.get('description', ''))}"
        for path, operations in paths.items()
        for method, operation in operations.items()
    )
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><title>liner API</title><h1>liner API</h1>"
        "<p>The machine's description is <a href=/openapi.json>/openapi.json</a>; "
        f"send <code>Authorization: Bearer KEY</code>.</p><dl>{rows}</dl>"
    )
