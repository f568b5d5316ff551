"""One attempt to send one message: over https to an address that was looked at, or by mail."""

import json
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from api.services import addresses, links, operators
from api.settings import Settings
from schemas import signing
from schemas.cases import StatementOfReasons
from schemas.errors import AddressRefused
from schemas.statement_parts import parts
from schemas.versions import ENGINE

TIMEOUT_S = 10.0
MAX_ANSWER = 200  # characters of an answer that are kept
GONE = 410
SUBJECTS = {
    "delivery.received": "Delivery received",
    "case.opened": "In review",
    "case.decided": "Decided",
    "case.reopened": "In review again",
    "appeal.received": "Appeal received",
    "appeal.decided": "Appeal answered",
    "alert.raised": "Due times",
    "recall.made": "Recall",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to one address, with the secrets that sign it."""

    id: str
    url: str
    message_id: str
    body: str
    keys: tuple[str, ...]
    attempt: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt; ``is_gone`` where the address wants no more."""

    is_delivered: bool
    text: str
    is_gone: bool = False


def send(letter: Letter, settings: Settings, now: datetime) -> Answer:
    """Try once; whatever goes wrong is an answer, too."""
    mail_to = addresses.mail_address(letter.url)
    try:
        return _mail(letter, mail_to, settings, now) if mail_to else _post(letter, settings, now)
    except AddressRefused as error:
        return Answer(is_delivered=False, text=error.message)
    except (OSError, httpx.HTTPError, httpx.InvalidURL, smtplib.SMTPException, ValueError) as error:
        return Answer(is_delivered=False, text=f"{type(error).__name__}: {error}"[:MAX_ANSWER])


def _post(letter: Letter, settings: Settings, now: datetime) -> Answer:
    target = addresses.resolve(addresses.parse(letter.url, settings), settings)
    body = letter.body.encode()
    headers = {
        **signing.headers(letter.message_id, now, body, letter.keys),
        "Host": target.authority,
        "Content-Type": "application/json",
        "User-Agent": ENGINE,
    }
    address = f"[{target.address}]" if ":" in target.address else target.address
    url = f"{target.scheme}://{address}:{target.port}{target.path}"
    with (
        httpx.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client,
        client.stream("POST", url, content=body, headers=headers, extensions={"sni_hostname": target.host}) as answer,
    ):
        text = f"{answer.status_code} {answer.reason_phrase}".strip()  # what it says beside that is not read
        return Answer(is_delivered=answer.is_success, text=text[:MAX_ANSWER], is_gone=answer.status_code == GONE)


def _mail(letter: Letter, to: str, settings: Settings, now: datetime) -> Answer:
    with _mail_server(settings) as server:
        server.send_message(write_mail(letter, to, settings, now))
    return Answer(is_delivered=True, text="handed to the mail server")


def write_mail(letter: Letter, to: str, settings: Settings, now: datetime) -> EmailMessage:
    """Write the message as a mail in plain words; the same Message-ID for every attempt."""
    content = json.loads(letter.body)
    mail = EmailMessage()
    mail["Subject"] = _subject(content)
    mail["From"], mail["To"] = settings.smtp_from, to
    mail["Date"] = now
    mail["Message-ID"] = f"<{letter.message_id}.{letter.id}@{settings.smtp_from.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join(_told(content, letter, settings)) + "\n")
    return mail


def _told(content: dict[str, Any], letter: Letter, settings: Settings) -> list[str]:
    if content.get("type") == links.KIND:
        return links.paragraphs(content, settings.public_url, letter.keys[0])
    if content.get("type") in operators.KINDS:
        return [*operators.sentences(str(content["type"]), content["data"]), str(content["data"]["url"])]
    return _paragraphs(content)


def _subject(content: dict[str, object]) -> str:
    data = content.get("data")
    if content.get("type") == links.KIND:
        return links.subject(content)
    recording = data.get("recording") if isinstance(data, dict) else None
    title = recording.get("title", "") if isinstance(recording, dict) else ""
    subject = SUBJECTS.get(str(content.get("type")), "liner")
    return " ".join((f"{subject}: {title}" if title else subject).split())[:200]


def _paragraphs(content: dict[str, object]) -> list[str]:
    given = content.get("data")
    data = given if isinstance(given, dict) else {}
    told = [_subject(content) + "."]
    decision, appeal = data.get("decision"), data.get("appeal")
    if isinstance(decision, dict):
        told += [f"Decision: {decision['action']}.", str(decision["reason"]), *_statement(decision.get("statement"))]
    if decision and decision.get("appeal_until"):
        told.append(f"You can appeal free of charge until {str(decision['appeal_until'])[:10]}.")
    if isinstance(appeal, dict) and appeal.get("outcome"):
        told += [f"The decision is {appeal['outcome']}.", str(appeal.get("reply", ""))]
    return [*told, str(data.get("url", ""))]


def _statement(statement: object) -> list[str]:
    if not isinstance(statement, dict):
        return []
    return [f"{term}: {text}" for term, text in parts(StatementOfReasons.model_validate(statement))]


def _mail_server(settings: Settings) -> smtplib.SMTP:
    parts = urlsplit(settings.smtp_url.get_secret_value())
    host, port = parts.hostname or "localhost", parts.port or (465 if parts.scheme == "smtps" else 587)
    tls = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=tls)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
        if server.ehlo()[0] and server.has_extn("starttls"):
            server.starttls(context=tls)
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server
