"""Who asks, and what they may see: roles, the label's own, and nothing leaks beside it."""

from dataclasses import dataclass, field
from enum import StrEnum

from api.public_preferences import Preferences
from schemas.errors import NotAllowed


class Role(StrEnum):
    """What a key is for."""

    LABEL = "label"
    MODERATOR = "moderator"
    SENIOR = "senior"
    ADMIN = "admin"
    AUDITOR = "auditor"
    SERVICE = "service"

    @property
    def is_reviewer(self) -> bool:
        """Whether the holder works on cases."""
        return Permission.REVIEW in PERMISSIONS[self]

    @property
    def is_senior(self) -> bool:
        """Whether the holder settles what colleagues disagree about."""
        return Permission.SETTLE in PERMISSIONS[self]


class Permission(StrEnum):
    """One thing that a role allows; a key's scopes are some of its role's."""

    READ = "read"
    DELIVER = "deliver"
    SCREEN = "screen"
    CONSOLE = "console"
    REVIEW = "review"
    SETTLE = "settle"
    OVERSEE = "oversee"
    STEER = "steer"
    AUDIT = "audit"
    METRICS = "metrics"
    APPEAL = "appeal"
    WEBHOOKS = "webhooks"
    KEYS = "keys"

    @property
    def meaning(self) -> str:
        """What it allows, in words."""
        return MEANINGS[self]


MEANINGS = {
    Permission.READ: "read cases, screenings, deliveries and sound: a label its own",
    Permission.DELIVER: "deliver recordings: a label for its account alone",
    Permission.SCREEN: "send screenings",
    Permission.CONSOLE: "open the console",
    Permission.REVIEW: "claim, hand over, park, decide, undo, reopen, give second opinions, decide in batches",
    Permission.SETTLE: "settle what colleagues disagree about, undo others' drafts, name golden items",
    Permission.OVERSEE: "see agreement and accuracy",
    Permission.STEER: "draft, simulate, shadow, approve and roll back policies and models; recall; export labels",
    Permission.AUDIT: "read and verify the audit log, export its head, statements and reports for the DSA",
    Permission.METRICS: "read the figures for Prometheus",
    Permission.APPEAL: "appeal against decisions",
    Permission.WEBHOOKS: "have events sent to an address of one's own",
    Permission.KEYS: "make, rotate and revoke keys",
}
_LABEL = frozenset({Permission.READ, Permission.DELIVER, Permission.APPEAL, Permission.WEBHOOKS})
_MODERATOR = frozenset({Permission.READ, Permission.CONSOLE, Permission.REVIEW})
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.LABEL: _LABEL,
    Role.MODERATOR: _MODERATOR,
    Role.SENIOR: _MODERATOR | {Permission.SETTLE, Permission.OVERSEE, Permission.STEER},
    Role.ADMIN: frozenset(Permission) - {Permission.APPEAL},  # that is a label's
    Role.AUDITOR: frozenset(
        {Permission.READ, Permission.CONSOLE, Permission.OVERSEE, Permission.AUDIT, Permission.METRICS}
    ),
    Role.SERVICE: frozenset({Permission.READ, Permission.DELIVER, Permission.SCREEN, Permission.METRICS}),
}


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
    scopes
        What the key is narrowed to; None for all that its role allows.
    queues
        The queues whose cases it may work on; None for all.
    preferences
        What the person set for the console; the defaults everywhere else.
    """

    name: str
    role: Role
    account: str | None = None
    dpids: tuple[str, ...] = ()
    csrf_token: str | None = None
    scopes: frozenset[Permission] | None = None
    queues: frozenset[str] | None = None
    preferences: Preferences = field(default_factory=Preferences, compare=False)

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it, and the key is not narrowed to other things."""
        is_in_scope = self.scopes is None or permission in self.scopes
        return is_in_scope and permission in PERMISSIONS[self.role]

    def works_on(self, queue: str) -> bool:
        """Whether the cases of a queue are the actor's to work on."""
        return self.queues is None or queue in self.queues

    def sees(self, *, account: str, sender_id: str) -> bool:
        """Whether a thing of this transport account and stated sender is the actor's to see.

        The transport account counts; the message's sender only where nothing was transported.
        """
        if self.role is not Role.LABEL:
            return True
        return account == self.account if account else bool(sender_id) and sender_id in self.dpids


def require(actor: Actor, *roles: Role) -> None:
    """Refuse an actor whose role is not among ``roles``; a senior moderator is a moderator."""
    allowed = {*roles, Role.SENIOR} if Role.MODERATOR in roles else set(roles)
    if actor.role not in allowed:
        wanted = " or ".join(roles)
        raise NotAllowed(f"The role {actor.role} may not do this.", mend=f"Use a key with the role {wanted}.")


def require_permission(actor: Actor, permission: Permission) -> None:
    """Refuse an actor whose role or key does not allow this."""
    if actor.may(permission):
        return
    if permission in PERMISSIONS[actor.role]:
        raise NotAllowed(
            f"This key is narrowed to other things than {permission}.", mend="Use a key whose scopes name it."
        )
    wanted = " or ".join(role for role, allowed in PERMISSIONS.items() if permission in allowed)
    raise NotAllowed(f"The role {actor.role} may not do this.", mend=f"Use a key with the role {wanted}.")


def require_reviewer(actor: Actor) -> None:
    """Refuse whoever does not work on cases."""
    require_permission(actor, Permission.REVIEW)


PIPELINE = Actor(name="pipeline", role=Role.SERVICE)
