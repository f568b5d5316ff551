"""What platforms would make of a declaration: their credits, flags and gates, from facts alone.

Pure functions over one recording. Each platform has its own threshold, so none of these is a truth
about the recording. What is known of each platform, with source and date, stands in its profile
(docs/profiles.md); the mapping of roles to areas is the house's (`schemas.vocabularies`).
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from schemas.base import Model
from schemas.credits import level_in
from schemas.disclosure import Agent, Area, Disclosure, Level
from schemas.release import Image, SoundRecording

SOUND = (Area.VOCALS, Area.INSTRUMENTS)
WRITING = (Area.LYRICS, Area.COMPOSITION)
VIDEO = "Video"
UNLICENSED = ("Suno",)  # named as blocked by Believe, 2026-04-30 [second-hand]
_UNLICENSED = re.compile(rf"\b({'|'.join(UNLICENSED)})\b", re.IGNORECASE)


class Gate(StrEnum):
    """Whether a platform lets a recording in, as far as the declaration tells."""

    OPEN = "open"
    PERSON = "person"  # somebody there decides
    REFUSED = "refused"
    UNKNOWN = "unknown"  # nothing is declared


class AppleFlags(Model):
    """Apple Music's transparency tags of one recording, and of the album's artwork."""

    artwork: bool
    track: bool
    composition: bool
    music_video: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The tags that apply, as Apple calls them."""
        words = {"Artwork": self.artwork, "Track": self.track, "Composition": self.composition}
        return tuple(name for name, is_set in {**words, "Music Video": self.music_video}.items() if is_set)


class DistroKidCredits(Model):
    """DistroKid's three AI credits of one recording; mixing and mastering are none of them."""

    lyrics: Level
    composition: Level
    audio: Level


def spotify_credits(recording: SoundRecording) -> tuple[str, ...]:
    """List the roles that Spotify would credit to AI: those that are fully generated, each once.

    A person who was helped is no AI credit, whatever the degree; videos have no credits.
    """
    if recording.kind == VIDEO:
        return ()
    machines = (c for c in recording.all_contributions if c.agent is Agent.GENERATIVE_AI and c.ai is Level.ALL)
    return tuple(dict.fromkeys(role for c in machines for role in c.roles))


def apple_flags(recording: SoundRecording, images: Iterable[Image] = ()) -> AppleFlags:
    """Derive Apple's four tags.

    Apple asks for a "material portion", which no message states: any declared AI sets the tag, and the
    provider decides.
    """
    disclosure = _whole(recording)
    is_video = recording.kind == VIDEO
    sounds = level_in(disclosure, (*SOUND, Area.PRODUCTION)).has_ai or disclosure.level is Level.ALL
    return AppleFlags(
        artwork=any(image.disclosure.level.has_ai for image in images),
        track=sounds and not is_video,
        composition=level_in(disclosure, WRITING).has_ai,
        music_video=is_video and disclosure.level.has_ai,
    )


def distrokid_credits(recording: SoundRecording) -> DistroKidCredits:
    """Derive DistroKid's three credits, each with its degree."""
    disclosure = _whole(recording)
    audio = level_in(disclosure, SOUND)
    return DistroKidCredits(
        lyrics=level_in(disclosure, [Area.LYRICS]),
        composition=level_in(disclosure, [Area.COMPOSITION]),
        audio=Level.ALL if audio is Level.UNDECLARED and disclosure.level is Level.ALL else audio,
    )


def bandcamp_gate(recording: SoundRecording) -> Gate:
    """Tell whether Bandcamp takes a recording: not what is wholly AI; a person decides what is substantial."""
    return _gate(recording)


def believe_gate(recording: SoundRecording) -> Gate:
    """Tell whether Believe and TuneCore take a recording: nothing wholly AI, no unlicensed generator."""
    return Gate.REFUSED if unlicensed_generators(recording) else _gate(recording)


def unlicensed_generators(recording: SoundRecording) -> tuple[str, ...]:
    """Name the unlicensed generators among the credits, as written; a message has no better place for them."""
    texts = (text for c in recording.all_contributions for text in (c.name, c.special_text or "", *c.roles))
    return tuple(dict.fromkeys(text for text in texts if _UNLICENSED.search(text)))


_GATES = {
    Level.ALL: Gate.REFUSED,
    Level.PARTLY: Gate.PERSON,
    Level.NONE: Gate.OPEN,
    Level.UNDECLARED: Gate.UNKNOWN,
}


def _gate(recording: SoundRecording) -> Gate:
    """Look at the level, and at the credits of what does not own to AI: whoever reads them has to ask."""
    gate = _GATES[recording.disclosure.level]
    return Gate.PERSON if gate in (Gate.OPEN, Gate.UNKNOWN) and credits_ai(recording) else gate


def credits_ai(recording: SoundRecording) -> bool:
    """Whether AI, or a person whom it helped, is credited."""
    return any(c.agent is Agent.GENERATIVE_AI or c.ai.has_ai for c in recording.all_contributions)


def _whole(recording: SoundRecording) -> Disclosure:
    """Take the contributors of editions for those of the recording."""
    return recording.disclosure.model_copy(update={"contributions": recording.all_contributions})
