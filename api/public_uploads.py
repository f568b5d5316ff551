"""What the API takes and gives about deliveries that are being put together, and files on their way."""

from datetime import datetime

from pydantic import Field

from schemas.base import Model
from schemas.disclosure import Level
from schemas.findings import Finding


class DraftFile(Model):
    """A file of a draft.

    Attributes
    ----------
    name
        Relative to the delivery, with ``/``.
    size, received
        Bytes that there will be, and that are here.
    upload
        The upload that goes on with it; None for a file that is whole.
    """

    name: str
    size: int
    received: int
    upload: str | None = None


class DraftPublic(Model):
    """A delivery that is being put together; nobody screens it before it is sent.

    Attributes
    ----------
    corrects
        The delivery that it is to correct, if it was made from one.
    expires_at
        When it is thrown away unless something is added.
    """

    id: str
    account: str
    made_at: datetime
    updated_at: datetime
    expires_at: datetime
    corrects: str | None
    files: tuple[DraftFile, ...]


class DraftsPublic(Model):
    """Drafts, the one changed last first."""

    drafts: tuple[DraftPublic, ...]


class CheckedItem(Model):
    """A recording as the message describes it, and whether its file is here.

    Attributes
    ----------
    file
        The file that the message names; None where it names none.
    """

    message: str
    reference: str
    isrc: str | None
    title: str
    artist: str
    declared: Level
    file: str | None
    is_here: bool


class CheckPublic(Model):
    """What can be said of a delivery before anybody has listened: gravest first, in the messages' order.

    Attributes
    ----------
    is_ready
        Whether there is a message and every file is whole; findings stop nobody from sending.
    """

    findings: tuple[Finding, ...]
    recordings: tuple[CheckedItem, ...]
    messages: tuple[str, ...]
    is_ready: bool


class TextCreate(Model):
    """A message's text, as it is to be."""

    text: str = Field(max_length=8 * 2**20)
