"""The cases that each figure of the review counts, and what else it counts: decisions, appeals, declarations."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel import Session

from api.public_dashboards import FigureCases, FigureQuery
from api.services import clock
from api.services.access import Actor, Permission, require_permission
from api.services.alerts import warning
from api.services.dashboards import DAYS, INFLOW_DAYS, JUDGED_DAYS
from api.store import alerts, behind
from api.store import cases as case_store
from api.store.database import Database
from api.store.figures import bounds
from api.store.past import handling
from api.tables import FlagRow
from schemas.errors import InvalidInput

LISTED = 200
_OVERSEEN = ("golden",)  # whoever knows a golden item is not measured by it


def view(db: Database, actor: Actor, query: FigureQuery) -> FigureCases:
    """Read the cases that a number counts, longest open first.

    Raises
    ------
    InvalidInput
        There is no such number, or no such case to go on from.
    """
    require_permission(actor, Permission.CONSOLE)
    if query.figure not in _FIGURES:
        raise InvalidInput("There is no such figure.", mend=f"There are {', '.join(_FIGURES)}.")
    if query.figure in _OVERSEEN:
        require_permission(actor, Permission.OVERSEE)
    with db.read() as session:
        about, found = _FIGURES[query.figure](_Asked(session, clock.now(), query.value, query.part))
        page = behind.read_page(session, found, query.after, LISTED)
        return FigureCases(
            figure=query.figure,
            value=query.value,
            part=query.part,
            about=about,
            number=page.number,
            unit=found.unit,
            total=page.total,
            cases=case_store.to_public(session, page.rows),
            next_after=page.rows[-1].id if page.has_more else None,
        )


class _Asked(NamedTuple):
    session: Session
    now: datetime
    value: str
    part: str

    @property
    def half_a_year(self) -> datetime:
        return self.now - timedelta(days=JUDGED_DAYS)

    @property
    def fortnight(self) -> tuple[datetime, datetime]:
        return self.now - timedelta(days=INFLOW_DAYS), self.now

    @property
    def under(self) -> str:
        return f", under {self.value}" if self.value else ""

    @property
    def day(self) -> tuple[datetime, datetime]:
        return bounds(_day(self.value))


def _judged(asked: _Asked, by: Any, words: str) -> tuple[str, behind.Behind]:
    upheld = {"upheld": True, "cleared": False}.get(asked.part)
    what = "" if upheld is None else ", upheld" if upheld else ", not upheld"
    found = behind.judged(asked.half_a_year, by, asked.value, upheld=upheld)
    return f"Decided cases with a flag {words}{asked.value}{what}", found


def _declared(asked: _Asked) -> tuple[str, behind.Behind]:
    is_silent = asked.part == "silent"
    found = behind.declared(asked.now - timedelta(days=DAYS), asked.value, silent_only=is_silent)
    sender, what = asked.value or "nobody named", "left undeclared" if is_silent else "sent"
    return f"Cases of recordings that {sender} {what}", found


_FIGURES: dict[str, Callable[[_Asked], tuple[str, behind.Behind]]] = {
    "backlog": lambda _: ("Cases that wait", behind.waiting()),
    "late": lambda asked: ("Cases past their due time", behind.cases(alerts.is_late(asked.now))),
    "soon": lambda asked: ("Cases due soon", behind.cases(alerts.is_soon(asked.now, warning(asked.session)))),
    "opened": lambda asked: (f"Cases opened on {asked.value}", behind.opened(*asked.day)),
    "inflow": lambda asked: (f"Cases opened in {INFLOW_DAYS} days", behind.opened(*asked.fortnight)),
    "decided": lambda asked: (f"Cases decided on {asked.value}", behind.decided(*asked.day)),
    "pace": lambda asked: (f"Cases decided in {INFLOW_DAYS} days", behind.decided(*asked.fortnight)),
    "handled": lambda asked: ("Cases whose handling was measured", behind.handled(handling(asked.session)[1])),
    "appealed": lambda asked: (
        "Cases whose appeal was answered",
        behind.appealed(asked.half_a_year, reversed_only=False),
    ),
    "overturned": lambda asked: (
        "Cases overturned on appeal",
        behind.appealed(asked.half_a_year, reversed_only=True),
    ),
    "appeals_late": lambda asked: ("Cases whose appeal is late", behind.appeals_late(asked.now)),
    "twice": lambda asked: (
        f"Cases that two people judged{asked.under}",
        behind.looked_at_twice(asked.value, disagreed_only=False),
    ),
    "disagreed": lambda asked: (
        f"Cases that two people judged otherwise{asked.under}",
        behind.looked_at_twice(asked.value, disagreed_only=True),
    ),
    "golden": lambda asked: (
        f"Golden items{', judged rightly' if asked.part == 'right' else ''}{asked.under}",
        behind.golden(asked.value, right_only=asked.part == "right"),
    ),
    "rule": lambda asked: _judged(asked, FlagRow.code, ""),
    "model": lambda asked: _judged(asked, FlagRow.model, "that rests on "),
    "flagged": lambda asked: (
        f"Cases that {asked.value} flagged in the week from {asked.part}",
        behind.flagged(_day(asked.part), asked.value),
    ),
    "sender": _declared,
}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput("That is no day.", mend="Write it as 2026-11-22.") from error
