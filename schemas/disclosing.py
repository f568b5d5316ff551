"""From plain answers to a submission that states AI correctly: role by role, person or AI or both.

For labels without DDEX. Each part of a recording is made by a person, by AI, or by a person with AI's help; what is
stated about the whole follows from the parts, so that the two can never contradict each other.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from schemas.base import Model
from schemas.disclosure import Disclosure, Level
from schemas.release import Message, Resource
from schemas.vocabularies import LEVELS as DDEX_LEVELS

ANONYMOUS = "Unnamed"
WORDS = {level: word for word, level in DDEX_LEVELS.items()}
Stated = TypeVar("Stated", bound=Resource)


class Maker(StrEnum):
    """Who made a part."""

    NOBODY = "nobody"
    PERSON = "person"
    HELPED = "helped"
    MACHINE = "machine"


class Part(StrEnum):
    """A part of a recording that a form asks about, by the DDEX role that states it."""

    VOCALS = "LeadVocalist"
    LYRICS = "Lyricist"
    COMPOSITION = "Composer"
    INSTRUMENTS = "StudioMusician"
    PRODUCTION = "StudioProducer"
    MIXING = "MixingEngineer"
    MASTERING = "MasteringEngineer"


LABELS: Mapping[Part, str] = {
    Part.VOCALS: "Vocals",
    Part.LYRICS: "Lyrics",
    Part.COMPOSITION: "Composition",
    Part.INSTRUMENTS: "Instruments",
    Part.PRODUCTION: "Production",
    Part.MIXING: "Mixing",
    Part.MASTERING: "Mastering",
}
LEVELS: Mapping[Maker, Level] = {Maker.PERSON: Level.NONE, Maker.HELPED: Level.PARTLY, Maker.MACHINE: Level.ALL}
SOUNDS = frozenset({Part.VOCALS, Part.LYRICS, Part.COMPOSITION, Part.INSTRUMENTS})


class Made(Model):
    """Who made a part; a person may be named, else the recording's artist is."""

    part: Part
    maker: Maker
    name: str = ""


def level_of(makers: Iterable[Maker]) -> Level:
    """Tell what the whole is from its parts: undeclared where nothing is said.

    Examples
    --------
    >>> level_of([Maker.PERSON, Maker.MACHINE]).value, level_of([Maker.PERSON, Maker.NOBODY]).value
    ('partly', 'none')
    """
    levels = {LEVELS[maker] for maker in makers if maker is not Maker.NOBODY}
    if not levels:
        return Level.UNDECLARED
    return levels.pop() if len(levels) == 1 else Level.PARTLY


def disclosure(made: Iterable[Made], *, artist: str) -> dict[str, Any]:
    """Write the ``disclosure`` of a submission's recording."""
    kept = [one for one in made if one.maker is not Maker.NOBODY]
    level = level_of(one.maker for one in kept)
    contributions = [_contribution(one, artist) for one in kept]
    stated = {} if level is Level.UNDECLARED else {"contains_ai": level.value}
    return {**stated, "contributions": contributions}


def voice(made: Iterable[Made]) -> dict[str, bool]:
    """Say whether there is a voice, where anything is said about sound."""
    makers = {one.part: one.maker for one in made}
    if not any(makers.get(part, Maker.NOBODY) is not Maker.NOBODY for part in SOUNDS):
        return {}
    has_voice = makers.get(Part.VOCALS, Maker.NOBODY) is not Maker.NOBODY
    return {"has_vocals": has_voice, "is_instrumental": not has_voice}


def release_level(levels: Iterable[Level]) -> Level:
    """Tell what a release states from its recordings: undeclared where one says nothing."""
    found = set(levels)
    if not found or Level.UNDECLARED in found:
        return Level.UNDECLARED
    return found.pop() if len(found) == 1 else Level.PARTLY


def in_ddex_words(message: Message) -> Message:
    """Write the levels of a JSON submission's message as DDEX writes them, so that it can become an ERN message."""
    recordings = tuple(_worded(one) for one in message.sound_recordings)
    images = tuple(_worded(one) for one in message.images)
    releases = tuple(
        one.model_copy(update={"disclosure": _worded_disclosure(one.disclosure)}) for one in message.releases
    )
    return message.model_copy(update={"sound_recordings": recordings, "images": images, "releases": releases})


def _worded(one: Stated) -> Stated:
    return one.model_copy(update={"disclosure": _worded_disclosure(one.disclosure)})


def _worded_disclosure(disclosure: Disclosure) -> Disclosure:
    contributions = tuple(
        one.model_copy(update={"ai_text": WORDS.get(one.ai)}) if one.ai_text else one
        for one in disclosure.contributions
    )
    return disclosure.model_copy(update={"text": WORDS.get(disclosure.level), "contributions": contributions})


def _contribution(one: Made, artist: str) -> dict[str, Any]:
    if one.maker is Maker.MACHINE:
        return {"role": one.part.value, "agent": "generative_ai", "ai": "all"}
    name = one.name.strip() or artist.strip() or ANONYMOUS
    return {"role": one.part.value, "agent": "human", "name": name, "ai": LEVELS[one.maker].value}
