"""Statements of reasons for the EU's transparency database, tables for the yearly report, and reasons with texts."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from api.deps import AppSettings, CurrentActor, Db
from api.services import cases, dsa
from schemas import reasons
from schemas.base import Model

router = APIRouter(prefix="/v1/dsa", tags=["dsa"])
Moment = Annotated[AwareDatetime, Query()]
ZIP = "application/zip"


class StatementsPublic(Model):
    """Statements in the field names of the transparency database."""

    statements: tuple[dict[str, Any], ...]


class ReasonsPublic(Model):
    """All reasons for decisions."""

    reasons: tuple[reasons.Reason, ...]


class StatementDraft(Model):
    """Texts of a statement, drafted from the evidence; ``unfilled`` names what a person has to add."""

    reason: str
    category: str
    facts: str
    explanation: str
    unfilled: tuple[str, ...]


@router.get("/statements")
def statements(db: Db, actor: CurrentActor, since: Moment, until: Moment) -> StatementsPublic:
    """Export the statements of reasons of a period for the transparency database."""
    return StatementsPublic(statements=tuple(dsa.records(db, actor, since, until)))


@router.get("/report", responses={200: {"content": {ZIP: {}}}}, response_class=Response)
def report(db: Db, actor: CurrentActor, settings: AppSettings, since: Moment, until: Moment) -> Response:
    """Export the tables of Implementing Regulation (EU) 2024/2835 as CSV files in one archive."""
    packed = dsa.zipped(dsa.report(db, actor, settings, since, until))
    name = f"dsa-{since:%Y-%m-%d}-{until:%Y-%m-%d}.zip"
    return Response(packed, media_type=ZIP, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get("/reasons")
def every_reason(actor: CurrentActor) -> ReasonsPublic:
    """List the reasons for decisions with their texts, places to fill in, and categories."""
    del actor  # anybody with a key
    return ReasonsPublic(reasons=tuple(reasons.BY_CODE.values()))


@router.get("/cases/{case_id}/draft")
def draft(
    db: Db, actor: CurrentActor, case_id: str, reason: Annotated[str, Query(max_length=40)] = ""
) -> StatementDraft:
    """Draft a case's statement of reasons from its evidence; ``reason`` chooses another than the gravest flag's."""
    screening = cases.view(db, actor, case_id).screening
    chosen = reasons.BY_CODE.get(reason) or reasons.reason_for(screening.flags)
    texts = reasons.draft(screening, chosen)
    return StatementDraft(
        reason=chosen.code, category=chosen.category, unfilled=reasons.unfilled(" ".join(texts.values())), **texts
    )
