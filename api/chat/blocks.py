"""Cards and modals in Slack's Block Kit: what a case is about, contradictions first, and what may be done with it.

Everything that a stranger wrote is escaped and marked verbatim, so that a title can call nobody and link nowhere.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from api.console.views.decide import action_label, grounds, prefilled
from api.console.views.flags import FlagView, flag_views
from api.console.views.layers import layer_views
from api.console.views.words import number, plural
from api.public import CasePublic
from api.public_policies import PolicyPublic
from schemas.cases import Action, StatementOfReasons
from schemas.screening import Screening

Block = dict[str, Any]
MOST_FLAGS = 3
MOST_CHANGES = 8
APPROVE, ASK, RESTRICT, UNDO, GO_LIVE = "approve", "ask", "restrict", "undo", "go-live"
ACTIONS = (Action.LABEL, Action.DEMOTE, Action.REMOVE)
FIELDS = ("reason", "facts", "ground", "explanation")
LIMITS = {"reason": 3000, "facts": 3000, "ground": 300, "explanation": 3000}  # of Slack's text fields, and our own


def escape(text: str) -> str:
    """Write text so that Slack shows it as it is: no mention, no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def case_card(case: CasePublic, screening: Screening, *, url: str, approval: str) -> Block:
    """Make the card of an open case, with its buttons."""
    buttons = (
        _button("Approve", APPROVE, approval, style="primary"),
        _button("Ask …", ASK, approval),
        _button("Restrict …", RESTRICT, approval),
    )
    return _message(_headline(case), [*_facts(case, screening, url), {"type": "actions", "elements": list(buttons)}])


def closed_card(case: CasePublic, screening: Screening, *, url: str, says: str) -> Block:
    """Make what a card becomes when there is nothing left to do on it."""
    return _message(f"{_headline(case)}: {says}", [*_facts(case, screening, url), _text(f"*{escape(says)}*")])


def policy_card(policy: PolicyPublic, *, url: str, approval: str) -> Block:
    """Make the card of a version that waits for a second person, with its simulated effect."""
    question = {
        "title": _plain("Let it go live?"),
        "text": _plain(f"{policy.ref} judges everything that comes in from now on."),
        "confirm": _plain("Go live"),
        "deny": _plain("Not now"),
    }
    button = {**_button("Approve", GO_LIVE, approval, style="primary"), "confirm": question}
    return _message(_proposal(policy), [*_effect(policy, url), {"type": "actions", "elements": [button]}])


def closed_policy_card(policy: PolicyPublic, *, url: str, says: str) -> Block:
    """Make what the card of a version becomes afterwards."""
    return _message(f"{_proposal(policy)}: {says}", [*_effect(policy, url), _text(f"*{escape(says)}*")])


def notice_card(lines: Sequence[str], *, url: str) -> Block:
    """Make a card that only tells: an alert of due times, or a recall."""
    first, *rest = lines
    told = [{"type": "header", "text": _plain(first, 150)}, *(_text(escape(one)) for one in rest if one)]
    return _message(first, [*told, _context(f"<{url}|Open in the console>", is_verbatim=False)])


def receipt(says: str, *, undo: str = "") -> Block:
    """Tell one person alone what became of their click, with a way back while there is one."""
    blocks = [_text(escape(says))]
    if undo:
        blocks.append({"type": "actions", "elements": [_button("Undo", UNDO, undo)]})
    return {"response_type": "ephemeral", "replace_original": False, "text": escape(says), "blocks": blocks}


def ask_modal(case: CasePublic, kept: str) -> Block:
    """Make the modal of a question to the label."""
    blocks = [_input("reason", "What the label should answer or correct", "")]
    return _modal("ask", "Ask the label", kept, [_text(escape(_headline(case))), *blocks])


def restrict_modal(case: CasePublic, screening: Screening, kept: str) -> Block:
    """Make the modal of a restriction: all that a statement of reasons needs, prefilled from the evidence."""
    given = prefilled(screening)
    options = [{"text": _plain(action_label(one)), "value": str(one)} for one in ACTIONS]
    choose = {
        "type": "input",
        "block_id": "action",
        "label": _plain("Restriction"),
        "element": {"type": "static_select", "action_id": "value", "options": options},
    }
    others = grounds(screening)[1:3]
    blocks = [
        _text(escape(_headline(case))),
        choose,
        _input("reason", "Reason, for the label", ""),
        _input("facts", "Facts (b)", given.get("facts", "")),
        _input("ground", "Ground (d, e)", given.get("ground", ""), hint="Or: " + "; ".join(others) if others else ""),
        _input("explanation", "Why the facts fall under it (d, e)", given.get("explanation", "")),
        _context(f"Applies worldwide, open end. {escape(StatementOfReasons().redress)}"),
    ]
    return _modal("restrict", "Restrict", kept, blocks)


def until(moment: datetime) -> str:
    """Write a moment so that Slack shows it in the reader's own time."""
    return f"{moment:%H:%M:%S} UTC"


def _headline(case: CasePublic) -> str:
    return f"{case.title} — {case.artist}" if case.artist else case.title


def _facts(case: CasePublic, screening: Screening, url: str) -> Iterable[Block]:
    yield {"type": "header", "text": _plain(_headline(case) or "A delivery", 150)}
    about = (case.isrc and f"ISRC {case.isrc}", case.sender_name or case.sender_id, case.severity, _due(case))
    yield _context(" · ".join(escape(str(one)) for one in about if one) or "Nothing is known of the sender.")
    flags = flag_views(screening.flags)
    for flag in flags[:MOST_FLAGS]:
        yield _text(_flag(flag))
    if len(flags) > MOST_FLAGS:
        yield _context(f"and {plural(len(flags) - MOST_FLAGS, 'more reason')}")
    yield _context(" · ".join(f"{one.title}: {escape(one.headline)}" for one in layer_views(screening)))
    yield _context(f"<{url}|Open in the console>", is_verbatim=False)


def _due(case: CasePublic) -> str:
    return f"due {case.due_at:%Y-%m-%d %H:%M} UTC" if case.due_at else ""


def _flag(flag: FlagView) -> str:
    heard = ", ".join(span.label for span in flag.spans[:3])
    lines = (f"*{escape(flag.chip.code)} · {escape(flag.chip.title)}*", escape(flag.explanation), escape(flag.measure))
    return "\n".join(filter(None, (*lines, f"Listen at {escape(heard)}" if heard else "")))


def _proposal(policy: PolicyPublic) -> str:
    return f"{policy.author} proposes {policy.ref}"


def _effect(policy: PolicyPublic, url: str) -> Iterable[Block]:
    yield {"type": "header", "text": _plain(_proposal(policy), 150)}
    yield _text(escape(policy.why))
    if policy.changes:
        yield _text("\n".join(f"• {escape(one)}" for one in policy.changes[:MOST_CHANGES]))
    yield _text("\n".join(effect_in_words(policy)))
    yield _context(f"<{url}|Open in the console>", is_verbatim=False)


def effect_in_words(policy: PolicyPublic) -> tuple[str, ...]:
    """Say what a version would have done to the past, each figure with what it is out of."""
    found = policy.simulation
    if found is None:
        return ("It was not simulated yet.",)
    hours = found.hours_per_day
    told = (
        f"Cases a day: {number(found.cases_per_day.before)} → *{number(found.cases_per_day.after)}*",
        f"Moderators' hours a day: {number(hours.before)} → *{number(hours.after)}*" if hours else "",
        f"Of {plural(found.upheld, 'upheld case')} it would miss *{found.missed:,}*.",
        f"Of {plural(found.overturned, 'overturned case')} it would flag *{found.overturned_flagged:,}* again.",
        f"Of {plural(found.cleared, 'approved case')} nobody would have had to look at *{found.spared:,}*.",
        _left_behind(policy),
        f"Judged {found.judged:,} of {found.judged_of:,} recordings of {number(found.days)} days.",
    )
    return tuple(filter(None, told))


def _left_behind(policy: PolicyPublic) -> str:
    older = policy.standing.older if policy.standing else 0
    return f"Kept as flagged now, until `liner rejudge`: {plural(older, 'open case')}." if older else ""


def _message(text: str, blocks: Iterable[Block]) -> Block:
    return {"text": escape(text)[:3000], "blocks": list(blocks)}


def _modal(callback: str, title: str, kept: str, blocks: list[Block]) -> Block:
    return {
        "type": "modal",
        "callback_id": callback,
        "title": _plain(title, 24),
        "submit": _plain("Decide"),
        "close": _plain("Cancel"),
        "private_metadata": kept,
        "blocks": blocks,
    }


def _input(name: str, label: str, value: str, *, hint: str = "") -> Block:
    limit = LIMITS[name]
    element: Block = {"type": "plain_text_input", "action_id": "value", "multiline": True, "max_length": limit}
    if value:
        element["initial_value"] = value[:limit]
    block: Block = {"type": "input", "block_id": name, "label": _plain(label), "element": element}
    return {**block, "hint": _plain(hint, 2000)} if hint else block


def _button(label: str, action: str, value: str, *, style: str = "") -> Block:
    button: Block = {"type": "button", "text": _plain(label), "action_id": action, "value": value}
    return {**button, "style": style} if style else button


def _plain(text: str, limit: int = 300) -> Block:
    return {"type": "plain_text", "text": text[:limit] or "?", "emoji": False}


def _text(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000] or "?", "verbatim": True}}


def _context(text: str, *, is_verbatim: bool = True) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text[:3000] or "?", "verbatim": is_verbatim}]}
