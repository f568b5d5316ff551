"""A policy turns findings and signals into flags: versioned data, judged by a pure function.

A policy is a TOML file (docs/policy.md). Each ``[[reason]]`` names a stable code and when it
applies: a finding of a rule, one or more conditions on signals, or a match in the catalogue.
`judge` has no side effect and no clock, so that a policy can be simulated on the lake before it
goes live.
"""

import hashlib
import tomllib
from importlib import resources
from typing import Self

from pydantic import Field, ValidationError, model_validator

from schemas.base import Model
from schemas.copies import COPY_SHARE, Cluster, Relation
from schemas.disclosure import Level
from schemas.errors import InvalidPolicy
from schemas.evidence import Evidence
from schemas.findings import Finding, Severity
from schemas.flags import Flag, FlagSeverity, Layer
from schemas.screening import Match, MatchKind, Signal

HOUSE = "house"
ESTIMATES = (
    "synthetic_probability",
    "false_positive_share",
    "spam_probability",
)  # what a model infers, not what is measured
OF_SENDER = "sender_"  # figures of a sender's deliveries are named so
MAX_SPANS = 8  # a person listens to a few places, not to a hundred


class Condition(Model):
    """One limit on one signal; a signal that was not measured never meets it."""

    signal: str
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _needs_a_limit(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError(f"condition on {self.signal!r} has neither at_least nor at_most")
        return self

    def is_met(self, value: float) -> bool:
        """Whether ``value`` lies within the limits, ends included."""
        return not (
            (self.at_least is not None and value < self.at_least) or (self.at_most is not None and value > self.at_most)
        )


class MatchCondition(Model):
    """A match in the catalogue: how it was made, and that it belongs to something else."""

    kind: MatchKind | None = None  # None for any
    min_s: float = 0.0  # seconds in common; two files of nothing, or of a moment, are equal by nature
    max_silence_share: float = 1.0
    other_isrc: bool = True  # the same ISRC again is a redelivery or a legitimate re-release
    other_sender: bool = False  # one sender's copies may be a re-issue
    earlier_only: bool = True  # the first release of a sound is not the copy
    relations: tuple[Relation, ...] = ()  # how the two stand to each other; empty for any
    listed: bool = False  # on a list that a user brought; such an entry is no recording of the catalogue
    once_per_cluster: bool = True  # one flag for all copies of a sound, at the first that nothing explains


class Reason(Model):
    """One entry of a policy: when to raise which flag.

    Exactly one of ``finding``, ``signals`` and ``match`` is given. Two reasons may share a code: the
    gravest that applies is raised.

    Attributes
    ----------
    finding
        A rule's id; the rule must have found more than an info.
    signals
        All of these conditions on what was heard.
    match
        A match in the catalogue.
    declared
        Only for recordings with one of these levels; empty for any.
    codecs, min_sample_rate_hz
        Only for files in one of these codecs, empty for any, and of this rate or higher.
    once_per_cluster
        For a finding about copies: one flag for all that are declared in another way than their earliest.
    beside
        Only beside a flag with one of these codes, which must rest on another kind of evidence than the sound; empty
        for any. What is measured in the sound alone is never grave without it.
    """

    code: str = Field(pattern=r"^[A-Z]{3}-[A-Z0-9]{3}$")
    title: str
    explanation: str
    severity: FlagSeverity
    layers: tuple[Layer, ...]
    finding: str | None = None
    signals: tuple[Condition, ...] = ()
    match: MatchCondition | None = None
    declared: tuple[Level, ...] = ()
    codecs: tuple[str, ...] = ()
    min_sample_rate_hz: int = 0
    once_per_cluster: bool = False
    beside: tuple[str, ...] = ()

    @property
    def is_estimate(self) -> bool:
        """Whether it rests on a model's estimate of how the sound was made."""
        return any(condition.signal in ESTIMATES for condition in self.signals)

    @property
    def is_of_sound(self) -> bool:
        """Whether it rests on the sound; figures of a sender do not."""
        return any(not condition.signal.startswith(OF_SENDER) for condition in self.signals)

    @model_validator(mode="after")
    def _two_kinds_of_evidence(self) -> Self:
        if self.beside or not self.signals:
            return self
        if self.severity is FlagSeverity.HIGH or (self.is_estimate and self.severity is not FlagSeverity.LOW):
            raise ValueError(f"reason {self.code}: {self.severity} needs a second kind of evidence, named in beside")
        return self

    @model_validator(mode="after")
    def _one_trigger(self) -> Self:
        if sum((self.finding is not None, bool(self.signals), self.match is not None)) != 1:
            raise ValueError(f"reason {self.code}: give exactly one of finding, signals, match")
        return self

    def concerns(self, evidence: Evidence) -> bool:
        """Whether the reason is meant for a recording so declared, in such a file."""
        recording, audio = evidence.intake.recording, evidence.found.audio
        level = recording.disclosure.level if recording else Level.UNDECLARED
        if self.declared and level not in self.declared:
            return False
        if self.codecs and (audio is None or audio.codec not in self.codecs):
            return False
        return not self.min_sample_rate_hz or (audio is not None and audio.sample_rate_hz >= self.min_sample_rate_hz)


class Policy(Model):
    """A named, dated set of reasons.

    Attributes
    ----------
    id, version
        E.g. ``house`` and ``2026-11-22``; every screening pins ``ref``.
    digest
        SHA-256 of the file's text, first 12 digits: an edited file is another policy.
    """

    id: str
    version: str
    description: str
    digest: str
    reasons: tuple[Reason, ...]

    @model_validator(mode="after")
    def _beside_is_independent(self) -> Self:
        of_sound = {reason.code for reason in self.reasons if reason.is_of_sound}
        known = {reason.code for reason in self.reasons if not reason.beside}
        for reason in self.reasons:
            for code in reason.beside:
                if code not in known or code in of_sound:
                    raise ValueError(f"reason {reason.code}: {code} is no code of another kind of evidence")
        return self

    @property
    def ref(self) -> str:
        """What screenings and decisions pin: ``id@version+digest``."""
        return f"{self.id}@{self.version}+{self.digest}"


def parse_policy(text: str, *, path: str = "policy") -> Policy:
    """Read a policy from TOML; `InvalidPolicy` names the file and the first thing that is wrong."""
    try:
        data = tomllib.loads(text)
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        head = data.get("policy", {})
        if not isinstance(head, dict):
            raise InvalidPolicy(f"{path}: policy is no table", mend="Write [policy] on a line of its own.")
        return Policy.model_validate({**head, "digest": digest, "reasons": data.get("reason", [])})
    except tomllib.TOMLDecodeError as error:
        raise InvalidPolicy(f"{path} is not TOML: {error}", mend="Mend the line that the message names.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidPolicy(f"{path}: {where}: {first['msg']}", mend="See docs/policy.md for the form.") from error


def house_text() -> str:
    """Read the text of the policy that ships with liner."""
    return resources.files("schemas").joinpath("policies", f"{HOUSE}.toml").read_text("utf-8")


def house_policy() -> Policy:
    """Read the policy that ships with liner."""
    return parse_policy(house_text(), path=f"{HOUSE}.toml")


def judge(evidence: Evidence, findings: tuple[Finding, ...], policy: Policy) -> tuple[Flag, ...]:
    """Raise the policy's flags for one recording, gravest first.

    Parameters
    ----------
    evidence
        The recording with its layers.
    findings
        All findings about it, from every stage.
    policy
        The policy to apply.

    Returns
    -------
    tuple of Flag
        At most one per code; equal inputs give equal flags in equal order.
    """
    reasons = [reason for reason in policy.reasons if reason.concerns(evidence)]
    alone = [_raise_flag(reason, evidence, findings) for reason in reasons if not reason.beside]
    flags = [flag for flag in alone if flag]
    for reason in reasons:
        others = [flag for flag in flags if flag.code in reason.beside]
        if others and (flag := _raise_flag(reason, evidence, findings)):
            flags.append(_joined(flag, others))
    by_code: dict[str, Flag] = {}
    for flag in sorted(flags, key=lambda f: (-f.severity.weight, f.code)):
        by_code.setdefault(flag.code, flag)
    return tuple(by_code.values())


def _joined(flag: Flag, others: list[Flag]) -> Flag:
    """Name the other evidence, and the layers that it rests on."""
    layers = dict.fromkeys(layer for one in (flag, *others) for layer in one.layers)
    named = "; ".join(f"{other.code} {other.title}" for other in dict.fromkeys(others))
    update = {"layers": tuple(layers), "explanation": f"{flag.explanation} Beside it: {named}."}
    return flag.model_copy(update=update)


def _raise_flag(reason: Reason, evidence: Evidence, findings: tuple[Finding, ...]) -> Flag | None:
    if reason.finding is not None:
        return None if reason.once_per_cluster and _is_at_odds_elsewhere(evidence) else _from_finding(reason, findings)
    if reason.match is not None:
        return _from_match(reason, reason.match, evidence)
    return _from_signals(reason, evidence)


def _flag(reason: Reason, explanation: str, **more: object) -> Flag:
    return Flag.model_validate(
        {
            "code": reason.code,
            "severity": reason.severity,
            "title": reason.title,
            "explanation": explanation,
            "layers": reason.layers,
            **more,
        }
    )


def _from_finding(reason: Reason, findings: tuple[Finding, ...]) -> Flag | None:
    hits = [f for f in findings if f.rule == reason.finding and f.severity is not Severity.INFO]
    if not hits:
        return None
    told = (one.message for one in hits[:3] if not reason.explanation.startswith(one.message.rstrip(".")))
    return _flag(reason, " ".join(dict.fromkeys([reason.explanation, *told])))


def _is_at_odds_elsewhere(evidence: Evidence) -> bool:
    cluster = evidence.known.cluster
    return cluster is not None and cluster.at_odds not in (None, evidence.intake.recording_key)


def _from_signals(reason: Reason, evidence: Evidence) -> Flag | None:
    met: list[tuple[Condition, Signal]] = []
    for condition in reason.signals:
        signal = evidence.signal(condition.signal)
        if signal is None or not condition.is_met(signal.value):
            return None
        met.append((condition, signal))
    first, signal = met[0]
    seen = ", ".join(f"{s.name} {s.value:.3g}" for _, s in met)
    notes = "".join(f" Rests on: {s.note}." for _, s in met if s.note)
    spans = tuple(dict.fromkeys(span for _, s in met for span in s.spans))[:MAX_SPANS]  # two may rest on one stretch
    return _flag(
        reason,
        f"{reason.explanation} Measured: {seen}.{notes}",
        signal=signal.name,
        value=signal.value,
        threshold=first.at_least if first.at_least is not None else first.at_most,
        spans=spans,
    )


def _from_match(reason: Reason, condition: MatchCondition, evidence: Evidence) -> Flag | None:
    matches = [m for m in evidence.known.matches or () if _counts(m, condition, evidence)]
    cluster = evidence.known.cluster
    if not matches or (cluster and condition.once_per_cluster and _is_told_elsewhere(cluster, matches, evidence)):
        return None
    best = max(matches, key=lambda m: m.score)
    return _flag(
        reason,
        " ".join(filter(None, (reason.explanation, best.describe(), cluster.describe() if cluster else ""))),
        signal="match_score",
        value=best.score,
        spans=tuple(one.own for m in matches for one in m.shared)[:MAX_SPANS],
    )


def _is_told_elsewhere(cluster: Cluster, matches: list[Match], evidence: Evidence) -> bool:
    """Whether another member bears the flag for all of a cluster; what shares only a part is not in the cluster."""
    inside = {cluster.earliest.recording_key, *(member.recording_key for member in cluster.members)}
    if not cluster.names_all:
        inside |= {m.recording_key for m in matches if min(m.own_share, m.other_share) >= COPY_SHARE}
    return cluster.bearer != evidence.intake.recording_key and all(m.recording_key in inside for m in matches)


def _counts(match: Match, condition: MatchCondition, evidence: Evidence) -> bool:
    own = evidence.intake.recording.isrc if evidence.intake.recording else None
    if (match.listed is not None) is not condition.listed or condition.kind not in (None, match.kind):
        return False
    if condition.earlier_only and not match.is_earlier:
        return False
    if condition.relations and (match.relation or Relation.STRANGER) not in condition.relations:
        return False
    if condition.other_sender and match.sender_id in (None, evidence.intake.sender_id):
        return False
    if match.own.end_s - match.own.start_s < condition.min_s or _is_silence(evidence, condition):
        return False
    return condition.listed or not (condition.other_isrc and own is not None and own == match.isrc)


def _is_silence(evidence: Evidence, condition: MatchCondition) -> bool:
    silence = evidence.heard.signal("silence_share")
    return silence is not None and silence.value > condition.max_silence_share


__all__: tuple[str, ...] = (
    "Condition",
    "MatchCondition",
    "Policy",
    "Reason",
    "house_policy",
    "house_text",
    "judge",
    "parse_policy",
)
