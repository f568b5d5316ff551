"""The cases behind a number as a page."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from api.console.views.words import Stamp, plural, stamp
from api.public_dashboards import FigureCases

APPEALS = {"appealed": "answered", "overturned": "overturned"}
TWICE = {"twice": "judged twice", "disagreed": "judged otherwise"}
WHOLES = {**dict.fromkeys(APPEALS, APPEALS), **dict.fromkeys(TWICE, TWICE)}
JUDGED = {"": "decided", "upheld": "upheld", "cleared": "not upheld"}
PARTS = {"rule": JUDGED, "model": JUDGED, "sender": {"": "declared", "silent": "undeclared"}}
PARTS["golden"] = {"": "answered", "right": "right"}


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in the list behind a number."""

    href: str
    title: str
    artist: str
    sender: str
    codes: str
    state: str
    opened: Stamp


@dataclass(frozen=True, slots=True)
class Part:
    """Another number of the same kind: its name and address."""

    label: str
    href: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class CasesView:
    """The cases behind a number."""

    about: str
    count: str
    is_cut: bool
    parts: tuple[Part, ...]
    following: str
    rows: tuple[CaseLine, ...]


def figure_at(figure: str, value: str = "", part: str = "", after: str = "") -> str:
    """Give the address of the cases behind a number."""
    query = {"figure": figure, "value": value, "part": part, "after": after}
    return f"/console/dashboard/cases?{urlencode({name: text for name, text in query.items() if text})}"


def cases_view(found: FigureCases, now: datetime) -> CasesView:
    """Bring the cases behind a number into the form that is shown."""
    rows = (
        CaseLine(
            href=f"/console/cases/{one.id}",
            title=one.title or one.id,
            artist=one.artist,
            sender=one.sender_name or one.sender_id or one.account,
            codes=" ".join(one.codes),
            state=str(one.state).replace("_", " "),
            opened=stamp(one.opened_at, now),
        )
        for one in found.cases
    )
    return CasesView(
        about=found.about,
        count=_counted(found),
        is_cut=found.total > len(found.cases),
        parts=_parts(found),
        following=figure_at(found.figure, found.value, found.part, found.next_after) if found.next_after else "",
        rows=tuple(rows),
    )


def _counted(found: FigureCases) -> str:
    """Say what the number counts, and of how many cases: some are about none, and two may be about one."""
    cases = plural(found.total, "case")
    return cases if found.unit == "case" else f"{plural(found.number, found.unit)}, {cases}"


def _parts(found: FigureCases) -> tuple[Part, ...]:
    """Name the number that this one is a part of, and its other parts."""
    if found.figure in WHOLES:
        parts = WHOLES[found.figure].items()
        return tuple(Part(label, figure_at(name, found.value), name == found.figure) for name, label in parts)
    return tuple(
        Part(label, figure_at(found.figure, found.value, part), part == found.part)
        for part, label in PARTS.get(found.figure, {}).items()
    )
