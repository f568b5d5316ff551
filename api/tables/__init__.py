"""The tables. They never leave this package: routes take ``*Create`` and give ``*Public`` models.

One module an area. A ``table=True`` model does not validate, so every closed set of values is a CHECK
constraint too. Long-lived documents (screenings, event payloads, statements) are JSON text as pydantic writes it.
"""

from api.tables.appeals import (
    AppealNoteRow,
    AppealRow,
    AttachmentRow,
    CreatorLinkRow,
    DeliveryDraftRow,
    UploadRow,
    WebhookDeliveryRow,
    WebhookRow,
)
from api.tables.base import Table
from api.tables.chat import (
    ApprovalRow,
    ChannelRow,
    ChatCodeRow,
    ChatLinkRow,
    ChatRequestRow,
    OidcIdentityRow,
    OidcLoginRow,
)
from api.tables.declarations import DeclarationRow
from api.tables.people import AccountDpidRow, AccountRow, ApiKeyRow, SessionRow, SignInTokenRow
from api.tables.policies import ModelDayRow, PolicyRow, RecallItemRow, RecallRow, ShadowRow
from api.tables.queues import PreferencesRow, QueueRow, RoutingRow, SavedViewRow, SenderRow
from api.tables.trust import (
    BatchItemRow,
    BatchRow,
    ChainHeadRow,
    DraftRow,
    OpinionRow,
    OutboxRow,
    SampleRow,
)
from api.tables.work import (
    AudioRootRow,
    CaseRow,
    CaseTextRow,
    DecisionRow,
    DeliveryRow,
    EventRow,
    FlagRow,
    ScreeningRow,
)

__all__ = [
    "AccountDpidRow",
    "AccountRow",
    "ApiKeyRow",
    "AppealNoteRow",
    "AppealRow",
    "ApprovalRow",
    "AttachmentRow",
    "AudioRootRow",
    "BatchItemRow",
    "BatchRow",
    "CaseRow",
    "CaseTextRow",
    "ChainHeadRow",
    "ChannelRow",
    "ChatCodeRow",
    "ChatLinkRow",
    "ChatRequestRow",
    "CreatorLinkRow",
    "DecisionRow",
    "DeclarationRow",
    "DeliveryDraftRow",
    "DeliveryRow",
    "DraftRow",
    "EventRow",
    "FlagRow",
    "ModelDayRow",
    "OidcIdentityRow",
    "OidcLoginRow",
    "OpinionRow",
    "OutboxRow",
    "PolicyRow",
    "PreferencesRow",
    "QueueRow",
    "RecallItemRow",
    "RecallRow",
    "RoutingRow",
    "SampleRow",
    "SavedViewRow",
    "ScreeningRow",
    "SenderRow",
    "SessionRow",
    "ShadowRow",
    "SignInTokenRow",
    "Table",
    "UploadRow",
    "WebhookDeliveryRow",
    "WebhookRow",
]
