"""Deliveries come in, and their senders see what became of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, status
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.deps import AppSettings, CurrentActor, Db
from api.public_deliveries import DeliveriesPublic, DeliveryPublic
from api.services import deliveries
from schemas.errors import InvalidInput

router = APIRouter(prefix="/v1/deliveries", tags=["deliveries"])

FILE = {"type": "string", "format": "binary"}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["message"],
                    "properties": {"message": FILE, "audio": {"type": "array", "items": FILE}},
                }
            }
        },
    }
}


@router.post("", status_code=status.HTTP_202_ACCEPTED, openapi_extra=BODY)
async def receive(
    *,
    request: Request,
    response: Response,
    db: Db,
    actor: CurrentActor,
    settings: AppSettings,
    account: Annotated[str | None, Query(max_length=64)] = None,
) -> DeliveryPublic:
    """Take a message (ERN XML or a JSON submission) with its audio files into the landing zone."""
    owner = await run_in_threadpool(deliveries.account_of, actor, account, db)
    with deliveries.receiving(settings, owner, request.headers.get("content-type", "")) as incoming:
        try:
            async for chunk in request.stream():
                await run_in_threadpool(incoming.upload.feed, chunk)
        except ClientDisconnect as error:
            raise InvalidInput("The upload was cut off.", mend="Send it again.") from error
        accepted = await run_in_threadpool(deliveries.accept, db, actor, settings, incoming)
    response.headers["Location"] = f"/v1/deliveries/{accepted.id}"
    return accepted


@router.get("")
def every(
    db: Db,
    actor: CurrentActor,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveriesPublic:
    """List deliveries, newest first."""
    return deliveries.every(db, actor, cursor=cursor, limit=limit)


@router.get("/{delivery_id}")
def view(db: Db, actor: CurrentActor, delivery_id: str) -> DeliveryPublic:
    """Read a delivery's status and the screenings of its recordings."""
    return deliveries.view(db, actor, delivery_id)
