"""The four layers of truth side by side: declared, found, heard, known.

Absence is said in words: undeclared is not none, no manifest says nothing about who made the
recording, a signal that was not measured is not zero.
"""

from dataclasses import dataclass

from api.console.views import words
from schemas.disclosure import Agent, Contribution, Disclosure, Level
from schemas.flags import Flag, Layer
from schemas.known import Segment
from schemas.screening import AudioFacts, Found, Heard, Known, Manifest, Match, MatchKind, ProvenanceState, Screening

_LEVELS = {
    Level.UNDECLARED: ("Undeclared", "The sender says nothing about AI. That is not the same as “none”."),
    Level.NONE: ("No AI", "The sender states that no generative AI was used."),
    Level.PARTLY: ("Partly AI", "The sender states that parts were made with generative AI."),
    Level.ALL: ("All AI", "The sender states that the recording was made entirely with generative AI."),
}
_NO_PLACE = "The version of this message has no place to declare AI, so silence means nothing here."
_PROVENANCE = {
    ProvenanceState.TRUSTED: (
        "Signed, signer trusted",
        "The C2PA manifest is intact and its signer is on the trust list.",
    ),
    ProvenanceState.VALID: (
        "Signed, signer unknown",
        "The C2PA manifest is intact; who signed it cannot be confirmed.",
    ),
    ProvenanceState.INVALID: ("Broken manifest", "The C2PA manifest does not match the file; do not rely on it."),
}
_NO_MANIFEST = "No C2PA manifest. That says nothing about who made the recording."
_MAX_CREDITS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a layer: a term, its value and, where needed, what the value means."""

    term: str
    value: str
    note: str = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class SegmentView:
    """A shared stretch: its seconds in both recordings in words and as numbers, to be heard at matched speed."""

    number: int
    length: str
    own: str
    other: str
    changed: str
    own_start_s: float
    own_end_s: float
    other_start_s: float
    other_end_s: float
    speed: float
    keeps_pitch: str


@dataclass(frozen=True, slots=True)
class MatchView:
    """Another recording with the same sound, and how to line the two up."""

    number: int
    title: str
    artist: str
    isrc: str
    how: str
    aligned: str
    own_start_s: float
    own_end_s: float
    other_start_s: float
    other_end_s: float
    speed: float
    keeps_pitch: str
    has_audio: bool
    covers: str
    segments: tuple[SegmentView, ...]


@dataclass(frozen=True, slots=True)
class LayerView:
    """One column: what the layer says in a word, in a sentence and in detail."""

    layer: str
    title: str
    source: str
    headline: str
    sentence: str
    rows: tuple[Row, ...]
    is_flagged: bool
    matches: tuple[MatchView, ...] = ()


def layer_views(screening: Screening) -> tuple[LayerView, ...]:
    """Give the four columns in their fixed order."""
    flagged = {layer for flag in screening.flags for layer in flag.layers}
    return (
        _declared(screening.declared, Layer.DECLARED in flagged),
        _found(screening.found, Layer.FOUND in flagged),
        _heard(screening.heard, screening.flags, Layer.HEARD in flagged),
        _known(screening.known, Layer.KNOWN in flagged),
    )


def _declared(declared: Disclosure, is_flagged: bool) -> LayerView:
    headline, sentence = _LEVELS[declared.level]
    if declared.level is Level.UNDECLARED and not declared.can_declare:
        sentence = _NO_PLACE
    if declared.level is Level.UNDECLARED and declared.text is not None:
        sentence = f"The message says “{declared.text}”, which is no allowed value; it counts as undeclared."
    rows = tuple(_credit(c) for c in declared.contributions[:_MAX_CREDITS])
    rest = len(declared.contributions) - _MAX_CREDITS
    if rest > 0:
        rows += (Row("", f"and {words.plural(rest, 'more credit')}"),)
    return LayerView(
        "declared",
        "Declared",
        "what the sender states",
        headline,
        sentence,
        rows or (Row("Credits", "none given"),),
        is_flagged,
    )


def _credit(contribution: Contribution) -> Row:
    agent = "Generative AI" if contribution.agent is Agent.GENERATIVE_AI else contribution.special_text or "Unnamed"
    roles = ", ".join((*contribution.roles, *contribution.instruments)) or "no role given"
    degree = {Level.ALL: "made with AI", Level.PARTLY: "partly with AI", Level.NONE: "no AI"}.get(contribution.ai, "")
    return Row(roles, contribution.name or agent, degree)


def _found(found: Found, is_flagged: bool) -> LayerView:
    headline, sentence = _provenance(found)
    rows = (*_manifest_rows(found.manifest), *_tag_rows(found), *_audio_rows(found.audio))
    return LayerView("found", "Found", "what the file carries", headline, sentence, rows, is_flagged)


def _provenance(found: Found) -> tuple[str, str]:
    if found.manifest:
        return _PROVENANCE[found.manifest.state]
    if found.unread_manifest:
        return "Manifest not read", f"There is a C2PA manifest, but it could not be read: {found.unread_manifest}"
    if any(tag.is_ai_statement for tag in found.tags):
        return "Tag of a generator", "A tag in the file names a generator of music."
    if found.audio is None:
        return "No sound", "The file could not be opened or read, so nothing is known of what it carries."
    return "No statement", _NO_MANIFEST


def _manifest_rows(manifest: Manifest | None) -> tuple[Row, ...]:
    if manifest is None:
        return ()
    rows = [
        Row("Source type", ", ".join(manifest.digital_source_types)),
        Row("Made with", manifest.generator),
        Row("Signed by", manifest.issuer),
        Row("Actions", ", ".join(manifest.actions)),
        Row("Failures", ", ".join(manifest.failures)),
    ]
    return tuple(row for row in rows if row.value)


def _tag_rows(found: Found) -> tuple[Row, ...]:
    return tuple(Row(f"Tag {tag.key}", tag.value, tag.tool) for tag in found.tags)


def _audio_rows(audio: AudioFacts | None) -> tuple[Row, ...]:
    if audio is None:
        return ()
    channels = {1: "mono", 2: "stereo"}.get(audio.channels, f"{audio.channels} channels")
    rate = f", {audio.bit_rate_bps / 1000:.0f} kb/s" if audio.bit_rate_bps else ""
    codec = audio.codec if audio.codec == audio.container else f"{audio.codec} in {audio.container}"
    return (
        Row("Format", f"{codec}{rate}"),
        Row("Sound", f"{audio.sample_rate_hz / 1000:g} kHz, {channels}"),
        Row("Length", f"{words.clock(audio.duration_s)}, {words.size(audio.size)}"),
        Row("SHA-256", audio.sha256[:16] + "…", is_code=True),
    )


def _heard(heard: Heard, flags: tuple[Flag, ...], is_flagged: bool) -> LayerView:
    if not heard.signals and not heard.abstained:
        sentence = "Nothing was measured. That is not the same as nothing heard."
        return LayerView("heard", "Heard", "what detectors measure", "Not measured", sentence, (), is_flagged)
    named = {flag.signal: flag for flag in flags if flag.signal}
    ordered = sorted(heard.signals, key=lambda signal: signal.name not in named)
    rows = tuple(
        Row(words.signal_name(s.name), words.signal_value(s), f"raises {named[s.name].code}" if s.name in named else "")
        for s in ordered
    )
    silent = tuple(Row(words.signal_name(a.name), "No answer", a.sentence) for a in heard.abstained)
    over = [flag for flag in flags if Layer.HEARD in flag.layers]
    headline = over[0].title if over else "Nothing beyond the limits"
    sentence = (
        f"{words.plural(len(ordered), 'signal')} measured; {len(over) or 'none'} beyond the limits of the policy."
    )
    return LayerView("heard", "Heard", "what detectors measure", headline, sentence, rows + silent, is_flagged)


def _known(known: Known, is_flagged: bool) -> LayerView:
    title, source = "Known", "what the catalogue says"
    if known.matches is None:
        sentence = "This sound was not compared with the catalogue."
        return LayerView("known", title, source, "Not compared", sentence, (), is_flagged)
    if not known.matches:
        sentence = "No other recording of the catalogue has this sound, as far as it was delivered here."
        return LayerView("known", title, source, "No match", sentence, (), is_flagged)
    matches = match_views(known)
    sentence = f"The same sound as {words.plural(len(matches), 'other recording')} in the catalogue."
    return LayerView("known", title, source, matches[0].how, sentence, (), is_flagged, matches)


def match_views(known: Known) -> tuple[MatchView, ...]:
    """List the matches, numbered from 1 in the order in which the screening keeps them."""
    return tuple(_match(number, match) for number, match in enumerate(known.matches or (), start=1))


def _match(number: int, match: Match) -> MatchView:
    own = words.stretch(match.own.start_s, match.own.end_s)
    other = words.stretch(match.other.start_s, match.other.end_s)
    return MatchView(
        number=number,
        title=match.title or match.recording_key,
        artist=match.display_artist,
        isrc=match.isrc or "no ISRC",
        how=_how(match),
        aligned=f"{own} here is {other} there",
        own_start_s=match.own.start_s,
        own_end_s=match.own.end_s,
        other_start_s=match.other.start_s,
        other_end_s=match.other.end_s,
        speed=match.speed,
        keeps_pitch=_keeps_pitch(match.pitch_semitones),
        has_audio=match.audio_uri is not None,
        covers=_covers(match),
        segments=tuple(_segment(n, one, match) for n, one in enumerate(match.shared, start=1)),
    )


def _keeps_pitch(semitones: float) -> str:
    return "yes" if abs(semitones) < 0.25 else "no"


def _covers(match: Match) -> str:
    if not (match.own_share and match.other_share):
        return ""
    return f"{words.percent(match.own_share)} of this recording, {words.percent(match.other_share)} of the other."


def _segment(number: int, segment: Segment, match: Match) -> SegmentView:
    own, other = segment.own, segment.other
    is_other_speed = abs(segment.speed - match.speed) >= 0.005
    return SegmentView(
        number=number,
        length=words.clock(round(own.end_s - own.start_s)),
        own=words.stretch(own.start_s, own.end_s),
        other=words.stretch(other.start_s, other.end_s),
        changed=f"at {segment.speed:.2f} times its speed" if is_other_speed else "",
        own_start_s=own.start_s,
        own_end_s=own.end_s,
        other_start_s=other.start_s,
        other_end_s=other.end_s,
        speed=segment.speed,
        keeps_pitch=_keeps_pitch(segment.pitch_semitones),
    )


def _how(match: Match) -> str:
    if match.kind is MatchKind.SAME_SIGNAL:
        how = "Identical signal"
    elif abs(match.speed - 1) < 0.005:
        how = "Same recording"
    else:
        how = f"Same recording, {words.percent(abs(match.speed - 1))} {'faster' if match.speed > 1 else 'slower'}"
    return how if match.is_earlier else f"{how}; the other came later"
