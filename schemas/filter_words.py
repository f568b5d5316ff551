"""The words of the filter language: fields with their values, and the plain phrases that stand for terms."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from enum import Enum, auto
from functools import cache

import langcodes

from schemas.cases import CaseState
from schemas.disclosure import Level
from schemas.errors import InvalidFilter
from schemas.flags import FlagSeverity
from schemas.rules.territories import ISO_3166_1, WORLDWIDE, is_territory
from schemas.screening import SubjectKind

MAX_PHRASE = 5
MAX_DAYS = 3660
NEW_SENDER = timedelta(days=30)
_DURATION = re.compile(r"(\d{1,5})(h|d|w)")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_CODE = re.compile(r"[A-Z]{2,4}(-\d{3})?")
_ISRC = re.compile(r"[A-Z0-9]{2,12}")


class Kind(Enum):
    """What a field takes."""

    FLAG = auto()  # nothing
    WORD = auto()  # one of a closed set
    TEXT = auto()  # part of a text
    NUMBER = auto()  # a share from 0 to 1
    TIME = auto()  # how long ago, or a day
    SPAN = auto()  # nothing, or how long


OPERATORS = {
    Kind.FLAG: ("",),
    Kind.WORD: (":",),
    Kind.TEXT: (":",),
    Kind.NUMBER: (">", ">=", "<", "<=", ":"),
    Kind.TIME: (":",),
    Kind.SPAN: ("", ":"),
}


@dataclass(frozen=True, slots=True)
class Token:
    """A word as it stands in the text; ``column`` from 1."""

    text: str
    column: int
    span: int = 0

    @property
    def length(self) -> int:
        """How many characters to point at."""
        return self.span or len(self.text)


@dataclass(frozen=True, slots=True)
class Field:
    """One word that may stand before an operator, or alone.

    Attributes
    ----------
    values
        The closed set, where it is one.
    normal
        Brings a value into the form in which it is kept; None for what cannot be one.
    """

    name: str
    kind: Kind
    says: str
    example: str
    values: tuple[str, ...] = ()
    normal: Callable[[str], str | None] | None = None

    def read(self, value: str, token: Token) -> str:
        """Bring a value into its one form, or say what is wrong with it."""
        found = self.normal(value) if self.normal else value.strip()
        if found is not None:
            return found
        close = get_close_matches(value.lower(), [one.lower() for one in self.values], n=1, cutoff=0.5)
        example = re.split(r"[:<>=]+", self.example, maxsplit=1)[-1]
        near = f"Did you mean {close[0]}? " if close else ""
        known = f"Known are: {', '.join(self.values)}." if self.values else f"Write for example {self.example}."
        suggestion = self.example if token.span else close[0] if close else example
        raise InvalidFilter(
            f"“{value[:60]}” is no value of {self.name} (column {token.column}).",
            column=token.column,
            length=token.length,
            known=self.values,
            suggestion=suggestion,
            mend=f"{near}{known}",
        )


@dataclass(frozen=True, slots=True)
class Phrase:
    """Plain words at the beginning of what is left: how many tokens, and the terms that they stand for."""

    length: int
    means: tuple[str, ...]


def duration(text: str) -> timedelta | None:
    """Read ``36h``, ``7d`` or ``2w``; None for anything else and beyond ten years."""
    match = _DURATION.fullmatch(text.strip().lower())
    found = int(match[1]) * _UNITS[match[2]] if match else None
    return found if found is not None and found <= timedelta(days=MAX_DAYS) else None


def moment(text: str, now: datetime) -> datetime:
    """Give the moment that a kept TIME value means: so long ago, or a day's beginning in UTC."""
    ago = duration(text)
    return now - ago if ago is not None else datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


def _duration_text(text: str) -> str | None:
    return text.strip().lower() if duration(text) is not None else None


def _time_text(text: str) -> str | None:
    if duration(text) is not None:
        return text.strip().lower()
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day.isoformat() if 1990 <= day.year <= 2200 else None


def _number_text(text: str) -> str | None:
    share = text.strip().removesuffix("%")
    if not re.fullmatch(r"\d{1,3}(\.\d{1,6})?|\.\d{1,6}", share):
        return None
    value = float(share) / (100 if text.strip().endswith("%") else 1)
    return f"{value:.8f}".rstrip("0").rstrip(".") if 0 <= value <= 1 else None


def _code_text(text: str) -> str | None:
    return text.strip().upper() if _CODE.fullmatch(text.strip().upper()) else None


def _isrc_text(text: str) -> str | None:
    bare = text.strip().upper().replace("-", "")
    return bare if _ISRC.fullmatch(bare) else None


def _territory_text(text: str) -> str | None:
    name = text.strip()
    if name.casefold() == WORLDWIDE.casefold():
        return WORLDWIDE
    code = name.upper() if is_territory(name.upper()) else countries().get(name.casefold())
    return code if code and re.fullmatch(r"[A-Z0-9-]+", code) else None


def _one_of(*values: str) -> Callable[[str], str | None]:
    return lambda text: text.strip().lower() if text.strip().lower() in values else None


def _words(name: str, says: str, example: str, *values: str) -> Field:
    return Field(name, Kind.WORD, says, example, values, _one_of(*values))


def _text(name: str, says: str, example: str) -> Field:
    return Field(name, Kind.TEXT, says, example)


@cache
def countries() -> dict[str, str]:
    """Map the English names of countries, in lower case, to their codes."""
    named = {langcodes.Language.make(territory=code).territory_name().casefold(): code for code in ISO_3166_1}
    return named | {"usa": "US", "uk": "GB", "great britain": "GB", "korea": "KR", "holland": "NL", "turkey": "TR"}


_FIELDS = (
    _words("declared", "what the sender declares about AI", "declared:none", *map(str, Level)),
    Field("undeclared", Kind.FLAG, "the sender says nothing about AI", "undeclared"),
    Field(
        "synthetic", Kind.NUMBER, "probability that it is synthetic, at even odds", "synthetic>0.9", (), _number_text
    ),
    Field("confidence", Kind.NUMBER, "how certain its reasons are", "confidence<0.7", (), _number_text),
    _words("severity", "the gravest reason", "severity:high", *map(str, FlagSeverity)),
    Field("rule", Kind.WORD, "a reason code, or a group of them", "rule:AID-004", (), _code_text),
    Field(
        "new-sender",
        Kind.SPAN,
        "sender first seen in that time; 30 days where none is named",
        "new-sender:14d",
        (),
        _duration_text,
    ),
    _text("sender", "part of the sender's name, or its DPID", 'sender:"Harbour Music"'),
    _text("label", "part of the label's name", "label:saltmarsh"),
    _text("artist", "part of the artist", "artist:ada"),
    _text("title", "part of the title", "title:lights"),
    _text("text", "part of title, artist or ISRC, or how a case id begins", 'text:"harbour lights"'),
    Field("isrc", Kind.WORD, "an ISRC, or how it begins", "isrc:QZES7", (), _isrc_text),
    Field("territory", Kind.WORD, "where it is to be sold", "territory:BR", (), _territory_text),
    Field("since", Kind.TIME, "opened so long ago at most, or since a day", "since:7d", (), _time_text),
    Field("before", Kind.TIME, "opened earlier than that", "before:2026-11-01", (), _time_text),
    _words("state", "where the case stands", "state:waiting", *map(str, CaseState), "any"),
    _words("kind", "a recording, or a delivery that could not be read", "kind:delivery", *map(str, SubjectKind)),
    _text("queue", "the queue that it is in", "queue:main"),
    _text("holder", "who holds it; me for oneself", "holder:me"),
    Field("held", Kind.FLAG, "somebody holds it", "held"),
    Field("parked", Kind.FLAG, "put aside for now", "parked"),
    Field("late", Kind.FLAG, "its due time is over", "late"),
    Field("alerted", Kind.FLAG, "somebody was told that it is due soon or late", "alerted"),
    Field("due", Kind.TIME, "due within that time", "due:4h", (), _duration_text),
)
FIELDS = {one.name: one for one in _FIELDS}

_ALONE: dict[str, tuple[str, ...]] = {
    **{str(one): (f"severity:{one}",) for one in FlagSeverity},
    **{str(one): (f"state:{one}",) for one in CaseState},
    "overdue": ("late",),
    "mine": ("holder:me",),
    "free": ("-held",),
    "today": ("since:1d",),
    "unreadable": ("kind:delivery",),
    **dict.fromkeys(("and", "in", "from", "with", "only", "of", "the"), ()),
}
TURNING = frozenset({"not", "no", "without", "except"})
_LAST = "Write last day, last week, last month, last year or last 3 days."
HINTS = {  # what people write that has another form here
    "or": "Put a comma between values: severity:high,medium. A case has to meet all terms.",
    "last": _LAST,
    "past": _LAST,
    "yesterday": "Write since:2d before:1d, or a day: since:2026-11-01.",
    "more": "Write synthetic over 0.9.",
    "less": "Write synthetic under 0.9.",
}
_BACK = {"day": "1d", "week": "7d", "month": "30d", "year": "365d"}
_COMPARED = {
    "over": ">", "above": ">", "more than": ">", "at least": ">=",
    "under": "<", "below": "<", "less than": "<", "at most": "<=",
}  # fmt: skip
_PHRASES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, ...]]], ...] = (
    (re.compile(r"new senders?|newcomers?"), lambda _: ("new-sender",)),
    (re.compile(r"not declared|no declaration"), lambda _: ("undeclared",)),
    (re.compile(r"(?:in |over )?(?:the )?(?:last|past) (day|week|month|year)"), lambda m: (f"since:{_BACK[m[1]]}",)),
    (
        re.compile(r"(?:in |over )?(?:the )?(?:last|past) (\d{1,4}) (hour|day|week)s?"),
        lambda m: (f"since:{m[1]}{m[2][0]}",),
    ),
    (
        re.compile(
            r"(synthetic|confidence) (over|above|more than|at least|under|below|less than|at most) (\d?\.?\d+%?)"
        ),
        lambda m: (f"{m[1]}{_COMPARED[m[2]]}{m[3]}",),
    ),
    (re.compile(r"older than (\d{1,4}) (hour|day|week)s?"), lambda m: (f"before:{m[1]}{m[2][0]}",)),
    (re.compile(r"due in (\d{1,4}) (hour|day|week)s?"), lambda m: (f"due:{m[1]}{m[2][0]}",)),
    (re.compile(r"(low|medium|high) severity"), lambda m: (f"severity:{m[1]}",)),
)


def plain_phrase(tokens: Sequence[Token]) -> Phrase | None:
    """Find the longest plain phrase at the beginning of the tokens; None where there is none."""
    for length in range(min(MAX_PHRASE, len(tokens)), 0, -1):
        words = [one.text for one in tokens[:length]]
        means = _meaning(" ".join(words).casefold())
        if means is not None:
            return Phrase(length, means)
    return None


def _meaning(text: str) -> tuple[str, ...] | None:
    if text in _ALONE:
        return _ALONE[text]
    for pattern, means in _PHRASES:
        match = pattern.fullmatch(text)
        if match:
            return means(match)
    if text in countries():
        return (f"territory:{countries()[text]}",)
    if re.fullmatch(r"[a-z]{2,4}-\d{3}", text):
        return (f"rule:{text.upper()}",)
    return None
