"""A report as one page: charts as SVG beside their numbers, light and dark; no script, nothing loaded."""

from collections import Counter
from functools import cache
from html import escape
from importlib import resources

from api.cli.report_words import HEADINGS, contradictions, notes, share, shown
from api.cli.shares import DIMENSIONS, Shares
from schemas.disclosure import Level
from schemas.rules import RULES

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>AI disclosure in {count} recordings</title><style>
{style}{fills}</style></head><body><main>
<h1>AI disclosure in {count} recordings</h1>
<p>Of each recording the newest message counts. {notes}</p>
<ul class="tiles">{tiles}</ul>
{sections}
</main></body></html>
"""
FILLS = "".join(f".{level} {{ fill: var(--{level}); background: var(--{level}); }}\n" for level in Level)
BAR = 1000  # units of a bar's width
CHART_WIDTH, CHART_HEIGHT, LEFT, BOTTOM, TOP = 960, 260, 56, 30, 12
MONTHS_SHOWN = 36
LABELS = 12  # of months below the columns, at most


def as_html(shares: Shares) -> str:
    """Write the page."""
    sections = [_months(shares), *(_dimension(shares, name) for name in DIMENSIONS), _rules(shares)]
    return PAGE.format(
        count=f"{shares.total.total():,}",
        style=_style(),
        fills=FILLS,
        notes=escape(notes(shares)),
        tiles="".join(_tile(shares.total, level) for level in Level),
        sections="\n".join(sections),
    )


@cache
def _style() -> str:
    return resources.files("api.cli").joinpath("report.css").read_text("utf-8")


def _tile(total: Counter[Level], level: Level) -> str:
    return (
        f'<li style="border-top-color: var(--{level})"><b>{share(total, level)}</b>'
        f"<span>{level}: {total[level]:,}</span></li>"
    )


def _section(name: str, title: str, content: str) -> str:
    scroll = f'<div class="scroll" role="region" aria-labelledby="{name}" tabindex="0">{content}</div>'
    return f'<section><h2 id="{name}">{title}</h2>\n{scroll}</section>'


def _legend() -> str:
    keys = "".join(f'<li><span class="key {level}"></span>{level}</li>' for level in Level)
    return f'<ul class="legend" aria-hidden="true">{keys}</ul>'


def _months(shares: Shares) -> str:
    """Draw a column for each month; the table below has the same numbers."""
    rows = [row for row in shares.ranked("month") if row[0][:4].isdecimal()][-MONTHS_SHOWN:]
    if len(rows) < 2:
        return ""
    most = max(counts.total() for _, counts in rows)
    step = (CHART_WIDTH - LEFT) / len(rows)
    columns = "".join(_column(LEFT + n * step, step, counts, most, month) for n, (month, counts) in enumerate(rows))
    every = -(-len(rows) // LABELS)
    names = "".join(
        f'<text x="{LEFT + (n + 0.5) * step:.1f}" y="{CHART_HEIGHT - 8}" text-anchor="middle">{escape(month)}</text>'
        for n, (month, _) in enumerate(rows)
        if (len(rows) - 1 - n) % every == 0
    )
    title = f"Recordings by month of the message, {rows[0][0]} to {rows[-1][0]}; the table by month has the numbers."
    return _section(
        "over-time",
        "Over time",
        f'{_legend()}<svg class="months" viewBox="0 0 {CHART_WIDTH} {CHART_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">{_grid(most)}{columns}{names}</svg>',
    )


def _grid(most: int) -> str:
    lines = []
    for part in (0.0, 0.5, 1.0):
        y = _y(part)
        lines.append(f'<line class="grid" x1="{LEFT}" x2="{CHART_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        if part * most == int(part * most):
            lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{int(part * most):,}</text>')
    return "".join(lines)


def _y(part: float) -> float:
    return CHART_HEIGHT - BOTTOM - part * (CHART_HEIGHT - BOTTOM - TOP)


def _column(x: float, step: float, counts: Counter[Level], most: int, month: str) -> str:
    told = ", ".join(f"{counts[level]:,} {level}" for level in Level if counts[level])
    parts, below = [f"<title>{escape(month)}: {told}</title>"], 0
    width = min(step * 0.72, 64.0)
    for level in reversed(Level):
        if counts[level]:
            top, foot = _y((below + counts[level]) / most), _y(below / most)
            place = f'x="{x + (step - width) / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{foot - top:.1f}"'
            parts.append(f'<rect class="{level}" {place}/>')
        below += counts[level]
    return f"<g>{''.join(parts)}</g>"


def _dimension(shares: Shares, dimension: str) -> str:
    name = HEADINGS[dimension]
    head = "".join(f'<th scope="col"><span class="key {level}"></span>{level}</th>' for level in Level)
    rows = "".join(_row(value, counts) for value, counts in shown(shares, dimension))
    table = (
        f'<table><thead><tr><th scope="col">{name}</th>'
        f'<th scope="col"><span class="unseen">Shares as a bar</span></th>{head}<th scope="col">recordings</th></tr>'
        f"</thead><tbody>\n{rows}</tbody></table>"
    )
    return _section(f"by-{dimension}", f"By {name if name[1].isupper() else name.lower()}", table)


def _row(value: str, counts: Counter[Level]) -> str:
    cells = "".join(f"<td{'' if counts[level] else ' class=zero'}>{share(counts, level)}</td>" for level in Level)
    bar = f'<td class="chart">{_bar(counts)}</td>'
    return f'<tr><th scope="row">{escape(value)}</th>{bar}{cells}<td>{counts.total():,}</td></tr>\n'


def _bar(counts: Counter[Level]) -> str:
    """Draw a stacked bar; the numbers stand beside it, so it stays silent."""
    parts, left = [], 0.0
    for level in Level:
        width = BAR * counts[level] / max(1, counts.total())
        if width:
            parts.append(f'<rect class="{level}" x="{left:.1f}" width="{width:.1f}" height="10"/>')
        left += width
    return _svg("".join(parts))


def _svg(content: str) -> str:
    return f'<svg class="bar" viewBox="0 0 {BAR} 10" preserveAspectRatio="none" aria-hidden="true">{content}</svg>'


def _rules(shares: Shares) -> str:
    rows = contradictions(shares)
    if not rows:
        return _section("contradictions", "Contradictions", "<p>None.</p>")
    most = rows[0][1]
    body = "".join(
        f'<tr><th scope="row"><code>{rule}</code>{escape(RULES[rule].title)}</th><td class="chart">'
        + _svg(f'<rect style="fill: var(--rule)" width="{BAR * count / most:.1f}" height="10"/>')
        + f"</td><td>{count:,}</td></tr>\n"
        for rule, count in rows
    )
    head = '<th scope="col">Rule</th><th scope="col"><span class="unseen">Count as a bar</span></th>'
    table = f"<table><thead><tr>{head}<th scope='col'>recordings</th></tr></thead><tbody>\n{body}</tbody></table>"
    return _section("contradictions", "Contradictions by rule", table)
