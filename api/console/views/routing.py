"""Queues with their clocks, routing rules as lines of text, and the dry run in figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from pydantic import ValidationError

from api.console.views.place import DueView, due_view
from api.console.views.words import ago
from api.public_queues import DryRun, QueuesPublic, RoutingDocument, RoutingRule
from schemas.errors import InvalidFilter, InvalidInput

ARROW = "->"
EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A queue in a list: what waits, how old, when due."""

    name: str
    title: str
    href: str
    sla_hours: int
    open: int
    late: int
    oldest: str
    due: DueView | None


@dataclass(frozen=True, slots=True)
class DryRunView:
    """What rules would do: by rule, by queue, with examples."""

    sentence: str
    by_rule: tuple[tuple[str, str, int], ...]
    flows: tuple[tuple[str, str, int], ...]
    today: tuple[tuple[str, int], ...]
    examples: tuple[tuple[str, str, str, str], ...]


def routing_view(found: QueuesPublic, now: datetime) -> tuple[QueueLine, ...]:
    """Bring queues into the form of a list."""
    return tuple(
        QueueLine(
            name=one.name,
            title=one.title,
            href=f"/console?{urlencode({'filter': f'queue:{one.name}'})}",
            sla_hours=one.sla_hours,
            open=one.open,
            late=one.late,
            oldest=ago(one.oldest_at, now) if one.oldest_at else "",
            due=due_view(one.next_due_at, now),
        )
        for one in found.queues
    )


def read_rules(form: Mapping[str, str]) -> RoutingDocument:
    """Read rules, one a line, ``filter -> queue``.

    Raises
    ------
    InvalidInput
        A line cannot be read; it says which, and where in it.
    """
    rules = []
    for number, line in enumerate(form.get("rules", "").splitlines(), start=1):
        if line.strip():
            rules.append(_rule(number, line))
    share = form.get("sample_share", "").strip() or "0"
    try:
        return RoutingDocument.model_validate({"rules": rules, "sample_share": float(share) / 100})
    except (ValidationError, ValueError) as error:
        raise InvalidInput("At most 100 rules, and a share from 0 to 100 per cent.", mend="Correct it.") from error


def write_rules(document: RoutingDocument) -> str:
    """Write rules as lines of text."""
    return "\n".join(f"{rule.filter} {ARROW} {rule.queue}" for rule in document.rules)


def _rule(number: int, line: str) -> RoutingRule:
    text, arrow, queue = line.rpartition(ARROW)
    if not arrow or not text.strip():
        raise InvalidInput(f"Line {number} is no rule.", mend=f"Write: severity:high {ARROW} urgent")
    try:
        return RoutingRule(filter=text, queue=queue.strip().lower())
    except InvalidFilter as wrong:
        raise InvalidInput(f"Line {number}: {wrong.message}", mend=wrong.mend) from wrong
    except ValidationError as error:
        raise InvalidInput(f"Line {number} names no queue.", mend="A queue has letters, digits and hyphens.") from error


def dry_run_view(found: DryRun, wanted: RoutingDocument) -> DryRunView:
    """Put a dry run into figures and a sentence."""
    filters = [(rule.filter, rule.queue) for rule in wanted.rules] + [("everything else", "main")]
    return DryRunView(
        sentence=f"Of {found.cases:,} open cases, {found.moved:,} would be in another queue. Nothing is changed yet.",
        by_rule=tuple((text, queue, count) for (text, queue), count in zip(filters, found.by_rule, strict=True)),
        flows=tuple((one.now, one.then, one.cases) for one in found.flows),
        today=tuple(found.today.items()),
        examples=tuple(
            (f"/console/cases/{one.case_id}", one.title, one.now, one.then) for one in found.examples[:EXAMPLES]
        ),
    )
