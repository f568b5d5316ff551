"""Calls to Slack: an answer to a click, and a modal. None of them is worth an error: the console says all the same."""

import logging
from typing import Any

import httpx

from api.services import addresses
from api.settings import Settings
from schemas.errors import AddressRefused
from schemas.versions import ENGINE

TIMEOUT_S = 10.0
HOME = "slack.com"
log = logging.getLogger("liner.chat")


def answer(settings: Settings, url: str, content: dict[str, Any]) -> bool:
    """Answer where a click said that answers go; True where Slack took it."""
    try:
        target = addresses.parse(url, settings)
    except AddressRefused:
        return False
    if not settings.webhook_private and not f".{target.host}".endswith(f".{HOME}"):
        log.warning("an answer was wanted at %s, which is not Slack's", target.host[:80])
        return False
    return _post(url, content, {}) is not None


def open_modal(settings: Settings, trigger_id: str, view: dict[str, Any]) -> bool:
    """Open a modal for whoever clicked; the trigger is good for three seconds."""
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        return False
    url = f"{settings.slack_api_url}/views.open"
    told = _post(url, {"trigger_id": trigger_id, "view": view}, {"Authorization": f"Bearer {token}"})
    if told is None or told.get("ok") is not True:
        log.warning("Slack opened no modal: %s", str((told or {}).get("error", "no answer"))[:200])
        return False
    return True


def _post(url: str, content: dict[str, Any], headers: dict[str, str]) -> dict[str, Any] | None:
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
            given = client.post(url, json=content, headers={"User-Agent": ENGINE, **headers})
        told = given.json() if given.headers.get("content-type", "").startswith("application/json") else {}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        log.warning("Slack could not be reached: %s", type(error).__name__)
        return None
    return told if given.is_success and isinstance(told, dict) else None
