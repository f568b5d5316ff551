"""Queues, routing rules, saved views, the filter language, and a person's own settings."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from api.deps import CurrentActor, Db
from api.public_preferences import Preferences
from api.public_queues import (
    DryRun,
    FilterPublic,
    QueuePublic,
    QueueSet,
    QueuesPublic,
    RoutingCreate,
    RoutingDocument,
    RoutingHistory,
    RoutingPublic,
    ViewCreate,
    ViewPublic,
    ViewsPublic,
)
from api.services import filters, preferences, queues, routing
from schemas.filters import MAX_LENGTH

router = APIRouter(prefix="/v1", tags=["queues"])
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


@router.get("/queues")
def every(db: Db, actor: CurrentActor) -> QueuesPublic:
    """List queues with what waits, what is late, and the oldest."""
    return queues.every(db, actor)


@router.put("/queues/{name}")
def put(db: Db, actor: CurrentActor, name: Name, wanted: QueueSet) -> QueuePublic:
    """Make a queue, or change its title or clock."""
    return queues.put(db, actor, name, wanted)


@router.get("/routing")
def current(db: Db, actor: CurrentActor) -> RoutingPublic:
    """Read the routing rules in force."""
    return routing.current(db, actor)


@router.get("/routing/history")
def history(db: Db, actor: CurrentActor) -> RoutingHistory:
    """List the versions of the routing rules, newest first."""
    return routing.history(db, actor)


@router.post("/routing/dry-run")
def dry_run(db: Db, actor: CurrentActor, wanted: RoutingDocument) -> DryRun:
    """Say where cases would go under these rules; nothing changes."""
    return routing.dry_run(db, actor, wanted)


@router.post("/routing", status_code=status.HTTP_201_CREATED)
def save(db: Db, actor: CurrentActor, wanted: RoutingCreate) -> RoutingPublic:
    """Put a new version of the rules in force, and move the open cases that it puts elsewhere."""
    return routing.save(db, actor, wanted)


@router.get("/views")
def views(db: Db, actor: CurrentActor) -> ViewsPublic:
    """List saved views, each with how many cases match now."""
    return queues.views(db, actor)


@router.post("/views", status_code=status.HTTP_201_CREATED)
def save_view(db: Db, actor: CurrentActor, wanted: ViewCreate) -> ViewPublic:
    """Save a filter under a name."""
    return queues.save_view(db, actor, wanted)


@router.get("/views/{view_id}")
def view(db: Db, actor: CurrentActor, view_id: str) -> ViewPublic:
    """Read a view and count what matches."""
    return queues.view(db, actor, view_id)


@router.delete("/views/{view_id}", status_code=status.HTTP_204_NO_CONTENT)
def remove_view(db: Db, actor: CurrentActor, view_id: str) -> None:
    """Remove a view."""
    queues.remove_view(db, actor, view_id)


@router.get("/filter")
def explain(
    db: Db,
    actor: CurrentActor,
    filter: Annotated[str, Query(max_length=MAX_LENGTH)] = "",  # noqa: A002 - the parameter's public name
    cursor: Annotated[int | None, Query(ge=0, le=MAX_LENGTH)] = None,
) -> FilterPublic:
    """Read a filter: its one form, how many cases match, what is wrong and where, what may stand at the cursor."""
    return filters.explain(db, actor, filter, cursor)


@router.get("/preferences")
def own(db: Db, actor: CurrentActor) -> Preferences:
    """Read what you set for yourself."""
    return preferences.of(db, actor)


@router.put("/preferences")
def put_own(db: Db, actor: CurrentActor, wanted: Preferences) -> Preferences:
    """Set your keys, volume, rests, and what to hide."""
    return preferences.put(db, actor, wanted)
