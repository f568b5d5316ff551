"""Second opinions, golden items, and how far people agree."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from api.deps import CurrentActor, Db, Rules
from api.public import CaseView
from api.public_quality import (
    GoldenCreate,
    GoldenPublic,
    OpinionCreate,
    OpinionResult,
    QualityPublic,
    SampleNext,
    SamplePublic,
    SettleCreate,
)
from api.services import second

router = APIRouter(prefix="/v1", tags=["quality"])


@router.get("/samples/next")
def next_sample(db: Db, actor: CurrentActor, after: Annotated[str, Query(max_length=64)] = "") -> SampleNext:
    """Give the next case that you are asked about blindly; ``after`` leaves one out."""
    return second.next_sample(db, actor, after=after)


@router.get("/samples/{sample_id}")
def view(db: Db, actor: CurrentActor, sample_id: str) -> SamplePublic:
    """Read a case to look at blindly: the evidence, and nothing of what others decided."""
    return second.view(db, actor, sample_id)


@router.post("/samples/{sample_id}/opinion", status_code=status.HTTP_201_CREATED)
def give(db: Db, actor: CurrentActor, rules: Rules, sample_id: str, opinion: OpinionCreate) -> OpinionResult:
    """Say what you would decide; only then you learn what the first person said."""
    return second.give(db, actor, sample_id, action=opinion.action, reason=opinion.reason, rules=rules)


@router.post("/cases/{case_id}/settle")
def settle(db: Db, actor: CurrentActor, rules: Rules, case_id: str, command: SettleCreate) -> CaseView:
    """End a dispute between two opinions: release the first decision, or put another in its place."""
    return second.settle(
        db,
        actor,
        case_id,
        release=command.release,
        action=command.action,
        reason=command.reason,
        statement=command.statement,
        rules=rules,
        expected_version=command.expected_version,
    )


@router.post("/cases/{case_id}/golden", status_code=status.HTTP_201_CREATED)
def golden(db: Db, actor: CurrentActor, case_id: str, command: GoldenCreate) -> GoldenPublic:
    """Make a decided case a golden item: one whose right answer is known."""
    made = second.make_golden(db, actor, case_id, action=command.action, expected_version=command.expected_version)
    return GoldenPublic(sample_id=made)


@router.get("/quality")
def quality(db: Db, actor: CurrentActor) -> QualityPublic:
    """Say how far people agree (Cohen's kappa) and how often they are right (golden items), per policy."""
    return second.quality(db, actor)
