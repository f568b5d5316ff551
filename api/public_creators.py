"""What the API takes and gives about links for creators without an account."""

from datetime import datetime

from pydantic import Field

from api.public import DecisionPublic
from api.public_appeals import AppealPublic, AttachmentPublic
from schemas.base import Model


class CreatorLinkCreate(Model):
    """Whom a link is for: the name that reviewers read where the creator appeals."""

    creator: str = Field(min_length=1, max_length=200)


class CreatorLink(Model):
    """A link, which is shown this once; one of before for the same creator works no more."""

    url: str
    creator: str
    decision_id: str
    expires_at: datetime


class CreatorView(Model):
    """What a creator's link shows.

    Attributes
    ----------
    is_last
        Whether the decision is still the last on the recording.
    appeal
        The creator's appeal; None before there is one.
    proofs
        What the creator attached to it, and nothing that others did.
    may_attach
        Whether it takes more: it is the creator's own, and not answered yet.
    """

    creator: str
    title: str
    artist: str
    isrc: str
    decision: DecisionPublic
    is_last: bool
    appeal: AppealPublic | None
    proofs: tuple[AttachmentPublic, ...]
    may_attach: bool
    expires_at: datetime
