"""What a label does not get to see of its own case: names of moderators, notes, other labels' files."""

from pathlib import PurePosixPath

from api.public import CasePublic, DecisionPublic, EventPublic
from api.services.access import Actor, Role
from schemas.cases import CaseState
from schemas.events import EventKind
from schemas.screening import Match, Screening

MODERATION = "moderation"
FOR_LABELS = {EventKind.CASE_OPENED, EventKind.CASE_UPDATED, EventKind.CASE_DECIDED, EventKind.CASE_REOPENED}
STAFF: dict[str, None] = {"confirmed_by": None, "batch_id": None}
INTERNAL = {"queue": "", "due_at": None, "confidence": 1.0, "exposure": 1.0}
REASONS_FOR_LABELS = {EventKind.CASE_DECIDED}  # why a colleague reopened a case is an internal matter


def case_for(case: CasePublic, actor: Actor) -> CasePublic:
    """Hide who works on the case, and that a decision is on its way: it may still be undone."""
    if actor.role is not Role.LABEL:
        return case
    decision = case.decision.model_copy(update={"decided_by": MODERATION}) if case.decision else None
    state = CaseState.OPEN if case.state.has_draft else case.state
    hidden = {"claim": None, "park": None, "updated_by": MODERATION, "decision": decision, "state": state}
    return case.model_copy(update={**hidden, **INTERNAL})


def decisions_for(found: tuple[DecisionPublic, ...], actor: Actor) -> tuple[DecisionPublic, ...]:
    """Hide notes and names."""
    if actor.role is not Role.LABEL:
        return found
    return tuple(one.model_copy(update={"note": None, "decided_by": MODERATION, **STAFF}) for one in found)


def events_for(found: tuple[EventPublic, ...], actor: Actor) -> tuple[EventPublic, ...]:
    """Leave out how colleagues share work, and hide names."""
    if actor.role is not Role.LABEL:
        return found
    return tuple(_event(one) for one in found if one.kind in FOR_LABELS)


def screening_for(screening: Screening, actor: Actor) -> Screening:
    """Hide paths of this machine, and who delivered the recordings that were found alike."""
    if actor.role is not Role.LABEL:
        return screening
    uri = screening.intake.audio_uri
    intake = screening.intake.model_copy(update={"audio_uri": PurePosixPath(uri).name if uri else None})
    matches = screening.known.matches
    hidden = {"matches": matches and tuple(map(_match, matches)), "cluster": None, "namesakes": None}
    known = screening.known.model_copy(update=hidden)
    return screening.model_copy(update={"intake": intake, "known": known})


def _match(match: Match) -> Match:
    return match.model_copy(update={"audio_uri": None, "sender_id": None, "recording_key": ""})


def _event(event: EventPublic) -> EventPublic:
    payload = dict(event.payload)
    if event.kind not in REASONS_FOR_LABELS:
        payload.pop("reason", None)
    return event.model_copy(update={"actor": MODERATION, "payload": payload})
