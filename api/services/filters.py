"""What a filter means as one types it: its one form, how many cases match, where it goes wrong, what could follow."""

from collections.abc import Iterator

from api.public import QueueFilters
from api.public_queues import FilterProblem, FilterPublic, Suggestion
from api.services.access import Actor, Permission, require_permission
from api.store import cases, queues
from api.store.database import Database
from api.tables.work import MAIN_QUEUE
from schemas.errors import InvalidFilter
from schemas.filter_words import FIELDS, OPERATORS, Field, Kind, countries
from schemas.filters import parse, write
from schemas.rules import RULES

MAX_SUGGESTIONS = 12


def explain(db: Database, actor: Actor, text: str, cursor: int | None = None) -> FilterPublic:
    """Read a filter, count what matches, and suggest what may stand at the cursor (from 0; default: the end)."""
    require_permission(actor, Permission.CONSOLE)
    at = len(text) if cursor is None else min(cursor, len(text))
    start = word_start(text, at)
    with db.read() as session:
        names = [MAIN_QUEUE, *(row.name for row in queues.every(session))]
        suggestions = tuple(suggest(text[start:at], names))[:MAX_SUGGESTIONS]
        try:
            canonical = write(parse(text))
        except InvalidFilter as wrong:
            return FilterPublic(
                canonical=None, count=None, problem=_problem(wrong), start=start, suggestions=suggestions
            )
        count = cases.count(session, actor, QueueFilters(filter=canonical))
        return FilterPublic(canonical=canonical, count=count, problem=None, start=start, suggestions=suggestions)


def word_start(text: str, at: int) -> int:
    """Find where the word at the cursor begins, from 0; blanks within quotation marks belong to it."""
    start, is_quoted = 0, False
    for place, letter in enumerate(text[:at]):
        is_quoted ^= letter == '"'
        if letter.isspace() and not is_quoted:
            start = place + 1
    return start


def suggest(word: str, queue_names: list[str]) -> Iterator[Suggestion]:
    """Complete a word: a field before its operator, a value after it."""
    sign, bare = ("-", word[1:]) if word.startswith("-") else ("", word)
    name, colon, begun = bare.partition(":")
    field = FIELDS.get(name.lower())
    if colon and field:
        given, _, last = begun.rpartition(",")
        before = f"{sign}{name}:{given}{',' if given else ''}"
        yield from (Suggestion(insert=before + value, says=says) for value, says in _values(field, last, queue_names))
        return
    for one in FIELDS.values():
        if one.name.startswith(bare.lower()):
            operator = "" if one.kind in {Kind.FLAG, Kind.SPAN} else OPERATORS[one.kind][0]
            yield Suggestion(insert=f"{sign}{one.name}{operator}", says=one.says)


def _values(field: Field, begun: str, queue_names: list[str]) -> Iterator[tuple[str, str]]:
    wanted = begun.strip('"').casefold()
    for value, says in _known_values(field, queue_names):
        if value.casefold().startswith(wanted) or says.casefold().startswith(wanted):
            yield value, says


def _known_values(field: Field, queue_names: list[str]) -> Iterator[tuple[str, str]]:
    if field.name == "rule":
        yield from ((code, rule.title) for code, rule in sorted(RULES.items()))
    elif field.name == "territory":
        yield from sorted(((code, name.title()) for name, code in countries().items()), key=lambda pair: pair[1])
    elif field.name == "queue":
        yield from ((name, "a queue") for name in sorted(set(queue_names)))
    elif field.name == "holder":
        yield "me", "whoever looks"
    elif field.kind in {Kind.TIME, Kind.SPAN}:
        yield from (("4h", "4 hours"), ("1d", "a day"), ("7d", "a week"), ("30d", "a month"))
    else:
        yield from ((value, field.says) for value in field.values)


def _problem(wrong: InvalidFilter) -> FilterProblem:
    return FilterProblem(
        message=wrong.message,
        mend=wrong.mend,
        column=wrong.column,
        length=wrong.length,
        known=wrong.known,
        suggestion=wrong.suggestion,
    )
