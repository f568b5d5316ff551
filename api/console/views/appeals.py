"""Appeals as a reviewer reads them: what was decided, what is said against it, what proves it."""

from dataclasses import dataclass
from datetime import datetime

from api.console.views.decide import DecisionView, decision_view
from api.console.views.words import Stamp, clock, stamp
from api.public import CaseView
from api.public_appeals import AppealPublic, AppealView, AttachmentPublic
from schemas.appeals import AppealState, AttachmentKind
from schemas.stems import StemReport

CHART = (600, 120)  # of the residual over time, in units of the picture
DEEPEST_DB = 40.0
EXCERPT_S = 30.0
OUTCOMES = {"upheld": "Upheld", "reversed": "Reversed"}


@dataclass(frozen=True, slots=True)
class AppealLine:
    """An appeal in the list."""

    href: str
    title: str
    artist: str
    account: str
    party: str
    state: str
    is_overdue: bool
    due: Stamp


@dataclass(frozen=True, slots=True)
class StemLine:
    """One stem beside the recording, in words."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Half a minute to play."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True, slots=True)
class StemsView:
    """What stems explain, as figures, a line and stretches to play."""

    sentence: str
    chance: str
    points: str
    grid: tuple[tuple[float, str], ...]
    duration: str
    stems: tuple[StemLine, ...]
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class AppealPage:
    """The whole page."""

    about: AppealPublic
    line: AppealLine
    decision: DecisionView | None
    attachments: tuple[AttachmentPublic, ...]
    notes: tuple[tuple[str, Stamp, str], ...]
    has_stems: bool
    stems: StemsView | None


def appeal_line(appeal: AppealPublic, now: datetime) -> AppealLine:
    """Put an appeal into a line of the list."""
    state = OUTCOMES[appeal.outcome] if appeal.outcome else str(appeal.state).capitalize()
    party = f"creator: {appeal.creator}" if appeal.creator else "label"
    return AppealLine(
        href=f"/console/appeals/{appeal.id}",
        title=appeal.title or appeal.case_id,
        artist=appeal.artist,
        account=appeal.account,
        party=party,
        state="Overdue" if appeal.is_overdue else state,
        is_overdue=appeal.is_overdue,
        due=stamp(appeal.due_at, now),
    )


def appeal_page(found: AppealView, about: CaseView, now: datetime) -> AppealPage:
    """Bring an appeal into the order in which a reviewer reads it."""
    against = next((one for one in about.decisions if one.id == found.appeal.decision_id), None)
    return AppealPage(
        about=found.appeal,
        line=appeal_line(found.appeal, now),
        decision=decision_view(against, now) if against else None,
        attachments=found.attachments,
        notes=tuple((note.author, stamp(note.at, now), note.text) for note in found.notes),
        has_stems=found.appeal.state is not AppealState.WITHDRAWN
        and any(one.kind is AttachmentKind.STEM for one in found.attachments),
        stems=stems_view(found.stems) if found.stems else None,
    )


def stems_view(report: StemReport) -> StemsView:
    """Say what stems explain, without saying what it proves."""
    return StemsView(
        sentence=f"Together the stems explain {report.explained:.1%} of the recording's power "
        f"({report.residual_db:.1f} dB are left).",
        chance=f"Moved out of place, the same stems leave {report.chance_db:.1f} dB.",
        points=_points(report.over_time),
        grid=tuple((CHART[1] * db / DEEPEST_DB, f"-{db} dB" if db else "0 dB") for db in (0, 10, 20, 30)),
        duration=clock(report.duration_s),
        stems=tuple(_stem(one.name, one.problem, one.lag_s, one.correlation, one.alone_db) for one in report.stems),
        stretches=tuple(_stretches(report.duration_s)),
    )


def _points(over_time: tuple[float, ...]) -> str:
    width, height = CHART
    step = width / max(len(over_time) - 1, 1)
    places = ((i * step, height * min(-db, DEEPEST_DB) / DEEPEST_DB) for i, db in enumerate(over_time))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _stem(name: str, problem: str, lag_s: float, correlation: float, alone_db: float) -> StemLine:
    if problem:
        return StemLine(name, problem)
    place = "in place" if abs(lag_s) < 0.001 else f"{abs(lag_s):.3f} s {'later' if lag_s > 0 else 'earlier'}"
    return StemLine(name, f"{place}, agrees {correlation:.2f}; alone it leaves {alone_db:.1f} dB")


def _stretches(duration_s: float) -> list[Stretch]:
    starts = [n * EXCERPT_S for n in range(int(duration_s // EXCERPT_S) + 1)]
    return [
        Stretch(
            start, min(start + EXCERPT_S, duration_s), f"{clock(start)} to {clock(min(start + EXCERPT_S, duration_s))}"
        )
        for start in starts
        if duration_s - start >= 1
    ][:20]
