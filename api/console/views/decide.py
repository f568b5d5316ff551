"""The decide form: actions with their keys, fields with what was typed and what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.console.views.flags import contradictions_first
from api.console.views.words import Stamp, stamp
from api.public import DecisionPublic
from schemas import reasons
from schemas.cases import Action, StatementOfReasons
from schemas.screening import Screening
from schemas.statement_parts import parts

_ABOUT = {
    Action.APPROVE: ("Approve", "a", "Goes live as declared."),
    Action.ASK: ("Ask", "s", "Waits until the label answers."),
    Action.LABEL: ("Label", "l", "Goes live, labelled as AI."),
    Action.DEMOTE: ("Demote", "d", "Goes live, not recommended."),
    Action.REMOVE: ("Remove", "x", "Does not go live."),
}
_QUICK = (
    "The declaration agrees with the evidence.",
    "Checked by ear; the evidence does not support the flag.",
    "The credits and the declaration contradict each other.",
    "The sound is that of another recording in the catalogue.",
)
_NAMES = {
    "action": "Action",
    "reason": "Reason",
    "facts": "Facts",
    "ground": "Ground",
    "explanation": "Why the facts fall under it",
    "territories": "Where",
    "ends_at": "Until",
    "redress": "Redress",
}


@dataclass(frozen=True, slots=True)
class ActionView:
    """One action as a button with its key."""

    value: str
    label: str
    key: str
    effect: str
    is_restricting: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A field's content and its error; both empty at first."""

    value: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class QuickReason:
    """A reason that a digit key writes."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class DraftChoice:
    """A reason whose texts the statement can be drafted with."""

    code: str
    title: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class DecideView:
    """The whole form."""

    version: int
    actions: tuple[ActionView, ...]
    fields: Mapping[str, Field]
    quick: tuple[QuickReason, ...]
    grounds: tuple[str, ...]
    drafts: tuple[DraftChoice, ...]
    is_law: bool
    problems: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision that was made: what, by whom, why, and what the label was told."""

    label: str
    decided_by: str
    policy: str
    at: Stamp
    reason: str
    note: str
    statement: tuple[tuple[str, str], ...]


def decision_view(decision: DecisionPublic, now: datetime) -> DecisionView:
    """Show a decision with its statement of reasons, part by part."""
    return DecisionView(
        label=action_label(decision.action),
        decided_by=decision.decided_by,
        policy=decision.policy,
        at=stamp(decision.decided_at, now),
        reason=decision.reason,
        note=decision.note or "",
        statement=parts(decision.statement) if decision.statement else (),
    )


def decide_view(
    screening: Screening, version: int, typed: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
) -> DecideView:
    """Make the form: prefilled from the evidence, or with what was typed and what is wrong with it.

    Parameters
    ----------
    screening
        What the case rests on.
    version
        The case's version that the decision will be bound to.
    typed
        The form as it was sent; None for a fresh one.
    errors
        What is wrong, by field name.
    """
    errors = errors or {}
    values = {**prefilled(screening), **(typed or {})}
    names = ("reason", "facts", "ground", "explanation", "territories", "ends_at", "redress", "note")
    return DecideView(
        version=version,
        actions=tuple(_action(action, values.get("action", "")) for action in Action),
        fields={name: Field(values.get(name, ""), errors.get(name, "")) for name in names},
        quick=tuple(QuickReason(str(key), text) for key, text in enumerate(_QUICK, start=1)),
        grounds=grounds(screening),
        drafts=_drafts(screening, values.get("drafted", "")),
        is_law=values.get("ground_kind") == "law",
        problems=tuple((name, f"{_NAMES.get(name, name)}: {problem}") for name, problem in errors.items()),
    )


def prefilled(screening: Screening) -> dict[str, str]:
    """Prefill the statement of reasons as `GET /v1/dsa/cases/{id}/draft` drafts it; the rest from its defaults.

    What only a person knows, why the facts fall under the ground above all, stands as a ``{place}`` to fill in: a
    statement that still has one is refused.
    """
    blank = StatementOfReasons()
    return {
        **(reasons.draft(screening) if screening.flags else {}),
        "ground": next(iter(grounds(screening)), ""),
        "territories": ", ".join(blank.territories),
        "redress": blank.redress,
    }


def _drafts(screening: Screening, chosen: str) -> tuple[DraftChoice, ...]:
    code = chosen if chosen in reasons.BY_CODE else reasons.reason_for(screening.flags).code
    return tuple(DraftChoice(one.code, one.title, one.code == code) for one in reasons.BY_CODE.values())


def grounds(screening: Screening) -> tuple[str, ...]:
    """Name the clauses of the policy that the flags fall under, gravest first."""
    policy, _, version = screening.versions.policy.partition("@")
    name = f"{policy.capitalize()} policy of {version.partition('+')[0]}" if version else f"Policy {policy}"
    return tuple(f"{name}, {flag.code}: {flag.title}" for flag in contradictions_first(screening.flags))


def _action(action: Action, chosen: str) -> ActionView:
    label, key, effect = _ABOUT[action]
    return ActionView(str(action), label, key, effect, action.is_restricting, chosen == action)


def action_label(action: Action) -> str:
    """Name an action as its button does."""
    return _ABOUT[action][0]
