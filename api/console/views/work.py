"""What stands between a decision and its effect, and who works on the case: undo, second look, hand-over, parking."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.console.views.decide import action_label
from api.console.views.words import Stamp, plural, stamp
from api.public import CaseView, DraftPublic
from schemas.cases import Action, CaseState, Park

_PARKING = (("1 hour", timedelta(hours=1)), ("Tomorrow", timedelta(days=1)), ("A week", timedelta(days=7)))


@dataclass(frozen=True, slots=True)
class DraftView:
    """A decision that has no effect yet.

    Attributes
    ----------
    leaves_at
        When it is published; None while a second opinion is awaited.
    seconds
        Seconds until then, as the page is made; the script counts on.
    """

    sentence: str
    reason: str
    leaves_at: Stamp | None
    seconds: int


@dataclass(frozen=True, slots=True)
class ParkChoice:
    """A time to put a case aside until."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class WorkView:
    """Everything about who works on the case and what is on its way."""

    case_id: str
    version: int
    draft: DraftView | None
    held: str
    note: str
    parked: str
    can: frozenset[str]
    colleagues: tuple[str, ...]
    parking: tuple[ParkChoice, ...]
    actions: tuple[tuple[str, str], ...]
    is_mine: bool
    release: str


def work_view(
    about: CaseView, *, viewer: str, colleagues: Collection[str], release_cases: int, now: datetime
) -> WorkView:
    """Say what is on its way and what may be done about it.

    Parameters
    ----------
    colleagues
        Whom the case could be handed over to.
    release_cases
        Number of cases of the same release.
    """
    case = about.case
    claim = case.claim if case.claim and case.claim.is_live(now) else None
    return WorkView(
        case_id=case.id,
        version=case.version,
        draft=_draft(about.draft, now) if about.draft else None,
        held=_held(about, now),
        note=f"{claim.given_by} handed this case to {claim.holder}: “{claim.note}”" if claim and claim.given_by else "",
        parked=_parked(case.park, now),
        can=frozenset(about.allowed_actions),
        colleagues=tuple(name for name in colleagues if name != viewer),
        parking=tuple(ParkChoice(_iso(now + by), label) for label, by in _PARKING),
        actions=tuple((str(action), action_label(action)) for action in Action),
        is_mine=claim is not None and claim.holder == viewer,
        release=plural(release_cases, "case", "cases") if release_cases > 1 else "",
    )


def _draft(draft: DraftPublic, now: datetime) -> DraftView:
    leaves = draft.publish_at
    confirmed = f", confirmed by {draft.confirmed_by}" if draft.confirmed_by else ""
    return DraftView(
        sentence=f"{action_label(draft.action)}, by {draft.drafted_by}{confirmed}.",
        reason=draft.reason,
        leaves_at=stamp(leaves, now) if leaves else None,
        seconds=max(0, round((leaves - now).total_seconds())) if leaves else 0,
    )


def _held(about: CaseView, now: datetime) -> str:
    if about.case.state is not CaseState.SECOND_REVIEW:
        return ""
    told = next((event.payload for event in reversed(about.events) if event.kind == "decision.held"), {})
    rules = "; ".join(map(str, told.get("rules", ())))
    return f"Waits for a second person's opinion ({rules}). {_lapses(told, now)}"


def _lapses(told: Mapping[str, object], now: datetime) -> str:
    until = told.get("until")
    if not isinstance(until, str):
        return ""
    return f"Without one it returns to the queue on {stamp(datetime.fromisoformat(until), now).text}."


def _parked(park: Park | None, now: datetime) -> str:
    if park is None or not park.is_live(now):
        return ""
    return f"{park.by} put it aside until {stamp(park.until, now).text}: “{park.reason}”"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="minutes")
