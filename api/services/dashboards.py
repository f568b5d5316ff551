"""How the review stands, number by number; every number names the cases that it counts."""

import math
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlmodel import Session

from api.public_dashboards import (
    AgreementFigure,
    ClockFigure,
    DashboardPublic,
    DayFigure,
    DriftFigure,
    ShareFigure,
)
from api.services import clock, simulate
from api.services.access import Actor, Permission, require_permission
from api.services.alerts import warning
from api.store import alerts, policies, samples
from api.store import cases as case_store
from api.store import figures as store
from api.store.database import Database
from api.store.figures import Count
from api.tables import FlagRow
from schemas.agreement import cohen_kappa, observed_agreement, share
from schemas.drift import Week, drift
from schemas.review import SampleKind
from schemas.steering import VersionKind

DAYS = 30  # of the chart and of what senders declare
INFLOW_DAYS = 14  # as staffing is measured
JUDGED_DAYS = 180
DRIFT_WEEKS = 12


def dashboard(db: Database, actor: Actor) -> DashboardPublic:
    """Count everything as of now."""
    require_permission(actor, Permission.CONSOLE)
    now = clock.now()
    judged, lately = now - timedelta(days=JUDGED_DAYS), now - timedelta(days=DAYS)
    with db.read() as session:
        work = simulate.workload(session, now)
        inflow = store.opened_between(session, now - timedelta(days=INFLOW_DAYS), now) / INFLOW_DAYS
        pairs = samples.pairs(session, [SampleKind.DOUBLE, SampleKind.HOLD])
        return DashboardPublic(
            made_at=now,
            days=tuple(_days(session, now)),
            workload=work,
            clocks=_clocks(session, now),
            oldest_at=store.oldest(session),
            inflow_per_day=inflow,
            clear_days=clear_days(work.open_cases, inflow, work.decisions_per_day),
            overturned=_share(store.overturned(session, judged)),
            agreement=_agreement([(one.first, one.second) for one in pairs]),
            precision_rules=_shares(store.precision(session, judged, FlagRow.code)),
            precision_models=_shares(store.precision(session, judged, FlagRow.model)),
            undeclared=_shares(store.undeclared(session, lately)),
            drift=drifts(session, now.date()),
        )


def gauges(db: Database) -> list[tuple[str, tuple[str, ...], float]]:
    """Give what Prometheus asks for: name, labels, value; docs/learning.md lists them."""
    now = clock.now()
    with db.counting() as session:
        work = simulate.workload(session, now)
        oldest = store.oldest(session)
        inflow = store.opened_between(session, now - timedelta(days=INFLOW_DAYS), now) / INFLOW_DAYS
        live = policies.live(session, VersionKind.POLICY)
        found: list[tuple[str, tuple[str, ...], float]] = [
            ("liner_oldest_case_seconds", (), (now - oldest).total_seconds() if oldest else 0.0),
            ("liner_cases_opened_per_day", (), inflow),
            ("liner_decisions_per_day", (), work.decisions_per_day),
            ("liner_deciders", (), work.deciders),
            ("liner_handling_seconds", (), math.nan if work.handling_s is None else work.handling_s),
            ("liner_appeals_overdue", (), store.appeals_overdue(session, now)),
        ]
        found += [("liner_cases", (state,), n) for state, n in case_store.count_states(session).items()]
        found += [("liner_appeals", (outcome,), n) for outcome, n in store.appeals_by_outcome(session).items()]
        found += [("liner_outbox", (status,), n) for status, n in store.outbox_by_status(session).items()]
        if live is not None and live.live_at is not None:
            found.append(("liner_policy_live_since_seconds", (live.ref,), live.live_at.timestamp()))
        for one in drifts(session, now.date()):
            found.append(("liner_model_flag_share", (one.model,), one.share))
            found.append(("liner_model_drift_sigma", (one.model,), math.nan if one.sigma is None else one.sigma))
    return found


def clear_days(waiting: int, inflow: float, decided: float) -> float | None:
    """Say after how many days no case waits, at this inflow and these decisions a day; None for never.

    Examples
    --------
    >>> clear_days(30, 2.0, 5.0), clear_days(30, 5.0, 5.0), clear_days(0, 5.0, 1.0)
    (10.0, None, 0.0)
    """
    if not waiting:
        return 0.0
    return waiting / (decided - inflow) if decided > inflow else None


def drifts(session: Session, today: date) -> tuple[DriftFigure, ...]:
    """Hold each model's last seven days against the weeks before."""
    rows = policies.model_days(session, today - timedelta(days=7 * DRIFT_WEEKS - 1))
    weeks: dict[str, dict[date, tuple[int, int]]] = {}
    for row in rows:
        first = today - timedelta(days=6 + 7 * ((today - row.day).days // 7))
        seen, flagged = weeks.setdefault(row.model, {}).get(first, (0, 0))
        weeks[row.model][first] = (seen + row.screenings, flagged + row.flagged)
    return tuple(_drift(model, found, today) for model, found in weeks.items())


def _clocks(session: Session, now: datetime) -> ClockFigure:
    return ClockFigure(
        cases_late=alerts.count_cases(session, alerts.is_late(now)),
        cases_soon=alerts.count_cases(session, alerts.is_soon(now, warning(session))),
        appeals_late=store.appeals_overdue(session, now),
    )


def _days(session: Session, now: datetime) -> Iterable[DayFigure]:
    for back in range(DAYS - 1, -1, -1):
        day = (now - timedelta(days=back)).date()
        start, end = store.bounds(day)
        yield DayFigure(
            day=day,
            opened=store.opened_between(session, start, end),
            decided=store.decided_between(session, start, end),
        )


def _drift(model: str, weeks: dict[date, tuple[int, int]], today: date) -> DriftFigure:
    ordered = [Week(str(first), *counts) for first, counts in sorted(weeks.items())]
    is_now = ordered[-1].monday == str(today - timedelta(days=6))
    found = drift(ordered if is_now else [*ordered, Week(str(today), 0, 0)])  # a silent model is not last month's
    return DriftFigure(
        model=model,
        screenings=ordered[-1].screenings if is_now else 0,
        share=found.share,
        usual=found.usual,
        sigma=found.sigma,
        is_alarm=found.is_alarm,
        weeks=tuple((date.fromisoformat(week.monday), week.share) for week in ordered),
    )


def _agreement(pairs: list[tuple[str, str]]) -> AgreementFigure:
    kappa = cohen_kappa(pairs)
    return AgreementFigure(
        pairs=len(pairs), observed=observed_agreement(pairs), kappa=kappa.value, low=kappa.low, high=kappa.high
    )


def _shares(counts: Iterable[Count]) -> tuple[ShareFigure, ...]:
    return tuple(_share(one) for one in counts)


def _share(one: Count) -> ShareFigure:
    found = share(one.hits, one.total)
    return ShareFigure(name=one.name, hits=one.hits, total=one.total, share=found.value, low=found.low, high=found.high)
