"""How a report's figures are written: a table, CSV, JSON, or one page with charts and no script."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from html import escape

from api.cli.reporting import plain
from api.cli.shares import DIMENSIONS, Shares
from schemas.disclosure import Level
from schemas.rules import RULES

HEADINGS = {"sender": "Sender", "version": "ERN version", "territory": "Territory", "month": "Month"}
COLOURS = {Level.UNDECLARED: "#b8bcc4", Level.NONE: "#2b7bba", Level.PARTLY: "#e9a23b", Level.ALL: "#8c3f8f"}
MAX_SHOWN = 25  # values of a dimension in text and page; CSV and JSON have all
BAR_WIDTH, BAR_HEIGHT = 600, 18
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>AI disclosure in {count} recordings</title>
<style>
body {{ font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
caption {{ text-align: left; font-weight: 600; padding: 1.5rem 0 .5rem; }}
th, td {{ padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #8884; }}
th:first-child, td:first-child {{ text-align: left; overflow-wrap: anywhere; }} td.bar {{ width: 45%; }}
svg {{ display: block; width: 100%; height: {height}px; }} .key {{ display: inline-block; width: 1em; height: 1em; }}
:root {{ color-scheme: light dark; }}
</style></head><body><h1>AI disclosure in {count} recordings</h1>
<p>{summary}</p><p>{key}</p>
{tables}
</body></html>
"""


def as_text(shares: Shares) -> str:
    """Write tables for a terminal."""
    lines = [_summary(shares), ""]
    for dimension in DIMENSIONS:
        lines.append(_line(HEADINGS[dimension], [*Level, "recordings"]))
        for value, counts in _shown(shares, dimension):
            lines.append(_line(plain(value), [*(_share(counts, level) for level in Level), f"{counts.total():,}"]))
        lines.append("")
    lines.append(f"{'Contradictions':<40} recordings")
    lines += [f"{rule:<9} {RULES[rule].title[:60]:<60} {n:>6,}" for rule, n in _contradictions(shares)] or ["none"]
    return "\n".join(lines) + "\n"


def as_csv(shares: Shares) -> str:
    """Write one row for each value of each dimension, and for each rule: every count, no share."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(("dimension", "value", *Level, "recordings"))
    for dimension, value, counts in _all(shares):
        writer.writerow((dimension, _inert(value), *(counts[level] for level in Level), counts.total()))
    for rule, count in _contradictions(shares):
        writer.writerow(("contradiction", rule, *("" for _ in Level), count))
    return sink.getvalue()


def as_json(shares: Shares) -> str:
    """Write one JSON object."""
    by = {dimension: {v: _counts(c) for v, c in shares.ranked(dimension)} for dimension in DIMENSIONS}
    whole = {"total": _counts(shares.total), "by": by, "contradictions": dict(_contradictions(shares))}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def as_html(shares: Shares) -> str:
    """Write one page that needs nothing else: charts as SVG, each beside its numbers."""
    key = " ".join(f'<span class="key" style="background:{COLOURS[one]}"></span> {one}&emsp;' for one in Level)
    tables = [_html_table(shares, dimension) for dimension in DIMENSIONS]
    return PAGE.format(
        count=f"{shares.total.total():,}",
        summary=escape(_summary(shares)),
        key=key,
        tables="\n".join([*tables, _html_rules(shares)]),
        height=BAR_HEIGHT,
    )


WRITERS = {"text": as_text, "csv": as_csv, "json": as_json, "html": as_html}


def _all(shares: Shares) -> Iterator[tuple[str, str, Counter[Level]]]:
    yield "all", "", shares.total
    for dimension in DIMENSIONS:
        for value, counts in shares.ranked(dimension):
            yield dimension, value, counts


def _shown(shares: Shares, dimension: str) -> Iterator[tuple[str, Counter[Level]]]:
    rows = shares.ranked(dimension)
    rest = rows[:-MAX_SHOWN] if dimension == "month" else rows[MAX_SHOWN:]
    yield from rows[-MAX_SHOWN:] if dimension == "month" else rows[:MAX_SHOWN]
    if rest:
        yield f"{len(rest):,} more", sum((counts for _, counts in rest), Counter[Level]())


def _contradictions(shares: Shares) -> list[tuple[str, int]]:
    return sorted(shares.contradictions.items(), key=lambda row: (-row[1], row[0]))


def _counts(counts: Counter[Level]) -> dict[str, int]:
    return {level.value: counts[level] for level in Level}


def _summary(shares: Shares) -> str:
    total = shares.total
    parts = ", ".join(f"{total[level]:,} {level} ({_share(total, level)})" for level in Level)
    return f"{total.total():,} recordings: {parts}."


def _share(counts: Counter[Level], level: Level) -> str:
    return f"{counts[level] / counts.total():.1%}" if counts.total() else "-"


def _line(first: str, cells: list[str]) -> str:
    return f"{first[:40]:<40} " + " ".join(f"{cell:>10}" for cell in cells)


def _inert(value: str) -> str:
    """Keep a spreadsheet from taking a sender's name for a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _html_table(shares: Shares, dimension: str) -> str:
    head = "".join(f'<th scope="col">{level}</th>' for level in Level)
    rows = "".join(
        f'<tr><th scope="row">{escape(value)}</th><td class="bar">{_bar(counts)}</td>'
        + "".join(f"<td>{_share(counts, level)}</td>" for level in Level)
        + f"<td>{counts.total():,}</td></tr>\n"
        for value, counts in _shown(shares, dimension)
    )
    name = HEADINGS[dimension]
    return (
        f"<table><caption>By {name[0].lower() + name[1:] if name[1].islower() else name}</caption>"
        f'<tr><th scope="col">{name}</th><th scope="col">Shares</th>{head}'
        f'<th scope="col">Recordings</th></tr>\n{rows}</table>'
    )


def _bar(counts: Counter[Level]) -> str:
    """Draw a stacked bar; its text is the numbers beside it, so it stays silent."""
    parts, left = [], 0.0
    for level in Level:
        width = BAR_WIDTH * counts[level] / max(1, counts.total())
        parts.append(f'<rect x="{left:.1f}" width="{width:.1f}" height="{BAR_HEIGHT}" fill="{COLOURS[level]}"/>')
        left += width
    box = f"0 0 {BAR_WIDTH} {BAR_HEIGHT}"
    return f'<svg viewBox="{box}" preserveAspectRatio="none" aria-hidden="true">{"".join(parts)}</svg>'


def _html_rules(shares: Shares) -> str:
    rows = _contradictions(shares)
    most = max((count for _, count in rows), default=1)
    body = "".join(
        f'<tr><th scope="row">{rule} {escape(RULES[rule].title)}</th><td class="bar">'
        f'<svg viewBox="0 0 {BAR_WIDTH} {BAR_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{BAR_WIDTH * count / most:.1f}" height="{BAR_HEIGHT}" fill="#b3382c"/></svg></td>'
        f"<td>{count:,}</td></tr>\n"
        for rule, count in rows
    )
    return (
        '<table><caption>Contradictions by rule</caption><tr><th scope="col">Rule</th><th scope="col"></th>'
        f'<th scope="col">Recordings</th></tr>\n{body or "<tr><td>none</td></tr>"}</table>'
    )
