"""Rules of the AID group on credits: one contributor's, party's or deal's words about AI.

Source: DDEX's own words in the ERN 4.3.1 and 4.3.2 schemas on `AiContribution` and
`SpecialContributor`, Spotify's AI credits (2026-04), and house rules.
Inputs: `schemas.release.Message`. The rules on whole recordings are in `schemas.rules.disclosure`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from schemas.disclosure import Agent, Area, Contribution, Level
from schemas.findings import Severity
from schemas.release import DisplayArtist, Message, Resource, SoundRecording
from schemas.rules.registry import Hit, Scope, rule
from schemas.rules.words import contributions_of, credits_of, name_of, names_of, place_of, resources_of, uses_ai, who
from schemas.vocabularies import SPECIAL_CONTRIBUTORS

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
DDEX = "DDEX, text of the ERN 4.3.2 schema"
SUNG = frozenset({Area.VOCALS, Area.LYRICS})

TOOL_NAMES = frozenset(  # house list of 2026-11-22: whole names only, a longer name may be a person's
    {
        "ai", "a.i.", "artificial intelligence", "generative ai", "chatgpt", "gpt", "openai", "suno", "udio",
        "riffusion", "elevenlabs", "eleven music", "mureka", "lyria", "musicgen", "stable audio", "soundraw",
        "boomy", "ace-step", "musicfy", "minimax music", "google gemini", "synthesizer v",
    }
)  # fmt: skip
_TOOL_SUFFIX = re.compile(r"(?:\s+(?:ai|v?[0-9]+(?:\.[0-9]+)*))+$")
_LOOKS_LIKE_AI = re.compile(
    r"(?<![A-Za-z])A\.?I\.?(?![a-z]|[A-Z](?![a-z]))"  # AIVocalist is a word about AI, AIFF and AIR are not
    r"|(?i:artificial intelligence|generative|ai[- _]generated|machine[- _]generated)"
)


@rule(
    "AID-004",
    ERROR,
    "Person with a contribution wholly made by AI",
    why="Either the person contributed, or the AI did; credits and royalties depend on which.",
    source=f"{DDEX}: AiContribution of a party can be None or Partly",
    mend="Write Partly for a person helped by AI, or SpecialContributor GenerativeAI for the AI alone.",
    scope=Scope.MESSAGE,
    file_status="UserDefined",
)
def people_are_not_all_ai(message: Message) -> Iterator[Hit]:
    """Look for AiContribution All on a party."""
    for resource, one in credits_of(message):
        if one.agent is Agent.HUMAN and one.ai is Level.ALL:
            text = f"{who(one)} is a party, yet AiContribution is All."
            yield Hit(text, place_of(one, resource), name_of(resource), one.ai_text)


@rule(
    "AID-005",
    ERROR,
    "Generative AI whose contribution is not all AI",
    why="GenerativeAI is all AI by definition; another degree makes the credit unreadable.",
    source=f"{DDEX}: AiContribution defaults to All if SpecialContributor is GenerativeAI",
    mend="Leave AiContribution out or write All; credit the person who was helped as a party with Partly.",
    scope=Scope.MESSAGE,
    file_status="UserDefined",
)
def generative_ai_is_all_ai(message: Message) -> Iterator[Hit]:
    """Look for GenerativeAI with AiContribution None or Partly."""
    for resource, one in credits_of(message):
        if one.agent is Agent.GENERATIVE_AI and one.ai in (Level.NONE, Level.PARTLY):
            text = f"GenerativeAI has AiContribution {one.ai_text or one.ai.title()}."
            yield Hit(text, place_of(one, resource), name_of(resource), one.ai_text)


@rule(
    "AID-009",
    WARNING,
    "Generative AI without a role",
    why="The role says what the AI did; nothing else in the message does.",
    source="ERN 4.3.2 Contributor/Role; Spotify AI credits (2026-04)",
    mend="Give the contributor a Role, e.g. Vocalist, Composer or StudioProducer.",
    scope=Scope.MESSAGE,
    file_status="ArtistRoleUnknown",
)
def ai_has_a_role(message: Message) -> Iterator[Hit]:
    """Look for GenerativeAI contributors without Role."""
    for resource, one in credits_of(message):
        if one.agent is Agent.GENERATIVE_AI and not one.roles:
            text = "GenerativeAI is credited without a role."
            yield Hit(text, place_of(one, resource), name_of(resource))


@lru_cache(maxsize=4096)  # the same people are credited again and again
def is_tool_name(name: str) -> bool:
    """Whether a whole name is one of a generator, version or ``AI`` at its end aside."""
    if name.strip() == "Ai":
        return False  # a given name in Japan and elsewhere
    plain = " ".join(name.casefold().split())
    return plain in TOOL_NAMES or _TOOL_SUFFIX.sub("", plain) in TOOL_NAMES


@rule(
    "AID-014",
    WARNING,
    "Party named like a tool",
    why="A generator entered as a person hides the AI from everybody who reads the declaration.",
    source="house list of names, 2026-11-22",
    mend="Use SpecialContributor GenerativeAI instead of a party; if it is a person's name, nothing has to be done.",
    scope=Scope.MESSAGE,
)
def parties_are_people(message: Message) -> Iterator[Hit]:
    """Look for generators' names among the people, those that are only shown as artists included."""
    for resource in resources_of(message):
        tools = {one.name: one for one in reversed(_people(resource)) if is_tool_name(one.name)}
        for name, one in tools.items():
            text = f"{name!r} is credited as a person and named like a generator."
            yield Hit(text, place_of(one, resource), name_of(resource), name)


def _people(resource: Resource) -> list[Contribution | DisplayArtist]:
    """List who is credited or shown as a party."""
    shown = resource.display_artists if isinstance(resource, SoundRecording) else ()
    credited = [one for one in contributions_of(resource) if one.agent is Agent.HUMAN]
    return [*credited, *(one for one in shown if one.special is None)]


@rule(
    "AID-015",
    WARNING,
    "Instrumental with an AI voice or AI lyrics",
    why="A recording without voice has no vocalist and no lyricist; one of the statements is wrong.",
    source="ERN 4.3.2 SoundRecording/HasVocalPerformance, IsInstrumental; house",
    mend="Correct HasVocalPerformance or IsInstrumental, or the role of the contributor.",
    scope=Scope.MESSAGE,
)
def instrumentals_have_no_voice(message: Message) -> Iterator[Hit]:
    """Compare the voice flags with AI credits for voice and lyrics."""
    for recording in message.sound_recordings:
        if recording.is_instrumental is not True and recording.has_vocals is not False:
            continue
        sung = [c for c in contributions_of(recording) if uses_ai(c) and SUNG.intersection(c.areas)]
        if sung:
            text = f"The recording has no voice, yet AI is credited for it: {names_of(sung)}."
            yield Hit(text, place_of(sung[0], recording), name_of(recording))


@rule(
    "AID-016",
    INFO,
    "Deal mentions AI training",
    why="It is a licence to train on the recording, not a statement about how it was made.",
    source="DDEX AVS 9, UseForTrainingGenerativeAI and UseForTrainingNonGenerativeAI",
    mend="Nothing, if you meant the licence.",
    scope=Scope.MESSAGE,
)
def training_is_no_disclosure(message: Message) -> Iterator[Hit]:
    """Name the training uses among the deals."""
    for deal in message.deals:
        for use in deal.use_types:
            if use.startswith("UseForTraining"):
                yield Hit(f"The deal grants {use}; this is no AI disclosure.", deal.at, message.message_id, use)


@lru_cache(maxsize=4096)
def _looks_like_ai(value: str) -> bool:
    return _LOOKS_LIKE_AI.search(value) is not None


@rule(
    "AID-017",
    INFO,
    "Own value that looks like AI",
    why="Recipients cannot read a user-defined value; the declaration does not reach them.",
    source="DDEX AVS 9, SpecialContributorType; house",
    mend="Use SpecialContributor GenerativeAI with an ordinary role.",
    scope=Scope.MESSAGE,
)
def own_values_are_standard(message: Message) -> Iterator[Hit]:
    """Look at special contributors and roles that are not DDEX's but speak of AI."""
    for resource in resources_of(message):
        for one, value in _own_values(resource):
            if _looks_like_ai(value):
                text = f"{value!r} looks like an AI disclosure in the sender's own words."
                yield Hit(text, place_of(one, resource), name_of(resource), value)


def _own_values(resource: Resource) -> Iterator[tuple[Contribution | DisplayArtist, str]]:
    for one in contributions_of(resource):
        if one.agent is not Agent.GENERATIVE_AI:
            yield from ((one, value) for value in (one.special_text, *one.roles) if value)
    for shown in resource.display_artists if isinstance(resource, SoundRecording) else ():
        if shown.special and shown.special not in SPECIAL_CONTRIBUTORS:
            yield shown, shown.special
