"""Words that the rules share: how a finding names a resource, a place and a contributor."""

from collections.abc import Iterator

from schemas.disclosure import Agent, Contribution
from schemas.findings import Location
from schemas.release import DisplayArtist, Message, Release, Resource, SoundRecording

NAMES_SHOWN = 3
GENERATIVE_AI = "GenerativeAI"


def name_of(resource: Resource) -> str:
    """Name a resource in findings: the ISRC, else the reference."""
    return (resource.isrc if isinstance(resource, SoundRecording) else None) or resource.reference


def contributions_of(resource: Resource) -> tuple[Contribution, ...]:
    """List everybody credited on a resource, its editions included."""
    return resource.all_contributions if isinstance(resource, SoundRecording) else resource.disclosure.contributions


def uses_ai(contribution: Contribution) -> bool:
    """Whether a contribution is made by AI or with its help, as declared."""
    return contribution.agent is Agent.GENERATIVE_AI or contribution.ai.has_ai


def resources_of(message: Message) -> tuple[Resource, ...]:
    """List the recordings and images of a message."""
    return message.sound_recordings + message.images


def credits_of(message: Message) -> Iterator[tuple[Resource, Contribution]]:
    """Pair every contribution of a message with what it contributes to."""
    for resource in resources_of(message):
        for contribution in contributions_of(resource):
            yield resource, contribution


def top_of(message: Message) -> Location:
    """Point to a message as a whole: its root element, or the file where it has none."""
    return message.at if message.at.path else Location(path=message.path)


def place_of(thing: Contribution | DisplayArtist | Resource, fallback: Resource) -> Location:
    """Point to a thing, or to the resource around it where the thing has no place of its own."""
    return thing.at if thing.at.path or thing.at.line else fallback.at


def declared_at(thing: Resource | Release) -> Location:
    """Point to the words of a declaration, or to what should carry them."""
    own = thing.disclosure.at
    return own if own.path or own.line else thing.at


def who(contribution: Contribution) -> str:
    """Name a contributor with the roles."""
    name = contribution.name or (GENERATIVE_AI if contribution.agent is Agent.GENERATIVE_AI else "a contributor")
    return f"{name} ({', '.join(contribution.roles)})" if contribution.roles else name


def names_of(contributions: list[Contribution]) -> str:
    """Name the first few contributors."""
    names = [who(c) for c in contributions[:NAMES_SHOWN]]
    more = len(contributions) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
