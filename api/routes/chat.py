"""Where Slack's clicks, modals and commands arrive; the signature over the raw body is their only key."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from api.chat import desk, signature
from api.deps import AppSettings, Db, Rules

PATH = "/v1/chat/slack"
MAX_BODY_BYTES = 256 * 1024  # a card comes back whole with every click
FORM: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}}
}
router = APIRouter(prefix="/v1/chat", tags=["chat"])


@router.post("/slack", openapi_extra=FORM, response_class=JSONResponse)
async def slack(request: Request, db: Db, settings: AppSettings, rules: Rules) -> Response:
    """Take a signed request of Slack's; the work is done after the answer, which Slack wants within three seconds."""
    timestamp, given = (request.headers.get(name, "") for name in (signature.TIMESTAMP, signature.SIGNATURE))
    body = await request.body()
    reply = await run_in_threadpool(desk.receive, db, settings, rules, timestamp=timestamp, given=given, body=body)
    later = BackgroundTask(reply.later) if reply.later else None
    return JSONResponse(reply.content, background=later) if reply.content else Response(background=later)
