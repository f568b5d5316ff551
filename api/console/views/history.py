"""What happened to a case, newest last, in sentences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.console.views.words import Stamp, stamp
from api.public import EventPublic
from schemas.events import EventKind

_SENTENCES = {
    EventKind.SCREENING_RECORDED: "recorded a screening",
    EventKind.CASE_OPENED: "opened the case",
    EventKind.CASE_UPDATED: "brought new evidence",
    EventKind.CASE_CLAIMED: "took the case",
    EventKind.CASE_RELEASED: "gave the case back",
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


def _entry(event: EventPublic, now: datetime) -> HistoryEntry:
    sentence = _SENTENCES.get(EventKind(event.kind), event.kind) if event.kind in set(EventKind) else event.kind
    return HistoryEntry(stamp(event.at, now), event.actor, *_with_detail(sentence, event.payload))


def _with_detail(sentence: str, payload: Mapping[str, Any]) -> tuple[str, str]:
    if "action" in payload:
        return f"{sentence}: {payload['action']}", str(payload.get("reason", ""))
    codes = payload.get("codes") or payload.get("added")
    if codes:
        return sentence, ", ".join(map(str, codes))
    return sentence, str(payload.get("reason", ""))
