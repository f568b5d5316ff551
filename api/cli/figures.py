"""How a report's figures are written: a table, CSV, JSON, or one page with charts (`api.cli.report_page`)."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator

from api.cli.report_page import as_html
from api.cli.report_words import HEADINGS, contradictions, share, shown, summary
from api.cli.reporting import inert, plain
from api.cli.shares import DIMENSIONS, Shares
from schemas.disclosure import Level
from schemas.rules import RULES


def as_text(shares: Shares) -> str:
    """Write tables for a terminal."""
    lines = [summary(shares), ""]
    for dimension in DIMENSIONS:
        lines.append(_line(HEADINGS[dimension], [*Level, "recordings"]))
        for value, counts in shown(shares, dimension):
            lines.append(_line(plain(value), [*(share(counts, level) for level in Level), f"{counts.total():,}"]))
        lines.append("")
    lines.append(f"{'Contradictions':<70} recordings")
    rows = contradictions(shares)
    lines += [f"{rule:<9} {RULES[rule].title[:60]:<60} {count:>10,}" for rule, count in rows] or ["none"]
    return "\n".join(lines) + "\n"


def as_csv(shares: Shares) -> str:
    """Write one row for each value of each dimension, and for each rule: every count, no share."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(("dimension", "value", *Level, "recordings"))
    for dimension, value, counts in _all(shares):
        writer.writerow((dimension, inert(value), *(counts[level] for level in Level), counts.total()))
    for rule, count in contradictions(shares):
        writer.writerow(("contradiction", rule, *("" for _ in Level), count))
    for name, count in (("cannot declare", shares.cannot_declare), ("takedown", shares.takedowns)):
        writer.writerow((name, "", *("" for _ in Level), count))
    return sink.getvalue()


def as_json(shares: Shares) -> str:
    """Write one JSON object."""
    whole = {
        "total": _counts(shares.total),
        "cannot_declare": shares.cannot_declare,
        "takedowns": shares.takedowns,
        "by": {dimension: {v: _counts(c) for v, c in shares.ranked(dimension)} for dimension in DIMENSIONS},
        "contradictions": dict(contradictions(shares)),
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


WRITERS = {"text": as_text, "csv": as_csv, "json": as_json, "html": as_html}


def _all(shares: Shares) -> Iterator[tuple[str, str, Counter[Level]]]:
    yield "all", "", shares.total
    for dimension in DIMENSIONS:
        for value, counts in shares.ranked(dimension):
            yield dimension, value, counts


def _counts(counts: Counter[Level]) -> dict[str, int]:
    return {level.value: counts[level] for level in Level}


def _line(first: str, cells: list[str]) -> str:
    return f"{first[:40]:<40} " + " ".join(f"{cell:>10}" for cell in cells)
