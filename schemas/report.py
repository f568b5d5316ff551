"""What `liner check` reports: the messages that were read, and the findings about them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from pydantic import Field

from schemas.base import Model
from schemas.disclosure import Level
from schemas.findings import Finding, Severity


class CheckedRecording(Model):
    """A recording of a checked message and what it declares.

    Attributes
    ----------
    declared
        One of the four levels; ``undeclared`` is not ``none``.
    audio
        The file that was listened to, as the user would name it; None where none was.
    """

    reference: str
    isrc: str | None = None
    title: str = ""
    declared: Level = Level.UNDECLARED
    audio: str | None = None


class CheckedParty(Model):
    """Who sends or receives a message: the id as written, a DPID where there is one."""

    id: str = ""
    name: str = ""


class CheckedMessage(Model):
    """One message, submission or sound file.

    Attributes
    ----------
    path
        As the user named it.
    kind
        The message's root element, ``json``, ``audio`` or ``unknown``.
    sender, recipient
        None where the message does not name them; of an unreadable message, those of its batch.
    release_id
        The main release's; of an unreadable message in a batch, its folder's name.
    declared
        Level by ISRC, else by reference.
    error
        Why nothing could be read of it; None where it could.
    """

    path: str
    kind: str = "unknown"
    ern_version: str | None = None
    sender: CheckedParty | None = None
    recipient: CheckedParty | None = None
    created_at: datetime | None = None
    release_id: str | None = None
    release_ids: tuple[str, ...] = ()
    isrcs: tuple[str, ...] = ()
    recordings: tuple[CheckedRecording, ...] = ()
    declared: dict[str, Level] = Field(default_factory=dict)
    error: str | None = None


class CheckedProfile(Model):
    """The profile that weighed the findings, and its version."""

    id: str
    version: str


class CheckReport(Model):
    """The outcome of a check.

    Attributes
    ----------
    unusable
        Paths that are not there or hold nothing to check.
    left_alone
        Number of files that are neither message nor sound nor anything that usually lies beside them.
    profile
        None where the rules' own severities stand.
    """

    messages: tuple[CheckedMessage, ...] = ()
    findings: tuple[Finding, ...] = ()
    unusable: tuple[str, ...] = ()
    left_alone: int = 0
    profile: CheckedProfile | None = None

    @classmethod
    def join(cls, reports: Iterable["CheckReport"]) -> Self:
        """Make one report of several, in their order."""
        parts = list(reports)
        return cls(
            messages=tuple(m for part in parts for m in part.messages),
            findings=tuple(f for part in parts for f in part.findings),
            unusable=tuple(u for part in parts for u in part.unusable),
            left_alone=sum(part.left_alone for part in parts),
            profile=next((part.profile for part in parts if part.profile), None),
        )

    def count(self, severity: Severity) -> int:
        """Count the findings of one severity."""
        return sum(f.severity is severity for f in self.findings)

    @property
    def exit_code(self) -> int:
        """2 where a path was unusable, else 1 where there is an error, else 0."""
        if self.unusable:
            return 2
        return 1 if self.count(Severity.ERROR) else 0
