"""Queues, the routing rules that fill them, saved views, and what people set for themselves."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field

from api.tables.base import Table, at


class QueueRow(Table, table=True):
    """A queue: a case is in one at a time; ``sla_hours`` is how soon a case in it should be decided."""

    __tablename__ = "queue"
    __table_args__ = (CheckConstraint("sla_hours BETWEEN 1 AND 8760", name="sla_hours"),)

    name: str = Field(primary_key=True)
    title: str
    sla_hours: int
    made_by: str
    made_at: datetime = at()


class RoutingRow(Table, table=True):
    """One version of the routing rules, whole; older ones stay as the history."""

    __tablename__ = "routing"
    __table_args__ = (CheckConstraint("version >= 1", name="version"),)

    version: int = Field(primary_key=True)
    document: str = Field(sa_type=Text)
    note: str = Field(default="", sa_type=Text)
    made_by: str
    made_at: datetime = at()


class SavedViewRow(Table, table=True):
    """A filter with a name and an address; ``is_shared``: colleagues see it in their lists."""

    __tablename__ = "saved_view"
    __table_args__ = (Index(None, "owner", "name", unique=True), Index(None, "is_shared", "name"))

    id: str = Field(primary_key=True)
    name: str
    filter: str = Field(sa_type=Text)
    owner: str
    is_shared: bool = True
    made_at: datetime = at()


class SenderRow(Table, table=True):
    """When a sender was seen first, through which transport account."""

    __tablename__ = "sender"

    account: str = Field(primary_key=True)
    sender_id: str = Field(primary_key=True)
    first_at: datetime = at()


class PreferencesRow(Table, table=True):
    """What a person set for themselves: keys, volume, rests."""

    __tablename__ = "preferences"

    name: str = Field(primary_key=True)
    document: str = Field(sa_type=Text)
    updated_at: datetime = at()
