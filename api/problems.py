"""From liner's errors to RFC 9457 problem details: the one place that knows HTTP status codes."""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException

from api.security import HEADERS as SECURITY_HEADERS
from schemas.errors import (
    AddressRefused,
    AppealTooLate,
    AudioUnreadable,
    IncompleteStatement,
    InvalidIdentifier,
    InvalidInput,
    InvalidPolicy,
    InvalidTransition,
    LandingUnusable,
    LinerError,
    NotAllowed,
    NotClaimHolder,
    NotFound,
    NotSignedIn,
    OffsetConflict,
    SameReviewer,
    StaleCase,
    TooLarge,
    TooManyRequests,
    WrongProtocol,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = "5"
MAX_ERRORS = 20

STATUS: dict[type[LinerError], HTTPStatus] = {
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    StaleCase: HTTPStatus.CONFLICT,
    NotClaimHolder: HTTPStatus.CONFLICT,
    InvalidTransition: HTTPStatus.CONFLICT,
    SameReviewer: HTTPStatus.FORBIDDEN,
    AppealTooLate: HTTPStatus.CONFLICT,
    OffsetConflict: HTTPStatus.CONFLICT,
    WrongProtocol: HTTPStatus.PRECONDITION_FAILED,
    AddressRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    IncompleteStatement: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidPolicy: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidIdentifier: HTTPStatus.UNPROCESSABLE_ENTITY,
    AudioUnreadable: HTTPStatus.UNPROCESSABLE_ENTITY,
    LandingUnusable: HTTPStatus.INSUFFICIENT_STORAGE,
    LinerError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
HEADERS = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="liner"'},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": RETRY_AFTER_S},
}
CODES = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge.code}  # where the web framework refuses what we also refuse
log = logging.getLogger("liner.api")


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it, with liner's code and mend beside it."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    mend: str = ""


class _ProblemResponse(JSONResponse):
    """JSON that may repeat what a stranger sent, lone surrogates included."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


# By reference: a "model" would be compiled once for each status of each route, half a second before the first answer.
RESPONSES: dict[int | str, dict[str, Any]] = {
    int(status): {
        "description": status.phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (HTTPStatus.BAD_REQUEST, *dict.fromkeys(STATUS.values()), HTTPStatus.SERVICE_UNAVAILABLE)
}
Render = Callable[[Request, Problem], Response | None]


def problem_of(error: LinerError, request: Request) -> Problem:
    """Turn an error into a problem; members such as ``missing`` come along."""
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return _problem(request, status, error.code, error.message, error.mend, **_members(error))


def answer(request: Request, problem: Problem) -> Response:
    """Answer with a problem: JSON, or what the console makes of it for a person's browser."""
    render: Render | None = getattr(request.app.state, "render_problem", None)
    if render is not None and _is_for_people(request):
        page = render(request, problem)
        if page is not None:
            return page
    headers = {**HEADERS.get(HTTPStatus(problem.status), {})}
    wait = (problem.model_extra or {}).get("retry_after_s")
    if wait is not None:
        headers["Retry-After"] = str(wait)
    return _ProblemResponse(problem.model_dump(), problem.status, headers, MEDIA_TYPE)


def refuse(request: Request, error: LinerError) -> Response:
    """Answer with an error that was found outside of all routes."""
    return answer(request, problem_of(error, request))


def install(app: FastAPI) -> None:
    """Answer every error with a problem."""
    app.add_exception_handler(LinerError, _on_liner_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(OperationalError, _on_busy_database)
    app.add_exception_handler(DataError, _on_unstorable)
    app.add_exception_handler(Exception, _on_bug)


def _on_liner_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, LinerError):
        raise error
    return answer(request, problem_of(error, request))


def _on_invalid_request(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"at": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in found[:MAX_ERRORS]]
    detail = "; ".join(f"{one['at']}: {one['message']}" for one in errors[:3])
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return answer(
        request,
        _problem(request, status, "invalid-request", detail, "See /openapi.json for the form.", errors=errors),
    )


def _on_http_exception(request: Request, error: Exception) -> Response:
    if isinstance(error.__cause__, LinerError):  # raised while the framework read the body, and wrapped by it
        return _on_liner_error(request, error.__cause__)
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    detail = str(getattr(error, "detail", "")) or status.description
    code = CODES.get(status, status.phrase.lower().replace(" ", "-"))
    response = answer(request, _problem(request, status, code, detail, ""))
    response.headers.update(getattr(error, "headers", None) or {})
    return response


def _on_busy_database(request: Request, error: Exception) -> Response:
    log.error("the database gave no answer: %s", error)
    detail = "The database gave no answer in time."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return answer(request, _problem(request, status, "database-unavailable", detail, "Try again in a moment."))


def _on_unstorable(request: Request, error: Exception) -> Response:
    """Refuse what the database cannot even be asked for: PostgreSQL takes no NUL in a text."""
    log.info("the database refuses a value at %s: %s", request.url.path, error)
    detail = "The request holds a character or number that the database cannot store."
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return answer(request, _problem(request, status, "invalid-input", detail, "Leave control characters out."))


def _on_bug(request: Request, error: Exception) -> Response:
    log.error("unexpected error at %s", request.url.path, exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "Something went wrong on our side; nothing was changed."
    response = answer(request, _problem(request, status, "internal-error", detail, "Tell the operator the time."))
    response.headers.update(SECURITY_HEADERS)  # this answer is made outside all middleware
    return response


def _problem(request: Request, status: HTTPStatus, code: str, detail: str, mend: str, **more: Any) -> Problem:
    return Problem(
        type=f"urn:liner:problem:{code}",
        title=status.phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        code=code,
        mend=mend,
        **more,
    )


def _members(error: LinerError) -> dict[str, Any]:
    return {name: value for name, value in vars(error).items() if name not in {"message", "mend"}}


def _is_for_people(request: Request) -> bool:
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")
