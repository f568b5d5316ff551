"""Pages around chat and mail: who one is in the chat, and the page that a mail's link shows."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.console.pages import page
from api.console.session import Form, Moderator
from api.console.views.flags import flag_views
from api.console.views.message import MessageView, Notice
from api.deps import Db, Rules
from api.services import cases, chat, links
from schemas.errors import NotAllowed

router = APIRouter(include_in_schema=False)


@router.get("/console/chat")
def show(db: Db, actor: Moderator) -> Response:
    """Show who one is in the chat, and how to say so."""
    return page("chat.html", actor, links=chat.links(db, actor), code="")


@router.post("/console/chat/code")
def make_code(db: Db, actor: Moderator) -> Response:
    """Make a code to type into the chat; it is on this page and nowhere else."""
    code = chat.new_code(db, actor)
    return page("chat.html", actor, links=chat.links(db, actor), code=code)


@router.post("/console/chat/unlink")
def unlink(db: Db, actor: Moderator, form: Form) -> Response:
    """Forget a chat user of one's own."""
    chat.unlink(db, actor, form.get("team", ""), form.get("user", ""))
    return RedirectResponse("/console/chat", status_code=303)


@router.get("/console/approve/{approval_id}/{signature}")
def look(db: Db, approval_id: str, signature: str) -> Response:
    """Show what a mail's link would approve; looking changes nothing, since mail scanners look, too."""
    actor, right, title = links.look(db, approval_id, signature)
    flags = flag_views(cases.view(db, actor, right.subject_id).screening.flags)
    message = MessageView(
        title=f"Approve “{title}”?",
        paragraphs=(
            f"You approve as {actor.name}. It then goes live as declared.",
            f"The link works once, until {right.expires_at:%Y-%m-%d %H:%M} UTC, while nobody changes the case.",
        ),
        reasons=tuple((one.chip.title, one.explanation) for one in flags),
        action=f"/console/approve/{approval_id}/{signature}",
        button="Approve",
        href=f"/console/cases/{right.subject_id}",
        link="Open the case in the console",
    )
    return page("message.html", None, message=message)


@router.post("/console/approve/{approval_id}/{signature}")
def approve(request: Request, db: Db, rules: Rules, approval_id: str, signature: str) -> Response:
    """Approve as the moderator whom the mail was for."""
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise NotAllowed("This form was sent from another site.", mend="Open the link in the mail itself.")
    says = links.approve(db, approval_id, signature, rules)
    message = MessageView(
        title="Approved",
        paragraphs=(says, "Until it takes effect, it can be undone in the console."),
        href="/console",
        link="Open the console",
    )
    return page("message.html", None, message=message, notice=Notice("Thank you."))
