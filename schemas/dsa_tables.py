"""The tables of a transparency report as Implementing Regulation (EU) 2024/2835, Annex I, names and orders them.

Each table is a CSV file in UTF-8 (RFC 4180). Those with figures that liner holds are filled; what only the operator
knows (orders of member states, staff, the qualitative part) is theirs to add.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from schemas.appeals import AppealState, Outcome
from schemas.base import Model

RESTRICTIONS = {
    "DECISION_VISIBILITY_CONTENT_REMOVED": "visibility: removal",
    "DECISION_VISIBILITY_CONTENT_DISABLED": "visibility: disable",
    "DECISION_VISIBILITY_CONTENT_DEMOTED": "visibility: demoted",
    "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED": "visibility: age restricted",
    "DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED": "visibility: interaction restricted",
    "DECISION_VISIBILITY_CONTENT_LABELLED": "visibility: labelled",
    "DECISION_VISIBILITY_OTHER": "visibility: other",
}
OWN = ("SOURCE_VOLUNTARY",)
TOTAL = "TOTAL"
Row = Sequence[object]


class Complaint(Model):
    """An appeal as the report counts it."""

    state: AppealState
    outcome: Outcome | None
    received_at: datetime
    decided_at: datetime | None


class Period(Model):
    """What is reported on: a service, from a day to a day (exclusive)."""

    service: str
    since: datetime
    until: datetime

    @property
    def text(self) -> str:
        """The period as the report writes it."""
        return f"{self.since:%Y-%m-%d} - {self.until - timedelta(days=1):%Y-%m-%d}"


def tables(
    period: Period, records: Iterable[dict[str, Any]], complaints: Iterable[Complaint], *, decided: int
) -> dict[str, str]:
    """Write the tables by file name.

    Parameters
    ----------
    records
        Statements of the period as `schemas.dsa.to_record` writes them.
    complaints
        Appeals received in the period.
    decided
        All decisions of the period, those that restrict nothing too: what automated detection is held against.
    """
    kept = list(records)
    appeals = list(complaints)
    made = {
        "1_report_identification.csv": _identification(period),
        "4_notices.csv": _measures(period, [r for r in kept if r["source_type"] not in OWN]),
        "5_own_initiative_illegal.csv": _measures(period, [r for r in kept if _is_own(r) and _is_illegal(r)]),
        "6_own_initiative_TC.csv": _measures(period, [r for r in kept if _is_own(r) and not _is_illegal(r)]),
        "7_appeals_and_recidivism.csv": _appeals(period, appeals),
        "8_automated_means.csv": _automated(period, kept, appeals, decided),
    }
    return {name: _csv(rows) for name, rows in made.items()}


def _is_own(record: dict[str, Any]) -> bool:
    return record["source_type"] in OWN


def _is_illegal(record: dict[str, Any]) -> bool:
    return bool(record["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT")


def _identification(period: Period) -> list[Row]:
    return [
        ("Indicator", "Value"),
        ("Name of the service", period.service),
        ("Starting date of reporting period", f"{period.since:%Y-%m-%d}"),
        ("Ending date of reporting period", f"{period.until - timedelta(days=1):%Y-%m-%d}"),
    ]


def _measures(period: Period, records: list[dict[str, Any]]) -> list[Row]:
    header = (
        "Service",
        "Reporting period",
        "Category",
        "Sub-category",
        "Number of measures",
        "of these detected solely by automated means",
        *(f"{name}" for name in RESTRICTIONS.values()),
    )
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {(TOTAL, ""): records}
    for record in sorted(records, key=lambda r: (r["category"], r["category_specification"])):
        groups.setdefault((record["category"], record["category_specification"][0]), []).append(record)
    return [header, *(_measure(period, names, group) for names, group in groups.items())]


def _measure(period: Period, names: tuple[str, str], group: list[dict[str, Any]]) -> Row:
    kinds = Counter(kind for record in group for kind in record["decision_visibility"])
    automated = sum(record["automated_detection"] == "Yes" for record in group)
    return (period.service, period.text, *names, len(group), automated, *(kinds[kind] for kind in RESTRICTIONS))


def _appeals(period: Period, appeals: list[Complaint]) -> list[Row]:
    answered = [one for one in appeals if one.state is AppealState.DECIDED and one.decided_at]
    days = [(one.decided_at - one.received_at) / timedelta(days=1) for one in answered if one.decided_at]
    counts = Counter(one.outcome for one in answered)
    rows: list[tuple[str, object]] = [
        ("Number of complaints submitted through the internal complaint-handling system", len(appeals)),
        ("Complaints leading to the decision being upheld", counts[Outcome.UPHELD]),
        ("Complaints leading to the decision being reversed", counts[Outcome.REVERSED]),
        ("Complaints withdrawn", sum(one.state is AppealState.WITHDRAWN for one in appeals)),
        ("Complaints not decided yet", sum(one.state is AppealState.OPEN for one in appeals)),
        ("Median time to decide on a complaint, days", round(median(days), 2) if days else ""),
    ]
    return [("Service", "Reporting period", "Indicator", "Value"), *((period.service, period.text, *r) for r in rows)]


def _automated(period: Period, records: list[dict[str, Any]], appeals: list[Complaint], decided: int) -> list[Row]:
    restricted = len(records)
    reversed_ones = sum(one.outcome is Outcome.REVERSED for one in appeals)
    fully = sum(record["automated_decision"] == "AUTOMATED_DECISION_FULLY" for record in records)
    rows: list[tuple[str, object]] = [
        ("Measures taken fully by automated means", fully),
        ("Measures taken after automated detection", sum(r["automated_detection"] == "Yes" for r in records)),
        ("Recordings that a person decided on after detection", decided),
        ("Share of those that a person restricted", _share(restricted, decided)),
        ("Share of measures that were reversed on complaint", _share(reversed_ones, restricted)),
    ]
    return [("Service", "Reporting period", "Indicator", "Value"), *((period.service, period.text, *r) for r in rows)]


def _share(part: int, whole: int) -> object:
    return round(part / whole, 4) if whole else ""


def _csv(rows: Iterable[Row]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
