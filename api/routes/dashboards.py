"""Figures of the review, and the cases behind each."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import CurrentActor, Db
from api.public_dashboards import DashboardPublic, FigureCases, FigureQuery
from api.services import dashboards, figure_cases

router = APIRouter(prefix="/v1/dashboard", tags=["dashboard"])


@router.get("")
def dashboard(db: Db, actor: CurrentActor) -> DashboardPublic:
    """Count inflow, backlog, handling, overturned, agreement, precision, undeclared, drift."""
    return dashboards.dashboard(db, actor)


@router.get("/cases")
def cases(db: Db, actor: CurrentActor, query: Annotated[FigureQuery, Query()]) -> FigureCases:
    """List the cases behind a number, longest open first."""
    return figure_cases.view(db, actor, query)
