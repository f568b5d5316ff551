"""The chain of audit events: each carries the hash of the one before it.

An event's hash is the SHA-256 of its canonical JSON: the seven members of `canonical`, keys sorted, no blanks,
everything beyond ASCII escaped. So any program in any language can check an exported log. Nothing here
knows a database.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum

from schemas.base import Model

GENESIS = "0" * 64  # what the first event names as the hash before it
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))  # made once: making it costs as much as its use


class Event(Model):
    """An event as it is kept: ``payload`` is JSON text and hashed as the text that it is."""

    seq: int
    case_id: str | None
    kind: str
    actor: str
    at: datetime
    payload: str
    prev_hash: str
    hash: str


class Head(Model):
    """Where a chain ended when it was looked at: kept elsewhere, it proves that nothing before it changed."""

    seq: int = 0
    hash: str = GENESIS


class Break(StrEnum):
    """How a chain is broken at an event."""

    ALTERED = "altered"
    MISSING = "missing"
    HEAD = "head"
    DECISION = "decision"


class Broken(Model):
    """A place where the chain does not hold, and what that means."""

    seq: int
    kind: Break
    detail: str


def canonical(
    *, seq: int, case_id: str | None, kind: str, actor: str, at: datetime, payload: str, prev_hash: str
) -> bytes:
    """Write what is hashed of an event; ``at`` in UTC with six decimals."""
    members = {
        "seq": seq,
        "case_id": case_id,
        "kind": kind,
        "actor": actor,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "payload": payload,
        "prev_hash": prev_hash,
    }
    return _CANONICAL.encode(members).encode()


def event_hash(event: Event) -> str:
    """Hash an event by what it says, whatever hash it carries.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> one = Event(seq=1, case_id=None, kind="x", actor="a", at=at, payload="{}", prev_hash=GENESIS, hash="")
    >>> event_hash(one)[:8]
    'c257fb5b'
    """
    said = {name: value for name, value in event if name != "hash"}
    return hashlib.sha256(canonical(**said)).hexdigest()


def find_breaks(events: Iterable[Event], *, head: Head, since: Head | None = None) -> Iterator[Broken]:
    """Walk a chain in the order of ``seq`` and name every place where it does not hold.

    Parameters
    ----------
    events
        All events after ``since``.
    head
        Where the chain says that it ends.
    since
        The event before the first one; None for the whole chain.

    Yields
    ------
    Broken
        ``altered``: an event no longer says what was hashed. ``missing``: an event does not follow the one
        before it, so that one between them was removed, replaced or moved. ``head``: the last one is not the head.
    """
    last = since or Head()
    for event in events:
        if event.prev_hash != last.hash:
            detail = f"Event {event.seq} does not follow event {last.seq}: one was removed, replaced or moved."
            yield Broken(seq=event.seq, kind=Break.MISSING, detail=detail)
        if event.hash != event_hash(event):
            detail = f"Event {event.seq} was changed after it was written."
            yield Broken(seq=event.seq, kind=Break.ALTERED, detail=detail)
        last = Head(seq=event.seq, hash=event.hash)
    if last != head:
        detail = f"The chain ends at event {last.seq}, its head says {head.seq}: the end was removed or replaced."
        yield Broken(seq=last.seq, kind=Break.HEAD, detail=detail)
