"""Rules of the TGT group: what a platform would make of the declaration, asked only with its profile.

Source: the platforms as dated in their profiles (schemas/profiles). Facts come from `schemas.targets`.
Inputs: `schemas.release.Message`. These are infos, and warnings where the platform refuses.
"""

from collections.abc import Iterator

from schemas.disclosure import Level
from schemas.findings import Severity
from schemas.release import Message, SoundRecording
from schemas.rules.registry import Hit, Scope, rule
from schemas.rules.words import declared_at, name_of
from schemas.targets import (
    VIDEO,
    Gate,
    apple_flags,
    bandcamp_gate,
    believe_gate,
    credits_ai,
    distrokid_credits,
    spotify_credits,
    unlicensed_generators,
)

WARNING, INFO = Severity.WARNING, Severity.INFO
UNPLACED = "unknown, as it is declared Partly and no credit says where"


@rule(
    "TGT-SPO",
    INFO,
    "AI credits on Spotify",
    why="Spotify shows AI credits for roles that were fully AI-generated, and for nothing else.",
    source="Spotify provider support, AI credits on Spotify (beta, 2026-04-16)",
    mend="Nothing, if the roles are right; otherwise credit AI and people separately for each role.",
    scope=Scope.TARGET,
)
def spotify_shows(message: Message) -> Iterator[Hit]:
    """List the roles that Spotify would credit to AI."""
    for recording in message.sound_recordings:
        roles = spotify_credits(recording)
        if roles:
            text = f"Spotify would credit AI for: {', '.join(roles)}."
        elif recording.disclosure.level.has_ai:
            text = f"Spotify would show no AI credit: {_no_credit(recording)}."
        else:
            continue
        yield Hit(text, declared_at(recording), name_of(recording), recording.disclosure.text)


def _no_credit(recording: SoundRecording) -> str:
    if recording.kind == VIDEO:
        return "it credits sound, not videos"
    return "no role is fully AI-generated" if credits_ai(recording) else "no contributor is GenerativeAI"


def _is_unplaced(recording: SoundRecording) -> bool:
    return recording.disclosure.level is Level.PARTLY and not credits_ai(recording)


@rule(
    "TGT-APL",
    INFO,
    "Apple Music transparency tags",
    why="Apple asks for four tags in its own package, not in ERN; what is left out counts as no AI.",
    source="Apple Music transparency tags (2026-03-04), press reports [second-hand]",
    mend="Set these tags in Apple's package where AI made a material portion.",
    scope=Scope.TARGET,
)
def apple_tags(message: Message) -> Iterator[Hit]:
    """Name the tags of each recording, and of the artwork once; say where nobody can tell which."""
    for recording in message.sound_recordings:
        names = apple_flags(recording).names
        if names or _is_unplaced(recording):
            text = f"Apple's tags for this recording: {', '.join(names) or UNPLACED}."
            yield Hit(text, declared_at(recording), name_of(recording), recording.disclosure.text)
    for image in message.images:
        if image.disclosure.level.has_ai:
            text = "Apple's tag for the album: Artwork."
            yield Hit(text, declared_at(image), name_of(image), image.disclosure.text)


@rule(
    "TGT-DEE",
    INFO,
    "Deezer detects AI itself",
    why="Deezer asks for no declaration; it tags, demonetises and takes down by its own detection.",
    source="Deezer newsroom as quoted by the press (2025-01 to 2026-07) [second-hand]",
    mend="Nothing; a declaration changes nothing there.",
    scope=Scope.TARGET,
)
def deezer_detects(message: Message) -> Iterator[Hit]:
    """Say once for the message that Deezer reads no declaration."""
    if message.sound_recordings:
        text = "Deezer reads no declaration; it listens for itself."
        yield Hit(text, message.sound_recordings[0].at, message.message_id or message.path)


@rule(
    "TGT-DSK",
    INFO,
    "DistroKid AI credits",
    why="DistroKid asks for lyrics, composition and audio, each in part or wholly, and passes it on.",
    source="DistroKid support, AI credits (2026)",
    mend="Choose the same in DistroKid's form; AI mixing and mastering need not be named.",
    scope=Scope.TARGET,
)
def distrokid_form(message: Message) -> Iterator[Hit]:
    """Fill in DistroKid's three credits for each recording that has one; say where nobody can tell which."""
    for recording in message.sound_recordings:
        levels = distrokid_credits(recording).model_dump()
        stated = {name: level for name, level in levels.items() if level.has_ai}
        if stated or _is_unplaced(recording):
            words = ", ".join(f"{name} {'all' if level is Level.ALL else 'part'}" for name, level in stated.items())
            text = f"DistroKid's AI credits: {words or UNPLACED}."
            yield Hit(text, declared_at(recording), name_of(recording), recording.disclosure.text)


@rule(
    "TGT-BCP",
    INFO,
    "Bandcamp's gate",
    why="Bandcamp bans music that is wholly or in substantial part AI.",
    source="Bandcamp policy (2026-01), press reports [second-hand]",
    mend="Do not send there what is wholly AI; for the rest expect a person to decide.",
    scope=Scope.TARGET,
)
def bandcamp_takes(message: Message) -> Iterator[Hit]:
    """Tell what Bandcamp would not take, and what a person there has to decide."""
    for recording in message.sound_recordings:
        gate = bandcamp_gate(recording)
        at, subject, value = declared_at(recording), name_of(recording), recording.disclosure.text
        if gate is Gate.REFUSED:
            yield Hit("Bandcamp takes no recording that is wholly AI.", at, subject, value, WARNING)
        elif gate is Gate.PERSON:
            yield Hit("Bandcamp would ask a person whether the AI part is substantial.", at, subject, value)


@rule(
    "TGT-BLV",
    INFO,
    "Believe's and TuneCore's gate",
    why="Believe distributes nothing that is wholly AI, nor anything made with an unlicensed generator.",
    source="Believe and TuneCore policy (2026-04-30), press reports [second-hand]",
    mend="Do not send there what is wholly AI or made with an unlicensed generator.",
    scope=Scope.TARGET,
)
def believe_takes(message: Message) -> Iterator[Hit]:
    """Tell what Believe would not take, and what it would have to ask."""
    for recording in message.sound_recordings:
        gate, named = believe_gate(recording), unlicensed_generators(recording)
        at, subject, value = declared_at(recording), name_of(recording), recording.disclosure.text
        if named:
            text = f"Believe blocks recordings made with an unlicensed generator: {', '.join(named)}."
            yield Hit(text, at, subject, named[0], WARNING)
        elif gate is Gate.REFUSED:
            yield Hit("Believe takes no recording that is wholly AI.", at, subject, value, WARNING)
        elif gate is Gate.PERSON:
            yield Hit("Believe takes AI of licensed generators alone; a message cannot name one.", at, subject, value)
