"""The figures of a report: how recordings are declared, by sender, version, territory and month.

They come from a lake, or from messages as they lie in a folder; the columns and rules are the same.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from pipeline.tables import SCHEMAS
from schemas.disclosure import Level
from schemas.findings import Severity
from schemas.rules import RULES

BATCH_ROWS = 1000
CONTRADICTING = ("AID", "HIS", "PRV")
OMISSIONS = ("AID-001", "HIS-005")  # they say nothing, so they contradict nothing
NOT_STATED = "not stated"
DIMENSIONS = ("sender", "version", "territory", "month")
ABOUT_MESSAGE = ("sender_id", "sender_name", "ern_version", "message_created_at", "territories", "is_takedown")


@dataclass(slots=True)
class Shares:
    """The figures of a report.

    Attributes
    ----------
    total
        Recordings by level.
    by
        For each dimension and each of its values, recordings by level. A recording with several
        territories counts in each.
    contradictions
        Recordings by rule that they break, among the rules of AID, HIS and PRV that are no infos; what is merely left
        out is counted as undeclared instead.
    cannot_declare
        Of the undeclared recordings those whose message had no place for a declaration.
    takedowns
        Recordings whose newest message only withdraws them; they are counted nowhere else.
    """

    total: Counter[Level] = field(default_factory=Counter)
    by: dict[str, dict[str, Counter[Level]]] = field(default_factory=lambda: {name: {} for name in DIMENSIONS})
    contradictions: Counter[str] = field(default_factory=Counter)
    cannot_declare: int = 0
    takedowns: int = 0

    def add(
        self, level: Level, places: dict[str, Iterable[str]], rules: Iterable[str], *, can_declare: bool = True
    ) -> None:
        """Count one recording."""
        self.total[level] += 1
        self.cannot_declare += level is Level.UNDECLARED and not can_declare
        for dimension, values in places.items():
            for value in values:
                self.by[dimension].setdefault(value, Counter())[level] += 1
        self.contradictions.update({rule for rule in rules if is_contradiction(rule)})

    def ranked(self, dimension: str) -> list[tuple[str, Counter[Level]]]:
        """List a dimension's values: months in order, others by their count, largest first."""
        rows = sorted(self.by[dimension].items())
        return rows if dimension == "month" else sorted(rows, key=lambda row: -row[1].total())


def is_contradiction(rule: str) -> bool:
    """Whether a rule speaks of statements that contradict each other, or the file."""
    known = RULES.get(rule)
    return bool(
        known and known.group in CONTRADICTING and known.severity is not Severity.INFO and rule not in OMISSIONS
    )


def shares_of(path: Path) -> Shares:
    """Count the newest declaration of each recording, of a lake or of the messages below a folder.

    Raises
    ------
    InvalidInput
        The path holds neither.
    """
    if (path / "lake.json").is_file():
        return _shares_of_lake(path)
    from api.cli.folder_shares import shares_of_messages  # reads messages, which a lake does not need

    return shares_of_messages(path)


def places(about: dict[str, Any], seen_at: str) -> dict[str, Iterable[str]]:
    """Say where a recording counts, by the words of its message; ``seen_at`` stands in for a missing date."""
    made = about["message_created_at"]
    return {
        "sender": (about["sender_name"] or about["sender_id"] or NOT_STATED,),
        "version": (f"ERN {about['ern_version']}" if about["ern_version"] else "no ERN message",),
        "territory": dict.fromkeys(about["territories"] or (NOT_STATED,)),
        "month": ((made.isoformat() if made else seen_at)[:7] or NOT_STATED,),
    }


def _shares_of_lake(lake: Path) -> Shares:
    newest: dict[str, str] = {}
    for row in _rows(lake, "recording_key", "kind", "screened_at", "id"):
        if row["kind"] == "recording":
            newest[row["recording_key"]] = max(newest.get(row["recording_key"], ""), _rank(row))
    shares = Shares()
    columns = ("recording_key", "declared_level", "can_declare", "finding_rules", "screened_at", "id", "screening")
    for row in _rows(lake, *columns, *ABOUT_MESSAGE):
        if newest.get(row["recording_key"]) == _rank(row):
            del newest[row["recording_key"]]  # the same row may stand in two parts until the lake is tidied
            _add_row(shares, row if row["can_declare"] is not None else {**row, **_said(row["screening"])})
    return shares


def _add_row(shares: Shares, row: dict[str, Any]) -> None:
    if row["is_takedown"]:
        shares.takedowns += 1
        return
    where = places(row, row["screened_at"].isoformat())
    shares.add(Level(row["declared_level"]), where, row["finding_rules"], can_declare=row["can_declare"])


def _rows(lake: Path, *columns: str) -> Iterator[dict[str, Any]]:
    parts = [str(part) for part in sorted((lake / "screenings").glob("[!.]*.parquet"))]
    dataset = ds.dataset(parts, schema=SCHEMAS["screenings"], format="parquet")
    for batch in dataset.to_batches(columns=list(columns), batch_size=BATCH_ROWS):
        yield from batch.to_pylist()


def _rank(row: dict[str, Any]) -> str:
    return f"{row['screened_at'].isoformat()} {row['id']}"


def _said(screening: str) -> dict[str, Any]:
    """Look into a screening of before the message had columns of its own."""
    from schemas.screening import Screening

    whole = Screening.model_validate_json(screening)
    about = {name: getattr(whole.intake, name) for name in ABOUT_MESSAGE}
    return {**about, "can_declare": whole.declared.can_declare}
