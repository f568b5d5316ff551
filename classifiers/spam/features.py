"""What the spam estimate looks at: signs in [0, 1], each of one kind of evidence and with words for a person.

Not among them, on purpose: the synthetic score (a generated sound is no spam), functional audio under its own name,
language, script, genre, loudness, and any count that grows with the size of a sender.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.copies import Relation
from schemas.evidence import Evidence
from schemas.findings import Finding, Severity
from schemas.names import stuffing
from schemas.screening import MatchKind
from schemas.senders import SenderRecord

FEATURE_SET = "spam-features-1"
STRANGERS = (Relation.STRANGER, Relation.RETITLED)


@dataclass(frozen=True, slots=True)
class Sign:
    """One feature.

    Attributes
    ----------
    kind
        ``names``, ``sound``, ``catalogue`` or ``sender``: two signs of one kind are no two kinds of evidence.
    words
        What it says of a recording.
    """

    name: str
    kind: str
    words: str


SIGNS = (
    Sign("stuffed_title", "names", "the title is a run of search words"),
    Sign("keyword_run", "names", "the title is cut into keywords"),
    Sign("look_alike", "names", "a name is written in letters that pass for others"),
    Sign("names_other", "names", "the title names an artist who is not credited"),
    Sign("permuted", "names", "titles here are permutations of the same words"),
    Sign("one_team", "names", "many artist names share one team"),
    Sign("isrc_run", "names", "consecutive ISRCs belong to different artists"),
    Sign("short_stack", "sound", "a stack of recordings lasts just over 30 seconds"),
    Sign("short_noise", "sound", "functional noise is shorter than two minutes"),
    Sign("disguised", "sound", "speech or noise goes under the name and genre of a song"),
    Sign("silence", "sound", "most of it is silent"),
    Sign("loop", "sound", "one short stretch repeats throughout"),
    Sign("copy", "catalogue", "an earlier recording of somebody else has this sound"),
    Sign("on_list", "catalogue", "the sound is on a list of known cases"),
    Sign("burst", "sender", "the sender brings many times its usual number of releases"),
    Sign("new_artists", "sender", "nearly all of them by artists it never had before"),
    Sign("sound_reuse", "sender", "the sender uses one sound for many recordings"),
    Sign("cover_reuse", "sender", "the sender uses one cover for many artists"),
    Sign("title_reuse", "sender", "the sender uses the same words for many titles"),
    Sign("short_sender", "sender", "most of the sender's month lasts just over 30 seconds"),
    Sign("flagged_more", "sender", "more of the sender's month is flagged than was usual"),
    Sign("upheld", "sender", "moderators upheld flags of this sender before"),
)
COUNT = len(SIGNS)
_WARNED = {
    "SPM-001": "short_stack", "SPM-002": "short_noise", "SPM-007": "look_alike", "SPM-008": "one_team",
    "SPM-011": "disguised", "SPM-012": "permuted", "SPM-013": "names_other", "SPM-015": "look_alike",
}  # fmt: skip


def measure(evidence: Evidence, findings: Iterable[Finding]) -> tuple[float, ...]:
    """Measure every sign of `SIGNS`, in their order; what is not known is 0, as nothing speaks for it."""
    values = dict.fromkeys((sign.name for sign in SIGNS), 0.0)
    values.update(_of_rules(findings))
    recording = evidence.intake.recording
    values["stuffed_title"] = stuffing(recording.title) if recording else 0.0
    values["silence"] = _ramp(_value(evidence, "silence_share"), 0.6, 0.95)
    values["loop"] = _loop(evidence)
    values.update(_of_catalogue(evidence))
    if evidence.known.sender:
        values.update(_of_sender(evidence.known.sender))
    return tuple(values[sign.name] for sign in SIGNS)


def kinds(values: Sequence[float]) -> int:
    """Count the kinds of evidence of which at least one sign is clear (0.5 or more)."""
    return len({sign.kind for sign, value in zip(SIGNS, values, strict=True) if value >= 0.5})


def _of_rules(findings: Iterable[Finding]) -> dict[str, float]:
    found = {}
    for one in findings:
        is_info = one.severity is Severity.INFO
        if one.rule in _WARNED and not is_info:
            found[_WARNED[one.rule]] = 1.0
        elif one.rule == "SPM-006":
            found["keyword_run" if is_info else "look_alike"] = 1.0
        elif one.rule == "SPM-009":
            found["isrc_run"] = 1.0
    return found


def _of_catalogue(evidence: Evidence) -> dict[str, float]:
    matches = [m for m in evidence.known.matches or () if m.is_earlier or m.listed]
    own = evidence.intake.recording.isrc if evidence.intake.recording else None
    silent = _value(evidence, "silence_share") > 0.9
    copies = (
        0.6 if m.kind is MatchKind.FINGERPRINT else 1.0
        for m in matches
        if not m.listed and (m.relation or Relation.STRANGER) in STRANGERS and (own is None or own != m.isrc)
    )
    return {"copy": 0.0 if silent else max(copies, default=0.0), "on_list": float(any(m.listed for m in matches))}


def _of_sender(record: SenderRecord) -> dict[str, float]:
    burst = _ramp(record.burst_ratio or 0.0, 3.0, 8.0) * _ramp(record.releases, 5.0, 20.0)
    extra = (record.flagged_share or 0.0) - (record.usual_flagged_share or 0.0)
    return {
        "burst": burst,
        "new_artists": burst * _ramp(record.new_artist_share or 0.0, 0.5, 0.9),
        "sound_reuse": _ramp(record.sound_reuse_share or 0.0, 0.05, 0.4),
        "cover_reuse": _ramp(record.cover_reuse_share or 0.0, 0.3, 0.8),
        "title_reuse": _ramp(record.permuted_title_share or 0.0, 0.2, 0.7),
        "short_sender": _ramp(record.short_stack_share or 0.0, 0.2, 0.7),
        "flagged_more": _ramp(extra, 0.1, 0.5),
        "upheld": _ramp(record.upheld_share or 0.0, 0.3, 0.9),
    }


def _loop(evidence: Evidence) -> float:
    lag, length = _value(evidence, "repetition_lag_s"), _value(evidence, "duration_s")
    if not 0 < lag <= 12 or length < 30:
        return 0.0
    return _ramp(_value(evidence, "repetition_share"), 0.9, 1.0)


def _value(evidence: Evidence, name: str) -> float:
    signal = evidence.heard.signal(name)
    return signal.value if signal else 0.0


def _ramp(value: float, none: float, whole: float) -> float:
    return min(max((value - none) / (whole - none), 0.0), 1.0)


def named(values: Sequence[float]) -> Mapping[str, float]:
    """Give the values by the names of their signs."""
    return {sign.name: value for sign, value in zip(SIGNS, values, strict=True)}
