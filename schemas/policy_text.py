"""A policy as people write it: every mistake with its line, a threshold moved in place, two texts compared.

Nothing here judges anything; the text stays the author's own, comments and order included.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from pydantic import Field, ValidationError

from schemas.base import Model
from schemas.errors import InvalidPolicy
from schemas.policy import Policy, Reason, parse_policy

_TABLE = re.compile(r"^\s*\[\[?\s*([\w.]+)\s*\]\]?")
_KEY = re.compile(r"^\s*(\w+)\s*=")
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_NUMBER = r"[-+]?[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
MAX_TEXT = 200_000


class PolicyProblem(Model):
    """One mistake of a policy's text; lines count from 1."""

    line: int
    message: str


class Knob(Model):
    """A threshold that a policy states: all conditions of one code on one signal, in one direction."""

    code: str
    signal: str
    bound: str = Field(pattern=r"^at_(least|most)$")
    value: float


class Kind(StrEnum):
    """What a line of a comparison is."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"
    LEFT_OUT = "left out"


class Line(Model):
    """One line of a comparison: its number in the old and in the new text."""

    kind: Kind
    old: int | None
    new: int | None
    text: str


def find_problems(text: str) -> tuple[PolicyProblem, ...]:
    """Name every mistake of a policy's text by its line, in their order; empty where it can be applied."""
    try:
        parse_policy(text)
    except InvalidPolicy as error:
        return tuple(sorted(_located(text, error), key=lambda one: one.line))
    return ()


def knobs(policy: Policy) -> tuple[Knob, ...]:
    """Name the thresholds of a policy, each once, in its order."""
    found: dict[tuple[str, str, str], Knob] = {}
    for reason in policy.reasons:
        for condition in reason.signals:
            for bound in ("at_least", "at_most"):
                value = getattr(condition, bound)
                if value is not None:
                    key = (reason.code, condition.signal, bound)
                    found.setdefault(key, Knob(code=key[0], signal=key[1], bound=key[2], value=value))
    return tuple(found.values())


def find_knob(known: Sequence[Knob], code: str, signal: str, bound: str) -> Knob | None:
    """Find a threshold by its names; None where there is none."""
    wanted = (code, signal, bound)
    return next((one for one in known if (one.code, one.signal, one.bound) == wanted), None)


def turned(policy: Policy, knob: Knob, value: float) -> Policy:
    """Give the policy with a threshold at another value; only conditions that stood at the knob's value move."""
    reasons = (_turned(reason, knob, value) if reason.code == knob.code else reason for reason in policy.reasons)
    return policy.model_copy(update={"reasons": tuple(reasons)})


def rewritten(text: str, knob: Knob, value: float) -> str:
    """Write another threshold into a policy's text, and leave all else as it is.

    Raises
    ------
    InvalidPolicy
        The text does not state this threshold in a form that can be edited by itself.
    """
    before = parse_policy(text)
    lines, code = text.splitlines(keepends=True), ""
    stated = re.compile(rf"(signal\s*=\s*\"{re.escape(knob.signal)}\"[^}}]*?\b{knob.bound}\s*=\s*)({_NUMBER})")

    def write(found: re.Match[str]) -> str:
        return f"{found[1]}{value:g}" if float(found[2].replace("_", "")) == knob.value else found[0]

    for number, line in enumerate(lines):
        if re.match(r"^\s*\[\[\s*reason\s*\]\]", line):
            code = _code_of(lines[number + 1 :])
        elif code == knob.code:
            lines[number] = stated.sub(write, line)
    after = "".join(lines)
    if parse_policy(after).reasons != turned(before, knob, value).reasons:
        raise InvalidPolicy(
            f"The threshold {knob.signal} of {knob.code} cannot be changed by itself.", mend="Edit the text."
        )
    return after


def compare(old: str, new: str, *, around: int = 3) -> tuple[Line, ...]:
    """Compare two texts line by line; long equal stretches become one line that counts them."""
    ours, theirs = old.splitlines(), new.splitlines()
    lines = list(_lines(ours, theirs))
    near = {n + d for n, line in enumerate(lines) if line.kind is not Kind.SAME for d in range(-around, around + 1)}
    return tuple(_folded(lines, near))


def changes(old: Policy, new: Policy) -> tuple[str, ...]:
    """Say in words what another policy changes, code by code."""
    before, after = _by_code(old), _by_code(new)
    said: list[str] = []
    for code in dict.fromkeys((*before, *after)):
        if code not in after:
            said.append(f"{code} is no longer raised ({before[code][0].title}).")
        elif code not in before:
            said.append(f"{code} is new: {after[code][0].title} ({after[code][0].severity}).")
        elif before[code] != after[code]:
            said += _changed(code, before[code], after[code])
    return tuple(said)


def _located(text: str, error: InvalidPolicy) -> Iterator[PolicyProblem]:
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        place = _PLACE.search(error.message)
        line = int(place[1]) if place else max(1, len(text.splitlines()))
        yield PolicyProblem(line=line, message=str(cause or error))
        return
    for one in cause.errors(include_url=False, include_input=False):
        message = one["msg"].removeprefix("Value error, ")
        where, line = _place(one["loc"], message, text)
        yield PolicyProblem(line=line, message=f"{where}: {message}" if where else message)


def _tables(text: str) -> list[tuple[str, int, dict[str, int]]]:
    """List the tables of a text: name, line, and the line of each of its keys."""
    found: list[tuple[str, int, dict[str, int]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if table := _TABLE.match(line):
            found.append((table[1], number, {}))
        elif found and (key := _KEY.match(line)):
            found[-1][2].setdefault(key[1], number)
    return found


def _place(loc: tuple[Any, ...], message: str, text: str) -> tuple[str, int]:
    tables = _tables(text)
    reasons = [(line, keys) for name, line, keys in tables if name == "reason"]
    if len(loc) > 1 and loc[0] == "reasons" and isinstance(loc[1], int) and loc[1] < len(reasons):
        line, keys = reasons[loc[1]]
        inner = [str(part) for part in loc[2:]]
        return ".".join(inner), keys.get(inner[0], line) if inner else keys.get("code", line)
    head = next(((line, keys) for name, line, keys in tables if name == "policy"), (1, {}))
    where = ".".join(map(str, loc))
    return where, head[1].get(str(loc[0]), head[0]) if loc else _line_of_code(message, text)


def _line_of_code(message: str, text: str) -> int:
    """Find what a message about the whole policy means: it names codes, ``reason CODE: OTHER is no code ...``."""
    named = re.match(r"reason (\S+): (\S+)", message)
    lines = text.splitlines()
    wanted = (
        (rf"^\s*beside\s*=.*\"{re.escape(named[2])}\"", rf"^\s*code\s*=\s*\"{re.escape(named[1])}\"") if named else ()
    )
    hits = (number for one in wanted for number, line in enumerate(lines, start=1) if re.match(one, line))
    return next(hits, 1)


def _code_of(lines: list[str]) -> str:
    for line in lines:
        if found := re.match(r"^\s*code\s*=\s*\"([^\"]*)\"", line):
            return found[1]
        if _TABLE.match(line):
            return ""
    return ""


def _turned(reason: Reason, knob: Knob, value: float) -> Reason:
    signals = tuple(
        one.model_copy(update={knob.bound: value})
        if one.signal == knob.signal and getattr(one, knob.bound) == knob.value
        else one
        for one in reason.signals
    )
    return reason.model_copy(update={"signals": signals})


def _lines(ours: list[str], theirs: list[str]) -> Iterator[Line]:
    for tag, a, b, c, d in SequenceMatcher(a=ours, b=theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (Line(kind=Kind.SAME, old=a + n + 1, new=c + n + 1, text=ours[a + n]) for n in range(b - a))
            continue
        yield from (Line(kind=Kind.GONE, old=n + 1, new=None, text=ours[n]) for n in range(a, b))
        yield from (Line(kind=Kind.NEW, old=None, new=n + 1, text=theirs[n]) for n in range(c, d))


def _folded(lines: list[Line], near: set[int]) -> Iterator[Line]:
    skipped = 0
    for number, line in enumerate(lines):
        if number in near:
            if skipped:
                yield Line(kind=Kind.LEFT_OUT, old=None, new=None, text=f"{skipped} lines are the same")
            skipped = 0
            yield line
        else:
            skipped += 1
    if skipped:
        yield Line(kind=Kind.LEFT_OUT, old=None, new=None, text=f"{skipped} lines are the same")


def _by_code(policy: Policy) -> dict[str, list[Reason]]:
    found: dict[str, list[Reason]] = {}
    for reason in policy.reasons:
        found.setdefault(reason.code, []).append(reason)
    return found


def _changed(code: str, before: list[Reason], after: list[Reason]) -> Iterator[str]:
    if len(before) != len(after):
        yield f"{code} has {len(after)} reasons, it had {len(before)}."
        return
    for old, new in zip(before, after, strict=True):
        if old.severity is not new.severity:
            yield f"{code} becomes {new.severity}, it was {old.severity} ({new.title})."
        limits = [
            f"{a.signal} {bound.replace('_', ' ')} {getattr(b, bound)}, it was {getattr(a, bound)}"
            for a, b in zip(old.signals, new.signals, strict=False)
            for bound in ("at_least", "at_most")
            if a.signal == b.signal and getattr(a, bound) != getattr(b, bound)
        ]
        yield from (f"{code}: {limit}." for limit in limits)
        if old != new and old.severity is new.severity and not limits:
            yield f"{code} is worded or narrowed otherwise ({new.title})."
