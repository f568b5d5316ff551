"""A case as one person may see it: the draft of a decision stays hidden from whoever may still be asked about it."""

from datetime import datetime

from sqlmodel import Session

from api.public import CaseView, DraftPublic
from api.services import permitted, redaction
from api.services.access import Actor, Permission, Role
from api.services.locking import Locked
from api.store import cases as store
from api.store import drafts, events, samples, screenings
from api.store.shown import Columns
from api.tables import DraftRow, OpinionRow
from schemas.cases import CaseState, StatementOfReasons
from schemas.screening import Screening


def view(session: Session, actor: Actor, row: Columns, now: datetime) -> CaseView:
    """Bring a case together with its evidence, decisions, events and what may be done with it."""
    draft = drafts.of_case(session, row.id) if CaseState(row.state).has_draft else None
    return _view(session, actor, row, now, draft=draft, screening=screenings.of_case(session, row))


def of_command(held: Locked) -> CaseView:
    """Show a case after a command on it; what the command read or made is not read again."""
    draft = held.draft
    if draft is None and held.case.state.has_draft:
        draft = drafts.of_case(held.session, held.row.id)
    return _view(held.session, held.actor, held.row, held.now, draft=draft, screening=held.screening)


def _view(
    session: Session, actor: Actor, row: Columns, now: datetime, *, draft: DraftRow | None, screening: Screening
) -> CaseView:
    case, decisions = store.with_decisions(session, row)
    opinions = _opinions(session, row)
    refused = permitted.refusals(
        case,
        actor,
        now,
        drafted_by=draft.drafted_by if draft else "",
        has_opinion=any(one.reviewer == actor.name for one in opinions),
        is_disputed=_is_disputed(draft, opinions),
    )
    is_label = actor.role is Role.LABEL
    return CaseView(
        case=redaction.case_for(case, actor),
        screening=redaction.screening_for(screening, actor),
        decisions=redaction.decisions_for(decisions, actor),
        allowed_actions=tuple(name for name, why in refused.items() if not why),
        refused_actions={} if is_label else {name: why for name, why in refused.items() if why},
        draft=_shown(draft) if draft and _may_see(draft, actor, opinions) else None,
        events=redaction.events_for(events.of_case(session, row.id), actor),
    )


def _opinions(session: Session, row: Columns) -> tuple[OpinionRow, ...]:
    found = samples.open_hold(session, row.id) if row.state == CaseState.SECOND_REVIEW else None
    return tuple(samples.opinions(session, found.id)) if found else ()


def _is_disputed(draft: DraftRow | None, opinions: tuple[OpinionRow, ...]) -> bool:
    return draft is not None and any(one.action != draft.action for one in opinions)


def _may_see(draft: DraftRow, actor: Actor, opinions: tuple[OpinionRow, ...]) -> bool:
    """Keep a second opinion blind: who has not given theirs sees nothing, unless they have to settle a dispute."""
    if actor.role is Role.LABEL:
        return False
    is_held = draft.publish_at is None
    is_own = draft.drafted_by == actor.name or any(one.reviewer == actor.name for one in opinions)
    settles = actor.may(Permission.SETTLE) and _is_disputed(draft, opinions)
    return not is_held or is_own or settles or not actor.may(Permission.REVIEW)


def _shown(draft: DraftRow) -> DraftPublic:
    flat = draft.model_dump(
        include={*DraftPublic.model_fields} - {"holds", "statement"},
    )
    statement = StatementOfReasons.model_validate_json(draft.statement) if draft.statement else None
    return DraftPublic.model_validate({**flat, "holds": tuple(draft.hold_codes.split()), "statement": statement})
