"""Statements of reasons in the words of the EU: the transparency database's record, the report's tables.

Sources: the Commission's transparency database, request of a statement of reasons (API of 2025-07-01); Implementing
Regulation (EU) 2024/2835, Annex I. Nobody's name goes into a record: Art. 24(5) DSA excludes personal data.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from schemas.base import Model
from schemas.cases import Action, StatementOfReasons
from schemas.errors import InvalidIdentifier
from schemas.identifiers import parse_icpn
from schemas.reasons import Category, reason_of

VISIBILITY = {
    Action.REMOVE: "DECISION_VISIBILITY_CONTENT_REMOVED",
    Action.DEMOTE: "DECISION_VISIBILITY_CONTENT_DEMOTED",
    Action.LABEL: "DECISION_VISIBILITY_CONTENT_LABELLED",
}
EEA = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS"),
    *("IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"),
)
WORLD = {"WORLDWIDE", "WORLD", "EU", "EEA"}
SOURCES = {
    "voluntary": "SOURCE_VOLUNTARY",
    "notice": "SOURCE_ARTICLE_16",
    "trusted_flagger": "SOURCE_TRUSTED_FLAGGER",
    "other": "SOURCE_TYPE_OTHER_NOTIFICATION",
}
MAX_FACTS, MAX_GROUND, MAX_EXPLANATION = 5000, 500, 2000
PUID = re.compile(r"[A-Za-z0-9_-]{1,500}")
_MAIL = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_SYNTHETIC_AREAS = ("AID", "PRV")


class Decided(Model):
    """A published decision with what a record says about its recording.

    Attributes
    ----------
    names
        Names of people and artists, which stay out of the record.
    codes
        Flags that the decision was made on, gravest first.
    source
        What led to it: a key of `SOURCES`.
    """

    id: str
    action: Action
    decided_at: datetime
    statement: StatementOfReasons
    codes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    icpn: str | None = None
    language: str | None = None
    received_at: datetime
    source: str = "voluntary"


def to_record(decided: Decided, *, reference_url: str = "") -> dict[str, Any] | None:
    """Write a decision as the transparency database takes it.

    Returns
    -------
    dict or None
        None where the restriction applies nowhere in the European Economic Area: the database has no place for it.
    """
    where = territories(decided.statement.territories)
    if not where:
        return None
    reason = reason_of(decided.codes[0]) if decided.codes else reason_of("")
    record = {
        "decision_visibility": [VISIBILITY[decided.action]],
        **_end(decided.statement.ends_at),
        **_ground(decided),
        **({"decision_ground_reference_url": reference_url} if reference_url else {}),
        "content_type": ["CONTENT_TYPE_AUDIO", *_synthetic(decided.codes)],
        "category": str(reason.category),
        "category_specification": [reason.specification],
        "territorial_scope": list(where),
        "content_date": f"{decided.received_at:%Y-%m-%d}",
        "application_date": f"{decided.decided_at:%Y-%m-%d}",
        "decision_facts": anonymous(decided.statement.facts, decided.names)[:MAX_FACTS],
        "source_type": SOURCES[decided.source],
        "automated_detection": _yes(decided.statement.automated_detection),
        "automated_decision": _automation(decided.statement),
        "puid": decided.id,
    }
    if reason.specification == "KEYWORD_OTHER":
        record["category_specification_other"] = reason.title
    return {**record, **_language(decided.language), **_content_id(decided.icpn)}


def faults(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what the transparency database would refuse about a record; empty where nothing."""
    kind = "illegal_content" if _is_illegal(record) else "incompatible_content"
    ground = "illegal_content_legal_ground" if _is_illegal(record) else "incompatible_content_ground"
    text = {"decision_facts": MAX_FACTS, ground: MAX_GROUND, f"{kind}_explanation": MAX_EXPLANATION}
    checks = [
        (f"{name} has 1 to {most} characters", 1 <= len(record.get(name, "")) <= most) for name, most in text.items()
    ]
    checks += [
        ("decision_visibility is one we know", set(record["decision_visibility"]) <= set(VISIBILITY.values())),
        ("category is one we know", record["category"] in set(Category)),
        ("category_specification is a keyword", all(k.startswith("KEYWORD_") for k in _keywords(record))),
        ("territorial_scope lies in the EEA", set(record["territorial_scope"]) <= set(EEA)),
        ("source_type is one we know", record["source_type"] in SOURCES.values()),
        ("automated_detection is Yes or No", record["automated_detection"] in {"Yes", "No"}),
        ("puid is a name", bool(PUID.fullmatch(record["puid"]))),
    ]
    return tuple(rule for rule, holds in checks if not holds)


def territories(named: Iterable[str]) -> tuple[str, ...]:
    """Give the countries of the EEA among territories; "Worldwide" is all of them.

    Examples
    --------
    >>> territories(["DE", "US"])
    ('DE',)
    """
    given = {name.strip().upper() for name in named}
    return EEA if given & WORLD else tuple(country for country in EEA if country in given)


def anonymous(text: str, names: Iterable[str]) -> str:
    """Take names and mail addresses out of a text."""
    for name in sorted({name.strip() for name in names if len(name.strip()) > 2}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[name]", text, flags=re.IGNORECASE)
    return _MAIL.sub("[address]", text)


def _is_illegal(record: Mapping[str, Any]) -> bool:
    return record.get("decision_ground") == "DECISION_GROUND_ILLEGAL_CONTENT"


def _keywords(record: Mapping[str, Any]) -> list[str]:
    found: list[str] = record.get("category_specification", [])
    return found


def _ground(decided: Decided) -> dict[str, str]:
    statement = decided.statement
    ground = anonymous(statement.ground, decided.names)[:MAX_GROUND]
    explanation = anonymous(statement.explanation, decided.names)[:MAX_EXPLANATION]
    if statement.is_illegal_content:
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": ground,
            "illegal_content_explanation": explanation,
        }
    return {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": ground,
        "incompatible_content_explanation": explanation,
        "incompatible_content_illegal": "No",
    }


def _end(ends_at: datetime | None) -> dict[str, str]:
    return {"end_date_visibility_restriction": f"{ends_at:%Y-%m-%d}"} if ends_at else {}


def _synthetic(codes: Iterable[str]) -> list[str]:
    is_about_ai = any(code.partition("-")[0] in _SYNTHETIC_AREAS or code == "AUD-006" for code in codes)
    return ["CONTENT_TYPE_SYNTHETIC_MEDIA"] if is_about_ai else []


def _language(language: str | None) -> dict[str, str]:
    code = (language or "").partition("-")[0].upper()
    return {"content_language": code} if re.fullmatch(r"[A-Z]{2}", code) else {}


def _content_id(icpn: str | None) -> dict[str, Any]:
    try:
        code = parse_icpn(icpn) if icpn else ""
    except InvalidIdentifier:
        return {}
    return {"content_id": {"EAN-13": code.zfill(13)}} if len(code) in (12, 13) else {}


def _yes(value: bool) -> str:
    return "Yes" if value else "No"


def _automation(statement: StatementOfReasons) -> str:
    if statement.automated_decision:
        return "AUTOMATED_DECISION_FULLY"
    return "AUTOMATED_DECISION_NOT_AUTOMATED"
