"""The filter language of the queue: text in, terms out, and back; pure, so that it can be tested without a database.

Conventions
-----------
A filter is a list of terms; a case has to meet all of them, in any order. ``-`` before a term turns it around, commas
between values mean "any of them", quotation marks hold words with blanks together. Commas between terms mean nothing.
Besides, a few plain phrases are understood, e.g. ``synthetic over 0.9, new senders, last week, Brazil``. `write`
gives the one form in which a filter is kept. Columns count from 1.
"""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from schemas.errors import InvalidFilter
from schemas.filter_words import FIELDS, HINTS, OPERATORS, TURNING, Field, Kind, Token, plain_phrase

MAX_LENGTH = 1000
MAX_TERMS = 40
MAX_VALUES = 20

_TOKEN = re.compile(r'(?:"(?:\\.|[^"\\])*"?|[^\s"])+')
_TERM = re.compile(r"([a-z][a-z-]*)(>=|<=|:|>|<|=)(.*)", re.DOTALL | re.IGNORECASE)
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"')
_BARE = re.compile(r'[^\s",\\<>=:-][^\s",\\]*')


@dataclass(frozen=True, slots=True)
class Term:
    """One condition.

    Attributes
    ----------
    field
        Name of a field of `FIELDS`.
    operator
        ``:``, ``>``, ``>=``, ``<`` or ``<=``; empty for a word that stands alone.
    values
        Any of them fits; empty where the word stands alone.
    column, length
        Where it stands in the text that was read; not part of what it means.
    """

    field: str
    operator: str = ""
    values: tuple[str, ...] = ()
    is_negated: bool = False
    column: int = dataclasses.field(default=1, compare=False)
    length: int = dataclasses.field(default=0, compare=False)


def parse(text: str) -> tuple[Term, ...]:
    """Read a filter.

    Raises
    ------
    InvalidFilter
        A word means nothing; the error says where it stands, what is known, and what was probably meant.

    Examples
    --------
    >>> write(parse("undeclared, synthetic over 0.9, new senders, last week, Brazil"))
    'undeclared synthetic>0.9 new-sender since:7d territory:BR'
    """
    if len(text) > MAX_LENGTH:
        _refuse(f"A filter has at most {MAX_LENGTH} characters.", Token(text[MAX_LENGTH:], MAX_LENGTH + 1))
    tokens = _tokens(text)
    terms: list[Term] = []
    while tokens:
        read, length = _phrase(tokens)
        terms += read
        del tokens[:length]
        if len(terms) > MAX_TERMS:
            _refuse(f"A filter has at most {MAX_TERMS} terms.", Token("", terms[-1].column))
    return tuple(terms)


def write(terms: Sequence[Term]) -> str:
    """Write terms in the one form in which filters are kept; `parse` reads the same terms from it."""
    return " ".join(_written(term) for term in terms)


def _phrase(tokens: Sequence[Token]) -> tuple[list[Term], int]:
    """Read the terms that the first words stand for, and say how many words those are."""
    phrase = plain_phrase(tokens)
    if phrase is not None:
        first, last = tokens[0], tokens[phrase.length - 1]
        span = last.column + last.length - first.column
        return [_term(Token(one, first.column, span)) for one in phrase.means], phrase.length
    if tokens[0].text.lower() in TURNING and len(tokens) > 1:
        read, length = _phrase(tokens[1:])
        if len(read) == 1:
            return [dataclasses.replace(read[0], is_negated=not read[0].is_negated)], length + 1
    return [_term(tokens[0])], 1


def _written(term: Term) -> str:
    values = ",".join(one if _BARE.fullmatch(one) else _quoted(one) for one in term.values)
    return f"{'-' if term.is_negated else ''}{term.field}{term.operator}{values}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        word, column = match[0], match.start() + 1
        if not _TERM.match(word.removeprefix("-")) and not word.startswith(('"', '-"')):
            found += _split(word, column)
        elif word.strip(","):
            left = len(word) - len(word.lstrip(","))
            found.append(Token(word.strip(","), column + left))
    return found


def _split(word: str, column: int) -> list[Token]:
    """Take plain words apart at commas: none of them has values."""
    return [Token(part[0], column + part.start()) for part in re.finditer(r"[^,]+", word)]


def _term(token: Token) -> Term:
    text, is_negated = token.text.removeprefix("-"), token.text.startswith("-")
    if text.startswith('"'):
        text = f"text:{text}"
    match = _TERM.fullmatch(text)
    name, operator, rest = (match[1].lower(), match[2], match[3]) if match else (text.lower(), "", "")
    known = FIELDS.get(name)
    if known is None:
        _refuse_name(
            name, _part(token, len(token.text) - len(text), len(name)) if match else token, has_value=bool(match)
        )
    operator = ":" if operator == "=" else operator
    if operator not in OPERATORS[known.kind]:
        _refuse_operator(known, operator, token)
    values = tuple(known.read(one, place) for one, place in _values(rest, token)) if operator else ()
    return Term(known.name, operator, values, is_negated, token.column, token.length)


def _part(token: Token, at: int, length: int) -> Token:
    """Point at a part of a word; at all of it where the person wrote a phrase instead."""
    return token if token.span else Token(token.text[at : at + length], token.column + at)


def _values(text: str, token: Token) -> list[tuple[str, Token]]:
    """Take values apart, each with where it stands; ``text`` is the end of the token's."""
    found: list[tuple[str, Token]] = []
    first = len(token.text) - len(text)
    at = 0
    while at <= len(text):
        quoted = _QUOTED.match(text, at)
        end = quoted.end() if quoted else next((i for i in range(at, len(text)) if text[i] == ","), len(text))
        value = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL) if quoted else text[at:end]
        if '"' in value and not quoted:
            _refuse("A quotation mark is never closed.", token, mend='Close it: sender:"Harbour Music".')
        if end < len(text) and text[end] != ",":
            _refuse("Something follows the quotation marks.", token, mend="Put a blank or a comma between.")
        if not value.strip() or "\0" in value:
            _refuse("A value is missing.", token, mend="Give one, e.g. severity:high.")
        found.append((value, _part(token, first + at, end - at)))
        at = end + 1
    if len(found) > MAX_VALUES:
        _refuse(f"A term has at most {MAX_VALUES} values.", token)
    return found


def _refuse_name(name: str, token: Token, *, has_value: bool) -> NoReturn:
    known = [one.name for one in FIELDS.values() if not has_value or one.kind is not Kind.FLAG]
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    what = "field" if has_value else "word of the filter"
    text = "" if has_value else HINTS.get(name, 'To search for a text, put it in quotation marks: "harbour lights".')
    close = [] if name in HINTS else close
    mend = f"Did you mean {close[0]}? " if close else ""
    _refuse(
        f"“{name[:60]}” is no {what} (column {token.column}).",
        token,
        known=known,
        suggestion=close[0] if close else "",
        mend=f"{mend}{text}".strip() or f"Known are: {', '.join(known)}.",
    )


def _refuse_operator(known: Field, operator: str, token: Token) -> NoReturn:
    says = f"needs a value, e.g. {known.example}" if not operator else f"does not go with {operator}"
    _refuse(
        f"“{known.name}” {says} (column {token.column}).",
        token,
        known=[f"{known.name}{one}" for one in OPERATORS[known.kind]],
        suggestion=known.example,
        mend=f"Write {known.example}.",
    )


def _refuse(message: str, token: Token, *, known: Sequence[str] = (), suggestion: str = "", mend: str = "") -> NoReturn:
    raise InvalidFilter(
        message, column=token.column, length=token.length, known=known, suggestion=suggestion, mend=mend
    )
