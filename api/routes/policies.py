"""Policies and models as versions."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from api.deps import CurrentActor, Db
from api.public_policies import (
    PoliciesPublic,
    PolicyCreate,
    PolicyPublic,
    PolicyText,
    PolicyUpdate,
    RollBackCreate,
    SimulateCreate,
    SweepCreate,
    SweepPublic,
    VersionCommand,
)
from api.services import policies
from schemas.steering import VersionKind

router = APIRouter(prefix="/v1/policies", tags=["policies"])


@router.get("")
def newest(db: Db, actor: CurrentActor) -> PoliciesPublic:
    """List versions, the last changed first."""
    return policies.newest(db, actor)


@router.post("", status_code=status.HTTP_201_CREATED)
def draft(db: Db, actor: CurrentActor, wanted: PolicyCreate) -> PolicyPublic:
    """Propose a version; every mistake of its text is answered with its line."""
    return policies.draft(db, actor, wanted)


@router.get("/live")
def live(db: Db, actor: CurrentActor, kind: VersionKind = VersionKind.POLICY) -> PolicyText:
    """Read what is live; `liner scan --policy live` judges by it."""
    return policies.live(db, actor, kind)


@router.get("/text")
def text(db: Db, actor: CurrentActor, ref: Annotated[str, Query(max_length=200)]) -> PolicyText:
    """Read the text that a decision pinned, as it was on its day."""
    return policies.text_of(db, actor, ref)


@router.post("/roll-back")
def roll_back(db: Db, actor: CurrentActor, wanted: RollBackCreate) -> PolicyPublic:
    """Put back what was live before, at once."""
    return policies.roll_back(db, actor, wanted)


@router.get("/{version_id}")
def view(db: Db, actor: CurrentActor, version_id: str) -> PolicyPublic:
    """Read a version: what it changes, its simulated effect, and what you may do with it."""
    return policies.view(db, actor, version_id)


@router.put("/{version_id}")
def edit(db: Db, actor: CurrentActor, version_id: str, wanted: PolicyUpdate) -> PolicyPublic:
    """Change a draft of your own; its simulation is void then."""
    return policies.edit(
        db, actor, version_id, text=wanted.text, why=wanted.why, expected_version=wanted.expected_version
    )


@router.post("/{version_id}/simulate")
def simulate(db: Db, actor: CurrentActor, version_id: str, wanted: SimulateCreate) -> PolicyPublic:
    """Judge the past by this version and the live one: flags a day, hours, misses, overturned."""
    return policies.simulate_effect(db, actor, version_id, wanted)


@router.post("/{version_id}/thresholds")
def thresholds(db: Db, actor: CurrentActor, version_id: str, wanted: SweepCreate) -> SweepPublic:
    """Try values of one threshold: queue, misses and appeals for each; nothing is changed."""
    return policies.sweep(db, actor, version_id, wanted)


@router.post("/{version_id}/shadow")
def shadow(db: Db, actor: CurrentActor, version_id: str, command: VersionCommand) -> PolicyPublic:
    """Judge what comes in by this version, too; its flags are counted apart and are nobody's flags."""
    return policies.shadow(db, actor, version_id, expected_version=command.expected_version)


@router.post("/{version_id}/approve")
def approve(db: Db, actor: CurrentActor, version_id: str, command: VersionCommand) -> PolicyPublic:
    """Let a version go live, as a second person."""
    return policies.approve(db, actor, version_id, expected_version=command.expected_version)


@router.post("/{version_id}/discard")
def discard(db: Db, actor: CurrentActor, version_id: str, command: VersionCommand) -> PolicyPublic:
    """Put a proposal away."""
    return policies.discard(db, actor, version_id, expected_version=command.expected_version)
