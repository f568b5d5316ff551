"""Versions of policies and models as one person may see them: what they change, and what may be done with them."""

from sqlmodel import Session

from api.public_policies import PolicyBrief, PolicyPublic, PolicyText, StandingPublic
from api.services import shadows
from api.services.access import Actor, Permission
from api.services.standing import standing
from api.store import policies as store
from api.tables import PolicyRow
from schemas.errors import NotFound
from schemas.policy import parse_policy
from schemas.policy_text import changes, compare, knobs
from schemas.simulation import Simulation
from schemas.steering import VersionKind, VersionState

ACTIONS = ("edit", "simulate", "shadow", "approve", "discard")


def refusals(session: Session, actor: Actor, row: PolicyRow) -> dict[str, str]:
    """Say for every action why it is not possible now; an empty word where it is."""
    state = VersionState(row.state)
    if not actor.may(Permission.STEER):
        return dict.fromkeys(ACTIONS, "Only senior moderators and administrators do this.")
    not_proposed = "" if state.is_proposed else f"It is {state}."
    not_draft = "" if state is VersionState.DRAFT else f"It is {state}, no draft."
    by_others = "" if row.author == actor.name else "Only its author changes it."
    no_shadow = "" if row.kind == VersionKind.POLICY else "A model is simulated, not shadowed."
    return {
        "edit": not_draft or by_others,
        "simulate": not_proposed,
        "shadow": not_draft or no_shadow,
        "approve": not_proposed or _unready(session, actor, row),
        "discard": not_proposed,
    }


def _unready(session: Session, actor: Actor, row: PolicyRow) -> str:
    if row.author == actor.name:
        return "Who wrote a version does not approve it."
    if row.simulation is None:
        return "Its effect was not simulated yet."
    if not is_current(session, row, Simulation.model_validate_json(row.simulation)):
        return "Another version went live since it was simulated."
    return ""


def is_current(session: Session, row: PolicyRow, found: Simulation) -> bool:
    """Whether a simulation is of this text, against what is live now."""
    return found.ref == row.ref and found.live_ref == live_ref(session, row)


def live_ref(session: Session, row: PolicyRow) -> str:
    """Name what is live of a version's kind."""
    if row.kind == VersionKind.MODEL:
        return live_text(session, row.kind)
    return parse_policy(live_text(session, row.kind)).ref


def live_text(session: Session, kind: str) -> str:
    """Give the live text of a kind; for models what the registry names where none was approved here."""
    row = store.live(session, VersionKind(kind))
    if row is not None:
        return row.text if kind == VersionKind.POLICY else row.ref
    if kind == VersionKind.MODEL:
        from classifiers.models import active  # noqa: PLC0415

        return active.pins(active.read_pointer().names)[0]
    raise NotFound("No policy is live.", mend="Start the service once: it keeps the policy that comes with it.")


def brief(row: PolicyRow) -> PolicyBrief:
    """Give a version as lists show it."""
    return PolicyBrief.model_validate(row.model_dump(include={*PolicyBrief.model_fields}))


def pinned(row: PolicyRow) -> PolicyText:
    """Give a version's text as decisions pin it."""
    return PolicyText.model_validate(row.model_dump(include={*PolicyText.model_fields}))


def public(session: Session, actor: Actor, row: PolicyRow) -> PolicyPublic:
    """Give a version with all that a person needs to approve it."""
    is_policy = row.kind == VersionKind.POLICY
    current = live_text(session, row.kind)
    found = Simulation.model_validate_json(row.simulation) if row.simulation else None
    refused = refusals(session, actor, row)
    own = parse_policy(row.text) if is_policy else None
    return PolicyPublic.model_validate(
        {
            **row.model_dump(include={*PolicyBrief.model_fields, "text"}),
            "changes": changes(parse_policy(current), own) if own else (f"{row.ref} instead of {current}.",),
            "diff": compare(current, row.text) if is_policy else (),
            "simulation": found,
            "is_simulation_current": found is not None and is_current(session, row, found),
            "shadow": shadows.report(session, row.id) if is_policy else None,
            "knobs": knobs(own) if own else (),
            "allowed_actions": tuple(name for name, why in refused.items() if not why),
            "refused_actions": {name: why for name, why in refused.items() if why},
            "standing": _standing(session, row),
        }
    )


def _standing(session: Session, row: PolicyRow) -> StandingPublic | None:
    state = VersionState(row.state)
    if state is not VersionState.LIVE and not state.is_proposed:
        return None
    return standing(session, VersionKind(row.kind), row.ref, live_ref(session, row))
