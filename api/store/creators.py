"""Links that creators without an account were given."""

from datetime import datetime

from sqlmodel import Session, col, update

from api.tables import CreatorLinkRow


def find(session: Session, digest: str) -> CreatorLinkRow | None:
    """Read a link by its token's hash."""
    return session.get(CreatorLinkRow, digest)


def end_others(session: Session, row: CreatorLinkRow, now: datetime) -> None:
    """End the links of before of the same creator to the same decision: there is one that works."""
    same = (
        col(CreatorLinkRow.decision_id) == row.decision_id,
        col(CreatorLinkRow.creator) == row.creator,
        col(CreatorLinkRow.digest) != row.digest,
        col(CreatorLinkRow.ended_at).is_(None),
    )
    session.execute(update(CreatorLinkRow).where(*same).values(ended_at=now))
