"""The tables of a transparency report after Implementing Regulation (EU) 2024/2835, Annex I.

Each table is a CSV file in UTF-8 (RFC 4180), with the name, columns and order of the Annex's template. Figures that
liner holds are filled in. What only the operator knows is left empty, as is *Applicability*: notices received, orders
of member states, disputes before out-of-court bodies, suspensions, staff, the qualitative part. docs/api.md names what
is worded by liner.
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

HEAD = ("Applicability", "Service", "Reporting period")
SUB_CATEGORY = 'Description of the sub-category "Other"'
ILLEGAL = "Category of illegal content"
INCOMPATIBLE = "Category of incompatibility with the provider's terms and conditions"
TRUSTED = "(Trusted Flagger notices)"
ITEMS = "Number of specific items of information included in the total number of notices"
BY_LAW = "Number of actions taken on the basis of the law"
BY_TERMS = "Number of actions taken on the basis of the terms and conditions of the service"
NOTICES = (
    *HEAD,
    ILLEGAL,
    SUB_CATEGORY,
    "Number of notices received",
    "Number of notices received from Trusted flaggers",
    ITEMS,
    f"{ITEMS} by Trusted Flaggers {TRUSTED}",
    "Median time to take action",
    f"Median time to take action {TRUSTED}",
    BY_LAW,
    f"{BY_LAW} {TRUSTED}",
    BY_TERMS,
    f"{BY_TERMS} {TRUSTED}",
)
RESTRICTIONS = {
    "DECISION_VISIBILITY_CONTENT_REMOVED": "Visibility restriction Removal",
    "DECISION_VISIBILITY_CONTENT_DISABLED": "Visibility restriction Disable",
    "DECISION_VISIBILITY_CONTENT_DEMOTED": "Visibility restriction Demoted",
    "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED": "Visibility restriction Age restricted",
    "DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED": "Visibility restriction Interaction restricted",
    "DECISION_VISIBILITY_CONTENT_LABELLED": "Visibility restriction Labelled",
    "DECISION_VISIBILITY_OTHER": "Visibility restriction Other",
}
NEVER = (  # restrictions that liner does not impose
    "Monetary restriction Suspension",
    "Monetary restriction Termination",
    "Monetary restriction Other",
    "Provision of the service Suspension",
    "Provision of the service Termination",
    "Account restriction Suspension",
    "Account restriction Termination",
)
MEASURES = (
    "Number of measures taken at the provider's own initiative",
    "Number of measures taken after detection with solely automated means",
    *RESTRICTIONS.values(),
    *NEVER,
)
INDICATORS = (*HEAD, "Section", "Indicator", "Scope", "Value", "Contextual Information")
COMPLAINTS = "Internal complaints mechanism"
AUTOMATED = "Use of automated means for content moderation"
SUBMITTED = "Number of complaints submitted to the internal-complaints mechanism"
SOLELY = "Number of measures solely taken by automated means"
NOT_SOLELY = "Number of measures not taken by automated means"
PRECISION = "Accuracy of the automated means - Precision"
AGAINST = "Number of complaints submitted against"
NEWLY_IMPOSED = "Number of restrictions newly imposed as a result of an internal complaint"
TOTAL_NUMBER = "Total number"
UPHELD, REVERSED, PARTIALLY = "Decisions upheld", "Decisions reversed", "Decisions partially reversed"
OMITTED, MEDIAN, WAITING = "Decision omitted", "Median time", "Not decided yet"
DISPUTES = "Out-of-court dispute settlement bodies"
DISPUTED = "Number of disputes submitted to out-of-court dispute settlement bodies"
DISPUTE_SCOPES = (TOTAL_NUMBER, UPHELD, REVERSED, PARTIALLY, OMITTED, MEDIAN, "Percentage of outcomes implemented")
SUSPENSIONS = "Suspensions imposed on repeated offenders"
SUSPENDED = "Number of suspensions enacted for the provision of manifestly"
SUSPENDED_FOR = ("illegal content", "unfounded notices", "unfounded complaints")
OWN = ("SOURCE_VOLUNTARY",)
TRUSTED_FLAGGER = "SOURCE_TRUSTED_FLAGGER"
TOTAL = "TOTAL"
Row = Sequence[object]


class Complaint(Model):
    """An appeal as the report counts it; ``restriction`` is what it was against, a key of `RESTRICTIONS`."""

    state: AppealState
    outcome: Outcome | None
    received_at: datetime
    decided_at: datetime | None
    restriction: str = ""


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
        "4_notices.csv": _notices(period, [r for r in kept if r["source_type"] not in OWN]),
        "5_own_initiative_illegal.csv": _measures(period, [r for r in kept if _is_own(r) and _is_illegal(r)], ILLEGAL),
        "6_own_initiative_TC.csv": _measures(
            period, [r for r in kept if _is_own(r) and not _is_illegal(r)], INCOMPATIBLE
        ),
        "7_appeals_and_recidivism.csv": _appeals(period, appeals),
        "8_automated_means.csv": _automated(period, kept, appeals, decided),
    }
    return {name: _csv(rows) for name, rows in made.items()}


def _is_own(record: dict[str, Any]) -> bool:
    return record["source_type"] in OWN


def _is_illegal(record: dict[str, Any]) -> bool:
    return bool(record["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT")


def _identification(period: Period) -> list[Row]:
    rows = (
        ("Name of the service", period.service),
        ("Starting date of reporting period", f"{period.since:%Y-%m-%d}"),
        ("Ending date of reporting period", f"{period.until - timedelta(days=1):%Y-%m-%d}"),
    )
    return [("Applicability", "Service", "Indicator", "Value"), *(("", period.service, *row) for row in rows)]


def _groups(records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Put records under the total, their category and their sub-category: each is a row of the template."""
    groups: dict[str, list[dict[str, Any]]] = {TOTAL: records}
    for record in sorted(records, key=lambda r: (r["category"], r["category_specification"])):
        for name in (record["category"], record["category_specification"][0]):
            groups.setdefault(name, []).append(record)
    return groups


def _named(name: str, group: list[dict[str, Any]]) -> tuple[str, str]:
    others = {record.get("category_specification_other", "") for record in group}
    return name, "; ".join(sorted(filter(None, others))) if name == "KEYWORD_OTHER" else ""


def _notices(period: Period, records: list[dict[str, Any]]) -> list[Row]:
    return [NOTICES, *(_notice(period, name, group) for name, group in _groups(records).items())]


def _notice(period: Period, name: str, group: list[dict[str, Any]]) -> Row:
    trusted = [record for record in group if record["source_type"] == TRUSTED_FLAGGER]
    by_law, by_law_trusted = (sum(map(_is_illegal, some)) for some in (group, trusted))
    by_terms, by_terms_trusted = len(group) - by_law, len(trusted) - by_law_trusted
    unknown = [""] * (len(NOTICES) - len(HEAD) - 2 - 4)
    counts = (by_law, by_law_trusted, by_terms, by_terms_trusted)
    return ("", period.service, period.text, *_named(name, group), *unknown, *counts)


def _measures(period: Period, records: list[dict[str, Any]], category: str) -> list[Row]:
    header = (*HEAD, category, SUB_CATEGORY, *MEASURES)
    return [header, *(_measure(period, name, group) for name, group in _groups(records).items())]


def _measure(period: Period, name: str, group: list[dict[str, Any]]) -> Row:
    kinds = Counter(kind for record in group for kind in record["decision_visibility"])
    automated = sum(record["automated_detection"] == "Yes" for record in group)
    restricted = (*(kinds[kind] for kind in RESTRICTIONS), *(0 for _ in NEVER))
    return ("", period.service, period.text, *_named(name, group), len(group), automated, *restricted)


def _appeals(period: Period, appeals: list[Complaint]) -> list[Row]:
    rows: list[Row] = [(COMPLAINTS, SUBMITTED, *row) for row in _outcomes(appeals)]
    for kind, title in RESTRICTIONS.items():
        against = [one for one in appeals if one.restriction == kind]
        rows += [(COMPLAINTS, f"{AGAINST} {title}", *row) for row in _outcomes(against)] if against else []
    rows.append((COMPLAINTS, NEWLY_IMPOSED, TOTAL_NUMBER, 0))  # an answer here upholds or gives back
    rows += [(DISPUTES, DISPUTED, scope, "") for scope in DISPUTE_SCOPES]
    rows += [(SUSPENSIONS, f"{SUSPENDED} {what}", TOTAL_NUMBER, "") for what in SUSPENDED_FOR]
    return [INDICATORS, *(("", period.service, period.text, *row, "") for row in rows)]


def _outcomes(appeals: list[Complaint]) -> list[tuple[str, object]]:
    """Count complaints by what became of them; partial reversals do not exist here."""
    answered = [one for one in appeals if one.state is AppealState.DECIDED and one.decided_at]
    days = [(one.decided_at - one.received_at) / timedelta(days=1) for one in answered if one.decided_at]
    counts = Counter(one.outcome for one in answered)
    return [
        (TOTAL_NUMBER, len(appeals)),
        (UPHELD, counts[Outcome.UPHELD]),
        (REVERSED, counts[Outcome.REVERSED]),
        (PARTIALLY, 0),
        (OMITTED, sum(one.state is AppealState.WITHDRAWN for one in appeals)),
        (MEDIAN, round(median(days), 2) if days else ""),
        (WAITING, sum(one.state is AppealState.OPEN for one in appeals)),
    ]


def _automated(period: Period, records: list[dict[str, Any]], appeals: list[Complaint], decided: int) -> list[Row]:
    fully = sum(record["automated_decision"] == "AUTOMATED_DECISION_FULLY" for record in records)
    reversed_ones = sum(one.outcome is Outcome.REVERSED for one in appeals)
    about = (
        f"Of {decided} recordings that a person decided on after detection, {len(records)} were restricted; "
        f"{reversed_ones} of these measures were reversed on complaint."
    )
    rows = (
        (SOLELY, TOTAL_NUMBER, fully, ""),
        (NOT_SOLELY, TOTAL_NUMBER, len(records) - fully, ""),
        (PRECISION, TOTAL_NUMBER, _share(len(records), decided), about),
    )
    return [INDICATORS, *(("", period.service, period.text, AUTOMATED, *row) for row in rows)]


def _share(part: int, whole: int) -> object:
    return round(part / whole, 4) if whole else ""


def _csv(rows: Iterable[Row]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
