"""Screenings come in from the pipeline."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import PlainValidator, ValidationError

from api.deps import CurrentActor, Db
from api.public import ScreeningsCreate, ScreeningsResult
from api.services import screenings
from schemas.screening import Screening

router = APIRouter(prefix="/v1/screenings", tags=["screenings"])


class Unread(bytes):
    """A body in JSON that nobody has read yet."""


class _UnreadRequest(Request):
    async def json(self) -> Any:
        """Leave it to the route, which has a thread: a batch of 2 MB would hold up everybody else's answers."""
        return Unread(await self.body())


class _UnreadRoute(APIRoute):
    """A route whose body is documented as usual, and read by itself."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Hand the body on as it is."""
        handle = super().get_route_handler()

        async def unread(request: Request) -> Response:
            return await handle(_UnreadRequest(request.scope, request.receive))

        return unread


def _unread(given: object) -> Unread:
    if not isinstance(given, Unread):
        raise ValueError("has to be JSON, and to say so in its content type")  # noqa: TRY004 - pydantic's way
    return given


Batch = Annotated[Unread, PlainValidator(_unread, json_schema_input_type=ScreeningsCreate), Body()]


def record(db: Db, actor: CurrentActor, batch: Batch) -> ScreeningsResult:
    """Store a batch of screenings; one that is stored already changes nothing."""
    try:
        return ScreeningsResult(results=screenings.record_json(db, actor, batch))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in found]) from error


router.add_api_route("", record, methods=["POST"], route_class_override=_UnreadRoute)


@router.get("/{screening_id}")
def view(db: Db, actor: CurrentActor, screening_id: str) -> Screening:
    """Read a screening."""
    return screenings.view(db, actor, screening_id)
