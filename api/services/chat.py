"""What chat and mail rest on: channels, rights to act once, and who a chat user is.

An approval is a right to act on one version of one thing, once. It is spent before the act and given back where the act
is refused, so that of two clicks at once only one goes on. Whatever is done, is done by `api.services.cases` and
`api.services.policies` as the console does it: the same checks, the same time to undo, the same second looks.
"""

import hashlib
import json
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from api.chat import blocks
from api.console.views.decide import action_label
from api.console.views.flags import flag_views
from api.public import CaseView
from api.public_webhooks import WebhookCreate
from api.services import clock, locking, operators, policy_views
from api.services.access import Actor, Permission, Role, require, require_permission
from api.services.keys import digest
from api.settings import Settings
from api.store import cases, events, keys, policies, screenings
from api.store import chat as store
from api.store.database import Database
from api.tables import ApprovalRow, CaseRow, ChannelRow, ChatCodeRow, ChatLinkRow, EventRow, WebhookRow
from schemas.cases import CaseState
from schemas.errors import InvalidInput, InvalidTransition, NotFound, StaleCase
from schemas.events import EventKind
from schemas.filters import parse
from schemas.steering import VersionState

SLACK, MAIL = "slack", "mail"
CARD_LIFE, MAIL_LIFE, MODAL_LIFE = timedelta(days=7), timedelta(hours=24), timedelta(minutes=30)
CODE_LIFE = timedelta(minutes=10)
CASE_KINDS = {EventKind.CASE_OPENED, EventKind.CASE_REOPENED}
KINDS = {SLACK: CASE_KINDS | {EventKind.POLICY_SIMULATED, *operators.KINDS}, MAIL: CASE_KINDS}
REPLAY = timedelta(minutes=15)  # longer than a signature is good for, to both sides
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID = re.compile(r"apv_[0-9a-f]{32}")
CLOCK = Actor(name="chat", role=Role.ADMIN)


def open_channel(session: Session, actor: Actor, hook: WebhookRow, wanted: WebhookCreate) -> None:
    """Make a webhook a channel.

    Raises
    ------
    NotAllowed, InvalidInput, InvalidFilter
        The actor is no administrator; the address, holder or filter does not fit.
    """
    require(actor, Role.ADMIN)
    parse(wanted.filter)
    is_mail = hook.url.startswith("mailto:")
    if wanted.account is not None or is_mail != (wanted.form == MAIL):
        raise InvalidInput("Cards go to an https address, links to approve to a mailto:, and to no account.")
    if (wanted.holder is not None) != is_mail:
        raise InvalidInput("A link to approve names its moderator, a card names nobody.", mend="See `holder`.")
    if wanted.holder and wanted.holder not in keys.reviewers(session):
        raise InvalidInput(f"{wanted.holder} does not work on cases.", mend="Name a moderator's key.")
    session.flush()
    session.add(ChannelRow(webhook_id=hook.id, form=wanted.form, holder=wanted.holder, filter=wanted.filter))


def owed(session: Session, event: EventRow, hook: WebhookRow, channel: ChannelRow, settings: Settings) -> str | None:
    """Make what a channel is told of an event, with a new approval; None where it is nothing for it (any more)."""
    if event.kind not in KINDS[channel.form] or (hook.kinds and event.kind not in hook.kinds.split()):
        return None
    if event.kind == EventKind.POLICY_SIMULATED:
        return _policy_told(session, event, hook, settings)
    if event.kind in operators.KINDS:
        return _operators_told(session, event, channel, settings)
    case = cases.find(session, event.case_id) if event.case_id else None
    if case is None or case.state != CaseState.OPEN or not store.matches(session, case.id, channel.filter, clock.now()):
        return None
    life = MAIL_LIFE if channel.form == MAIL else CARD_LIFE
    right = granted(session, "case", case.id, case.version, life=life, hook=hook.id, holder=channel.holder or "")
    if channel.form == SLACK:
        return json.dumps(card(session, case, settings, approval=right.id), ensure_ascii=False)
    return json.dumps(_mail(session, case, right, settings), ensure_ascii=False)


def card(session: Session, case: CaseRow, settings: Settings, *, approval: str = "", says: str = "") -> dict[str, Any]:
    """Make the card of a case: with buttons, or with what became of it."""
    public, screening = cases.to_public(session, [case])[0], screenings.of_case(session, case)
    url = f"{settings.public_url}/console/cases/{case.id}"
    if approval:
        return blocks.case_card(public, screening, url=url, approval=approval)
    return blocks.closed_card(public, screening, url=url, says=says)


def granted(
    session: Session,
    subject: str,
    subject_id: str,
    version: int,
    *,
    life: timedelta,
    hook: str | None = None,
    holder: str,
) -> ApprovalRow:
    """Give a right to act on one version of a case or a policy; to anybody who is linked, or to ``holder`` alone."""
    now = clock.now()
    row = ApprovalRow(
        id=f"apv_{secrets.token_hex(16)}",
        webhook_id=hook,
        subject=subject,
        subject_id=subject_id,
        version=version,
        holder=holder,
        made_at=now,
        expires_at=now + life,
    )
    session.add(row)
    session.flush()
    return row


def is_id(text: str) -> bool:
    """Whether a text could be an approval's id at all."""
    return _ID.fullmatch(text) is not None


def spend(db: Database, approval_id: str, *, by: str, holder: str = "") -> ApprovalRow:
    """Use an approval up before the act.

    Parameters
    ----------
    by
        The moderator's name.
    holder
        Who acts in the chat; an approval that is bound to somebody else is refused.

    Raises
    ------
    InvalidTransition
        It was used, is too old, or is somebody else's.
    """
    with db.write() as session:
        row = store.approval(session, approval_id) if is_id(approval_id) else None
        if row is None:
            raise InvalidTransition("This button is none of ours.", mend="Open the console.")
        if holder and row.holder not in {"", holder}:
            raise InvalidTransition("This is somebody else's.", mend="Use the card in the channel.")
        if not store.spend(session, approval_id, by, clock.now()):
            require_fresh(row, clock.now())
            raise InvalidTransition("Somebody else was quicker.", mend="Open the case in the console.")
        return row


def require_fresh(row: ApprovalRow, now: datetime) -> None:
    """Refuse what was used or is too old, and say by whom and when."""
    if row.used_at is not None:
        raise InvalidTransition(
            f"{row.used_by} used this at {row.used_at:%Y-%m-%d %H:%M:%S} UTC.", mend="Open it in the console."
        )
    if row.expires_at <= now:
        raise InvalidTransition("This is too old to act on.", mend="Open it in the console.")


def give_back(db: Database, approval_id: str) -> None:
    """Let an approval be used after all."""
    with db.write() as session:
        store.give_back(session, approval_id)


def stale(session: Session, case: CaseRow, expected: int) -> StaleCase:
    """Say who changed a case, what and when."""
    return locking.stale(session, case, expected)


def outcome(about: CaseView, name: str) -> str:
    """Say what became of a decision; of one that waits for a blind second look only that it does."""
    case, draft = about.case, about.draft
    if case.state is CaseState.SECOND_REVIEW:
        return f"{name} decided; it waits for a second person's opinion."
    if draft is not None and draft.publish_at is not None:
        return f"{action_label(draft.action)} by {name}; takes effect at {blocks.until(draft.publish_at)}."
    if case.decision is not None and case.state is not CaseState.OPEN:
        return f"{action_label(case.decision.action)} by {case.decision.decided_by}."
    return "The case is open."


def note(db: Database, actor: Actor, case_id: str | None, **told: str) -> None:
    """Write into the audit log through what somebody acted."""
    with db.write() as session:
        events.record(session, EventKind.CHAT_ACTED, actor=actor.name, at=clock.now(), case_id=case_id, **told)


def new_code(db: Database, actor: Actor) -> str:
    """Make a code that its holder types into the chat within ten minutes, to be known there."""
    require_permission(actor, Permission.REVIEW)
    code, now = "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(3)), clock.now()
    with db.write() as session:
        key = keys.by_name(session, actor.name)
        if key is None:
            raise NotFound("Your session stands for no key.", mend="Sign in with a link.")
        session.add(ChatCodeRow(digest=digest(code), key_id=key.id, made_at=now, expires_at=now + CODE_LIFE))
    return code


def link(db: Database, team_id: str, user_id: str, code: str) -> Actor:
    """Let a code say who a chat user is; a link of before is replaced.

    Raises
    ------
    InvalidInput
        The code is unknown, used or too old.
    """
    now = clock.now()
    with db.write() as session:
        row = store.code(session, digest(code.strip().upper()))
        key = keys.by_id(session, row.key_id) if row else None
        if row is None or key is None or row.used_at is not None or row.expires_at <= now:
            raise InvalidInput("The code is unknown, used or too old.", mend="Make a new one in the console: Chat.")
        row.used_at = now
        found = session.get(ChatLinkRow, (team_id, user_id)) or ChatLinkRow(
            team_id=team_id, user_id=user_id, key_id=key.id, linked_at=now
        )
        found.key_id, found.linked_at = key.id, now
        session.add_all([row, found])
        events.record(session, EventKind.CHAT_LINKED, actor=key.name, at=now, team=team_id, user=user_id)
        return keys.to_actor(session, key)


def unlink(db: Database, actor: Actor, team_id: str, user_id: str) -> None:
    """Forget who a chat user is; only one's own."""
    with db.write() as session:
        found = store.link(session, team_id, user_id)
        if found is None or found[1].name != actor.name:
            raise NotFound("There is no such link of yours.", mend="Load the page again.")
        session.delete(found[0])
        events.record(session, EventKind.CHAT_UNLINKED, actor=actor.name, at=clock.now(), team=team_id, user=user_id)


def links(db: Database, actor: Actor) -> tuple[ChatLinkRow, ...]:
    """List the chat users that stand for the actor."""
    with db.read() as session:
        key = keys.by_name(session, actor.name)
        return tuple(store.links_of(session, key.id)) if key else ()


def who(db: Database, team_id: str, user_id: str) -> Actor | None:
    """Say who a chat user is here; None where nobody said so, or the key is revoked."""
    with db.read() as session:
        found = store.link(session, team_id, user_id)
        return keys.to_actor(session, found[1]) if found else None


def take(db: Database, body: bytes) -> str:
    """Take a signed request once.

    Raises
    ------
    InvalidTransition
        The same bytes were taken before: every click of Slack's has an id of its own.
    """
    found, now = hashlib.sha256(body).hexdigest(), clock.now()
    with db.write() as session:
        is_new = store.take(session, found, now, forget_before=now - REPLAY)
    if not is_new:
        raise InvalidTransition("This request was taken already.", mend="Click again; every click is a new request.")
    return found


def _policy_told(session: Session, event: EventRow, hook: WebhookRow, settings: Settings) -> str | None:
    row = policies.find(session, str(json.loads(event.payload).get("policy", "")))
    if row is None or not VersionState(row.state).is_proposed or row.simulation is None:
        return None
    right = granted(session, "policy", row.id, row.version, life=CARD_LIFE, hook=hook.id, holder="")
    url = f"{settings.public_url}/console/policies/{row.id}"
    shown = policy_views.public(session, CLOCK, row)
    return json.dumps(blocks.policy_card(shown, url=url, approval=right.id), ensure_ascii=False)


def _operators_told(session: Session, event: EventRow, channel: ChannelRow, settings: Settings) -> str | None:
    """Make the card of an alert or a recall; a channel with a filter hears of alerts of its cases alone."""
    payload = json.loads(event.payload)
    if event.kind == EventKind.ALERT_RAISED and channel.filter:
        payload = operators.only(payload, lambda case_id: store.matches(session, case_id, channel.filter, clock.now()))
        if payload is None:
            return None
    data = operators.about(session, event.kind, payload, settings.public_url)
    card_of = blocks.notice_card(operators.sentences(event.kind, data), url=data["url"])
    return json.dumps(card_of, ensure_ascii=False)


def _mail(session: Session, case: CaseRow, right: ApprovalRow, settings: Settings) -> dict[str, Any]:
    screening = screenings.of_case(session, case)
    flags = flag_views(screening.flags)
    data = {
        "case": case.id,
        "headline": f"{case.title} — {case.artist}" if case.artist else case.title,
        "reasons": [f"{one.chip.code} {one.chip.title}: {one.explanation}" for one in flags[: blocks.MOST_FLAGS]],
        "approval": right.id,
        "url": f"{settings.public_url}/console/cases/{case.id}",
    }
    return {"type": "approval", "data": data}
