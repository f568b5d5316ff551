"""What the groups of a person at the OpenID provider may do here."""

from typing import Any

from api.services.access import Role
from api.settings import Settings
from schemas.errors import InvalidInput, NotAllowed

RANKED = (Role.ADMIN, Role.SENIOR, Role.AUDITOR, Role.MODERATOR, Role.LABEL)  # of several groups the first counts


def role_of(settings: Settings, claims: dict[str, Any]) -> Role:
    """Give the role that the person's groups have here.

    Raises
    ------
    NotAllowed
        No group has any.
    """
    given = claims.get(settings.oidc_role_claim)
    groups = {given} if isinstance(given, str) else {one for one in given or () if isinstance(one, str)}
    named = roles(settings.oidc_roles)
    found = {named[group] for group in groups if group in named}
    for role in RANKED:
        if role in found:
            return role
    raise NotAllowed(
        "The provider knows you, but none of your groups has a role here.",
        mend=f"Ask whoever runs this liner: the claim {settings.oidc_role_claim} is compared with LINER_OIDC_ROLES.",
    )


def roles(text: str) -> dict[str, Role]:
    """Read ``group=role`` pairs with commas between them.

    Raises
    ------
    InvalidInput
        A pair is none, or there is no such role for people.
    """
    pairs = [pair.rpartition("=") for pair in text.split(",") if pair.strip()]
    known = {str(role): role for role in RANKED}
    for group, _, role in pairs:
        if not group.strip() or role.strip() not in known:
            raise InvalidInput(f"LINER_OIDC_ROLES: {group}={role} is no pair.", mend=f"Roles: {', '.join(known)}.")
    return {group.strip(): known[role.strip()] for group, _, role in pairs}
