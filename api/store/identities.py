"""People as an OpenID provider knows them, and sign-ins on their way."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col

from api.tables import OidcIdentityRow, OidcLoginRow


def take_login(session: Session, state: str, now: datetime) -> OidcLoginRow | None:
    """Take a sign-in by its state: it is gone then, and so are those that nobody came back from."""
    found = session.get(OidcLoginRow, state, with_for_update=True)
    if found is not None:
        session.delete(found)
    session.execute(delete(OidcLoginRow).where(col(OidcLoginRow.expires_at) <= now))
    return found if found is not None and found.expires_at > now else None


def find(session: Session, issuer: str, subject: str) -> OidcIdentityRow | None:
    """Find a person by what never changes: the provider and its id for them."""
    return session.get(OidcIdentityRow, (issuer, subject), with_for_update=True)
