"""What was declared before: the past that the rules of the HIS group hold a new declaration against.

`DeclarationHistory` is the interface; the lake and the review store each answer it from what they
keep. `RememberedHistory` holds everything in memory, some 700 bytes for each declaration.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.disclosure import Level
from schemas.evidence import Evidence


@dataclass(frozen=True, slots=True)
class PastDeclaration:
    """What one message declared about one recording.

    Attributes
    ----------
    recording_key
        Who the recording is across redeliveries: by sender and ISRC, as a rule.
    message_sha256
        Of the message's bytes; None where there was no message.
    declared_at
        When the message was made; None where it does not say.
    signal_hash
        Of the decoded sound; None where nobody listened.
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


class DeclarationHistory(Protocol):
    """Answers what was declared before; empty where nothing was, in any order."""

    def of_isrc(self, isrc: str) -> Sequence[PastDeclaration]:
        """List what anybody declared about an ISRC."""

    def of_sound(self, signal_hash: str) -> Sequence[PastDeclaration]:
        """List what was declared about recordings with the very same sound."""

    def of_message(self, message_id: str) -> Sequence[PastDeclaration]:
        """List what came in messages of an id, whoever sent them."""

    def of_release(self, release_key: str) -> Sequence[PastDeclaration]:
        """List what came in messages about a release, whoever sent them."""


class RememberedHistory:
    """A history in memory."""

    def __init__(self, declarations: Iterable[PastDeclaration] = ()) -> None:
        self._by: dict[tuple[str, str], list[PastDeclaration]] = defaultdict(list)
        for one in declarations:
            self.add(one)

    def add(self, one: PastDeclaration) -> None:
        """Remember one more."""
        keys = {"isrc": one.isrc, "sound": one.signal_hash, "message": one.message_id, "release": one.release_key}
        for kind, key in keys.items():
            if key:
                self._by[kind, key].append(one)

    def of_isrc(self, isrc: str) -> Sequence[PastDeclaration]:
        """List what anybody declared about an ISRC."""
        return self._by.get(("isrc", isrc), ())

    def of_sound(self, signal_hash: str) -> Sequence[PastDeclaration]:
        """List what was declared about recordings with the very same sound."""
        return self._by.get(("sound", signal_hash), ())

    def of_message(self, message_id: str) -> Sequence[PastDeclaration]:
        """List what came in messages of an id."""
        return self._by.get(("message", message_id), ())

    def of_release(self, release_key: str) -> Sequence[PastDeclaration]:
        """List what came in messages about a release."""
        return self._by.get(("release", release_key), ())


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
    )
