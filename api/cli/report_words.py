"""What all forms of a report share: its sentences, shares, and how many values of a dimension it shows."""

from collections import Counter
from collections.abc import Iterator

from api.cli.shares import Shares
from schemas.disclosure import Level

HEADINGS = {"sender": "Sender", "version": "ERN version", "territory": "Territory", "month": "Month"}
MAX_SHOWN = 25  # values of a dimension in text and page; CSV and JSON have all


def summary(shares: Shares) -> str:
    """Sum the report up in a sentence or two."""
    total = shares.total
    parts = ", ".join(f"{total[level]:,} {level} ({share(total, level)})" for level in Level)
    return f"{total.total():,} recordings: {parts}. {notes(shares)}".rstrip()


def notes(shares: Shares) -> str:
    """Say what the four counts do not."""
    told = []
    if shares.cannot_declare:
        told.append(f"{shares.cannot_declare:,} of the undeclared came in a version that cannot declare.")
    if shares.takedowns:
        told.append(f"{shares.takedowns:,} more are taken down.")
    return " ".join(told)


def share(counts: Counter[Level], level: Level) -> str:
    """Write a level's share."""
    return f"{counts[level] / counts.total():.1%}" if counts.total() else "-"


def shown(shares: Shares, dimension: str) -> Iterator[tuple[str, Counter[Level]]]:
    """List the largest values of a dimension, or its last months, and the rest as one."""
    rows = shares.ranked(dimension)
    is_month = dimension == "month"
    rest = rows[:-MAX_SHOWN] if is_month else rows[MAX_SHOWN:]
    several = sum((counts for _, counts in rest), Counter[Level]())
    if rest and is_month:
        yield f"{len(rest):,} earlier", several
    yield from rows[-MAX_SHOWN:] if is_month else rows[:MAX_SHOWN]
    if rest and not is_month:
        yield f"{len(rest):,} more", several


def contradictions(shares: Shares) -> list[tuple[str, int]]:
    """List rules by how many recordings break them."""
    return sorted(shares.contradictions.items(), key=lambda row: (-row[1], row[0]))
