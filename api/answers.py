"""Answers that are asked for many times a second, written where they were made."""

from fastapi import Response
from pydantic import BaseModel


def ready(found: BaseModel) -> Response:
    """Write an answer in JSON at once, in the thread that made it.

    The framework would have another thread look whether it is what the route promises, and write it in the one thread
    that serves all connections. The route names its ``response_model`` for the documentation.
    """
    return Response(found.model_dump_json(by_alias=True), media_type="application/json")
