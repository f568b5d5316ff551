"""How a lake's recordings are declared: counts by level, by sender, version, territory and month."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from schemas.disclosure import Level
from schemas.errors import InvalidInput
from schemas.findings import Severity
from schemas.rules import RULES

BATCH_ROWS = 1000
CONTRADICTING = ("AID", "HIS", "PRV")
OMISSION = "AID-001"  # says nothing, so it contradicts nothing
NOT_STATED = "not stated"
DIMENSIONS = ("sender", "version", "territory", "month")


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
        Recordings by rule that they break, among the rules of AID, HIS and PRV that are no infos;
        AID-001, a missing declaration, is counted as undeclared instead.
    """

    total: Counter[Level] = field(default_factory=Counter)
    by: dict[str, dict[str, Counter[Level]]] = field(default_factory=lambda: {name: {} for name in DIMENSIONS})
    contradictions: Counter[str] = field(default_factory=Counter)

    def add(self, level: Level, places: dict[str, Iterable[str]], rules: Iterable[str]) -> None:
        """Count one recording."""
        self.total[level] += 1
        for dimension, values in places.items():
            for value in values:
                self.by[dimension].setdefault(value, Counter())[level] += 1
        self.contradictions.update(rule for rule in rules if is_contradiction(rule))

    def ranked(self, dimension: str) -> list[tuple[str, Counter[Level]]]:
        """List a dimension's values: months in order, others by their count, largest first."""
        rows = sorted(self.by[dimension].items())
        return rows if dimension == "month" else sorted(rows, key=lambda row: -row[1].total())


def is_contradiction(rule: str) -> bool:
    """Whether a rule speaks of statements that contradict each other, or the file."""
    known = RULES.get(rule)
    return bool(known and known.group in CONTRADICTING and known.severity is not Severity.INFO and rule != OMISSION)


def shares_of(lake: Path) -> Shares:
    """Count the newest screening of each recording of a lake.

    Raises
    ------
    InvalidInput
        The folder is no lake.
    """
    if not (lake / "lake.json").is_file():
        raise InvalidInput(f"{lake} is no lake.", mend="Name the folder that `liner scan --lake` wrote.")
    newest: dict[str, str] = {}
    for row in _rows(lake, "recording_key", "kind", "screened_at", "id"):
        if row["kind"] == "recording":
            newest[row["recording_key"]] = max(newest.get(row["recording_key"], ""), _rank(row))
    shares = Shares()
    columns = ("recording_key", "declared_level", "finding_rules", "screened_at", "id", "screening")
    for row in _rows(lake, *columns):
        if newest.get(row["recording_key"]) == _rank(row):
            del newest[row["recording_key"]]  # the same row may stand in two parts until the lake is tidied
            shares.add(Level(row["declared_level"]), _places(row), row["finding_rules"])
    return shares


def _rows(lake: Path, *columns: str) -> Iterator[dict[str, Any]]:
    for part in sorted((lake / "screenings").glob("[!.]*.parquet")):
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns)):
                yield from batch.to_pylist()


def _rank(row: dict[str, Any]) -> str:
    return f"{row['screened_at'].isoformat()} {row['id']}"


def _places(row: dict[str, Any]) -> dict[str, Iterable[str]]:
    intake = json.loads(row["screening"])["intake"]  # the message's own words have no columns
    made = intake["message_created_at"] or row["screened_at"].isoformat()
    return {
        "sender": (intake["sender_name"] or intake["sender_id"] or NOT_STATED,),
        "version": (f"ERN {intake['ern_version']}" if intake["ern_version"] else "no ERN message",),
        "territory": dict.fromkeys(intake["territories"] or (NOT_STATED,)),
        "month": (made[:7],),
    }
