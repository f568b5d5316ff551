"""What is told about deliveries and declarations over HTTP."""

from datetime import datetime
from typing import Literal

from schemas.base import Model
from schemas.credits import CreditLine
from schemas.disclosure import Level
from schemas.findings import Severity


class DeliveryFile(Model):
    """A file of a delivery as it was stored, and its size in bytes."""

    name: str
    size: int


class DeliveryPublic(Model):
    """A delivery that came in over HTTP.

    Attributes
    ----------
    status
        ``received`` until its first screening, then ``screened``.
    folder
        Relative to the landing zone.
    """

    id: str
    account: str
    status: Literal["received", "screened"]
    folder: str
    message: str
    files: tuple[DeliveryFile, ...]
    size: int
    received_at: datetime
    screenings: tuple["DeliveryScreening", ...] = ()


class DeliveryScreening(Model):
    """One screening of a delivery: what was flagged, and the case, if it has one."""

    id: str
    recording_key: str
    codes: tuple[str, ...]
    case_id: str | None
    screened_at: datetime


class DeliveriesPublic(Model):
    """Deliveries, newest first."""

    deliveries: tuple[DeliveryPublic, ...]
    next_cursor: str | None


class DeclarationChange(Model):
    """What a declaration says otherwise than the sender's one before it; ``what`` is the recording or an area."""

    what: str
    before: str
    after: str


class DeclarationNote(Model):
    """What a rule of the HIS group says of a declaration beside those made before it."""

    rule: str
    severity: Severity
    message: str


class DeclarationPublic(Model):
    """What one message declared about a recording.

    Attributes
    ----------
    declared_at, received_at
        When the message was made, if it says so, and when it came in.
    account
        The transport account; None where it came through none.
    is_takedown
        Whether the message only withdrew the release.
    came_late
        Whether a newer message for the same release had come in before it.
    lines
        The declaration in plain words, by area.
    """

    declared_at: datetime | None
    received_at: datetime
    sender_id: str
    sender_name: str
    account: str | None
    release_key: str
    release_title: str
    message_id: str
    is_takedown: bool
    came_late: bool
    level: Level
    lines: tuple[CreditLine, ...]
    changes: tuple[DeclarationChange, ...]
    notes: tuple[DeclarationNote, ...]


class DeclarationsPublic(Model):
    """The declarations about a recording, newest first."""

    isrc: str
    declarations: tuple[DeclarationPublic, ...]
