"""Approvals from outside the console, chat users and who they are, and signing in through a provider."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field

from api.tables.base import Table, at, one_of

SUBJECTS = ("case", "policy")
FORMS = ("slack", "mail")


class ChannelRow(Table, table=True):
    """What makes a webhook a channel: cards for Slack, or mails with a link that approves, instead of messages.

    ``holder`` is the key's name that a mail's link acts for; ``filter`` says which cases are told of (docs/queues.md).
    """

    __tablename__ = "channel"
    __table_args__ = (one_of("form", FORMS), CheckConstraint("(form = 'mail') = (holder IS NOT NULL)", name="holder"))

    webhook_id: str = Field(primary_key=True, foreign_key="webhook.id")
    form: str
    holder: str | None = None
    filter: str = Field(default="", sa_type=Text)


class ApprovalRow(Table, table=True):
    """One right to act from a chat or a mail: on one version of one thing, once, until it expires.

    ``holder`` is whom it is bound to: a key's name for a mail, ``slack:TEAM/USER`` for a chat; empty for a card that
    any linked person may use first.
    """

    __tablename__ = "approval"
    __table_args__ = (one_of("subject", SUBJECTS), CheckConstraint("version >= 1", name="version"))

    id: str = Field(primary_key=True)
    webhook_id: str | None = Field(default=None, foreign_key="webhook.id", index=True)
    subject: str
    subject_id: str
    version: int
    holder: str = ""
    made_at: datetime = at()
    expires_at: datetime = at()
    used_at: datetime | None = at(default=None)
    used_by: str = ""


class ChatLinkRow(Table, table=True):
    """A chat user, and the key whose holder that is."""

    __tablename__ = "chat_link"

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    key_id: str = Field(foreign_key="api_key.id", index=True)
    linked_at: datetime = at()


class ChatCodeRow(Table, table=True):
    """A code that its holder types into the chat to say who they are; its hash alone is kept."""

    __tablename__ = "chat_code"

    digest: str = Field(primary_key=True)
    key_id: str = Field(foreign_key="api_key.id", index=True)
    made_at: datetime = at()
    expires_at: datetime = at()
    used_at: datetime | None = at(default=None)


class ChatRequestRow(Table, table=True):
    """A signed request that was taken: the same bytes are refused while their signature is young enough to pass."""

    __tablename__ = "chat_request"
    __table_args__ = (Index(None, "received_at"),)

    digest: str = Field(primary_key=True)
    received_at: datetime = at()


class OidcLoginRow(Table, table=True):
    """A sign-in on its way to the provider and back; ``browser`` is the hash of a cookie of the browser that began."""

    __tablename__ = "oidc_login"
    __table_args__ = (Index(None, "expires_at"),)

    state: str = Field(primary_key=True)
    browser: str
    nonce: str
    verifier: str
    expires_at: datetime = at()


class OidcIdentityRow(Table, table=True):
    """A person as the provider knows them, and the key that stands for them here."""

    __tablename__ = "oidc_identity"

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True, sa_type=Text)
    key_id: str = Field(foreign_key="api_key.id", index=True)
    made_at: datetime = at()
    seen_at: datetime = at()
