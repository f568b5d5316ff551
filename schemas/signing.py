"""How a webhook's message is signed, after Standard Webhooks (standardwebhooks.com, symmetric scheme v1).

``webhook-id``, ``webhook-timestamp`` and the body are signed together, so that a message can neither be
changed nor sent again later under another id. Several signatures stand beside each other while a secret is exchanged.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from schemas.errors import InvalidInput

PREFIX = "whsec_"
SECRET_BYTES = 32
TOLERANCE = timedelta(minutes=5)


def new_secret() -> str:
    """Make a secret of 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(message_id: str, at: datetime, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Give the headers of a message, with a signature for each secret."""
    timestamp = str(int(at.timestamp()))
    signatures = " ".join(f"v1,{_sign(key, message_id, timestamp, body)}" for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signatures}


def verify(given: Mapping[str, str], body: bytes, key: str, now: datetime) -> bool:
    """Tell whether a message was signed with the secret, at most five minutes ago or ahead."""
    timestamp = given.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or len(timestamp) > 12:
        return False
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > TOLERANCE:
        return False
    expected = f"v1,{_sign(key, given.get('webhook-id', ''), timestamp, body)}"
    return any(hmac.compare_digest(one.encode(), expected.encode()) for one in given["webhook-signature"].split())


def _sign(key: str, message_id: str, timestamp: str, body: bytes) -> str:
    try:
        raw = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise InvalidInput("The secret is none of ours.", mend="It starts with whsec_.") from error
    content = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(raw, content, hashlib.sha256)).decode()
