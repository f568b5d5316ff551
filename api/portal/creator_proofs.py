"""Files in pieces by a creator's link: the same protocol as a label's uploads (`api.tus`), without a key."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response, status
from starlette.concurrency import run_in_threadpool

from api import tus
from api.deps import AppSettings, Db
from api.services import creator_proofs, resumable

PATH = "/creator/{token}/uploads"
router = APIRouter(prefix=PATH, include_in_schema=False)
PIECE_PARTS = 5  # "", "creator", the token, "uploads", the id
Version = Annotated[str, Header(alias="tus-resumable")]


def is_piece(method: str, path: str) -> bool:
    """Whether a request sends a piece of a proof."""
    parts = path.split("/")
    return method == "PATCH" and len(parts) == PIECE_PARTS and parts[1] == "creator" and parts[3] == "uploads"


@router.post("", status_code=status.HTTP_201_CREATED)
def create(
    *,
    db: Db,
    settings: AppSettings,
    token: str,
    upload_length: Annotated[int, Header(ge=0)],
    upload_metadata: Annotated[str, Header(max_length=4096)],
    version: Version = "",
) -> Response:
    """Announce a proof; ``Location`` is where its pieces go."""
    tus.check_version(version)
    row = creator_proofs.create(db, settings, token, tus.announced(upload_metadata, upload_length))
    headers = {**tus.progress(row, 0, settings), "Location": f"{PATH.format(token=token)}/{row.id}"}
    return Response(status_code=status.HTTP_201_CREATED, headers=headers)


@router.head("/{upload_id}")
def offset(db: Db, settings: AppSettings, token: str, upload_id: str, version: Version = "") -> Response:
    """Say at which byte a proof goes on."""
    tus.check_version(version)
    actor, row = creator_proofs.find(db, token, upload_id)
    have = resumable.offset_of(settings, row)
    if have == row.length:  # whoever wrote the last byte may have died before it was put in place
        resumable.finish(db, actor, settings, row)
    return Response(headers=tus.progress(row, have, settings))


@router.patch("/{upload_id}")
async def go_on(
    *,
    request: Request,
    db: Db,
    settings: AppSettings,
    token: str,
    upload_id: str,
    upload_offset: Annotated[int, Header(ge=0)],
    version: Version = "",
) -> Response:
    """Take a piece; no byte is read before the link was found good."""
    tus.check_version(version)
    actor, row = await run_in_threadpool(creator_proofs.find, db, token, upload_id)
    have = await tus.take(request, settings, row, upload_offset)
    if have == row.length:
        await run_in_threadpool(resumable.finish, db, actor, settings, row)
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers=tus.progress(row, have, settings))


@router.delete("/{upload_id}")
def give_up(db: Db, settings: AppSettings, token: str, upload_id: str, version: Version = "") -> Response:
    """Give up a proof that is not whole yet."""
    tus.check_version(version)
    _, row = creator_proofs.find(db, token, upload_id)
    resumable.remove(db, settings, row)
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers=tus.SPOKEN)
