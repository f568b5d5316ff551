"""Rules of the HIS group: a new declaration beside those that came before it.

Source: house; DDEX knowledge base on updates (a full message replaces the older one by
MessageCreatedDateTime). Inputs: `schemas.history.Arrival`. An undeclared recording contradicts
nobody: only what two declarations state can differ.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from schemas.disclosure import Level
from schemas.findings import Finding, Location, Severity
from schemas.history import Arrival, PastDeclaration, PastMessage
from schemas.rules.registry import Hit, Scope, finding, rule, run
from schemas.screening import SubjectKind

WARNING, INFO = Severity.WARNING, Severity.INFO
MAX_NAMED = 5  # others that one recording is held against; a farm has thousands
MIN_SOUND_S = 3.0  # shorter sounds are alike by chance, and all silence is
MAX_SILENCE_SHARE = 0.98
NORM_SIZE = 20
NORM_SHARE = 0.05
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
    contradicting = (one for one in _newest(others) if one.level not in (Level.UNDECLARED, now.level))
    for other in islice(_standing(arrival, contradicting), MAX_NAMED):
        yield _hit(arrival, f"{now.isrc} is {now.level} here and {other.level} {_whose(other, now)}.")


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
    """Compare with recordings whose decoded sound is equal to the last bit; silence and moments are no copies."""
    now, audio = arrival.now, arrival.evidence.found.audio
    if now.signal_hash is None or audio is None or audio.duration_s < MIN_SOUND_S or _is_silence(arrival):
        return
    same = arrival.history.of_sound(now.signal_hash)
    others = _newest(one for one in same if _recording(one) != _recording(now))
    contradicting = (one for one in others if (one.isrc and now.isrc) or _differ(one.level, now.level))
    for other in islice(_standing(arrival, contradicting), MAX_NAMED):
        name = other.isrc or "a recording without ISRC"
        yield _hit(arrival, f"The same sound came as {name}, {other.level} {_whose(other, now)}; here: {now.level}.")


def _is_silence(arrival: Arrival) -> bool:
    silence = arrival.evidence.heard.signal("silence_share")
    return silence is not None and silence.value > MAX_SILENCE_SHARE


def _differ(one: Level, other: Level) -> bool:
    return Level.UNDECLARED not in (one, other) and one is not other


@rule(
    "HIS-005",
    WARNING,
    "Undeclared, from a sender that declares",
    why="A sender that declares nearly everything and leaves this out forgot it, or would rather not say.",
    source=f"house: {NORM_SIZE} recordings before, at most {NORM_SHARE:.0%} of them undeclared",
    mend="Send ContainsAI for this recording as you do for the others.",
    scope=Scope.HISTORY,
)
def omission_is_the_senders_norm(arrival: Arrival) -> Iterator[Hit]:
    """Compare with the share of undeclared recordings in what the sender sent before, where it could declare."""
    now = arrival.now
    if now.level is not Level.UNDECLARED or not now.can_declare or not now.sender_id:
        return
    before = arrival.history.of_sender(now.sender_id)
    total, undeclared = sum(before.values()), before.get(Level.UNDECLARED, 0)
    if total >= NORM_SIZE and undeclared <= NORM_SHARE * total:
        yield _hit(arrival, f"It is undeclared; of {total:,} recordings of this sender before, {undeclared:,} were.")


def hold_against_history(arrival: Arrival) -> Iterator[Finding]:
    """State what the past says about a recording: its message (PKG-012, PKG-013), then the HIS and SPM rules.

    A message that withdraws is held against earlier messages alone: nobody is told of its declarations.
    """
    intake = arrival.evidence.intake
    said = {one.rule for one in intake.findings}  # of the messages of one delivery, `schemas.rules.package` speaks
    if "PKG-012" not in said:
        yield from _message_id_again(arrival)
    if "PKG-013" not in said:
        yield from _older_than_applied(arrival)
    if intake.kind is SubjectKind.RECORDING and not intake.is_takedown:
        yield from run(Scope.HISTORY, arrival)


def _message_id_again(arrival: Arrival) -> Iterator[Finding]:
    now = arrival.now
    if not now.message_id or not now.message_sha256:
        return
    text = None
    for other in arrival.history.of_message(now.message_id):
        if other.sender_id == now.sender_id and other.message_sha256 not in (None, now.message_sha256):
            text = f"Another message with the MessageId {now.message_id} was applied before."
    if text is None and not _is_replayed(arrival):
        return
    replay = f"The message {now.message_id} came before, to the last byte; it changes nothing."
    severity = None if text else INFO
    yield finding(
        "PKG-012",
        text or replay,
        at=_top(arrival),
        subject=now.message_id,
        value=now.message_id,
        severity=severity,
    )


def _is_replayed(arrival: Arrival) -> bool:
    now = arrival.now
    before = arrival.history.of_isrc(now.isrc) if now.isrc else ()
    return any(
        one.message_sha256 == now.message_sha256 and one.delivery_id not in ("", now.delivery_id) for one in before
    )


def _older_than_applied(arrival: Arrival) -> Iterator[Finding]:
    now = arrival.now
    if now.release_key is None or now.declared_at is None:
        return
    last = max(_own_messages(arrival, now.release_key), key=_time, default=None)
    if last is not None and last.declared_at is not None and last.declared_at > now.declared_at:
        what = "takedown" if last.is_takedown else "message"
        text = (
            f"A {what} of {last.declared_at:%Y-%m-%d %H:%M} UTC{_in_message(last)} was applied before this older one."
        )
        yield finding("PKG-013", text, at=_top(arrival), subject=now.release_key)


def _own_messages(arrival: Arrival, release_key: str) -> list[PastMessage]:
    sender = arrival.now.sender_id
    return [one for one in arrival.history.of_release(release_key) if one.sender_id == sender]


def _replaced_by(arrival: Arrival) -> PastDeclaration | None:
    """Find the declaration that this one replaces: the last of the same recording, unless that is newer."""
    now = arrival.now
    past = arrival.history.of_isrc(now.isrc) if now.isrc else ()
    own = [one for one in past if _origin(one) == _origin(now) and one.message_sha256 != now.message_sha256]
    if now.declared_at is None:
        return own[-1] if own else None  # nothing tells the order but the arrival
    last = max(own, key=_time, default=None)
    return None if last is None or _time(last) > _time(now) else last


def _standing(arrival: Arrival, others: Iterable[PastDeclaration]) -> Iterator[PastDeclaration]:
    """Leave out what a takedown has withdrawn since."""
    for other in others:
        messages = arrival.history.of_release(other.release_key) if other.release_key else ()
        own = [one for one in messages if one.sender_id == other.sender_id]
        last = max(own, key=_time, default=None)
        if last is None or not last.is_takedown:
            yield other


def _newest(declarations: Iterable[PastDeclaration]) -> Iterable[PastDeclaration]:
    """Keep the last declaration of each origin and recording."""
    last: dict[tuple[str | None, ...], PastDeclaration] = {}
    for one in sorted(declarations, key=_time):
        last[(*_origin(one), _recording(one))] = one
    return last.values()


def _recording(one: PastDeclaration) -> str:
    return one.isrc or one.recording_key


def _origin(one: PastDeclaration) -> tuple[str | None, str | None]:
    return one.sender_id, one.release_key


def _time(one: PastDeclaration | PastMessage) -> float:
    return one.declared_at.timestamp() if one.declared_at else 0.0


def _in_message(one: PastDeclaration | PastMessage) -> str:
    return f" (message {one.message_id})" if one.message_id else ""


def _whose(other: PastDeclaration, now: PastDeclaration) -> str:
    """Name the release and message of one sender; of another one nothing, as both senders read the finding."""
    if other.sender_id != now.sender_id:
        return "from another sender"
    return f"in release {other.release_key}{_in_message(other)}"


def _top(arrival: Arrival) -> Location:
    return Location(path=arrival.evidence.at.path)


def _hit(arrival: Arrival, message: str) -> Hit:
    evidence = arrival.evidence
    stated = evidence.intake.recording.disclosure.at if evidence.intake.recording else Location()
    return Hit(message, stated if stated.path else evidence.at, evidence.subject, arrival.now.level.value)
