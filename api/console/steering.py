"""Pages of policies, recalls and figures."""

from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.console.forms import read_reason
from api.console.pages import page
from api.console.session import Form, Moderator
from api.console.views.dashboard import dashboard_view
from api.console.views.figure_cases import cases_view
from api.console.views.message import Notice
from api.console.views.policies import list_view, recall_view, sweep_view, text_view, version_view
from api.deps import Db
from api.public_dashboards import FigureQuery
from api.public_policies import PolicyCreate, PolicyPublic, RecallCreate, RollBackCreate, SimulateCreate, SweepCreate
from api.services import clock, dashboards, figure_cases, policies, recall, second
from api.services.access import Actor, Permission
from api.store.database import Database
from schemas.errors import BrokenPolicy, InvalidInput, LinerError, NotFound
from schemas.policy_text import MAX_TEXT, find_knob, rewritten
from schemas.steering import RecallKind, VersionKind

router = APIRouter(include_in_schema=False)
MOST_VALUES = 25


@router.get("/console/dashboard")
def dashboard(db: Db, actor: Moderator) -> Response:
    """Show the figures."""
    quality = second.quality(db, actor) if actor.may(Permission.OVERSEE) else None
    return page("dashboard.html", actor, figures=dashboard_view(dashboards.dashboard(db, actor), quality))


@router.get("/console/dashboard/cases")
def cases_of_figure(request: Request, db: Db, actor: Moderator) -> Response:
    """Show the cases behind a number."""
    query = {name: request.query_params.get(name, "")[:200] for name in ("figure", "value", "part", "after")}
    found = figure_cases.view(db, actor, FigureQuery(**query))
    return page("figure_cases.html", actor, found=cases_view(found, clock.now()))


@router.get("/console/policies")
def list_policies(db: Db, actor: Moderator) -> Response:
    """List versions; a draft begins with the live text."""
    return _list(db, actor, {})


@router.post("/console/policies")
def draft(db: Db, actor: Moderator, form: Form) -> Response:
    """Propose a version; what was typed is kept where something is wrong with it."""
    kind = VersionKind.MODEL if form.get("kind") == VersionKind.MODEL else VersionKind.POLICY
    try:
        made = policies.draft(db, actor, PolicyCreate(kind=kind, text=_text(form), why=read_reason(form)))
    except BrokenPolicy as error:
        problems = tuple((int(str(one["line"])), str(one["message"])) for one in error.problems)
        return _list(db, actor, form, problems=problems, status=422)
    except (InvalidInput, NotFound) as error:
        return _list(db, actor, form, notice=_told(error), status=422)
    return _redirect(f"/console/policies/{made.id}")


@router.get("/console/policies/text")
def text(db: Db, actor: Moderator, ref: str = "") -> Response:
    """Show the text that a decision pinned."""
    return page("policy_text.html", actor, text=text_view(policies.text_of(db, actor, ref[:200])))


@router.post("/console/policies/roll-back")
def roll_back(db: Db, actor: Moderator, form: Form) -> Response:
    """Put back what was live before."""
    kind = VersionKind.MODEL if form.get("kind") == VersionKind.MODEL else VersionKind.POLICY
    try:
        back = policies.roll_back(db, actor, RollBackCreate(kind=kind, reason=read_reason(form)))
    except LinerError as error:
        return _list(db, actor, form, notice=_told(error), status=409)
    return _redirect(f"/console/policies/{back.id}")


@router.get("/console/policies/{version_id}")
def view(db: Db, actor: Moderator, version_id: str) -> Response:
    """Show a version: what it changes, its effect, and what may be done with it."""
    return _version(db, actor, version_id)


@router.post("/console/policies/{version_id}/{action}")
def act(db: Db, actor: Moderator, version_id: str, action: str, form: Form) -> Response:
    """Do something with a version."""
    try:
        if action == "thresholds":
            return _version(db, actor, version_id, form=form)
        made = _act(db, actor, version_id, action, form)
    except LinerError as error:
        return _version(db, actor, version_id, notice=_told(error), status=409)
    return _redirect(f"/console/policies/{made}")


@router.get("/console/recalls")
def list_recalls(db: Db, actor: Moderator) -> Response:
    """List recalls, and ask what to take back."""
    return _recalls(db, actor, {})


@router.post("/console/recalls")
def make_recall(db: Db, actor: Moderator, form: Form) -> Response:
    """Say what would be reopened; do it where that was seen and confirmed."""
    try:
        wanted = RecallCreate(
            kind=RecallKind(form.get("kind", "model")),
            subject=_subject(form),
            reason=read_reason(form),
            only_flagged=form.get("only_flagged") == "on",
            dry_run=form.get("confirmed") != "yes",
        )
    except (ValueError, LinerError) as error:
        return _recalls(db, actor, form, notice=_told(error), status=422)
    found = recall.recall(db, actor, wanted)
    if wanted.dry_run:
        return _recalls(db, actor, form, planned=recall_view(found, clock.now()))
    return _redirect(f"/console/recalls/{found.id}")


@router.get("/console/recalls/{recall_id}")
def show_recall(db: Db, actor: Moderator, recall_id: str) -> Response:
    """Show what a recall found, and what became of each case."""
    return page("recall.html", actor, recall=recall_view(recall.view(db, actor, recall_id), clock.now()))


def _act(db: Database, actor: Actor, version_id: str, action: str, form: Mapping[str, str]) -> str:
    version = _number(form, "version")
    if action == "edit":
        text, why = _text(form), read_reason(form)
        return policies.edit(db, actor, version_id, text=text, why=why, expected_version=version).id
    if action == "turn":
        return _turn(db, actor, version_id, form).id
    if action == "simulate":
        wanted = SimulateCreate(
            expected_version=version, days=_within(form, "days", 3650), sample=_within(form, "sample", 50_000)
        )
        return policies.simulate_effect(db, actor, version_id, wanted).id
    commands = {"shadow": policies.shadow, "approve": policies.approve, "discard": policies.discard}
    if action not in commands:
        raise NotFound("There is no such command.")
    return commands[action](db, actor, version_id, expected_version=version).id


def _turn(db: Database, actor: Actor, version_id: str, form: Mapping[str, str]) -> PolicyPublic:
    """Make a new draft with another threshold."""
    found, asked = policies.view(db, actor, version_id), _asked(form)
    knob = find_knob(found.knobs, asked.code, asked.signal, asked.bound)
    if knob is None:
        raise InvalidInput("The version states no such threshold.", mend="Choose one that it names.")
    text = rewritten(found.text, knob, asked.values[0])
    why = f"{knob.code}: {knob.signal} {knob.bound.replace('_', ' ')} {asked.values[0]:g}, it was {knob.value:g}."
    return policies.draft(db, actor, PolicyCreate(text=text, why=why))


def _version(
    db: Database,
    actor: Actor,
    version_id: str,
    *,
    form: Mapping[str, str] | None = None,
    notice: Notice | None = None,
    status: int = 200,
) -> Response:
    found = policies.view(db, actor, version_id)
    swept = sweep_view(policies.sweep(db, actor, version_id, _asked(form))) if form is not None else None
    shown = version_view(found, clock.now())
    return page("policy.html", actor, status=status, policy=shown, swept=swept, asked=form or {}, notice=notice)


def _list(
    db: Database,
    actor: Actor,
    form: Mapping[str, str],
    *,
    problems: tuple[tuple[int, str], ...] = (),
    notice: Notice | None = None,
    status: int = 200,
) -> Response:
    content = {
        "policies": list_view(policies.newest(db, actor), clock.now()),
        "typed": {"text": form.get("text") or policies.live(db, actor).text, "reason": form.get("reason", "")},
        "problems": problems,
        "may_steer": actor.may(Permission.STEER),
        "notice": notice,
    }
    return page("policies.html", actor, status=status, **content)


def _recalls(
    db: Database,
    actor: Actor,
    form: Mapping[str, str],
    *,
    planned: object = None,
    notice: Notice | None = None,
    status: int = 200,
) -> Response:
    now = clock.now()
    content = {
        "recalls": tuple(recall_view(one, now) for one in recall.newest(db, actor).recalls),
        "typed": form,
        "planned": planned,
        "kinds": tuple(map(str, RecallKind)),
        "may_steer": actor.may(Permission.STEER),
        "notice": notice,
    }
    return page("recalls.html", actor, status=status, **content)


def _asked(form: Mapping[str, str]) -> SweepCreate:
    code, _, rest = form.get("knob", "").partition(" ")
    signal, _, bound = rest.partition(" ")
    try:
        values = tuple(float(part) for part in form.get("values", "").replace(",", " ").split()[:MOST_VALUES])
        return SweepCreate(code=code, signal=signal, bound=bound, values=values)
    except ValueError as error:
        raise InvalidInput("Give numbers, separated by spaces.", mend="For example: 0.7 0.8 0.9") from error


def _text(form: Mapping[str, str]) -> str:
    text = form.get("text", "").replace("\r\n", "\n")
    if not 0 < len(text) <= MAX_TEXT:
        raise InvalidInput(f"A text has 1 to {MAX_TEXT:,} characters.", mend="Fill it in.")
    return text


def _subject(form: Mapping[str, str]) -> str:
    subject = form.get("subject", "").strip()
    if not 2 <= len(subject) <= 200:
        raise InvalidInput("Say what is recalled.", mend="A model, a rule's code or a policy's id@version.")
    return subject


def _within(form: Mapping[str, str], name: str, most: int) -> int:
    return max(1, min(most, _number(form, name)))


def _number(form: Mapping[str, str], name: str) -> int:
    text = form.get(name, "")
    if not (text.isdecimal() and 0 < len(text) < 10):
        raise InvalidInput(f"The form lost its {name}.", mend="Open the page again.")
    return int(text)


def _told(error: Exception) -> Notice:
    mend = getattr(error, "mend", "")
    return Notice(text=f"{getattr(error, 'message', error)} {mend}".strip(), is_problem=True)


def _redirect(address: str) -> Response:
    return RedirectResponse(quote(address, safe="/"), status_code=303)
