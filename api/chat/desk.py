"""What a click, a sent modal or a typed command does: first an answer within three seconds, then the work.

The work is done as the linked moderator, by the services that the console uses. What came of it goes to the address
that the click named: the card is replaced for everybody, a refusal is told to one person alone.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from api.chat import blocks, calls, signature
from api.chat.payloads import Click, Command, Submission, metadata, read
from api.public import CaseView
from api.services import cases, chat, clock, policies
from api.services.access import Actor
from api.settings import Settings
from api.store import cases as case_store
from api.store import chat as store
from api.store.database import Database
from api.tables import ApprovalRow
from schemas.cases import Action, StatementOfReasons
from schemas.errors import InvalidInput, InvalidTransition, LinerError, NotSignedIn, StaleCase
from schemas.review import ReviewRules

REASON = "Approved after a look at the evidence."
HELP = "Type `/liner link CODE`; the console makes the code for you under Settings, Chat."
LETTERS = {"facts (b)": "facts", "ground (d, e)": "ground", "explanation (d, e)": "explanation"}
log = logging.getLogger("liner.chat")


@dataclass(frozen=True)
class Reply:
    """What Slack hears at once, and what is done after that."""

    content: dict[str, Any] | None = None
    later: Callable[[], None] | None = None


@dataclass(frozen=True)
class Desk:
    """Where clicks arrive."""

    db: Database
    settings: Settings
    rules: ReviewRules
    digest: str = field(default="", compare=False)

    def click(self, click: Click) -> None:
        """Do what a button says, and tell what came of it."""
        self._safely(click.response_url, lambda: self._click(click))

    def _click(self, click: Click) -> None:
        actor = chat.who(self.db, click.team_id, click.user_id)
        if actor is None:
            self._tell(click.response_url, blocks.receipt(f"liner does not know you yet. {HELP}"))
            return
        pressed = click.actions[0]
        act = {
            blocks.APPROVE: self._approve,
            blocks.ASK: self._open_modal,
            blocks.RESTRICT: self._open_modal,
            blocks.UNDO: self._undo,
            blocks.GO_LIVE: self._go_live,
        }.get(pressed.action_id)
        if act is None:
            raise InvalidTransition("This button is none of ours.", mend="Open the console.")
        act(click, actor)

    def _approve(self, click: Click, actor: Actor) -> None:
        spent = self._spend(click, actor, "case")

        def decide() -> CaseView:
            return cases.decide(
                self.db,
                actor,
                spent.subject_id,
                action=Action.APPROVE,
                reason=REASON,
                rules=self.rules,
                note="From the chat.",
                expected_version=spent.version,
            )

        self._decided(click.response_url, actor, self._done(click.response_url, spent, decide), _holder(click))
        self._note(actor, spent.subject_id, click, "approve")

    def _open_modal(self, click: Click, actor: Actor) -> None:
        """Open a modal that is bound to whoever clicked, and to the version that the card shows."""
        card = self._unspent(click)
        about = cases.view(self.db, actor, card.subject_id)
        if about.case.version != card.version:
            self._refresh(click.response_url, card)
            return
        what = click.actions[0].action_id
        with self.db.write() as session:
            right = chat.granted(
                session, "case", card.subject_id, card.version, life=chat.MODAL_LIFE, holder=_holder(click)
            )
        kept = json.dumps({"approval": right.id, "card": card.id, "answer": click.response_url})
        is_ask = what == blocks.ASK
        modal = (
            blocks.ask_modal(about.case, kept) if is_ask else blocks.restrict_modal(about.case, about.screening, kept)
        )
        if not calls.open_modal(self.settings, click.trigger_id, modal):
            url = f"{self.settings.public_url}/console/cases/{about.case.id}"
            says = f"No form could be opened here. Restrictions need their reasons: sign in to {url}"
            self._tell(click.response_url, blocks.receipt(says))

    def submitted(self, sent: Submission) -> None:
        """Decide as a modal says that was found complete."""
        kept = metadata(sent.view.private_metadata)
        self._safely(kept.get("answer", ""), lambda: self._submitted(sent, kept))

    def _submitted(self, sent: Submission, kept: dict[str, str]) -> None:
        answer, holder = kept.get("answer", ""), f"slack:{sent.team_id}/{sent.user_id}"
        actor = chat.who(self.db, sent.team_id, sent.user_id)
        if actor is None:
            raise InvalidTransition("liner does not know you.", mend=HELP)
        action, reason, statement = decision_of(sent)
        spent = chat.spend(self.db, kept.get("approval", ""), by=actor.name, holder=holder)

        def decide() -> CaseView:
            return cases.decide(
                self.db,
                actor,
                spent.subject_id,
                action=action,
                reason=reason,
                rules=self.rules,
                statement=statement,
                note="From the chat.",
                expected_version=spent.version,
            )

        about = self._done(answer, spent, decide)
        if about is not None and chat.is_id(kept.get("card", "")):
            with self.db.write() as session:
                store.spend(session, kept["card"], actor.name, clock.now())
        self._decided(answer, actor, about, holder)
        self._note(actor, spent.subject_id, sent, str(action))

    def _undo(self, click: Click, actor: Actor) -> None:
        spent = self._spend(click, actor, "case")
        url = click.response_url
        about = self._done(url, spent, lambda: self._taken_back(actor, spent))
        if about is not None:
            self._tell(url, blocks.receipt("Taken back. The case is in the queue again."))
            self._note(actor, spent.subject_id, click, "undo")

    def _taken_back(self, actor: Actor, spent: ApprovalRow) -> CaseView:
        return cases.undo(self.db, actor, spent.subject_id, expected_version=spent.version, why="from the chat")

    def _go_live(self, click: Click, actor: Actor) -> None:
        spent = self._spend(click, actor, "policy")
        try:
            shown = policies.approve(self.db, actor, spent.subject_id, expected_version=spent.version)
            says = f"Live. {actor.name} approved it."
        except StaleCase as error:
            shown, says = policies.view(self.db, actor, spent.subject_id), error.message
        except LinerError:
            chat.give_back(self.db, spent.id)
            raise
        url = f"{self.settings.public_url}/console/policies/{shown.id}"
        self._replace(click.response_url, blocks.closed_policy_card(shown, url=url, says=says))
        self._note(actor, None, click, f"approve policy {shown.id}")

    def _spend(self, click: Click, actor: Actor, subject: str) -> ApprovalRow:
        self._unspent(click, subject)
        return chat.spend(self.db, click.actions[0].value, by=actor.name, holder=_holder(click))

    def _unspent(self, click: Click, subject: str = "case") -> ApprovalRow:
        value = click.actions[0].value
        with self.db.read() as session:
            row = store.approval(session, value) if chat.is_id(value) else None
        if row is None or row.subject != subject:
            raise InvalidTransition("This button is none of ours.", mend="Open the console.")
        chat.require_fresh(row, clock.now())
        return row

    def _done(self, url: str, spent: ApprovalRow, act: Callable[[], CaseView]) -> CaseView | None:
        """Act; where the case changed, show the card of what it is now, where it is refused, let it be tried again."""
        try:
            return act()
        except StaleCase:
            self._refresh(url, spent)
            return None
        except LinerError:
            chat.give_back(self.db, spent.id)
            raise

    def _refresh(self, url: str, old: ApprovalRow) -> None:
        """Replace a card that is out of date: who changed what and when, and buttons for what the case is now."""
        with self.db.write() as session:
            case = case_store.find(session, old.subject_id)
            if case is None:
                return
            says = chat.stale(session, case, old.version).message
            if case.state == "open":
                right = chat.granted(session, "case", case.id, case.version, life=chat.CARD_LIFE, holder="")
                card = chat.card(session, case, self.settings, approval=right.id)
            else:
                card = chat.card(session, case, self.settings, says=says)
        self._replace(url, card)
        self._tell(url, blocks.receipt(f"Nothing was decided. {says}"))

    def _decided(self, url: str, actor: Actor, about: CaseView | None, holder: str) -> None:
        if about is None:
            return
        says = chat.outcome(about, actor.name)
        undo = ""
        with self.db.write() as session:
            case = case_store.find(session, about.case.id)
            if case is None:
                return
            card = chat.card(session, case, self.settings, says=says)
            left = about.draft.publish_at - clock.now() if about.draft and about.draft.publish_at else timedelta()
            if left > timedelta():
                undo = chat.granted(session, "case", case.id, case.version, life=left, holder=holder).id
        self._replace(url, card)
        self._tell(url, blocks.receipt(says, undo=undo))

    def _safely(self, url: str, work: Callable[[], None]) -> None:
        try:
            work()
        except LinerError as error:
            self._tell(url, blocks.receipt(f"{error.message} {error.mend}".rstrip()))
        except SQLAlchemyError:
            log.exception("a click could not be worked on")
            self._tell(url, blocks.receipt("That did not work, and nothing was changed. Try again in a moment."))

    def _replace(self, url: str, card: dict[str, Any]) -> None:
        calls.answer(self.settings, url, {"replace_original": True, **card})

    def _tell(self, url: str, content: dict[str, Any]) -> None:
        calls.answer(self.settings, url, content)

    def _note(self, actor: Actor, case_id: str | None, sent: Click | Submission, what: str) -> None:
        told = {"transport": "slack", "team": sent.team_id, "user": sent.user_id, "sha256": self.digest, "what": what}
        if isinstance(sent, Click):
            told |= {"message_ts": sent.container.message_ts, "action_ts": sent.actions[0].action_ts}
        chat.note(self.db, actor, case_id, **told)


def receive(db: Database, settings: Settings, rules: ReviewRules, *, timestamp: str, given: str, body: bytes) -> Reply:
    """Take a request of Slack's: nothing of it is believed before its signature is.

    Raises
    ------
    NotSignedIn
        The signature is wrong, too old or too new, or chat is not set up.
    InvalidTransition
        The same request was taken before.
    InvalidInput
        It is signed, and yet not what Slack's documentation says.
    """
    secret = settings.slack_signing_secret.get_secret_value()
    if not signature.is_good(secret, timestamp, given, body, clock.now()):
        raise NotSignedIn("The request is not signed by Slack within the last five minutes.", mend="See docs/chat.md.")
    sent = read(body)
    if not isinstance(sent, (Click, Submission, Command)):
        return Reply()
    desk = Desk(db, settings, rules, chat.take(db, body))
    if isinstance(sent, Command):
        return Reply(blocks.receipt(_command(db, sent)))
    if isinstance(sent, Click):
        return Reply(later=lambda: desk.click(sent))
    errors = incomplete(sent)
    if errors:
        return Reply({"response_action": "errors", "errors": errors})
    return Reply(later=lambda: desk.submitted(sent))


def incomplete(sent: Submission) -> dict[str, str]:
    """Say what is missing in a modal, by field."""
    try:
        action, reason, statement = decision_of(sent)
    except InvalidInput as error:
        return {"action": error.message}
    errors = {} if 3 <= len(reason) <= 5000 else {"reason": "A decision needs a reason of 3 to 5000 characters."}
    if action.is_restricting:
        for part in statement.missing():
            errors[LETTERS.get(part.partition(":")[0], "explanation")] = f"Missing: {part}"
    return errors


def decision_of(sent: Submission) -> tuple[Action, str, StatementOfReasons]:
    """Read action, reason and statement of a modal."""
    fields = sent.view.fields
    allowed = {str(one): one for one in blocks.ACTIONS} if sent.view.callback_id == "restrict" else {"": Action.ASK}
    action = allowed.get(fields.get("action", ""))
    if action is None:
        raise InvalidInput("Choose label, demote or remove.")
    told = {name: fields.get(name, "") for name in blocks.FIELDS if name != "reason"}
    return action, fields.get("reason", "").strip(), StatementOfReasons(**told)


def _command(db: Database, sent: Command) -> str:
    word, _, rest = sent.text.strip().partition(" ")
    if word != "link" or not rest:
        known = chat.who(db, sent.team_id, sent.user_id)
        return f"You are {known.name} ({known.role})." if known else HELP
    try:
        actor = chat.link(db, sent.team_id, sent.user_id, rest)
    except InvalidInput as error:
        return f"{error.message} {error.mend}"
    return f"You are {actor.name} ({actor.role}) from now on. What you click is done in that name."


def _holder(click: Click) -> str:
    return f"slack:{click.team_id}/{click.user_id}"
