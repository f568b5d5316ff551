"""Versions of policies and models as pages: what they change, what they would do, what may be done with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from api.console.views.charts import Chart, curves
from api.console.views.words import Stamp, hours, number, percent, plural, stamp
from api.public_policies import (
    PoliciesPublic,
    PolicyBrief,
    PolicyPublic,
    PolicyText,
    RecallPublic,
    ShadowReport,
    StandingPublic,
    SweepPublic,
)
from schemas.policy_text import Kind, Knob, Line
from schemas.simulation import Change, Group, Simulation
from schemas.steering import VersionState

DIMENSIONS = {"rule": "Rule", "genre": "Genre", "territory": "Territory"}
_SIGNS = {Kind.GONE: "-", Kind.NEW: "+", Kind.SAME: "", Kind.LEFT_OUT: "…"}


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in the list."""

    href: str
    ref: str
    kind: str
    why: str
    state: str
    author: str
    approved_by: str
    updated: Stamp


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of the comparison with the live text."""

    kind: str
    sign: str
    old: str
    new: str
    text: str


@dataclass(frozen=True, slots=True)
class Effect:
    """One number before and after."""

    name: str
    before: str
    after: str
    note: str


@dataclass(frozen=True, slots=True)
class SimulationView:
    """The simulated effect: sentences about the sample, numbers, tables, and cases to look at."""

    made: Stamp
    sample: str
    effects: tuple[Effect, ...]
    groups: tuple[tuple[str, str, tuple[Group, ...]], ...]
    missed: tuple[str, ...]
    overturned: tuple[str, ...]
    spared: tuple[str, ...]
    is_current: bool


@dataclass(frozen=True, slots=True)
class ShadowView:
    """What a shadow would have flagged so far."""

    sentence: str
    rows: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class SweepView:
    """A threshold's values and what each leads to."""

    title: str
    sample: str
    chart: Chart
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version's page."""

    id: str
    version: int
    ref: str
    kind: str
    state: str
    facts: tuple[tuple[str, str], ...]
    why: str
    text: str
    changes: tuple[str, ...]
    diff: tuple[DiffLine, ...]
    simulation: SimulationView | None
    shadow: ShadowView | None
    knobs: tuple[tuple[str, str], ...]
    can: tuple[str, ...]
    refused: Mapping[str, str]
    is_proposed: bool
    stands: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextView:
    """A text that decisions pin, line by line."""

    ref: str
    standing: str
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class RecallView:
    """A recall or its dry run."""

    id: str
    title: str
    reason: str
    by: str
    made: Stamp
    counts: str
    rows: tuple[tuple[str, str, str, str, str], ...]
    is_cut: bool


def list_view(found: PoliciesPublic, now: datetime) -> tuple[VersionLine, ...]:
    """List versions: what is live first, then proposals, then the past."""
    order = {VersionState.LIVE: 0, VersionState.SHADOW: 1, VersionState.DRAFT: 2}
    return tuple(_line(one, now) for one in sorted(found.policies, key=lambda one: order.get(one.state, 3)))


def version_view(found: PolicyPublic, now: datetime) -> VersionView:
    """Bring a version into the form that is shown."""
    simulated = found.simulation
    return VersionView(
        id=found.id,
        version=found.version,
        ref=found.ref,
        kind=str(found.kind),
        state=str(found.state),
        facts=_facts(found),
        why=found.why,
        text=found.text,
        changes=found.changes,
        diff=tuple(_diff(line) for line in found.diff) if found.state is not VersionState.LIVE else (),
        simulation=simulation_view(simulated, found.is_simulation_current, now) if simulated else None,
        shadow=_shadow(found.shadow) if found.shadow else None,
        knobs=tuple((knob_value(one), f"{one.code} {_named(one)}, now {one.value:g}") for one in found.knobs),
        can=found.allowed_actions,
        refused=found.refused_actions,
        is_proposed=found.state.is_proposed,
        stands=_stands(found.standing) if found.standing else "",
        commands=found.standing.commands if found.standing else (),
    )


def _stands(one: StandingPublic) -> str:
    of = "" if one.looked_at == one.open_cases else f" of {one.looked_at:,} looked at, by their ids"
    judged = "was judged" if one.older == 1 else "were judged"
    return (
        f"Of {plural(one.open_cases, 'open case')} {one.older:,}{of} {judged} by another version and "
        f"keep{'s' if one.older == 1 else ''} those flags. Decisions stand."
    )


def simulation_view(found: Simulation, is_current: bool, now: datetime) -> SimulationView:
    """Tell the simulated effect."""
    days = "1 day" if found.days == 1 else f"{number(found.days)} days"
    incoming = f"{found.judged:,} of {plural(found.judged_of, 'recording')} of {days}"
    decided = f"{found.decided:,} of {plural(found.decided_of, 'decided case')}"
    return SimulationView(
        made=stamp(found.made_at, now),
        sample=f"{incoming}, {decided}.",
        effects=tuple(_effects(found)),
        groups=tuple((name, DIMENSIONS[name], found.by.get(name, ())) for name in DIMENSIONS if found.by.get(name)),
        missed=found.missed_cases,
        overturned=found.overturned_cases,
        spared=found.spared_cases,
        is_current=is_current,
    )


def sweep_view(found: SweepPublic) -> SweepView:
    """Draw what each value of a threshold leads to."""
    at = [point.value for point in found.points]
    series = ("Cases a day", "Missed", "Appeals")
    lines = (
        [point.cases_per_day for point in found.points],
        [float(point.missed) for point in found.points],
        [float(point.appeals) for point in found.points],
    )
    title = f"{found.knob.code}: {_named(found.knob)}"
    return SweepView(
        title=title,
        sample=f"{found.judged:,} of {plural(found.judged_of, 'recording')}, {plural(found.decided, 'decided case')}",
        chart=curves(f"Effect of {title}", series, at, lines),
        rows=tuple(
            (
                f"{point.value:g}",
                number(point.cases_per_day),
                hours(point.hours_per_day) if point.hours_per_day is not None else "not measured",
                number(point.queue),
                number(point.queue_later),
                f"{point.missed} of {point.upheld}",
                str(point.appeals),
            )
            for point in found.points
        ),
    )


def text_view(found: PolicyText) -> TextView:
    """Show a pinned text with its line numbers."""
    since = f"live from {found.live_at:%Y-%m-%d %H:%M} UTC" if found.live_at else "never live here"
    until = f" to {found.retired_at:%Y-%m-%d %H:%M} UTC" if found.retired_at and found.live_at else ""
    return TextView(found.ref, f"{since}{until}", tuple(enumerate(found.text.splitlines(), start=1)))


def recall_view(found: RecallPublic, now: datetime) -> RecallView:
    """List what a recall found and what became of it."""
    return RecallView(
        id=found.id,
        title=f"{str(found.kind).capitalize()} {found.subject}",
        reason=found.reason,
        by=found.made_by,
        made=stamp(found.made_at, now),
        counts=", ".join(f"{count} {outcome}" for outcome, count in found.counts.items()) or "no decision rests on it",
        rows=tuple(
            (
                f"/console/cases/{one.case_id}",
                one.title or one.case_id,
                one.action,
                "a flag rests on it" if one.is_flagged else "it was heard",
                str(one.outcome),
            )
            for one in found.cases
        ),
        is_cut=found.decisions > len(found.cases) > 0,
    )


def knob_value(knob: Knob) -> str:
    """Write a threshold's names as one value of a form."""
    return f"{knob.code} {knob.signal} {knob.bound}"


def _line(one: PolicyBrief, now: datetime) -> VersionLine:
    return VersionLine(
        href=f"/console/policies/{one.id}",
        ref=one.ref,
        kind=str(one.kind),
        why=one.why,
        state=str(one.state),
        author=one.author,
        approved_by=one.approved_by or "",
        updated=stamp(one.updated_at, now),
    )


def _facts(found: PolicyPublic) -> tuple[tuple[str, str], ...]:
    facts = {
        "By": found.author,
        "Approved by": found.approved_by or "",
        "Live from": f"{found.live_at:%Y-%m-%d %H:%M} UTC" if found.live_at else "",
        "Until": f"{found.retired_at:%Y-%m-%d %H:%M} UTC" if found.retired_at and found.live_at else "",
    }
    return tuple((name, value) for name, value in facts.items() if value)


def _diff(line: Line) -> DiffLine:
    kind = str(line.kind).replace(" ", "-")
    return DiffLine(kind, _SIGNS[line.kind], str(line.old or ""), str(line.new or ""), line.text)


def _effects(found: Simulation) -> list[Effect]:
    work = found.workload
    measured = f"median {number(work.handling_s / 60)} min of {plural(work.handled, 'case')}" if work.handling_s else ""
    bound = f"; at most {percent(found.missed_high)} of such, 95 %" if found.missed_high is not None else ""
    effort = _pair("Moderator hours a day", found.hours_per_day, measured, hours) if found.hours_per_day else None
    return [
        _pair("Cases a day", found.cases_per_day, "recordings with any flag"),
        effort or Effect("Moderator hours a day", "not measured", "not measured", "nobody took a case yet"),
        _pair("Queue", found.queue, "open cases that would still be flagged"),
        _pair("Queue in 30 days", found.queue_later, f"at {number(work.decisions_per_day)} decisions a day"),
        _of("Missed", found.missed_live, found.missed, found.upheld, f"upheld cases{bound}"),
        _of("Spared", found.spared_live, found.spared, found.cleared, "cases that people approved"),
        _of(
            "Overturned, flagged again",
            found.overturned_live,
            found.overturned_flagged,
            found.overturned,
            "cases reversed on appeal",
        ),
        _pair("Appeals", found.appeals, "against decisions on cases that would be flagged"),
    ]


def _of(name: str, before: int, after: int, of: int, note: str) -> Effect:
    return Effect(name, f"{before} of {of}", f"{after} of {of}", note)


def _pair(name: str, change: Change, note: str, write: Callable[[float], str] = number) -> Effect:
    return Effect(name, write(change.before), write(change.after), note)


def _shadow(found: ShadowReport) -> ShadowView:
    sentence = (
        f"{plural(found.judged, 'screening')} judged beside: the live policy flagged {found.live:,}, this one would "
        f"have flagged {found.shadow:,}, both {found.both:,}. None of it became a flag."
    )
    return ShadowView(sentence, tuple((code, live, own) for code, (live, own) in found.codes.items()))


def _named(knob: Knob) -> str:
    return f"{knob.signal} {knob.bound.replace('_', ' ')}"
