"""A signed link in a mail: it approves one version of one case, once, as the moderator whom the mail is for.

The signature is made when the mail is written, with the webhook's own secret, so that no table holds a link that
works. Looking at the page changes nothing: programs that scan mail follow links, but send no forms.
"""

import base64
import hashlib
import hmac
from typing import Any

from sqlmodel import Session

from api.services import cases, chat, clock
from api.services.access import Actor
from api.store import cases as case_store
from api.store import chat as store
from api.store import keys as key_store
from api.store import webhooks
from api.store.database import Database
from api.tables import ApprovalRow
from schemas.cases import Action, CaseState
from schemas.errors import InvalidTransition, LinerError, NotFound, NotSignedIn
from schemas.review import ReviewRules

REASON = "Approved after a look at the evidence."
KIND = "approval"  # of a mail's content
MEND = "Open the case in the console."


def sign(secret: str, approval_id: str) -> str:
    """Sign an approval's id, which is 128 random bits and stands for all that it is bound to."""
    digest = hmac.digest(secret.encode(), f"approve:{approval_id}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def link(public_url: str, approval_id: str, secret: str) -> str:
    """Write the link."""
    return f"{public_url}/console/approve/{approval_id}/{sign(secret, approval_id)}"


def subject(content: dict[str, Any]) -> str:
    """Write the mail's subject, in one line."""
    return " ".join(f"Look and approve: {content['data']['headline']}".split())[:200]


def paragraphs(content: dict[str, Any], public_url: str, secret: str) -> list[str]:
    """Write the mail: what the case is about, contradictions first, and the link."""
    data = content["data"]
    return [
        str(data["headline"]),
        *map(str, data["reasons"]),
        "Approve it (the link shows a page with a button, works once, and until the case changes):\n"
        + link(public_url, str(data["approval"]), secret),
        f"Everything else in the console:\n{data['url']}",
        "The link acts in your name. Forward it to nobody.",
    ]


def look(db: Database, approval_id: str, signature: str) -> tuple[Actor, ApprovalRow, str]:
    """Say for whom a link acts, on what, and the case's title, without changing anything.

    Raises
    ------
    NotSignedIn
        The link is none of ours.
    InvalidTransition, StaleCase, NotFound
        It was used, is too old, or the case changed since.
    """
    with db.read() as session:
        row, actor = _checked(session, approval_id, signature)
        chat.require_fresh(row, clock.now())
        case = case_store.find(session, row.subject_id)
        if case is None or not actor.works_on(case.queue):
            raise NotFound("The case is not there any more.", mend=MEND)
        if case.version != row.version:
            raise chat.stale(session, case, row.version)
        if case.state != CaseState.OPEN:
            raise InvalidTransition("The case is not open any more.", mend=MEND)
        return actor, row, f"{case.title} — {case.artist}" if case.artist else case.title


def approve(db: Database, approval_id: str, signature: str, rules: ReviewRules) -> str:
    """Approve the case as the moderator whom the link is for, and say what happens next.

    Raises as `look` does; a refusal by the case leaves the link usable.
    """
    actor, row, title = look(db, approval_id, signature)
    chat.spend(db, row.id, by=actor.name)
    try:
        about = cases.decide(
            db,
            actor,
            row.subject_id,
            action=Action.APPROVE,
            reason=REASON,
            rules=rules,
            note="By a link in a mail.",
            expected_version=row.version,
        )
    except LinerError:
        chat.give_back(db, row.id)
        raise
    chat.note(db, actor, about.case.id, transport="mail", what="approve", approval=row.id)
    return f"{title}: {chat.outcome(about, actor.name)}"


def _checked(session: Session, approval_id: str, signature: str) -> tuple[ApprovalRow, Actor]:
    row = store.approval(session, approval_id) if chat.is_id(approval_id) else None
    hook = webhooks.find(session, row.webhook_id) if row and row.webhook_id else None
    key = key_store.by_name(session, row.holder) if row else None
    if row is None or hook is None or hook.removed_at is not None or not _is_signed(hook, row, signature):
        raise NotSignedIn("The link is not one of ours, or its address was removed.", mend=MEND)
    if key is None or key.revoked_at is not None:
        raise NotSignedIn("The key that this link stands for is revoked.", mend="Ask an administrator.")
    return row, key_store.to_actor(session, key)


def _is_signed(hook: Any, row: ApprovalRow, signature: str) -> bool:
    given, now = signature.encode("utf-8", "replace"), clock.now()
    is_old_good: bool = hook.old_secret is not None and hook.old_secret_until > now
    secrets = [hook.secret, *([hook.old_secret] if is_old_good else [])]
    return any(hmac.compare_digest(sign(secret, row.id).encode(), given) for secret in secrets)
