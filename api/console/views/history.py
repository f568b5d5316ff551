"""What happened to a case, newest last, in sentences; and what was declared about its recording, newest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.console.views.words import Stamp, stamp
from api.public import EventPublic
from api.public_deliveries import DeclarationPublic
from schemas.events import EventKind

_SENTENCES = {
    EventKind.SCREENING_RECORDED: "recorded a screening",
    EventKind.CASE_OPENED: "opened the case",
    EventKind.CASE_UPDATED: "brought new evidence",
    EventKind.CASE_CLAIMED: "took the case",
    EventKind.CASE_RELEASED: "gave the case back",
    EventKind.CASE_HANDED_OVER: "handed the case over",
    EventKind.CASE_PARKED: "put the case aside",
    EventKind.CASE_UNPARKED: "fetched the case back",
    EventKind.CREATOR_LINKED: "made a link for a creator",
    EventKind.APPEAL_RECEIVED: "appealed",
    EventKind.APPEAL_ATTACHED: "attached a proof to the appeal",
    EventKind.APPEAL_NOTED: "wrote a note on the appeal",
    EventKind.APPEAL_DECIDED: "answered the appeal",
    EventKind.APPEAL_WITHDRAWN: "withdrew the appeal",
    EventKind.CASE_DUE_SOON: "told that the case is due soon",
    EventKind.CASE_OVERDUE: "told that the case is late",
    EventKind.APPEAL_DUE_SOON: "told that an appeal is due soon",
    EventKind.APPEAL_OVERDUE: "told that an appeal is late",
    EventKind.DECISION_DRAFTED: "decided, to be undone for a while",
    EventKind.DECISION_HELD: "decided; a second person has to look",
    EventKind.DECISION_CONFIRMED: "let the decision go on",
    EventKind.DECISION_UNDONE: "took the decision back",
    EventKind.OPINION_GIVEN: "gave a second opinion",
    EventKind.SAMPLE_DRAWN: "made it a golden item",
    EventKind.CASE_DECIDED: "decided",
    EventKind.CASE_REOPENED: "reopened the case",
}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line: when, who, did what, and the words that came with it."""

    at: Stamp
    actor: str
    sentence: str
    detail: str


def history(events: Iterable[EventPublic], now: datetime) -> tuple[HistoryEntry, ...]:
    """Tell the events of a case in the order in which they happened."""
    return tuple(_entry(event, now) for event in events)


def sentence(kind: str) -> str:
    """Say what an event is, after the name of who did it; the kind itself where it has no words."""
    return _SENTENCES.get(EventKind(kind), kind) if kind in set(EventKind) else kind


def _entry(event: EventPublic, now: datetime) -> HistoryEntry:
    return HistoryEntry(stamp(event.at, now), event.actor, *_with_detail(sentence(event.kind), event.payload))


def _with_detail(said: str, payload: Mapping[str, Any]) -> tuple[str, str]:
    if "action" in payload:
        return f"{said}: {payload['action']}", str(payload.get("reason", ""))
    codes = payload.get("codes") or payload.get("added")
    if codes:
        return said, ", ".join(map(str, codes))
    if "to" in payload:
        return f"{said} to {payload['to']}", str(payload.get("note", ""))
    if "due_at" in payload:
        return said, f"due {str(payload['due_at'])[:16].replace('T', ' ')} UTC"
    return said, str(payload.get("reason") or payload.get("why") or "")


@dataclass(frozen=True, slots=True)
class DeclarationView:
    """One message's declaration.

    Attributes
    ----------
    marks
        What is special about the message: a takedown, or that it came late.
    changes
        What it says otherwise than the sender's message before: what, before, after.
    notes
        What a rule says of it beside the others: its id, and a sentence.
    """

    at: Stamp
    sender: str
    release: str
    message_id: str
    level: str
    words: str
    marks: tuple[str, ...]
    changes: tuple[tuple[str, str, str], ...]
    notes: tuple[tuple[str, str], ...]


def declaration_views(found: Iterable[DeclarationPublic], now: datetime) -> tuple[DeclarationView, ...]:
    """Tell who declared what about a recording."""
    return tuple(_declaration(one, now) for one in found)


def _declaration(one: DeclarationPublic, now: datetime) -> DeclarationView:
    marks = {"takedown": one.is_takedown, "came after a newer message": one.came_late}
    return DeclarationView(
        at=stamp(one.declared_at or one.received_at, now),
        sender=one.sender_name or one.sender_id or "no sender named",
        release=one.release_title or one.release_key,
        message_id=one.message_id,
        level=str(one.level),
        words="; ".join(f"{line.label}: {line.degree}" for line in one.lines),
        marks=tuple(mark for mark, is_so in marks.items() if is_so),
        changes=tuple((change.what, change.before, change.after) for change in one.changes),
        notes=tuple((note.rule, note.message) for note in one.notes),
    )
