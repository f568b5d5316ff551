"""What senders declared about AI, message by message: the declaration history."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from api.tables.base import Table, at, one_of
from schemas.disclosure import Level


class DeclarationRow(Table, table=True):
    """What one message declared about one recording, or that it withdrew a release.

    ``made_at`` orders declarations: when the message was made, else when it came in. The same bytes again are the
    same row.
    """

    __tablename__ = "declaration"
    __table_args__ = (
        one_of("level", Level),
        Index(None, "isrc", "made_at", "id"),
        Index(None, "signal_hash", "made_at"),
        Index(None, "release_key", "made_at"),
        Index(None, "message_id"),
        Index(None, "sender_id", "made_at"),
    )

    id: str = Field(primary_key=True)
    screening_id: str = Field(foreign_key="screening.id", index=True)
    recording_key: str
    isrc: str = ""
    account: str = ""
    sender_id: str = ""
    sender_name: str = ""
    release_key: str = ""
    release_title: str = ""
    artist: str = ""
    level: str
    can_declare: bool
    is_takedown: bool = False
    message_id: str = ""
    message_sha256: str = ""
    declared_at: datetime | None = at(default=None)
    made_at: datetime = at()
    received_at: datetime = at()
    signal_hash: str | None = None
    disclosure: str = Field(sa_type=Text)
