"""Who asks, and what they may see: roles, the label's own, and nothing leaks beside it."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.errors import NotAllowed


class Role(StrEnum):
    """What a key is for."""

    LABEL = "label"
    MODERATOR = "moderator"
    ADMIN = "admin"
    SERVICE = "service"

    @property
    def is_reviewer(self) -> bool:
        """Whether the holder works on cases."""
        return self in (Role.MODERATOR, Role.ADMIN)


@dataclass(frozen=True)
class Actor:
    """Who asks.

    Attributes
    ----------
    name
        The key's name: what events and claims record.
    account, dpids
        A label's account and the DPIDs that belong to it.
    csrf_token
        Set where a console session asks; None for a bearer key.
    """

    name: str
    role: Role
    account: str | None = None
    dpids: tuple[str, ...] = ()
    csrf_token: str | None = None

    def sees(self, *, account: str, sender_id: str) -> bool:
        """Whether a thing of this transport account and stated sender is the actor's to see.

        The transport account counts; the message's sender only where nothing was transported.
        """
        if self.role is not Role.LABEL:
            return True
        return account == self.account if account else bool(sender_id) and sender_id in self.dpids


def require(actor: Actor, *roles: Role) -> None:
    """Refuse an actor whose role is not among ``roles``."""
    if actor.role not in roles:
        wanted = " or ".join(roles)
        raise NotAllowed(f"The role {actor.role} may not do this.", mend=f"Use a key with the role {wanted}.")


def require_reviewer(actor: Actor) -> None:
    """Refuse whoever does not work on cases."""
    require(actor, Role.MODERATOR, Role.ADMIN)


PIPELINE = Actor(name="pipeline", role=Role.SERVICE)
