"""Reasons for decisions: a stable code, words for people with places to fill in, and the DSA's category.

A flag says why to look, a reason why something was restricted. Each flag's code belongs to one reason, so that a
statement is drafted, and its category found, without anybody choosing from a list. What a person has to add stands
as ``{placeholder}``; a statement that still has one is not complete.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from string import Formatter

from schemas.base import Model
from schemas.flags import Flag
from schemas.screening import Screening

PLACEHOLDER = re.compile(r"\{[a-z_]{2,40}\}")
REDRESS = (
    "You can appeal free of charge within six months; another person will decide. You can also turn to a certified "
    "out-of-court dispute settlement body, or to a court."
)
MAX_EVIDENCE = 3000  # characters of a drafted text; leaves a person room below the EU database's 5,000


class Category(StrEnum):
    """Categories of the Commission's transparency database that a music service can need."""

    CONSUMER_INFORMATION = "STATEMENT_CATEGORY_CONSUMER_INFORMATION"
    INTELLECTUAL_PROPERTY = "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"
    SCAMS_AND_FRAUD = "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"
    OTHER_VIOLATION = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"


class Reason(Model):
    """One reason.

    Attributes
    ----------
    code
        Stable; never used again for something else.
    facts, explanation
        Art. 17(3)(b) and (e) as texts with places to fill in.
    specification
        Keyword of the transparency database within the category.
    codes
        Flags' codes that belong here; a name of three letters stands for the whole area.
    """

    code: str
    title: str
    facts: str
    explanation: str
    category: Category
    specification: str
    codes: tuple[str, ...]


_ABOUT = "“{title}” by {artist} (ISRC {isrc}), delivered by {sender}: {evidence}"
REASONS: tuple[Reason, ...] = (
    Reason(
        code="impersonation",
        title="Passes for somebody else",
        facts=_ABOUT,
        explanation="A listener takes the recording for the work of {impersonated}, who did not make or license it.",
        category=Category.SCAMS_AND_FRAUD,
        specification="KEYWORD_IMPERSONATION_ACCOUNT_HIJACKING",
        codes=("SPM-006", "AID-010", "AID-014"),
    ),
    Reason(
        code="copied-recording",
        title="Somebody else's recording",
        facts=_ABOUT,
        explanation="The sound is that of “{matched_title}” ({matched_isrc}), and no licence was shown: {licence}.",
        category=Category.INTELLECTUAL_PROPERTY,
        specification="KEYWORD_COPYRIGHT_INFRINGEMENT",
        codes=("SPM-003", "SPM-004", "DUP"),
    ),
    Reason(
        code="artificial-streams",
        title="Made to be counted, not to be heard",
        facts=_ABOUT,
        explanation="What was delivered serves to collect payments for plays rather than listeners: {why}.",
        category=Category.SCAMS_AND_FRAUD,
        specification="KEYWORD_INAUTHENTIC_LISTINGS",
        codes=("SPM", "AUD-001", "AUD-002", "AUD-003"),
    ),
    Reason(
        code="misdeclared-ai",
        title="AI is declared wrongly or not at all",
        facts=_ABOUT,
        explanation=(
            "The declaration says {declared}. It does not agree with the evidence named above, so that listeners "
            "are told something wrong about how the recording was made: {why}."
        ),
        category=Category.CONSUMER_INFORMATION,
        specification="KEYWORD_MISLEADING_INFO_GOODS_SERVICES",
        codes=("AID", "PRV", "AUD-006", "HIS"),
    ),
    Reason(
        code="faulty-delivery",
        title="The delivery breaks the delivery terms",
        facts=_ABOUT,
        explanation="The delivery cannot be published as it is: {why}.",
        category=Category.OTHER_VIOLATION,
        specification="KEYWORD_OTHER",
        codes=("PKG", "XSD", "XML", "IDN", "AUD"),
    ),
)
OTHER = Reason(
    code="other-terms",
    title="Another clause of the terms",
    facts=_ABOUT,
    explanation="{why}",
    category=Category.OTHER_VIOLATION,
    specification="KEYWORD_OTHER",
    codes=(),
)
BY_CODE: Mapping[str, Reason] = {reason.code: reason for reason in (*REASONS, OTHER)}


def reason_of(flag_code: str) -> Reason:
    """Give the reason that a flag's code belongs to: the exact code first, then its area."""
    exact = next((r for r in REASONS if flag_code in r.codes), None)
    return exact or next((r for r in REASONS if flag_code.partition("-")[0] in r.codes), OTHER)


def reason_for(flags: Iterable[Flag]) -> Reason:
    """Give the reason of the gravest flag; of equals the first."""
    gravest = max(flags, key=lambda flag: flag.severity.weight, default=None)
    return reason_of(gravest.code) if gravest else OTHER


def fill(text: str, values: Mapping[str, str]) -> str:
    """Fill in what is known; what is not stays as a place to fill in.

    Examples
    --------
    >>> fill("{title} by {artist}", {"title": "Tide"})
    'Tide by {artist}'
    """
    return PLACEHOLDER.sub(lambda place: values.get(place[0][1:-1]) or place[0], text)


def unfilled(text: str) -> tuple[str, ...]:
    """Name the places that nobody filled in, each once."""
    return tuple(dict.fromkeys(place[1:-1] for place in PLACEHOLDER.findall(text)))


def places(reason: Reason) -> tuple[str, ...]:
    """Name the places of a reason's texts."""
    parsed = Formatter().parse(f"{reason.facts} {reason.explanation}")
    return tuple(dict.fromkeys(name for _, name, _, _ in parsed if name))


def known_values(screening: Screening) -> dict[str, str]:
    """Say what a screening tells about the places: what it was, what was seen, what it resembles."""
    intake = screening.intake
    recording = intake.recording
    match = next(iter(screening.known.matches or ()), None)
    return {
        "title": intake.title or "A recording without a title",
        "artist": (recording.display_artist if recording else "") or "an unnamed artist",
        "isrc": (recording.isrc if recording else None) or "none",
        "sender": intake.sender_name or intake.sender_id or "an unnamed sender",
        "declared": _DECLARED[screening.declared.level.value],
        "evidence": " ".join(f"{flag.code}: {flag.explanation}" for flag in screening.flags)[:MAX_EVIDENCE],
        "matched_title": match.title if match else "",
        "matched_isrc": (match.isrc if match else None) or "",
    }


def draft(screening: Screening, reason: Reason | None = None) -> dict[str, str]:
    """Draft the facts and the explanation of a statement; what only a person knows stays to be filled in."""
    chosen = reason or reason_for(screening.flags)
    values = known_values(screening)
    return {"facts": fill(chosen.facts, values), "explanation": fill(chosen.explanation, values)}


_DECLARED = {
    "undeclared": "nothing about AI",
    "none": "that no AI was used",
    "partly": "that AI made a part",
    "all": "that AI made all of it",
}
