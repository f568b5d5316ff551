"""Pages that say one thing: how to sign in, and why something was refused."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MessageView:
    """A page with a heading, a few sentences and at most one thing to do."""

    title: str
    paragraphs: tuple[str, ...]
    command: str = ""
    action: str = ""
    token: str = ""
    button: str = ""
    href: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A line on top of a page: what was done, or what went wrong."""

    text: str
    is_problem: bool = False
    href: str = ""
    link: str = ""


def signed_out() -> MessageView:
    """Tell a visitor without a session how to get in."""
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


def refusal(detail: str, mend: str) -> MessageView:
    """Say what was refused, why, and what to do about it."""
    return MessageView(
        title="That did not work",
        paragraphs=tuple(filter(None, (detail, mend))),
        href="/console",
        link="Back to the queue",
    )
