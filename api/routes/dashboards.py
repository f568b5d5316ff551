"""Figures of the review, and the cases behind each."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import CurrentActor, Db
from api.public_dashboards import DashboardPublic, FigureCases
from api.services import dashboards

router = APIRouter(prefix="/v1/dashboard", tags=["dashboard"])
Short = Annotated[str, Query(max_length=200)]


@router.get("")
def dashboard(db: Db, actor: CurrentActor) -> DashboardPublic:
    """Count inflow, backlog, handling, overturned, agreement, precision, undeclared, drift."""
    return dashboards.dashboard(db, actor)


@router.get("/cases")
def cases(db: Db, actor: CurrentActor, figure: Short, value: Short = "", part: Short = "") -> FigureCases:
    """List the cases behind a number, longest open first."""
    return dashboards.cases_behind(db, actor, figure, value, part)
