"""What the sender states about AI, as facts per (resource, role, degree).

Absence is a value: *undeclared* is not *none*. The four levels are the three values of DDEX's
``avs:ContainsAI`` (AVS 9, August 2025) and the state of a message that says nothing.
"""

from enum import StrEnum

from schemas.base import Part
from schemas.findings import Location


class Level(StrEnum):
    """How much of something was made with generative AI, as declared."""

    UNDECLARED = "undeclared"
    NONE = "none"
    PARTLY = "partly"
    ALL = "all"

    @property
    def has_ai(self) -> bool:
        """Whether the declaration says that AI was used."""
        return self in (Level.PARTLY, Level.ALL)


class Area(StrEnum):
    """The part of a recording that a DDEX role belongs to."""

    VOCALS = "vocals"
    INSTRUMENTS = "instruments"
    LYRICS = "lyrics"
    COMPOSITION = "composition"
    PRODUCTION = "production"
    POST_PRODUCTION = "post_production"
    MASTERING = "mastering"
    ARTWORK = "artwork"
    OTHER = "other"


class Agent(StrEnum):
    """Who made a contribution."""

    HUMAN = "human"
    GENERATIVE_AI = "generative_ai"
    OTHER = "other"


class Contribution(Part):
    """One declared contribution to a resource.

    Attributes
    ----------
    agent
        ``generative_ai`` for ``SpecialContributor = GenerativeAI``; ``other`` for VariousArtists,
        Traditional and UserDefined.
    name
        The party's name as given; empty for a special contributor.
    roles, instruments
        DDEX role and instrument values as written.
    areas
        What the roles belong to; empty where no role is given.
    ai
        The declared degree; for GenerativeAI without ``AiContribution`` the DDEX default ``all``.
    ai_text
        ``AiContribution`` as written, None where absent.
    """

    agent: Agent
    name: str = ""
    party_reference: str | None = None
    party_ids: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    areas: tuple[Area, ...] = ()
    ai: Level = Level.UNDECLARED
    ai_text: str | None = None
    special_text: str | None = None
    at: Location = Location()


class Disclosure(Part):
    """The declaration about one resource.

    Attributes
    ----------
    level
        The four-valued state; a value that is no allowed one counts as undeclared.
    text
        ``ContainsAI`` as written, None where absent.
    can_declare
        Whether the message's version has a place for the declaration (ERN 4.3.1 and later, JSON).
    contributions
        Everybody and everything credited, in message order.
    at
        Where ``ContainsAI`` stands, if it does.
    """

    level: Level = Level.UNDECLARED
    text: str | None = None
    can_declare: bool = False
    contributions: tuple[Contribution, ...] = ()
    at: Location = Location()
