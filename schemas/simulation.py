"""What another policy would do: the same past, judged twice, counted side by side.

Three samples of the store are judged by the live policy and by the proposed one: what came in lately (flags a day),
what people decided (misses, overturned) and what is open (the queue). Samples are drawn by id, which is derived by
hashing, so that anybody can draw them again. Nothing here knows a database or a clock.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime

from schemas.agreement import share
from schemas.base import Model
from schemas.evidence import Evidence
from schemas.flags import Flag
from schemas.policy import Policy, Reason, judge
from schemas.screening import Screening

MAX_LISTED = 200
MAX_GROUPS = 25
FORECAST_DAYS = 30
UNSTATED = "not stated"
Judge = Callable[[Screening], tuple[Flag, ...]]


class Verdict(StrEnum):
    """What people made of a case in the end."""

    UPHELD = "upheld"  # restricted, and it stands
    CLEARED = "cleared"  # approved
    OVERTURNED = "overturned"  # restricted, and reversed on appeal


class Decided(NamedTuple):
    """A case with its outcome, and the screening that it was decided on."""

    case_id: str
    screening: Screening
    verdict: Verdict
    is_appealed: bool


class Workload(Model):
    """What the people at work get done, as measured.

    Attributes
    ----------
    open_cases
        How many wait now.
    decisions_per_day, deciders
        Of the last two weeks.
    handling_s, handled
        Median seconds from taking a case to deciding it, and of how many cases; None where nobody took any.
    """

    open_cases: int
    decisions_per_day: float
    deciders: int
    handling_s: float | None
    handled: int


class Past(NamedTuple):
    """What is judged again.

    Attributes
    ----------
    incoming, incoming_total, days
        A sample of the recordings that came in, of how many, in how many days.
    decided, decided_total
        A sample of decided cases, of how many.
    waiting
        A sample of the open cases' screenings.
    """

    incoming: Sequence[Screening]
    incoming_total: int
    days: float
    decided: Sequence[Decided]
    decided_total: int
    waiting: Sequence[Screening]
    workload: Workload


class Change(Model):
    """A quantity under the live policy and under the proposed one."""

    before: float
    after: float


class Group(Model):
    """The effect on one rule, genre or territory.

    Attributes
    ----------
    before, after
        Recordings of the incoming sample that are flagged.
    upheld, missed
        Upheld cases that the live policy flags, and those of them that the proposed one would not.
    overturned
        Overturned cases that the proposed one would flag all the same.
    """

    value: str
    before: int = 0
    after: int = 0
    upheld: int = 0
    missed: int = 0
    overturned: int = 0


class Simulation(Model):
    """The effect of a proposed version on the past.

    Attributes
    ----------
    judged, judged_of, days
        Size of the incoming sample, of how many recordings, over how many days.
    cases_per_day, hours_per_day
        Recordings with any flag a day; moderators' hours for them, None where handling was never measured.
    queue, queue_later
        Open cases that would stay flagged; cases that would wait after thirty days at present staffing.
    upheld, missed, missed_high
        Upheld cases; those that the proposed version would not flag; upper end of that share's 95 % interval.
    cleared, spared
        Approved cases; those that nobody would have had to look at.
    overturned, overturned_flagged
        Cases reversed on appeal; those that would be flagged all the same.
    missed_live, spared_live, overturned_live
        The same for the live policy: older policies may have flagged what it does not.
    appeals
        Appeals against decisions on cases that would be flagged.
    by
        By ``rule``, ``genre`` and ``territory``.
    """

    ref: str
    live_ref: str
    made_at: AwareDatetime
    judged: int
    judged_of: int
    days: float
    workload: Workload
    cases_per_day: Change
    hours_per_day: Change | None
    queue: Change
    queue_later: Change
    decided: int
    decided_of: int
    upheld: int
    missed: int
    missed_high: float | None
    missed_live: int
    cleared: int
    spared: int
    spared_live: int
    overturned: int
    overturned_flagged: int
    overturned_live: int
    appeals: Change
    by: dict[str, tuple[Group, ...]]
    missed_cases: tuple[str, ...]
    overturned_cases: tuple[str, ...]
    spared_cases: tuple[str, ...]


class Point(Model):
    """One value of a threshold, and what it would lead to."""

    value: float
    cases_per_day: float
    hours_per_day: float | None
    queue: float
    queue_later: float
    upheld: int
    missed: int
    appeals: int


def by_policy(policy: Policy) -> Judge:
    """Judge stored screenings with a policy; the findings stay as they were made.

    A policy has hundreds of reasons and most wait for a finding that a recording does not have: those are left out
    before they are asked, which changes no answer and makes a simulation several times quicker.
    """

    def flags(screening: Screening) -> tuple[Flag, ...]:
        found = {finding.rule for finding in screening.findings}
        heard = {signal.name for signal in screening.heard.signals}
        asked = tuple(reason for reason in policy.reasons if _may_apply(reason, found, heard, screening))
        if not asked:
            return ()
        narrowed = policy.model_copy(update={"reasons": asked})
        return judge(_evidence(screening), screening.findings, narrowed)

    return flags


def simulate(past: Past, live: Judge, proposed: Judge, *, ref: str, live_ref: str, at: AwareDatetime) -> Simulation:
    """Judge the past twice and count; docs/learning.md says what each number means."""
    before = [live(one) for one in past.incoming]
    after = [proposed(one) for one in past.incoming]
    cases = [(one, live(one.screening), proposed(one.screening)) for one in past.decided]
    effect = _effect(past, before, after)
    waiting = _scaled(past, (bool(proposed(one)) for one in past.waiting))
    missed = [one.case_id for one, _, new in cases if one.verdict is Verdict.UPHELD and not new]
    spared = [one.case_id for one, _, new in cases if one.verdict is Verdict.CLEARED and not new]
    overturned = [one.case_id for one, _, new in cases if one.verdict is Verdict.OVERTURNED and new]
    verdicts = Counter(one.verdict for one, _, _ in cases)
    return Simulation(
        ref=ref,
        live_ref=live_ref,
        made_at=at,
        judged=len(past.incoming),
        judged_of=past.incoming_total,
        days=past.days,
        workload=past.workload,
        cases_per_day=effect,
        hours_per_day=_hours(past.workload, effect),
        queue=Change(before=past.workload.open_cases, after=waiting),
        queue_later=Change(
            before=_later(past.workload, past.workload.open_cases, effect.before),
            after=_later(past.workload, waiting, effect.after),
        ),
        decided=len(cases),
        decided_of=past.decided_total,
        upheld=verdicts[Verdict.UPHELD],
        missed=len(missed),
        missed_high=share(len(missed), verdicts[Verdict.UPHELD]).high,
        missed_live=sum(one.verdict is Verdict.UPHELD and not old for one, old, _ in cases),
        cleared=verdicts[Verdict.CLEARED],
        spared=len(spared),
        spared_live=sum(one.verdict is Verdict.CLEARED and not old for one, old, _ in cases),
        overturned=verdicts[Verdict.OVERTURNED],
        overturned_flagged=len(overturned),
        overturned_live=sum(one.verdict is Verdict.OVERTURNED and bool(old) for one, old, _ in cases),
        appeals=Change(
            before=sum(bool(old) and one.is_appealed for one, old, _ in cases),
            after=sum(bool(new) and one.is_appealed for one, _, new in cases),
        ),
        by=_groups(past.incoming, before, after, cases),
        missed_cases=tuple(missed[:MAX_LISTED]),
        overturned_cases=tuple(overturned[:MAX_LISTED]),
        spared_cases=tuple(spared[:MAX_LISTED]),
    )


def sweep(past: Past, judges: Iterable[tuple[float, Judge]]) -> Iterator[Point]:
    """Say what each value of a threshold would lead to."""
    for value, flags in judges:
        flagged = [flags(one) for one in past.incoming]
        effect = _effect(past, flagged, flagged)
        waiting = _scaled(past, (bool(flags(one)) for one in past.waiting))
        cases = [(one, bool(flags(one.screening))) for one in past.decided]
        hours = _hours(past.workload, effect)
        yield Point(
            value=value,
            cases_per_day=effect.after,
            hours_per_day=hours.after if hours else None,
            queue=waiting,
            queue_later=_later(past.workload, waiting, effect.after),
            upheld=sum(one.verdict is Verdict.UPHELD for one, _ in cases),
            missed=sum(one.verdict is Verdict.UPHELD and not is_flagged for one, is_flagged in cases),
            appeals=sum(one.is_appealed and is_flagged for one, is_flagged in cases),
        )


def _evidence(screening: Screening) -> Evidence:
    return Evidence(
        intake=screening.intake,
        found=screening.found,
        heard=screening.heard,
        known=screening.known,
        fused=screening.fused,
    )


def _may_apply(reason: Reason, found: set[str], heard: set[str], screening: Screening) -> bool:
    if reason.finding is not None:
        return reason.finding in found
    if reason.match is not None:
        return bool(screening.known.matches)
    return all(condition.signal in heard for condition in reason.signals)


def _effect(past: Past, before: Sequence[tuple[Flag, ...]], after: Sequence[tuple[Flag, ...]]) -> Change:
    weight = past.incoming_total / max(1, len(past.incoming)) / max(past.days, 1e-9)
    return Change(before=sum(map(bool, before)) * weight, after=sum(map(bool, after)) * weight)


def _scaled(past: Past, flagged: Iterable[bool]) -> float:
    return past.workload.open_cases * sum(flagged) / max(1, len(past.waiting))


def _hours(workload: Workload, cases: Change) -> Change | None:
    if workload.handling_s is None:
        return None
    hours = workload.handling_s / 3600
    return Change(before=cases.before * hours, after=cases.after * hours)


def _later(workload: Workload, queue: float, cases_per_day: float) -> float:
    return max(0.0, queue + FORECAST_DAYS * (cases_per_day - workload.decisions_per_day))


def _groups(
    incoming: Sequence[Screening],
    before: Sequence[tuple[Flag, ...]],
    after: Sequence[tuple[Flag, ...]],
    cases: Sequence[tuple[Decided, tuple[Flag, ...], tuple[Flag, ...]]],
) -> dict[str, tuple[Group, ...]]:
    counted: dict[str, dict[str, Counter[str]]] = {"rule": {}, "genre": {}, "territory": {}}

    def count(column: str, screening: Screening, flags: tuple[Flag, ...]) -> None:
        parts = {"rule": {one.code for one in flags}, "genre": _genres(screening), "territory": _territories(screening)}
        for dimension, values in parts.items():
            for value in values if flags else ():
                counted[dimension].setdefault(value, Counter())[column] += 1

    for one, old, new in zip(incoming, before, after, strict=True):
        count("before", one, old)
        count("after", one, new)
    for case, old, new in cases:
        if case.verdict is Verdict.UPHELD:
            count("upheld", case.screening, old)
            count("missed", case.screening, old if not new else ())
        elif case.verdict is Verdict.OVERTURNED:
            count("overturned", case.screening, new)
    return {dimension: _largest(values) for dimension, values in counted.items()}


def _largest(values: dict[str, Counter[str]]) -> tuple[Group, ...]:
    ranked = sorted(values.items(), key=lambda item: (-max(item[1]["before"], item[1]["after"]), item[0]))
    return tuple(Group(value=value, **counts) for value, counts in ranked[:MAX_GROUPS])


def _genres(screening: Screening) -> set[str]:
    recording = screening.intake.recording
    return set(recording.genres) if recording and recording.genres else {UNSTATED}


def _territories(screening: Screening) -> set[str]:
    return set(screening.intake.territories) or {UNSTATED}
