"""What the API takes and gives of queues, routing rules, views and filters."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.base import Model
from schemas.filters import MAX_LENGTH, parse, write

MAX_RULES = 100
QueueName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


def _read(text: str) -> str:
    return write(parse(text))


FilterText = Annotated[str, Field(max_length=MAX_LENGTH), AfterValidator(_read)]


class RoutingRule(Model):
    """Which cases go to which queue; an empty filter matches nothing."""

    filter: FilterText = Field(min_length=1)
    queue: QueueName


class RoutingDocument(Model):
    """The routing rules, in order: the first that matches decides, else the main queue.

    Attributes
    ----------
    sample_share
        Share of recordings without any flag that become a case all the same, so that misses can be counted.
    """

    rules: tuple[RoutingRule, ...] = Field(default=(), max_length=MAX_RULES)
    sample_share: float = Field(default=0.0, ge=0, le=1)


class RoutingCreate(RoutingDocument):
    """A new version of the routing rules.

    Attributes
    ----------
    expected_version
        The version that it was made from; another one's change in between is told, not overwritten.
    """

    note: str = Field(default="", max_length=500)
    expected_version: int = Field(ge=0)


class RoutingPublic(RoutingDocument):
    """A version of the routing rules; version 0 is the state before the first."""

    version: int
    note: str
    made_by: str
    made_at: datetime | None


class RoutingHistory(Model):
    """Versions, newest first."""

    versions: tuple[RoutingPublic, ...]


class Flow(Model):
    """How many open cases are in a queue now, and would be in another."""

    now: str
    then: str
    cases: int


class MovedCase(Model):
    """A case that would move."""

    case_id: str
    title: str
    now: str
    then: str


class DryRun(Model):
    """Where cases would go under rules that are not in force.

    Attributes
    ----------
    flows
        All open cases by queue now and then.
    by_rule
        How many each rule would decide on, in order; the last figure is what is left for the main queue.
    today
        Cases opened in the last 24 hours, by the queue that they would be in.
    examples
        Some that would move, most urgent first.
    """

    cases: int
    moved: int
    flows: tuple[Flow, ...]
    by_rule: tuple[int, ...]
    today: dict[str, int]
    examples: tuple[MovedCase, ...]


class QueueSet(Model):
    """Make a queue, or change it."""

    title: str = Field(min_length=1, max_length=80)
    sla_hours: int = Field(ge=1, le=8760)


class QueuePublic(QueueSet):
    """A queue and what waits in it.

    Attributes
    ----------
    open, late
        Cases that wait, and those of them whose due time is over; parked ones are left out.
    oldest_at, next_due_at
        Since when the oldest waits, and when the next is due; None where nothing waits.
    """

    name: str
    open: int
    late: int
    oldest_at: datetime | None
    next_due_at: datetime | None


class QueuesPublic(Model):
    """The queues that the asker may work on, by name."""

    queues: tuple[QueuePublic, ...]


class ViewCreate(Model):
    """Save a filter under a name; the same name again replaces it."""

    name: str = Field(min_length=1, max_length=80)
    filter: FilterText
    is_shared: bool = True


class ViewPublic(Model):
    """A saved filter: its address, and how many cases match now; None where that was not asked for."""

    id: str
    name: str
    filter: str
    owner: str
    is_shared: bool
    url: str
    count: int | None = None


class ViewsPublic(Model):
    """One's own views and those that are shared, by name."""

    views: tuple[ViewPublic, ...]


class Suggestion(Model):
    """What may stand at the cursor: the text that replaces the word there, and what it means."""

    insert: str
    says: str


class FilterProblem(Model):
    """A word of a filter that means nothing: where it stands (from 1), what is known, what was probably meant."""

    message: str
    mend: str
    column: int
    length: int
    known: tuple[str, ...]
    suggestion: str


class FilterPublic(Model):
    """What a filter means.

    Attributes
    ----------
    canonical
        The one form in which it is kept; None where it cannot be read.
    count
        How many cases match.
    start
        Where the word at the cursor begins, from 0: suggestions replace from there to the cursor.
    """

    canonical: str | None
    count: int | None
    problem: FilterProblem | None
    start: int
    suggestions: tuple[Suggestion, ...]
