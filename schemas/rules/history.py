"""Rules of the HIS group: a new declaration beside those that came before it.

Source: house; DDEX knowledge base on updates (a full message replaces the older one by
MessageCreatedDateTime). Inputs: `schemas.history.Arrival`. An undeclared recording contradicts
nobody: only what two declarations state can differ.
"""

from collections.abc import Iterable, Iterator

from schemas.disclosure import Level
from schemas.findings import Finding, Location, Severity
from schemas.history import Arrival, PastDeclaration
from schemas.rules.registry import Hit, Scope, finding, rule, run

WARNING, INFO = Severity.WARNING, Severity.INFO
_AMOUNT = {Level.NONE: 0, Level.PARTLY: 1, Level.ALL: 2}


@rule(
    "HIS-001",
    WARNING,
    "Update lowers a declaration",
    why="Listeners were told of AI and no longer are; a slip and a wish to hide it look the same.",
    source="house; DDEX knowledge base on updates",
    mend="Send the declaration again as it was, or tell the recipient why it changed.",
    scope=Scope.HISTORY,
)
def declaration_is_lowered(arrival: Arrival) -> Iterator[Hit]:
    """Compare with the last declaration of the same sender and ISRC."""
    now, before = arrival.now, _replaced_by(arrival)
    if before is None or before.level is Level.UNDECLARED or before.level is now.level:
        return
    if now.level is Level.UNDECLARED or _AMOUNT[now.level] < _AMOUNT[before.level]:
        yield _hit(arrival, f"It is {now.level} now and was {before.level}{_in_message(before)}.")


@rule(
    "HIS-002",
    INFO,
    "Update raises a declaration",
    why="Credits that were shown before are to be shown anew.",
    source="house; DDEX knowledge base on updates",
    mend="Nothing, if that is what you mean.",
    scope=Scope.HISTORY,
)
def declaration_is_raised(arrival: Arrival) -> Iterator[Hit]:
    """Compare with the last declaration of the same sender and ISRC; a first one counts as raised."""
    now, before = arrival.now, _replaced_by(arrival)
    if before is None or now.level is Level.UNDECLARED or before.level is now.level:
        return
    if before.level is Level.UNDECLARED or _AMOUNT[now.level] > _AMOUNT[before.level]:
        yield _hit(arrival, f"It is {now.level} now and was {before.level}{_in_message(before)}.")


@rule(
    "HIS-003",
    WARNING,
    "One ISRC, declared in two ways",
    why="An ISRC names one recording, and that has one history; a listener would see two.",
    source="ISRC Handbook (one ISRC for one recording); house",
    mend="Agree with the other sender, correct the other release, or correct the ISRC.",
    scope=Scope.HISTORY,
)
def isrc_is_declared_in_one_way(arrival: Arrival) -> Iterator[Hit]:
    """Compare with the last declarations of the ISRC in other releases and by other senders."""
    now = arrival.now
    if now.isrc is None or now.level is Level.UNDECLARED:
        return
    others = (one for one in arrival.history.of_isrc(now.isrc) if _origin(one) != _origin(now))
    for other in _newest(others):
        if other.level not in (Level.UNDECLARED, now.level):
            who = f"sender {other.sender_id}" if other.sender_id != now.sender_id else f"release {other.release_key}"
            yield _hit(arrival, f"{now.isrc} is {now.level} here and {other.level} in {who}{_in_message(other)}.")


@rule(
    "HIS-004",
    WARNING,
    "The same sound under another ISRC or declaration",
    why="One sound has one making; two statements about it cannot both be right.",
    source="house; sound compared by the hash of the decoded signal",
    mend="Use the ISRC that the recording has, and declare it in one way.",
    scope=Scope.HISTORY,
)
def sound_is_declared_in_one_way(arrival: Arrival) -> Iterator[Hit]:
    """Compare with recordings whose decoded sound is equal to the last bit."""
    now = arrival.now
    if now.signal_hash is None:
        return
    same = arrival.history.of_sound(now.signal_hash)
    for other in _newest(one for one in same if one.isrc != now.isrc):
        if other.isrc and now.isrc:
            yield _hit(arrival, f"The same sound came as {other.isrc}, {other.level}{_in_message(other)}.")
        elif Level.UNDECLARED not in (levels := {other.level, now.level}) and len(levels) > 1:
            yield _hit(arrival, f"The same sound came as {other.level}{_in_message(other)}; here it is {now.level}.")


def hold_against_history(arrival: Arrival) -> Iterator[Finding]:
    """State what the past says about a recording: the HIS rules, and PKG-012 and PKG-013 of its message."""
    yield from _message_id_again(arrival)
    yield from _older_than_applied(arrival)
    yield from run(Scope.HISTORY, arrival)


def _message_id_again(arrival: Arrival) -> Iterator[Finding]:
    now = arrival.now
    if not now.message_id or not now.message_sha256:
        return
    for other in arrival.history.of_message(now.message_id):
        if other.sender_id == now.sender_id and other.message_sha256 not in (None, now.message_sha256):
            text = f"Another message with the MessageId {now.message_id} was applied before."
            yield finding("PKG-012", text, at=_top(arrival), subject=now.message_id, value=now.message_id)
            return


def _older_than_applied(arrival: Arrival) -> Iterator[Finding]:
    now = arrival.now
    if now.release_key is None or now.declared_at is None:
        return
    newer = [
        one
        for one in arrival.history.of_release(now.release_key)
        if one.sender_id == now.sender_id and one.declared_at and one.declared_at > now.declared_at
    ]
    if newer:
        last = max(newer, key=_time)
        text = (
            f"A message of {last.declared_at:%Y-%m-%d %H:%M} UTC{_in_message(last)} was applied before this older one."
        )
        yield finding("PKG-013", text, at=_top(arrival), subject=now.release_key)


def _replaced_by(arrival: Arrival) -> PastDeclaration | None:
    """Find the declaration that this one replaces: the last of the same recording, unless that is newer."""
    now = arrival.now
    past = arrival.history.of_isrc(now.isrc) if now.isrc else ()
    own = [one for one in past if _origin(one) == _origin(now) and one.message_sha256 != now.message_sha256]
    last = max(own, key=_time, default=None)
    return None if last is None or _time(last) > _time(now) else last


def _newest(declarations: Iterable[PastDeclaration]) -> Iterable[PastDeclaration]:
    """Keep the last declaration of each origin and ISRC."""
    last: dict[tuple[str | None, ...], PastDeclaration] = {}
    for one in sorted(declarations, key=_time):
        last[(*_origin(one), one.isrc)] = one
    return last.values()


def _origin(one: PastDeclaration) -> tuple[str | None, str | None]:
    return one.sender_id, one.release_key


def _time(one: PastDeclaration) -> float:
    return one.declared_at.timestamp() if one.declared_at else 0.0


def _in_message(one: PastDeclaration) -> str:
    return f" (message {one.message_id})" if one.message_id else ""


def _top(arrival: Arrival) -> Location:
    return Location(path=arrival.evidence.at.path)


def _hit(arrival: Arrival, message: str) -> Hit:
    evidence = arrival.evidence
    stated = evidence.intake.recording.disclosure.at if evidence.intake.recording else Location()
    return Hit(message, stated if stated.path else evidence.at, evidence.subject, arrival.now.level.value)
