"""From an event to what those it concerns are told: no names of moderators, no notes, no other label's files."""

import json
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from api.services import operators
from api.services.keys import normal_dpid
from api.services.redaction import MODERATION
from api.store import appeals, cases, deliveries, keys
from api.tables import CaseRow, DecisionRow, DeliveryRow, EventRow
from schemas.appeals import open_until


@dataclass(frozen=True, slots=True)
class Told:
    """What is told, and whose business it is.

    Attributes
    ----------
    account
        The label's account; empty where nobody delivered through one.
    body
        JSON with ``type``, ``timestamp`` and ``data``, as Standard Webhooks has it.
    """

    message_id: str
    kind: str
    account: str
    body: str


def tell(session: Session, event: EventRow, public_url: str) -> Told | None:
    """Say what an event means to a label; None where it means nothing to anybody outside."""
    payload = json.loads(event.payload)
    case = cases.find(session, event.case_id) if event.case_id else None
    if event.kind in operators.KINDS:
        account, data = "", operators.about(session, event.kind, payload, public_url)
    elif case is not None:
        account, data = account_of(session, case), _about_case(session, case, payload, public_url)
    else:
        delivery = deliveries.find(session, str(payload.get("delivery", "")))
        if delivery is None:
            return None
        account, data = delivery.account, _about_delivery(delivery, public_url)
    message = {"type": event.kind, "timestamp": event.at.isoformat(), "data": data}
    return Told(f"evt_{event.seq}", event.kind, account, json.dumps(message, ensure_ascii=False))


def account_of(session: Session, case: CaseRow) -> str:
    """Name the account that a case concerns: transport's, else the owner of the sender's DPID."""
    return case.account or (case.sender_id and keys.owner_of(session, normal_dpid(case.sender_id))) or ""


def _about_delivery(row: DeliveryRow, public_url: str) -> dict[str, Any]:
    return {"delivery": row.id, "files": len(json.loads(row.files)), "url": f"{public_url}/portal/deliveries/{row.id}"}


def _about_case(session: Session, case: CaseRow, payload: dict[str, Any], public_url: str) -> dict[str, Any]:
    about: dict[str, Any] = {
        "case": case.id,
        "recording": {"title": case.title, "artist": case.artist, "isrc": case.isrc, "release": case.release_key},
        "state": case.state,
        "codes": case.codes.split(),
        "url": f"{public_url}/portal/cases/{case.id}",
    }
    if payload.get("appeal"):
        about["appeal"] = _about_appeal(session, str(payload["appeal"]), public_url)
    decision = appeals.decision(session, str(payload.get("decision", "")))
    if decision is not None:
        about["decision"] = _about_decision(decision)
    return about


def _about_decision(row: DecisionRow) -> dict[str, Any]:
    statement = json.loads(row.statement) if row.statement else None
    return {
        "id": row.id,
        "action": row.action,
        "reason": row.reason,
        "decided_at": row.decided_at.isoformat(),
        "decided_by": MODERATION,
        "statement": statement,
        "appeal_until": open_until(row.decided_at).isoformat() if statement else None,
    }


def _about_appeal(session: Session, appeal_id: str, public_url: str) -> dict[str, Any]:
    row = appeals.find(session, appeal_id)
    if row is None:
        return {"id": appeal_id}
    return {
        "id": row.id,
        "state": row.state,
        "outcome": row.outcome,
        "reply": row.reply,
        "reinstated": json.loads(row.reinstated),
        "url": f"{public_url}/portal/appeals/{row.id}",
    }
