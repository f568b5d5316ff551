"""Slack's request signature, version 0, as its documentation has it: HMAC-SHA256 over ``v0:time:body``.

It covers the raw body, so that it is checked before anything is read from it, and the time, so that a request that
somebody kept is good for five minutes at most.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

VERSION = "v0"
WINDOW = timedelta(minutes=5)
TIMESTAMP, SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Give the signature of a body at a time in seconds since 1970."""
    content = f"{VERSION}:{timestamp}:".encode() + body
    return f"{VERSION}={hmac.digest(secret.encode(), content, hashlib.sha256).hex()}"


def is_good(secret: str, timestamp: str, given: str, body: bytes, now: datetime) -> bool:
    """Tell whether a body was signed with the secret, at most five minutes ago or ahead.

    Parameters
    ----------
    secret
        The app's signing secret; without one nothing is good.
    timestamp, given
        The two headers, as they came.
    """
    if not secret or not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 12:
        return False
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > WINDOW:
        return False
    return hmac.compare_digest(sign(secret, timestamp, body).encode(), given.encode("utf-8", "replace"))
