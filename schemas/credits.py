"""A recording's AI disclosure as a credit card in plain words: text, data, and JSON-LD.

Pure functions from a `Disclosure`. What is not declared is said to be not declared: a person's name
beside a role says who, not how. HTML and HTTP live elsewhere and take `CreditCard` as it is.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from schemas.base import Model
from schemas.disclosure import Agent, Area, Contribution, Disclosure, Level

LABELS = {
    Area.VOCALS: "Vocals",
    Area.INSTRUMENTS: "Instruments",
    Area.LYRICS: "Lyrics",
    Area.COMPOSITION: "Composition",
    Area.PRODUCTION: "Production",
    Area.POST_PRODUCTION: "Mixing and editing",
    Area.MASTERING: "Mastering",
    Area.ARTWORK: "Artwork",
    Area.OTHER: "Other contributions",
}
DEGREES = {
    Level.ALL: "AI-generated",
    Level.PARTLY: "human, with AI help",
    Level.NONE: "human",
    Level.UNDECLARED: "not declared",
}
BOTH = "partly AI-generated, partly human"
WHOLE = {
    Level.ALL: "Made entirely with generative AI",
    Level.PARTLY: "Made partly with generative AI",
    Level.NONE: "Made without generative AI",
    Level.UNDECLARED: "Use of generative AI: not declared",
}
REST = "Everything else"
SOURCE_TYPES = {
    Level.ALL: "https://schema.org/TrainedAlgorithmicMediaDigitalSource",
    Level.PARTLY: "https://schema.org/CompositeWithTrainedAlgorithmicMediaDigitalSource",
}
"""IPTC digital source types as schema.org names them; without AI there is no one right value."""


class CreditLine(Model):
    """One line of the card.

    Attributes
    ----------
    label
        What was contributed, in words.
    area
        None for the line about everything else.
    level
        How much of it is AI, as declared.
    degree
        The level in words.
    """

    label: str
    area: Area | None
    level: Level
    degree: str


class CreditCard(Model):
    """What a listener is told about a recording.

    Attributes
    ----------
    level
        Of the recording as a whole; ``summary`` says it in words.
    lines
        Areas in the order of `Area`, then everything else; a line says only what the sender declared.
    """

    title: str = ""
    artist: str = ""
    isrc: str | None = None
    level: Level
    summary: str
    lines: tuple[CreditLine, ...]

    @property
    def text(self) -> str:
        """All lines as one text: ``Vocals: AI-generated. Lyrics: human, with AI help. ...``."""
        return " ".join(f"{line.label}: {line.degree}." for line in self.lines)


def level_in(disclosure: Disclosure, areas: Iterable[Area]) -> Level:
    """Tell how much of some areas is AI, as declared.

    Returns
    -------
    Level
        ``all`` if only AI is credited there, ``partly`` if some AI is, ``none`` if the recording or everybody
        credited there is declared free of AI, else ``undeclared``.
    """
    credited = _credited(disclosure, areas)
    machines = [c for c in credited if c.agent is Agent.GENERATIVE_AI]
    if machines and len(machines) == len(credited):
        return Level.ALL
    if machines or any(c.ai.has_ai for c in credited):
        return Level.PARTLY
    if disclosure.level is Level.NONE or (credited and all(c.ai is Level.NONE for c in credited)):
        return Level.NONE
    return Level.UNDECLARED


def credit_card(disclosure: Disclosure, *, title: str = "", artist: str = "", isrc: str | None = None) -> CreditCard:
    """Make the card of one recording.

    Parameters
    ----------
    disclosure
        As declared, contradictions included: the card repeats what the sender says and judges nothing.
    title, artist, isrc
        What the card is about, where known.
    """
    lines = [line for area in Area if (line := _line(disclosure, area)) is not None]
    return CreditCard(
        title=title,
        artist=artist,
        isrc=isrc,
        level=disclosure.level,
        summary=f"{WHOLE[disclosure.level]}.",
        lines=(*lines, _rest(disclosure.level, lines)),
    )


def to_json_ld(card: CreditCard) -> dict[str, Any]:
    """Describe the card's recording in schema.org's words.

    ``creditText`` is the card's text; ``digitalSourceType`` stands only where AI is declared.
    """
    about = {
        "name": card.title,
        "byArtist": {"@type": "MusicGroup", "name": card.artist} if card.artist else None,
        "isrcCode": card.isrc,
        "creditText": card.text,
        "digitalSourceType": SOURCE_TYPES.get(card.level),
    }
    given = {name: value for name, value in about.items() if value}
    return {"@context": "https://schema.org", "@type": "MusicRecording", **given}


def _credited(disclosure: Disclosure, areas: Iterable[Area]) -> list[Contribution]:
    wanted = frozenset(areas)
    return [c for c in disclosure.contributions if wanted.intersection(c.areas)]


def _line(disclosure: Disclosure, area: Area) -> CreditLine | None:
    """Speak of an area only if the sender says more about it than about the whole."""
    credited = _credited(disclosure, [area])
    level = level_in(disclosure, [area])
    if not credited or level is Level.UNDECLARED:
        return None
    degree = BOTH if level is Level.PARTLY and _has_machine(credited) else DEGREES[level]
    return CreditLine(label=LABELS[area], area=area, level=level, degree=degree)


def _has_machine(credited: Sequence[Contribution]) -> bool:
    return any(c.agent is Agent.GENERATIVE_AI for c in credited)


def _rest(whole: Level, lines: Sequence[CreditLine]) -> CreditLine:
    # Partly says nothing about any one part: what no line names stays undeclared.
    level = whole if whole in (Level.ALL, Level.NONE) else Level.UNDECLARED
    label = REST if lines else "Everything"
    return CreditLine(label=label, area=None, level=level, degree=DEGREES[level])
