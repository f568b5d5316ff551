"""What every command on a case does: try, and show the case as it is now, with what stood in the way."""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

from fastapi import Response
from fastapi.responses import RedirectResponse

from api.console.pages import page
from api.console.views.case import case_view
from api.console.views.decide import DecideView, decide_view
from api.console.views.history import declaration_views, sentence
from api.console.views.message import Notice
from api.console.views.place import outcome_view, place_view
from api.console.views.work import WorkView, work_view
from api.problems import STATUS
from api.public import CaseView
from api.services import cases, clock, declarations, outcomes, screenings
from api.services.access import Actor, Permission
from api.store.database import Database
from schemas.errors import InvalidInput, LinerError, NotFound, ReviewError, StaleCase
from schemas.filters import MAX_LENGTH

DONE = {
    "claim": "You hold this case.",
    "release": "You gave the case back.",
    "reopen": "The case is open again.",
    "hand-over": "You handed the case over.",
    "park": "You put the case aside.",
    "unpark": "The case is back in the queue.",
    "undo": "The decision is taken back: the case is open again.",
    "settle": "The disagreement is settled.",
    "golden": "Others are tested with this case from now on.",
}


def command(
    db: Database, actor: Actor, case_id: str, form: Mapping[str, str], act: Callable[[], object], *, did: str
) -> Response:
    """Do it, and show the case again, within the same filter; where it is refused, with what stood in the way.

    Parameters
    ----------
    did
        A key of `DONE`: what the page then says.
    """
    within = form.get("filter", "")[:MAX_LENGTH]
    try:
        act()
    except (ReviewError, InvalidInput) as error:
        return refused(db, actor, case_id, error, typed={"filter": within})
    return RedirectResponse(f"/console/cases/{case_id}{query(filter=within, did=did)}", status_code=303)


def query(**parts: str) -> str:
    """Write what is given as the end of an address; nothing where nothing is."""
    given = {name: value for name, value in parts.items() if value}
    return f"?{urlencode(given)}" if given else ""


def refused(
    db: Database, actor: Actor, case_id: str, error: LinerError, typed: Mapping[str, str] | None = None
) -> Response:
    """Show the case as it is now, what stood in the way, and all that was typed."""
    if isinstance(error, NotFound):
        raise error
    notice = Notice(_says(error), is_problem=True)
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return case_page(db, actor, case_id, typed=typed, notice=notice, status=status)


def _says(error: LinerError) -> str:
    if not isinstance(error, StaleCase):
        return f"{error.message} {error.mend}".rstrip()
    did = sentence(error.change) if error.change else "changed it"
    return f"Nothing was done: {error.changed_by} {did}, at {error.changed_at}. You see the case as it is now."


def case_page(
    db: Database,
    actor: Actor,
    case_id: str,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    notice: Notice | None = None,
    status: int = 200,
) -> Response:
    """Show a case, with what was typed, what is wrong with it, and what happened before."""
    about = cases.view(db, actor, case_id)
    form = decide_view(about.screening, about.case.version, typed, errors)
    with db.reading():
        content = _beside(db, actor, about, form)
    return page("case.html", actor, status=status, notice=notice, within=(typed or {}).get("filter", ""), **content)


def _beside(db: Database, actor: Actor, about: CaseView, form: DecideView) -> dict[str, object]:
    """Bring together what the page shows beside the case itself."""
    now, screening = clock.now(), about.screening
    lufs = screenings.loudness_of_match(db, screening)
    return {
        "case": case_view(about, form=form, viewer=actor.name, now=now, other_lufs=lufs),
        "declarations": declaration_views(declarations.beside(db, actor, screening), now),
        "work": _work(db, actor, about, now),
        "place": place_view(about.case, now),
        "outcome": outcome_view(outcomes.of_screening(db, actor, screening, case_id=about.case.id, now=now)),
    }


def _work(db: Database, actor: Actor, about: CaseView, now: datetime) -> WorkView:
    return work_view(
        about,
        viewer=actor.name,
        colleagues=cases.colleagues(db) if actor.may(Permission.REVIEW) else (),
        release_cases=cases.release_size(db, about.case),
        now=now,
    )
