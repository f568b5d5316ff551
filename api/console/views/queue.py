"""The queue: one row per case, filters with their counts, pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from api.console.views.flags import Chip
from api.console.views.place import DueWords, due_words, place_summary
from api.console.views.words import Stamp, plural, stamp
from api.public import CasePublic, QueueFilters, QueuePage
from api.store.flags import FlagBrief
from api.store.queues import COUNT_LIMIT
from schemas.cases import CaseState
from schemas.errors import InvalidFilter
from schemas.filters import MAX_LENGTH
from schemas.flags import FlagSeverity
from schemas.screening import SubjectKind

PER_PAGE = 25
MAX_PAGES = 20_000
E = TypeVar("E", bound=StrEnum)
_STATES = {CaseState.OPEN: "Open", CaseState.WAITING: "Waiting", CaseState.DECIDED: "Decided"}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A case in the list."""

    href: str
    title: str
    artist: str
    isrc: str
    sender: str
    chips: tuple[Chip, ...]
    severity: str
    opened: Stamp
    due: DueWords | None
    summary: str
    holder: str
    is_mine: bool


@dataclass(frozen=True, slots=True)
class FilterView:
    """The filter line: what stands in it, and the word that means nothing, if one does.

    Attributes
    ----------
    before, word, after
        The text around the word that is wrong.
    suggestion
        The whole filter with the suggestion in the word's place; empty where nothing is near.
    """

    text: str
    problem: str = ""
    before: str = ""
    word: str = ""
    after: str = ""
    suggestion: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter, and whether it is the chosen one."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class QueueView:
    """The whole page."""

    rows: tuple[QueueRow, ...]
    count: str
    states: tuple[Choice, ...]
    severities: tuple[Choice, ...]
    codes: tuple[Choice, ...]
    search: str
    filter: FilterView
    is_filtered: bool
    is_chosen: bool
    alike: str
    page: str
    previous: str
    following: str


def asked(query: Mapping[str, str], page: int = 1) -> QueueFilters:
    """Read the filters of an address; a value that does not exist counts as not given."""
    return QueueFilters(
        state=_member(CaseState, query.get("state", "")) or CaseState.OPEN,
        severity=_member(FlagSeverity, query.get("severity", "")),
        code=_printable(query.get("code", ""))[:40],
        q=_printable(query.get("q", ""))[:200],
        filter=query.get("filter", "").strip()[:MAX_LENGTH],
        offset=(page - 1) * PER_PAGE,
        limit=PER_PAGE,
    )


def page_number(query: Mapping[str, str]) -> int:
    """Read the page of an address, from 1; nonsense counts as the first."""
    text = query.get("page", "")
    return min(int(text), MAX_PAGES) if text.isdecimal() and len(text) < 9 and int(text) > 0 else 1


def queue_view(
    found: QueuePage,
    flags: Mapping[str, tuple[FlagBrief, ...]],
    wanted: QueueFilters,
    *,
    viewer: str,
    now: datetime,
    wrong: InvalidFilter | None = None,
) -> QueueView:
    """Bring a page of the queue into the form that is shown; ``flags`` are those of its cases, by case id."""
    page = wanted.offset // PER_PAGE + 1
    pages = max(page, -(-found.total // PER_PAGE))
    return QueueView(
        rows=tuple(_row(case, flags.get(case.id, ()), wanted, viewer, now) for case in found.cases),
        count=_how_many(found.total),
        states=tuple(Choice(str(state), label, state is wanted.state) for state, label in _STATES.items()),
        severities=_severities(wanted.severity),
        codes=_codes(found.codes, wanted.code),
        search=wanted.q,
        filter=_filter(wanted.filter, wrong),
        is_filtered=bool(_query(wanted)),
        alike=f"/console/batches?{urlencode(_query(wanted))}",
        is_chosen=bool({**_query(wanted), "filter": ""} != {"filter": ""}),
        page=f"Page {page} of {pages}{_more(found.total)}" if pages > 1 or page > 1 else "",
        previous=_address(wanted, page - 1) if page > 1 else "",
        following=_address(wanted, page + 1) if found.next_cursor else "",
    )


def _how_many(total: int) -> str:
    return f"{total:,}+ cases" if _more(total) else plural(total, "case")


def _more(total: int) -> str:
    """Say that a count ended before the cases did."""
    return "+" if total >= COUNT_LIMIT else ""


def _filter(text: str, wrong: InvalidFilter | None) -> FilterView:
    if wrong is None:
        return FilterView(text)
    start, end = wrong.column - 1, wrong.column - 1 + wrong.length
    better = f"{text[:start]}{wrong.suggestion}{text[end:]}" if wrong.suggestion else ""
    return FilterView(
        text=text,
        problem=f"{wrong.message} {wrong.mend}".rstrip(),
        before=text[:start],
        word=text[start:end],
        after=text[end:],
        suggestion=better,
        href=f"/console?{urlencode({'filter': better})}" if better else "",
    )


def _row(case: CasePublic, flags: tuple[FlagBrief, ...], wanted: QueueFilters, viewer: str, now: datetime) -> QueueRow:
    holder = case.claim.holder if case.claim and case.claim.is_live(now) else ""
    return QueueRow(
        href=f"/console/cases/{case.id}{_within(wanted)}",
        title=case.title or case.id,
        artist=case.artist if case.kind is SubjectKind.RECORDING else "whole delivery",
        isrc=case.isrc,
        sender=case.sender_name or case.sender_id or case.account,
        chips=tuple(Chip(flag.code, flag.title, str(flag.severity)) for flag in flags),
        severity=str(case.severity or "none"),
        opened=stamp(case.opened_at, now),
        due=due_words(case.due_at, now) if case.due_at and case.state is CaseState.OPEN else None,
        summary=place_summary(case, now),
        holder=holder,
        is_mine=holder == viewer,
    )


def _within(wanted: QueueFilters) -> str:
    """Carry the filter along, so that the next case is the filter's next."""
    return f"?{urlencode({'filter': wanted.filter})}" if wanted.filter else ""


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()


def _severities(chosen: FlagSeverity | None) -> tuple[Choice, ...]:
    words = ((value, str(value).capitalize()) for value in reversed(FlagSeverity))
    return (Choice("", "Any", chosen is None), *(Choice(str(v), word, v is chosen) for v, word in words))


def _codes(counts: Mapping[str, int], chosen: str) -> tuple[Choice, ...]:
    known = counts if chosen in counts or not chosen else {**counts, chosen: 0}
    listed = (Choice(code, f"{code} ({count:,})", code == chosen) for code, count in known.items())
    return (Choice("", "Any", not chosen), *listed)


def _query(wanted: QueueFilters) -> dict[str, str]:
    """Write the filters as query parameters, without defaults."""
    state = "" if wanted.state in {None, CaseState.OPEN} else str(wanted.state)
    pairs = {
        "state": state,
        "severity": str(wanted.severity or ""),
        "code": wanted.code,
        "q": wanted.q,
        "filter": wanted.filter,
    }
    return {name: value for name, value in pairs.items() if value}


def _address(wanted: QueueFilters, page: int) -> str:
    query = {**_query(wanted), **({"page": str(page)} if page > 1 else {})}
    return f"/console?{urlencode(query)}" if query else "/console"


def _member(kind: type[E], value: str) -> E | None:
    return kind(value) if value in set(kind) else None
