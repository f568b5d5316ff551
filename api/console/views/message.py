"""Pages that say one thing: how to sign in, and why something was refused."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from api.console.views.decide import action_label
from api.public import CaseView
from schemas.cases import CaseState


@dataclass(frozen=True, slots=True)
class MessageView:
    """A page with a heading, a few sentences and at most one thing to do.

    Attributes
    ----------
    reasons
        What to weigh before it is done: title and explanation of each, contradictions first.
    """

    title: str
    paragraphs: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...] = ()
    command: str = ""
    action: str = ""
    token: str = ""
    button: str = ""
    href: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A line on top of a page: what was done, or what went wrong.

    Attributes
    ----------
    undo, version, seconds
        Where the decision is undone, at which version of its case, and for how long.
    within
        The filter that one works through; whoever undoes goes on in it.
    """

    text: str
    is_problem: bool = False
    href: str = ""
    link: str = ""
    undo: str = ""
    version: int = 0
    seconds: int = 0
    within: str = ""


def done_notice(about: CaseView, now: datetime, within: str = "") -> Notice | None:
    """Say what was decided on the case before: the way back to it, and how long it can be undone."""
    case, draft = about.case, about.draft
    path = f"/console/cases/{case.id}"
    href = f"{path}?{urlencode({'filter': within})}" if within else path
    if draft is not None and draft.publish_at is not None:
        seconds = max(0, round((draft.publish_at - now).total_seconds()))
        undo = f"{path}/undo" if "undo" in about.allowed_actions else ""
        text = f"{action_label(draft.action)}: “{case.title}”."
        return Notice(
            text, href=href, link="Look again", undo=undo, version=case.version, seconds=seconds, within=within
        )
    if draft is not None:
        return Notice(f"“{case.title}” waits for a second person's opinion.", href=href, link="Look again")
    if case.state is CaseState.OPEN or case.decision is None:
        return None
    return Notice(f"{action_label(case.decision.action)}: “{case.title}”.", href=href, link="Look again")


def signed_out(*, has_provider: bool = False, leave: str = "") -> MessageView:
    """Tell a visitor without a session how to get in.

    Parameters
    ----------
    has_provider
        Whether people sign in through a provider of their organisation.
    leave
        Where who just signed out here signs out there as well; empty for nobody.
    """
    if leave:
        return MessageView(
            title="You are signed out of liner",
            paragraphs=("Your organisation still knows you: on a machine that others use, sign out there as well.",),
            href=leave,
            link="Sign out of your organisation",
        )
    if has_provider:
        return MessageView(
            title="You are not signed in",
            paragraphs=("Your organisation's sign-in says who you are, and opens the console or the portal.",),
            href="/console/sign-in/provider",
            link="Sign in",
        )
    return MessageView(
        title="You are not signed in",
        paragraphs=(
            "The console opens with a link that works once.",
            "Whoever runs this liner makes one in a terminal, with the name of your key:",
        ),
        command="liner keys link NAME",
    )


def sign_in(token: str) -> MessageView:
    """Ask for the click that uses the link up, since programs that preview links do not click."""
    return MessageView(
        title="Sign in to liner",
        paragraphs=("This link works once. Signing in uses it up.",),
        action="/console/sign-in",
        token=token,
        button="Sign in",
    )


def refusal(detail: str, mend: str, *, home: str = "/console", is_inside: bool = True) -> MessageView:
    """Say what was refused, why, and what to do about it; who is not inside yet has no queue to go back to."""
    inside = "Back to the queue" if home == "/console" else "Back to your deliveries"
    return MessageView(
        title="That did not work",
        paragraphs=tuple(filter(None, (detail, mend))),
        href=home,
        link=inside if is_inside else "Open the console",
    )
