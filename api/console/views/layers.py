"""The four layers of truth side by side: declared, found, heard, known.

Absence is said in words: undeclared is not none, no manifest says nothing about who made the
recording, a signal that was not measured is not zero.
"""

from api.console.views import words
from api.console.views.columns import LayerView, Row
from api.console.views.known import known_view
from schemas.disclosure import Agent, Contribution, Disclosure, Level
from schemas.flags import Flag, Layer
from schemas.screening import AudioFacts, Found, Heard, Manifest, ProvenanceState, Screening, Signal

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
_FIRST_HEARD = frozenset({"synthetic_probability", "false_positive_share", "duration_s", "loudness_lufs"})


def layer_views(screening: Screening) -> tuple[LayerView, ...]:
    """Give the four columns in their fixed order."""
    flagged = {layer for flag in screening.flags for layer in flag.layers}
    return (
        _declared(screening.declared, Layer.DECLARED in flagged),
        _found(screening.found, Layer.FOUND in flagged),
        _heard(screening.heard, screening.flags, Layer.HEARD in flagged),
        known_view(screening.known, screening.flags),
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
    lines = [
        (s.name in named or s.name in _FIRST_HEARD,
         Row(words.signal_name(s.name), words.signal_value(s), _note(s, named.get(s.name))))
        for s in ordered
    ]  # fmt: skip
    silent = tuple(Row(words.signal_name(a.name), "No answer", a.sentence) for a in heard.abstained)
    over = [flag for flag in flags if Layer.HEARD in flag.layers]
    headline = over[0].title if over else "Nothing beyond the limits"
    sentence = (
        f"{words.plural(len(heard.signals), 'signal')} measured; {len(over) or 'none'} beyond the limits of the policy."
    )
    return LayerView(
        "heard", "Heard", "what detectors measure", headline, sentence,
        (*(row for is_first, row in lines if is_first), *silent), is_flagged,
        more=tuple(row for is_first, row in lines if not is_first),
    )  # fmt: skip


def _note(signal: Signal, flag: Flag | None) -> str:
    return "; ".join(filter(None, (signal.note, f"raises {flag.code}" if flag else "")))
