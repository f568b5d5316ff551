"""Where rules register, and how a rule's hit becomes a finding.

A rule is declared once, with everything a person needs to know about it. Most rules are
functions over one subject type; those that only a reader or a folder walk can see (broken XML,
an unsafe path) are declared without a function and raised by `finding`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.findings import Finding, Location, Severity

MAX_VALUE = 200  # characters of the offending text that a finding repeats


class Scope(StrEnum):
    """What a rule looks at."""

    READER = "reader"  # raised by a reader or a folder walk, not by a function
    PACKAGE = "package"  # schemas.package.Package
    MESSAGE = "message"  # schemas.release.Message
    RECORDING = "recording"  # schemas.evidence.Evidence: one recording, declared beside found
    HISTORY = "history"  # schemas.history.Arrival: one recording beside what was declared before
    TARGET = "target"  # schemas.release.Message, for one platform: asked only with its profile


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule function yields: the particulars; the rest stands in the rule."""

    message: str
    at: Location = Location()
    subject: str = ""
    value: str | None = None
    severity: Severity | None = None  # only where the catalogue names two, e.g. "E / W"


Check = Callable[[Any], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue.

    Attributes
    ----------
    id
        ``AREA-NNN``, or ``TGT-XXX`` for a platform; stable, never used again for something else.
    why
        Why it matters to the label or the listener.
    source
        Where the rule comes from: DDEX text, schema, platform with date, law, or ``house``.
    mend
        What the sender does about it.
    file_status
        Suggested ErncFileStatus of ERN-C-SFTP 1.6, if any.
    """

    id: str
    severity: Severity
    title: str
    why: str
    source: str
    mend: str
    scope: Scope
    file_status: str | None = None
    check: Check | None = None

    @property
    def group(self) -> str:
        """The area, e.g. ``AID``."""
        return self.id.partition("-")[0]

    def to_finding(self, hit: Hit) -> Finding:
        """Put the rule's words around a hit."""
        return Finding(
            rule=self.id,
            severity=hit.severity or self.severity,
            message=hit.message,
            why=self.why,
            mend=self.mend,
            subject=hit.subject,
            value=hit.value[:MAX_VALUE] if hit.value is not None else None,
            location=hit.at,
            file_status=self.file_status,
        )


RULES: dict[str, Rule] = {}


def declare(
    rule_id: str,
    severity: Severity,
    title: str,
    *,
    why: str,
    source: str,
    mend: str,
    file_status: str | None = None,
    scope: Scope = Scope.READER,
    check: Check | None = None,
) -> Rule:
    """Register a rule; a second one of the same id is a programming error."""
    if rule_id in RULES:
        raise ValueError(f"rule {rule_id} is registered twice")
    rule = Rule(rule_id, severity, title, why, source, mend, scope, file_status, check)
    RULES[rule_id] = rule
    return rule


def rule(rule_id: str, severity: Severity, title: str, **about: Any) -> Callable[[Check], Check]:
    """Decorate a rule function: a subject in, hits out. Keywords as in `declare`."""

    def register(check: Check) -> Check:
        declare(rule_id, severity, title, check=check, **about)
        return check

    return register


def finding(
    rule_id: str,
    message: str,
    *,
    at: Location = Location(),
    subject: str = "",
    value: str | None = None,
    severity: Severity | None = None,
) -> Finding:
    """State a finding of a rule that a reader sees itself."""
    return RULES[rule_id].to_finding(Hit(message, at, subject, value, severity))


def ask(rule_id: str, subject: object) -> Iterator[Finding]:
    """Evaluate one rule on one subject of its scope."""
    one = RULES[rule_id]
    yield from (one.to_finding(hit) for hit in one.check(subject)) if one.check else ()


def run(scope: Scope, subject: object) -> Iterator[Finding]:
    """Evaluate every rule of a scope on one subject, in the order of their ids."""
    for rule_id in sorted(RULES):
        one = RULES[rule_id]
        if one.scope is scope and one.check is not None:
            yield from (one.to_finding(hit) for hit in one.check(subject))
