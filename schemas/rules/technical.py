"""Rules of the IDN group that compare a declaration with the opened file or the transport account.

Source: ERN TechnicalDetails and Duration, and house limits. Inputs: `schemas.evidence.Evidence`.
"""

import re
from collections.abc import Iterator

from schemas.evidence import Evidence
from schemas.findings import Severity
from schemas.release import FileReference
from schemas.rules.files import names_file
from schemas.rules.identifiers import MAX_DURATION_GAP_S
from schemas.rules.registry import Hit, Scope, rule
from schemas.screening import AudioFacts

WARNING = Severity.WARNING
CODEC_FAMILIES = {  # as senders and decoders write them, letters and digits only
    "pcm": ("pcm", "wav", "wave", "linearpcm", "lpcm", "aiff", "bwf", "riff"),
    "flac": ("flac",),
    "mp3": ("mp3", "mpeg1layer3", "mpeglayer3", "mpeg1layeriii", "mpeglayeriii", "mp3float"),
    "aac": ("aac", "mp4a", "mpeg4aac", "aaclc", "heaac", "m4a"),
    "alac": ("alac", "applelossless"),
    "vorbis": ("vorbis", "oggvorbis"),
    "opus": ("opus", "oggopus"),
}


@rule(
    "IDN-009",
    WARNING,
    "Sender unknown or not the account that delivered",
    why="Whoever signs a delivery answers for its declaration.",
    source="house",
    mend="Name yourself as MessageSender with your DPID, and deliver through your own account.",
    scope=Scope.RECORDING,
)
def sender_is_the_account(evidence: Evidence) -> Iterator[Hit]:
    """Compare the message's sender with the transport account; look for a sender at all."""
    intake = evidence.intake
    names = {_plain(name) for name in (intake.sender_id, intake.sender_name) if name}
    if intake.account is None:
        if intake.ern_version is not None and not names:
            yield Hit("The message names no sender.", evidence.at, evidence.subject)
    elif names and _plain(intake.account) not in names:
        sender = intake.sender_name or intake.sender_id
        text = f"The message says {sender}, the delivery came through the account {intake.account}."
        yield Hit(text, evidence.at, evidence.subject, sender)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


@rule(
    "IDN-014",
    WARNING,
    "Stated duration is not the file's",
    why="The message may describe another version than the one delivered.",
    source="ERN SoundRecording/Duration; house limit of 2 s",
    mend="State the file's duration, or deliver the right file.",
    scope=Scope.RECORDING,
    file_status="ResourceNotMeetingSpecifications",
)
def duration_is_the_files(evidence: Evidence) -> Iterator[Hit]:
    """Compare the declared duration with the decoded one."""
    audio, recording = evidence.found.audio, evidence.intake.recording
    if audio is None or recording is None or recording.duration_s is None:
        return
    gap = abs(recording.duration_s - audio.duration_s)
    if gap > MAX_DURATION_GAP_S:
        text = f"The message says {recording.duration_s:g} s, the file lasts {audio.duration_s:.1f} s."
        yield Hit(text, evidence.at, evidence.subject, f"{recording.duration_s:g}")


@rule(
    "IDN-015",
    WARNING,
    "Technical details are not the file's",
    why="A wrong rate or codec often means that the file was exchanged or converted on the way.",
    source="ERN TechnicalDetails",
    mend="State what the file is, or leave the detail out.",
    scope=Scope.RECORDING,
    file_status="ResourceNotMeetingSpecifications",
)
def details_are_the_files(evidence: Evidence) -> Iterator[Hit]:
    """Compare sampling rate, channels and codec with the file's."""
    audio, recording = evidence.found.audio, evidence.intake.recording
    if audio is None or recording is None:
        return
    for file in recording.files:
        differences = list(_differences(file, audio)) if names_file(evidence, file) else []
        if differences:
            at = file.at if file.at.path else evidence.at
            yield Hit(f"The message and the file differ: {'; '.join(differences)}.", at, evidence.subject)


def _differences(file: FileReference, audio: AudioFacts) -> Iterator[str]:
    if file.sample_rate_hz is not None and abs(file.sample_rate_hz - audio.sample_rate_hz) > 1:
        yield f"{file.sample_rate_hz:g} Hz stated, {audio.sample_rate_hz} Hz found"
    if file.channels is not None and file.channels != audio.channels:
        yield f"{file.channels} channel(s) stated, {audio.channels} found"
    stated, found = codec_family(file.codec or ""), codec_family(audio.codec)
    if stated and found and stated != found:
        yield f"{file.codec} stated, {audio.codec} found"


def codec_family(name: str) -> str | None:
    """Name the family of a codec; None for one that is not known, which proves nothing."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if plain.startswith("pcm"):
        return "pcm"
    return next((family for family, names in CODEC_FAMILIES.items() if plain in names), None)


@rule(
    "PKG-017",
    WARNING,
    "Sound is cut short or damaged",
    why="An upload that broke off plays, and ends too early; nobody is told until listeners complain.",
    source="house; FLAC STREAMINFO, RIFF and AIFF chunk sizes, Xing and VBRI headers, Ogg RFC 3533 (end of stream)",
    mend="Export the file anew and upload it again; compare its size with the original's.",
    scope=Scope.RECORDING,
    file_status="ResourceCorrupt",
)
def sound_is_whole(evidence: Evidence) -> Iterator[Hit]:
    """Say what is missing of the sound, or was put right to hear it."""
    for what in evidence.found.audio.damage if evidence.found.audio else ():
        yield Hit(what, evidence.at, evidence.subject)
