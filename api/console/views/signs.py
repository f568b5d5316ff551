"""Estimates from all layers together: what was added up, and what each sign adds; never a layer, never a verdict."""

import re
from dataclasses import dataclass

from api.console.views import words
from schemas.screening import Screening, Signal

SPAM, KINDS = "spam_probability", "spam_kinds"
_PART = re.compile(r"(?P<words>.+) \(\+(?P<added>\d+(?:\.\d+)?)\)")
_OF_SPAM = (
    "Small signs from all layers, weighed as they come together in constructed cases of spam. At even odds: where spam "
    "is rare, most of what scores high is not spam. Judge each sign for itself."
)


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign in words, what it adds to the score, and how long its bar is beside the longest, in per cent."""

    words: str
    added: str
    bar: int


@dataclass(frozen=True, slots=True)
class SignsView:
    """An estimate: its name, its value in words, what it is, what it rests on."""

    title: str
    value: str
    means: str
    signs: tuple[Sign, ...]
    made_by: str
    is_flagged: bool


def signs_views(screening: Screening) -> tuple[SignsView, ...]:
    """Show every estimate that a screening carries beside its layers."""
    flagged = {flag.signal for flag in screening.flags}
    kinds = next((one for one in screening.fused if one.name == KINDS), None)
    return tuple(_view(one, kinds, one.name in flagged) for one in screening.fused if one.name != KINDS)


def _view(signal: Signal, kinds: Signal | None, is_flagged: bool) -> SignsView:
    is_spam = signal.name == SPAM
    of_kinds = f", from {words.plural(round(kinds.value), 'kind')} of evidence" if is_spam and kinds else ""
    parts = [match for part in signal.note.split("; ") if (match := _PART.fullmatch(part))]
    most = max((float(part["added"]) for part in parts), default=0.0)
    return SignsView(
        title="Signs of spam, added up" if is_spam else words.signal_name(signal.name),
        value=words.signal_value(signal) + of_kinds,
        means=_OF_SPAM if is_spam else "" if parts else signal.note,
        signs=tuple(_sign(part, most) for part in parts),
        made_by=signal.model,
        is_flagged=is_flagged,
    )


def _sign(part: re.Match[str], most: float) -> Sign:
    text = part["words"]
    bar = round(100 * float(part["added"]) / most) if most else 0
    return Sign(text[:1].upper() + text[1:], f"+{part['added']}", bar)
