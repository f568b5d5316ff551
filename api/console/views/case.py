"""The case page: contradictions first, then the sound, the four layers, the findings, the history."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from api.console.views.columns import LayerView
from api.console.views.decide import DecideView, DecisionView, action_label, decision_view
from api.console.views.flags import EvidenceSpan, FlagView, all_spans, flag_views
from api.console.views.history import HistoryEntry, history
from api.console.views.layers import layer_views
from api.console.views.matches import MatchView, match_views
from api.console.views.signs import SignsView, signs_views
from api.console.views.words import Stamp, clock, plural, stamp
from api.public import CaseView as CaseAnswer
from api.public import EventPublic
from schemas.cases import Case, CaseState
from schemas.events import EventKind
from schemas.findings import Finding, Severity
from schemas.rules import RULES
from schemas.screening import AudioFacts, Screening, SubjectKind

_LOUDNESS = "loudness_lufs"
_MARKS = {Severity.ERROR: "high", Severity.WARNING: "medium", Severity.INFO: "low"}


@dataclass(frozen=True, slots=True)
class Heading:
    """What the case is about."""

    title: str
    artist: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the case stands for this moderator, in a sentence, and what may be done."""

    state: str
    sentence: str
    can_claim: bool
    can_release: bool
    can_decide: bool
    can_reopen: bool


@dataclass(frozen=True, slots=True)
class PlayerView:
    """What the player needs to know before the page's script runs.

    Attributes
    ----------
    duration_s
        Of the recording, seconds.
    top_hz
        Upper edge of the spectrogram.
    is_playable
        Whether browsers play the file as it is; else the server decodes short stretches of it.
    gain
        Factor in (0, 1] that brings the recording down to -14 LUFS; never up, for the ears' sake.
    other, other_gain
        The recording to compare with by ear, if there is one with sound, and its own factor; where its loudness is
        not known here, this recording's.
    """

    url: str
    duration_s: float
    duration: str
    top_hz: float
    is_playable: bool
    gain: float
    spans: tuple[EvidenceSpan, ...]
    other: MatchView | None
    other_gain: float


@dataclass(frozen=True, slots=True)
class FindingView:
    """A rule's outcome with its words and place."""

    rule: str
    title: str
    severity: str
    mark: str
    message: str
    why: str
    mend: str
    place: str
    value: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """The whole page."""

    case_id: str
    version: int
    is_delivery: bool
    heading: Heading
    opened: Stamp
    standing: Standing
    flags_title: str
    flags: tuple[FlagView, ...]
    why_no_flag: str
    player: PlayerView | None
    layers: tuple[LayerView, ...]
    signs: tuple[SignsView, ...]
    findings: tuple[FindingView, ...]
    history: tuple[HistoryEntry, ...]
    decide: DecideView
    decision: DecisionView | None
    made_by: str


def case_view(
    about: CaseAnswer, *, form: DecideView, viewer: str, now: datetime, other_lufs: float | None = None
) -> CaseView:
    """Bring a case into the order in which a moderator reads it; ``other_lufs`` is the loudness of its first match."""
    case, screening = about.case, about.screening
    flags = flag_views(screening.flags)
    return CaseView(
        case_id=case.id,
        version=case.version,
        is_delivery=screening.intake.kind is SubjectKind.DELIVERY,
        heading=_heading(screening),
        opened=stamp(case.opened_at, now),
        standing=standing(case, about.allowed_actions, viewer, now),
        flags_title=plural(len(flags), "reason to look", "reasons to look"),
        flags=flags,
        why_no_flag="" if flags else _why_no_flag(about.events),
        player=_player(case, screening, all_spans(flags), other_lufs),
        layers=layer_views(screening),
        signs=signs_views(screening),
        findings=tuple(_finding(f) for f in sorted(screening.findings, key=lambda f: f.severity.rank)),
        history=history(about.events, now),
        decide=form,
        decision=decision_view(about.decisions[-1], now) if about.decisions else None,
        made_by=f"{screening.versions.engine}, policy {screening.versions.policy}",
    )


def _why_no_flag(events: Iterable[EventPublic]) -> str:
    """Tell a case that was drawn from one whose flags are gone."""
    opened = [event for event in events if event.kind == EventKind.CASE_OPENED]
    if opened and not any(event.payload.get(name) for event in events for name in ("codes", "gone")):
        return "Nothing here is flagged: it was drawn at random, to see what the rules miss."
    return "The newest screening raises no flag any more. The case stays open until a person closes it."


def _heading(screening: Screening) -> Heading:
    intake = screening.intake
    recording = intake.recording
    audio = screening.found.audio
    sender = " ".join(filter(None, (intake.sender_name, f"({intake.sender_id})" if intake.sender_id else "")))
    facts = (
        ("ISRC", (recording.isrc or "none") if recording else ""),
        ("Length", clock(audio.duration_s) if audio else ""),
        ("Release", " · ".join(filter(None, (intake.release_title, intake.label)))),
        ("Sender", sender),
        ("Delivery", intake.delivery_path),
    )
    artist = recording.display_artist if recording else ""
    return Heading(intake.title, artist, tuple(fact for fact in facts if fact[1]))


def standing(case: Case, allowed: Collection[str], viewer: str, now: datetime) -> Standing:
    """Say where the case stands and what the viewer may do about it."""
    is_foreign = case.claim is not None and case.claim.is_live(now) and case.claim.holder != viewer
    return Standing(
        state="held" if is_foreign else str(case.state),
        sentence=_sentence(case, viewer, now),
        can_claim="claim" in allowed and "release" not in allowed,
        can_release="release" in allowed,
        can_decide="decide" in allowed,
        can_reopen="reopen" in allowed,
    )


def _sentence(case: Case, viewer: str, now: datetime) -> str:
    decision = case.decision
    if case.state is not CaseState.OPEN and decision:
        verb = (
            "Waiting for the label" if case.state is CaseState.WAITING else f"Decided: {action_label(decision.action)}"
        )
        return f"{verb}, by {decision.decided_by} on {stamp(decision.decided_at, now).text}."
    if case.claim and case.claim.is_live(now):
        ends = case.claim.expires_at
        until = f"{ends:%H:%M} UTC" if ends.date() == now.date() else stamp(ends, now).text
        if case.claim.holder == viewer:
            return f"You hold this case until {until}."
        return f"{case.claim.holder} holds this case until {until}. You can read and listen, but not decide."
    return "Nobody holds this case. Taking it keeps others off for 20 minutes; deciding needs no taking."


def other_of(screening: Screening) -> MatchView | None:
    """Choose the recording to compare with by ear: the first match that has sound."""
    return next((match for match in match_views(screening.known) if match.has_audio), None)


def _player(
    case: Case, screening: Screening, spans: tuple[EvidenceSpan, ...], other_lufs: float | None
) -> PlayerView | None:
    audio = screening.found.audio
    if audio is None or screening.intake.audio_uri is None:
        return None
    loudness = screening.heard.signal(_LOUDNESS)
    gain = round(levelled(loudness.value), 4) if loudness else 1.0
    return PlayerView(
        url=f"/console/cases/{case.id}/audio",
        duration_s=audio.duration_s,
        duration=clock(audio.duration_s),
        top_hz=audio.sample_rate_hz / 2,
        is_playable=is_playable(audio),
        gain=gain,
        spans=spans,
        other=other_of(screening),
        other_gain=round(levelled(other_lufs), 4) if other_lufs is not None else gain,
    )


def levelled(loudness_lufs: float, target_lufs: float = -14.0) -> float:
    """Give the factor in (0, 1] that brings a loudness down to the target; quiet ones stay.

    Examples
    --------
    >>> levelled(-20.0), round(levelled(-8.0), 3)
    (1.0, 0.501)
    """
    return float(min(1.0, 10 ** ((target_lufs - loudness_lufs) / 20)))


def is_playable(audio: AudioFacts) -> bool:
    """Whether all browsers play the file as it is, with an exact clock.

    WAV and FLAC only: seeking in MP3 and AAC is off by up to a second in some browsers, and
    the seconds of the evidence must be the seconds that are heard.
    """
    kind = (audio.container, audio.codec)
    return kind in {("wav", "pcm"), ("flac", "flac")} and audio.channels <= 2


def _finding(finding: Finding) -> FindingView:
    rule = RULES.get(finding.rule)
    where = finding.location
    line = f":{where.line}" if where.line else ""
    return FindingView(
        rule=finding.rule,
        title=rule.title if rule else finding.rule,
        severity=str(finding.severity),
        mark=_MARKS[finding.severity],
        message=finding.message,
        why=finding.why,
        mend=finding.mend,
        place=f"{where.path}{line}",
        value=finding.value or "",
    )
