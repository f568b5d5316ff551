"""Deliveries that are put together file by file, and files that come in pieces (`api.tus`).

``Upload-Metadata`` of a creation has ``filename`` and either ``draft`` or ``appeal`` with ``kind``. Any tus client can
send; the portal's own is one.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response, status
from starlette.concurrency import run_in_threadpool

from api import tus
from api.deps import AppSettings, CurrentActor, Db
from api.public_deliveries import DeliveryPublic
from api.public_uploads import CheckPublic, DraftPublic, DraftsPublic, TextCreate
from api.services import drafting, resumable

router = APIRouter(prefix="/v1", tags=["uploads"])
BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {tus.PIECE: {"schema": {"type": "string", "format": "binary"}}}}
}


def get_protocol(actor: CurrentActor, response: Response, tus_resumable: Annotated[str, Header()] = "") -> None:
    """Refuse a client that speaks another version, and say which one is spoken here."""
    del actor  # asked for first: a stranger hears nothing else
    tus.check_version(tus_resumable)
    response.headers.update(tus.SPOKEN)


Tus = Depends(get_protocol)


@router.post("/drafts", status_code=status.HTTP_201_CREATED)
def begin(
    db: Db, actor: CurrentActor, settings: AppSettings, account: Annotated[str | None, Query(max_length=64)] = None
) -> DraftPublic:
    """Begin a delivery that is put together file by file."""
    return drafting.create(db, actor, settings, account)


@router.get("/drafts")
def every(db: Db, actor: CurrentActor, settings: AppSettings) -> DraftsPublic:
    """List deliveries that were not sent yet."""
    return drafting.every(db, actor, settings)


@router.get("/drafts/{draft_id}")
def view(db: Db, actor: CurrentActor, settings: AppSettings, draft_id: str) -> DraftPublic:
    """Read a draft with its files, whole ones and those on their way."""
    return drafting.view(db, actor, settings, draft_id)


@router.delete("/drafts/{draft_id}", status_code=status.HTTP_204_NO_CONTENT)
def discard(db: Db, actor: CurrentActor, settings: AppSettings, draft_id: str) -> None:
    """Throw a draft away."""
    drafting.discard(db, actor, settings, draft_id)


@router.get("/drafts/{draft_id}/findings")
def findings(db: Db, actor: CurrentActor, settings: AppSettings, draft_id: str) -> CheckPublic:
    """Say what is wrong with a draft's messages and how to mend it, before anybody has listened."""
    return drafting.check(db, actor, settings, draft_id)


@router.post("/drafts/{draft_id}/send", status_code=status.HTTP_202_ACCEPTED)
def send(db: Db, actor: CurrentActor, settings: AppSettings, draft_id: str) -> DeliveryPublic:
    """Send a draft: from now on it is a delivery."""
    return drafting.send(db, actor, settings, draft_id)


@router.put("/drafts/{draft_id}/files/{name:path}")
def write(
    *, db: Db, actor: CurrentActor, settings: AppSettings, draft_id: str, name: str, wanted: TextCreate
) -> DraftPublic:
    """Write a message (XML, JSON or CSV) as it is to be."""
    return drafting.write_text(db, actor, settings, draft_id, name=name, text=wanted.text)


@router.delete("/drafts/{draft_id}/files/{name:path}")
def remove_file(db: Db, actor: CurrentActor, settings: AppSettings, draft_id: str, name: str) -> DraftPublic:
    """Take a whole file out of a draft."""
    return drafting.remove_file(db, actor, settings, draft_id, name)


@router.post("/deliveries/{delivery_id}/correct", status_code=status.HTTP_201_CREATED)
def correct(db: Db, actor: CurrentActor, settings: AppSettings, delivery_id: str) -> DraftPublic:
    """Begin a delivery with the files of an earlier one, to correct and send it again."""
    return drafting.correct(db, actor, settings, delivery_id)


@router.options("/uploads", status_code=status.HTTP_204_NO_CONTENT)
def capabilities(settings: AppSettings) -> Response:
    """Say what of tus is spoken here."""
    headers = {
        **tus.SPOKEN,
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Max-Size": str(settings.max_file_bytes),
    }
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers=headers)


@router.post("/uploads", status_code=status.HTTP_201_CREATED, dependencies=[Tus], response_class=Response)
def create(
    *,
    db: Db,
    actor: CurrentActor,
    settings: AppSettings,
    response: Response,
    upload_length: Annotated[int, Header(ge=0)],
    upload_metadata: Annotated[str, Header(max_length=4096)],
) -> None:
    """Announce a file; ``Location`` is where its pieces go."""
    row = resumable.create(db, actor, settings, tus.announced(upload_metadata, upload_length))
    response.headers["Location"] = f"/v1/uploads/{row.id}"
    response.headers.update(tus.progress(row, 0, settings))


@router.head("/uploads/{upload_id}", dependencies=[Tus], response_class=Response)
def offset(db: Db, actor: CurrentActor, settings: AppSettings, response: Response, upload_id: str) -> None:
    """Say at which byte an upload goes on."""
    row = resumable.find(db, actor, upload_id)
    have = resumable.offset_of(settings, row)
    if have == row.length:  # whoever wrote the last byte may have died before it was put in place
        resumable.finish(db, actor, settings, row)
    response.headers.update({**tus.progress(row, have, settings), "Cache-Control": "no-store"})


@router.patch(
    "/uploads/{upload_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[Tus],
    openapi_extra=BODY,
    response_class=Response,
)
async def go_on(
    *,
    request: Request,
    response: Response,
    db: Db,
    actor: CurrentActor,
    settings: AppSettings,
    upload_id: str,
    upload_offset: Annotated[int, Header(ge=0)],
) -> None:
    """Take a piece; what arrived before a line broke stays."""
    row = await run_in_threadpool(resumable.find, db, actor, upload_id)
    have = await tus.take(request, settings, row, upload_offset)
    if have == row.length:
        await run_in_threadpool(resumable.finish, db, actor, settings, row)
    response.headers.update(tus.progress(row, have, settings))


@router.delete(
    "/uploads/{upload_id}", status_code=status.HTTP_204_NO_CONTENT, dependencies=[Tus], response_class=Response
)
def give_up(db: Db, actor: CurrentActor, settings: AppSettings, upload_id: str) -> None:
    """Give up an upload that is not finished."""
    resumable.remove(db, settings, resumable.find(db, actor, upload_id))
