"""What was declared before: the past that the rules of the HIS group hold a new declaration against.

`DeclarationHistory` is the interface; the lake and the review store each answer it from what they keep.
`RememberedHistory` holds everything in memory, some 900 bytes for each declaration.

A history answers for one moment: it knows what came before the arrival that asks. Messages of one run count in
the order in which they were made, later runs come after; so no finding depends on the order of reading.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.disclosure import Level
from schemas.evidence import Evidence
from schemas.screening import Intake


@dataclass(frozen=True, slots=True)
class PastMessage:
    """A message that was applied.

    Attributes
    ----------
    message_sha256
        Of the message's bytes; None where there was no message.
    declared_at
        When the message was made; None where it does not say.
    is_takedown
        Whether it withdrew the release.
    """

    sender_id: str | None
    release_key: str | None
    message_id: str = ""
    message_sha256: str | None = None
    declared_at: datetime | None = None
    is_takedown: bool = False


@dataclass(frozen=True, slots=True)
class PastDeclaration:
    """What one message declared about one recording.

    Attributes
    ----------
    recording_key
        Who the recording is across redeliveries: by sender and ISRC, as a rule.
    message_sha256, declared_at
        As in `PastMessage`.
    signal_hash
        Of the decoded sound; None where nobody listened.
    can_declare
        Whether the message had a place for a declaration.
    artist
        The shown artist.
    delivery_id
        Which delivery it came in; empty where that is not kept.
    """

    recording_key: str
    isrc: str | None
    sender_id: str | None
    release_key: str | None
    level: Level
    message_id: str = ""
    message_sha256: str | None = None
    declared_at: datetime | None = None
    signal_hash: str | None = None
    can_declare: bool = True
    artist: str = ""
    delivery_id: str = ""


class DeclarationHistory(Protocol):
    """Answers what was declared before; empty where nothing was. Lists are in the order of arrival."""

    def of_isrc(self, isrc: str) -> Sequence[PastDeclaration]:
        """List what anybody declared about an ISRC."""

    def of_sound(self, signal_hash: str) -> Sequence[PastDeclaration]:
        """List what was declared about recordings with the very same sound."""

    def of_message(self, message_id: str) -> Sequence[PastMessage]:
        """List the messages of an id, whoever sent them."""

    def of_release(self, release_key: str) -> Sequence[PastMessage]:
        """List the messages about a release, whoever sent them."""

    def of_sender(self, sender_id: str) -> Mapping[Level, int]:
        """Count a sender's recordings by level, where the message could declare; earlier runs alone count."""

    def releases_of(self, artist: str, sender_id: str, since: datetime, until: datetime) -> int:
        """Count the releases that a sender sent for an artist in messages made between two moments."""


class RememberedHistory:
    """A history in memory: all that it was given came before."""

    def __init__(self, declarations: Iterable[PastDeclaration] = (), messages: Iterable[PastMessage] = ()) -> None:
        self._declarations: dict[tuple[str, str], list[PastDeclaration]] = defaultdict(list)
        self._messages: dict[tuple[str, str], dict[PastMessage, None]] = defaultdict(dict)
        for one in declarations:
            self.add(one)
        for message in messages:
            self.add_message(message)

    def add(self, one: PastDeclaration) -> None:
        """Remember one more declaration, and the message that it came in."""
        keys = {"isrc": one.isrc, "sound": one.signal_hash, "sender": one.sender_id, "artist": one.artist.casefold()}
        for kind, key in keys.items():
            if key:
                self._declarations[kind, key].append(one)
        self.add_message(message_of(one))

    def add_message(self, message: PastMessage) -> None:
        """Remember one more message; a repeated one is the same."""
        for kind, key in (("message", message.message_id), ("release", message.release_key)):
            if key:
                self._messages[kind, key][message] = None

    def of_isrc(self, isrc: str) -> Sequence[PastDeclaration]:
        """List what anybody declared about an ISRC."""
        return self._declarations.get(("isrc", isrc), ())

    def of_sound(self, signal_hash: str) -> Sequence[PastDeclaration]:
        """List what was declared about recordings with the very same sound."""
        return self._declarations.get(("sound", signal_hash), ())

    def of_message(self, message_id: str) -> Sequence[PastMessage]:
        """List the messages of an id."""
        return list(self._messages.get(("message", message_id), ()))

    def of_release(self, release_key: str) -> Sequence[PastMessage]:
        """List the messages about a release."""
        return list(self._messages.get(("release", release_key), ()))

    def of_sender(self, sender_id: str) -> Mapping[Level, int]:
        """Count a sender's recordings by level, where the message could declare."""
        return Counter(one.level for one in self._declarations.get(("sender", sender_id), ()) if one.can_declare)

    def releases_of(self, artist: str, sender_id: str, since: datetime, until: datetime) -> int:
        """Count the releases of an artist between two moments."""
        theirs = self._declarations.get(("artist", artist.casefold()), ())
        recent = (one for one in theirs if one.declared_at is not None and since <= one.declared_at <= until)
        return len({one.release_key for one in recent if one.sender_id == sender_id and one.release_key})


@dataclass(frozen=True, slots=True)
class Arrival:
    """A recording that just arrived, beside the past: the subject of the HIS rules."""

    evidence: Evidence
    history: DeclarationHistory

    @property
    def now(self) -> PastDeclaration:
        """What is declared this time."""
        return declaration_of(self.evidence)


def declaration_of(evidence: Evidence) -> PastDeclaration:
    """Reduce a recording's evidence to what the future will know of its declaration."""
    intake, recording, audio = evidence.intake, evidence.intake.recording, evidence.found.audio
    return PastDeclaration(
        recording_key=intake.recording_key,
        isrc=recording.isrc if recording else None,
        sender_id=intake.sender_id,
        release_key=intake.release_key,
        level=recording.disclosure.level if recording else Level.UNDECLARED,
        message_id=intake.message_id,
        message_sha256=intake.message_sha256,
        declared_at=intake.message_created_at,
        signal_hash=audio.signal_hash if audio else None,
        can_declare=recording.disclosure.can_declare if recording else False,
        artist=recording.display_artist if recording else "",
        delivery_id=intake.delivery_id,
    )


def applied_message(intake: Intake) -> PastMessage:
    """Reduce an intake to what the future will know of its message."""
    return PastMessage(
        sender_id=intake.sender_id,
        release_key=intake.release_key,
        message_id=intake.message_id,
        message_sha256=intake.message_sha256,
        declared_at=intake.message_created_at,
        is_takedown=intake.is_takedown,
    )


def message_of(one: PastDeclaration) -> PastMessage:
    """Name the message that a declaration came in."""
    return PastMessage(
        sender_id=one.sender_id,
        release_key=one.release_key,
        message_id=one.message_id,
        message_sha256=one.message_sha256,
        declared_at=one.declared_at,
    )
