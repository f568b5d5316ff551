"""Certain corrections of a message, as an edit of its own bytes: never a guess.

What is corrected, in this order:

1. the name of an AI element that differs from the schema's in case alone, in a place that may hold it,
2. its value, where that differs from an allowed one in case or outer white space alone,
3. its position among its siblings, which ERN 4.3.1 and 4.3.2 fix,
4. the main release's missing ContainsAI, where the recordings determine it (AID-012).

"Yes" has no certain meaning, and two values in one place have none either: both stay. Source of the
positions: ERN 4.3.2, disclosure elements, the same in 4.3.1.
"""

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.base import Model
from schemas.ern import read_message
from schemas.ern.order import FOLLOWERS
from schemas.ern.strays import VALUES
from schemas.markup import Edit, Element, apply_edits, elements_of, is_bytewise, space_before
from schemas.rules.disclosure import derived_level
from schemas.vocabularies import AI_PLACES, LEVELS

_BY_LOWER_NAME = {name.lower(): name for name in AI_PLACES}
_WORDS = {level: text for text, level in LEVELS.items()}


class Correction(Model):
    """One correction: on which line, 1-based, when its turn came, and what was done."""

    line: int
    what: str


class Suggestion(Model):
    """A corrected message.

    Attributes
    ----------
    data
        The message's bytes; equal to the original where there is nothing to correct.
    """

    data: bytes
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class _Change:
    at: int
    what: str
    edits: tuple[Edit, ...]


def suggest(data: bytes, path: str) -> Suggestion:
    """Correct what is certain.

    Parameters
    ----------
    data
        A message as it arrived.
    path
        What its locations call it.

    Returns
    -------
    Suggestion
        Without corrections for anything but a readable ERN 4.3.1 or 4.3.2 message in an encoding that has
        ASCII's bytes. All bytes outside the corrections stay as they are.
    """
    message = read_message(data, path).message
    if message is None or not message.can_declare or not is_bytewise(data):
        return Suggestion(data=data)
    text = data.decode("latin-1")
    root, corrections = elements_of(text), list[Correction]()
    # Twice places: a contributor has two elements that may stand wrongly, and one is moved at a time.
    for find in (_wrong_names, _wrong_values, _wrong_places, _wrong_places, _derived):
        if changes := list(find(root, text)):
            corrections += _described(changes, text)
            text = apply_edits(text, [edit for change in changes for edit in change.edits])
            root = elements_of(text)
    corrected = text.encode("latin-1")
    if corrections and read_message(corrected, path).message is None:
        return Suggestion(data=data)  # an encoding whose bytes only look like markup
    return Suggestion(data=corrected, corrections=tuple(corrections))


def _described(changes: list[_Change], text: str) -> Iterator[Correction]:
    breaks = [match.start() for match in re.finditer("\n", text)]
    return (Correction(line=bisect(breaks, change.at) + 1, what=change.what) for change in changes)


# --- names and values


def _wrong_names(root: Element, text: str) -> Iterator[_Change]:
    for one in root.walk():
        meant = _BY_LOWER_NAME.get(one.name.lower())
        if meant is None or meant == one.name or not _may_stand(one, meant):
            continue
        if _allowed(one, meant, text) is None or sum(_is_like(c, meant) for c in _siblings(one)) > 1:
            continue
        before = one.start + 1 + len(one.prefix)
        edits = [Edit(before, before + len(meant), meant)]
        if one.end > one.content_end:
            at = one.content_end + 2 + len(one.prefix)
            edits.append(Edit(at, at + len(meant), meant))
        yield _Change(one.start, f"{one.name} is named {meant}.", tuple(edits))


def _wrong_values(root: Element, text: str) -> Iterator[_Change]:
    for one in root.walk():
        if one.name not in AI_PLACES or not _may_stand(one, one.name):
            continue
        meant = _allowed(one, one.name, text)
        written = text[one.content : one.content_end]
        if meant is not None and meant != written:
            yield _Change(
                one.start, f"{one.name} {written.strip()!r} is {meant}.", (Edit(one.content, one.content_end, meant),)
            )


def _allowed(one: Element, name: str, text: str) -> str | None:
    """Tell the allowed value that an element certainly means; None where it is no plain text, or another."""
    written = text[one.content : one.content_end].strip().lower()
    return next((value for value in VALUES[name] if value.lower() == written), None)


def _may_stand(one: Element, name: str) -> bool:
    return one.parent is not None and one.parent.name in AI_PLACES[name]


def _is_like(one: Element, name: str) -> bool:
    return one.name.lower() == name.lower()


def _siblings(one: Element) -> list[Element]:
    return one.parent.children if one.parent else []


# --- places


def _wrong_places(root: Element, text: str) -> Iterator[_Change]:
    for parent in root.walk():
        for one in parent.children:
            followers = FOLLOWERS.get((parent.name, one.name))
            if followers is None or sum(_is_like(c, one.name) for c in parent.children) > 1:
                continue
            others = [c for c in parent.children if c is not one]
            behind = next((place for place, c in enumerate(others) if c.name in followers), len(others))
            is_ordered = all(c.name in followers for c in others[behind:])
            if is_ordered and parent.children.index(one) != behind:
                yield _move(one, others, behind, text)
                break  # one at a time: the offsets of a second would be those of the old text


def _move(one: Element, others: list[Element], behind: int, text: str) -> _Change:
    """Move an element with the white space before it, so that indentation stays."""
    start = space_before(one.start, text)
    block = text[start : one.end]
    at = others[behind - 1].end if behind else (one.parent.content if one.parent else 0)
    edits = (Edit(at, at, block), Edit(start, one.end, ""))
    return _Change(one.start, f"{one.name} stands where the schema wants it.", edits)


# --- what the recordings determine


def _derived(root: Element, text: str) -> Iterator[_Change]:
    release = next((one for one in root.walk() if one.name == "Release" and _is_listed(one)), None)
    if release is None or not release.children or any(c.name == "ContainsAI" for c in release.children):
        return
    message = read_message(text.encode("latin-1"), "").message
    level = derived_level(message) if message else None
    if level is None:
        return
    yield _insertion(release, _WORDS[level], text)


def _is_listed(release: Element) -> bool:
    return release.parent is not None and release.parent.name == "ReleaseList"


def _insertion(release: Element, value: str, text: str) -> _Change:
    followers = FOLLOWERS["Release", "ContainsAI"]
    before = [c for c in release.children if c.name not in followers]
    neighbour = before[-1] if before else release.children[0]
    at = neighbour.end if before else release.content
    tag = f"{neighbour.prefix}ContainsAI"
    space = text[space_before(neighbour.start, text) : neighbour.start]
    block = f"{space}<{tag}>{value}</{tag}>"
    return _Change(release.start, f"The release has ContainsAI {value}.", (Edit(at, at, block),))
