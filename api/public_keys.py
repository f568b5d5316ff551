"""What the API takes and gives about keys, and about who asks."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.services.access import Permission, Role
from schemas.base import Model


class ActorPublic(Model):
    """Who the caller is, and what its key may do."""

    name: str
    role: Role
    account: str | None
    permissions: tuple[Permission, ...] = ()
    queues: tuple[str, ...] | None = None


class KeyCreate(Model):
    """A key to make; a label's needs an account.

    Attributes
    ----------
    scopes
        What of its role the key may do; None for all of it.
    queues
        The queues whose cases its holder works on; None for all.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")
    role: Role
    account: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    dpids: tuple[str, ...] = ()
    scopes: tuple[Permission, ...] | None = None
    queues: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")], ...] | None = None


class KeyRotate(Model):
    """For how many hours the old token stays good beside the new one."""

    overlap_hours: float = Field(default=24.0, ge=0, le=24 * 90)


class KeyPublic(Model):
    """A key without its secret."""

    name: str
    role: Role
    account: str | None
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    scopes: tuple[Permission, ...] | None = None
    queues: tuple[str, ...] | None = None
    rotated_at: datetime | None = None
    old_until: datetime | None = None


class KeysPublic(Model):
    """All keys, oldest first."""

    keys: tuple[KeyPublic, ...]


class KeyIssued(Model):
    """A new key; the token is shown this once."""

    key: KeyPublic
    token: str
