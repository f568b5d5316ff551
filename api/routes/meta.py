"""Whether the service lives and is ready, its figures, and its description."""

from html import escape
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from api.deps import CurrentActor, Db
from api.problems import Problem
from api.services.access import Permission, require_permission
from schemas.submission import json_schema

router = APIRouter(tags=["meta"])
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SCHEMA_TYPE = "application/schema+json"


class SchemaResponse(JSONResponse):
    """A JSON Schema."""

    media_type = SCHEMA_TYPE


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


@router.get("/metrics", response_class=Response, responses={200: {"content": {METRICS_TYPE: {}}}})
def metrics(request: Request, actor: CurrentActor) -> Response:
    """Give the figures to Prometheus, which sends a key with the scope."""
    require_permission(actor, Permission.METRICS)
    return Response(request.app.state.metrics.text(), media_type=METRICS_TYPE)


@router.get(
    "/v1/schemas/submission.json", response_class=SchemaResponse, responses={200: {"description": "JSON Schema"}}
)
def submission_schema() -> SchemaResponse:
    """Give the JSON Schema of a submission in JSON; anybody may read it."""
    return SchemaResponse(json_schema(), headers={"Cache-Control": "public, max-age=3600"})


def describe_parts(app: FastAPI) -> None:
    """Name what the routes only refer to in the machine's description: problems, and submissions carried as files."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        form = json_schema(ref_template="#/components/schemas/{model}")
        parts = {**form.pop("$defs"), "Submission": {k: v for k, v in form.items() if not k.startswith("$")}}
        parts["Problem"] = Problem.model_json_schema(mode="serialization")
        known = document["components"]["schemas"]
        known.update({name: part for name, part in parts.items() if name not in known})
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it


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
