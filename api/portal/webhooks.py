"""Addresses that a label has its events sent to."""

from fastapi import APIRouter, Response
from pydantic import ValidationError

from api.console.session import Form
from api.console.views.message import Notice
from api.deps import AppSettings, Db
from api.portal.pages import Label, page, redirect
from api.public_webhooks import ANNOUNCED, WebhookCreate
from api.services import webhooks
from api.services.access import Actor
from api.store.database import Database
from schemas.errors import NotFound, ReviewError

router = APIRouter(include_in_schema=False)
SAYS = {
    "delivery.received": "a delivery arrived",
    "case.opened": "a person will look at a recording",
    "case.decided": "something was decided",
    "case.reopened": "a person looks again",
    "appeal.received": "an appeal arrived",
    "appeal.decided": "an appeal is answered",
}


@router.get("/portal/webhooks")
def every(db: Db, actor: Label) -> Response:
    """List the label's webhooks."""
    return _page(db, actor)


@router.post("/portal/webhooks")
def register(db: Db, actor: Label, settings: AppSettings, form: Form) -> Response:
    """Register an address; its secret is on this page alone."""
    kinds = [str(kind) for kind in ANNOUNCED if form.get(f"kind-{kind}")]
    try:
        wanted = WebhookCreate.model_validate({"url": form.get("url", "").strip(), "kinds": kinds})
        issued = webhooks.register(db, actor, settings, wanted)
    except ValidationError:
        return _page(db, actor, problem="Name an address: https://... or mailto:somebody@example.com.", typed=form)
    except ReviewError as refused:
        return _page(db, actor, problem=f"{refused.message} {refused.mend}", typed=form)
    return _page(db, actor, secret=issued.secret)


@router.get("/portal/webhooks/{webhook_id}")
def messages(db: Db, actor: Label, webhook_id: str) -> Response:
    """List the last messages to an address."""
    found = webhooks.messages(db, actor, webhook_id, state=None, cursor=None, limit=50)
    return page("webhook.html", actor, webhook_id=webhook_id, messages=found.deliveries, says=SAYS)


@router.post("/portal/webhooks/{webhook_id}")
def act(db: Db, actor: Label, webhook_id: str, form: Form) -> Response:
    """Do what a button says: test, replay, rotate or remove."""
    wanted = form.get("do")
    if wanted == "rotate":
        return _page(db, actor, secret=webhooks.rotate(db, actor, webhook_id).secret)
    if wanted == "remove":
        webhooks.remove(db, actor, webhook_id)
        return redirect("/portal/webhooks")
    if wanted == "test":
        webhooks.test(db, actor, webhook_id)
    elif wanted == "replay":
        webhooks.replay(db, actor, webhook_id, one=form.get("message") or None)
    else:
        raise NotFound("There is no such button.")
    return redirect(f"/portal/webhooks/{webhook_id}")


def _page(db: Database, actor: Actor, *, secret: str = "", problem: str = "", typed: Form | None = None) -> Response:
    found = webhooks.every(db, actor).webhooks
    notice = Notice(problem.rstrip(), is_problem=True) if problem else None
    status = 422 if problem else 200
    return page(
        "webhooks.html",
        actor,
        status=status,
        hooks=found,
        says=SAYS,
        secret=secret,
        notice=notice,
        typed=typed or {},
    )
