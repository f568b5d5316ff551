"""Rules of the AID group on levels: what a message declares about a whole agrees with its parts.

Source: DDEX's own words in the ERN 4.3.1 and 4.3.2 schemas (`ContainsAI`, `AiContribution`,
`SpecialContributor`), which no schema enforces, and house rules on top.
Inputs: `schemas.release.Message`. The rules on single credits are in `schemas.rules.contributions`.
"""

from collections.abc import Iterator, Sequence

from schemas.disclosure import Agent, Area, Level
from schemas.findings import Severity
from schemas.release import DisplayArtist, Message, Release, Resource
from schemas.rules.registry import Hit, Scope, rule
from schemas.rules.words import (
    GENERATIVE_AI,
    contributions_of,
    declared_at,
    name_of,
    names_of,
    place_of,
    resources_of,
    uses_ai,
)

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
DDEX = "DDEX, text of the ERN 4.3.2 schema"
PERFORMING = frozenset({Area.VOCALS, Area.INSTRUMENTS})
NO_PERFORMER = frozenset({"Composer"})  # DisplayArtistRole of somebody who is shown without performing
AGAINST = {Level.NONE: {Level.PARTLY, Level.ALL}, Level.ALL: {Level.NONE, Level.PARTLY}}
"""What of its content a release's level rules out."""


@rule(
    "AID-001",
    WARNING,
    "Recording without a declaration",
    why="Undeclared is not the same as none: platforms and listeners are left to guess.",
    source="ERN 4.3.2 SoundRecording/ContainsAI (optional); house",
    mend="Add ContainsAI with All, Partly or None to the recording.",
    scope=Scope.MESSAGE,
    file_status="MetadataMissing",
)
def recording_is_declared(message: Message) -> Iterator[Hit]:
    """Look for recordings that say nothing although the version has a place for it."""
    if not message.can_declare:
        return  # XSD-004 says why
    for recording in message.sound_recordings:
        if recording.disclosure.text is None and recording.disclosure.level is Level.UNDECLARED:
            yield Hit("The recording does not say whether it contains AI.", recording.at, name_of(recording))


@rule(
    "AID-002",
    ERROR,
    "Declared free of AI, credits AI",
    why="Both statements cannot be true, so no platform can show either of them.",
    source=f"{DDEX}: with ContainsAI None, no contributor may have AiContribution Partly or All",
    mend="Declare ContainsAI Partly or All, or correct the contributor.",
    scope=Scope.MESSAGE,
    file_status="UserDefined",
)
def none_means_none(message: Message) -> Iterator[Hit]:
    """Look for AI credits on what is declared free of AI."""
    for resource in resources_of(message):
        if resource.disclosure.level is not Level.NONE:
            continue
        if credited := [c for c in contributions_of(resource) if uses_ai(c)]:
            text = f"ContainsAI is None, yet AI is credited: {names_of(credited)}."
            yield Hit(text, place_of(credited[0], resource), name_of(resource), resource.disclosure.text)


@rule(
    "AID-003",
    ERROR,
    "Declared all AI, credits a person",
    why="A person's work would be shown as a machine's, or a machine's as a person's.",
    source=f"{DDEX}: with ContainsAI All, only contributors of type GenerativeAI shall be specified",
    mend="Declare ContainsAI Partly, or replace the person by SpecialContributor GenerativeAI.",
    scope=Scope.MESSAGE,
    file_status="UserDefined",
)
def all_means_all(message: Message) -> Iterator[Hit]:
    """Look for people credited on what is declared wholly made by AI."""
    for resource in resources_of(message):
        if resource.disclosure.level is not Level.ALL:
            continue
        if people := [c for c in contributions_of(resource) if c.agent is Agent.HUMAN]:
            text = f"ContainsAI is All, yet people are credited: {names_of(people)}."
            yield Hit(text, place_of(people[0], resource), name_of(resource), resource.disclosure.text)


@rule(
    "AID-006",
    WARNING,
    "Declared partly AI, nobody says where",
    why="Spotify and Apple show AI per role; without one they can show nothing.",
    source="house; Spotify AI credits (2026-04), Apple transparency tags (2026-03)",
    mend="Credit the AI, or AiContribution Partly of a person, in the role where AI was used.",
    scope=Scope.MESSAGE,
    file_status="MetadataMissing",
)
def partly_says_where(message: Message) -> Iterator[Hit]:
    """Look for recordings declared Partly without any AI credit."""
    for recording in message.sound_recordings:
        if recording.disclosure.level is Level.PARTLY and not any(map(uses_ai, contributions_of(recording))):
            text = "ContainsAI is Partly, but no contributor says in which role."
            yield Hit(text, declared_at(recording), name_of(recording), recording.disclosure.text)


@rule(
    "AID-007",
    WARNING,
    "AI credited, recording undeclared",
    why="Whoever reads ContainsAI alone takes the recording for undeclared; at least Partly is meant.",
    source="house, from the DDEX definitions",
    mend="Add ContainsAI Partly or All to the recording.",
    scope=Scope.MESSAGE,
    file_status="MetadataMissing",
)
def ai_credit_is_declared(message: Message) -> Iterator[Hit]:
    """Look for AI credits on undeclared resources."""
    for resource in resources_of(message):
        if resource.disclosure.level is not Level.UNDECLARED:
            continue
        if credited := [c for c in contributions_of(resource) if uses_ai(c)]:
            text = f"AI is credited ({names_of(credited)}), but ContainsAI is missing."
            yield Hit(text, place_of(credited[0], resource), name_of(resource))


@rule(
    "AID-008",
    ERROR,
    "Shown artist is AI, recording is not declared so",
    why="An artist that is a machine performs on the recording, so it contains AI.",
    source="ERN 4.3.2 DisplayArtist/SpecialDisplayArtist; house",
    mend="Declare ContainsAI All or Partly on the recording.",
    scope=Scope.MESSAGE,
    file_status="UserDefined",
)
def ai_artist_is_declared(message: Message) -> Iterator[Hit]:
    """Look for SpecialDisplayArtist GenerativeAI on what is None or undeclared."""
    for recording in message.sound_recordings:
        for artist in recording.display_artists:
            if artist.special == GENERATIVE_AI and not recording.disclosure.level.has_ai:
                state = recording.disclosure.text or "missing"
                text = f"The shown artist is GenerativeAI, yet ContainsAI is {state}."
                yield Hit(text, artist.at if artist.at.path else recording.at, name_of(recording), artist.special)


@rule(
    "AID-010",
    WARNING,
    "All AI, performed by AI, shown under a person",
    why="Listeners take the shown artist for the performer.",
    source="house",
    mend="Show SpecialDisplayArtist GenerativeAI, or credit the artist and declare Partly.",
    scope=Scope.MESSAGE,
)
def ai_performance_has_ai_artist(message: Message) -> Iterator[Hit]:
    """Look for people shown as artists of what AI alone performs."""
    for recording in message.sound_recordings:
        if recording.disclosure.level is not Level.ALL:
            continue
        performers = {c.agent for c in contributions_of(recording) if PERFORMING.intersection(c.areas)}
        people = [a for a in recording.display_artists if a.special is None and not _is_no_performer(a)]
        if Agent.GENERATIVE_AI in performers and Agent.HUMAN not in performers and people:
            shown = people[0].name or recording.display_artist
            text = f"AI alone performs, yet the shown artist is {shown}."
            yield Hit(text, people[0].at if people[0].at.path else recording.at, name_of(recording), shown)


def _is_no_performer(artist: DisplayArtist) -> bool:
    return bool(artist.roles) and NO_PERFORMER.issuperset(artist.roles)


def _levels_by_reference(resources: Sequence[Resource]) -> dict[str, set[Level]]:
    """Gather what is declared under each reference; under the empty one, what all declare."""
    levels: dict[str, set[Level]] = {"": {r.disclosure.level for r in resources}}
    for resource in resources:
        levels.setdefault(resource.reference, set()).add(resource.disclosure.level)
    return levels


def _levels_in(release: Release, levels: dict[str, set[Level]]) -> set[Level]:
    """Gather what the release's resources declare; those of the whole message where it names none."""
    used = release.resource_references or ("",)
    return {level for reference in used for level in levels.get(reference, ())}


@rule(
    "AID-011",
    WARNING,
    "Release contradicts its content",
    why="A platform may read only the release; it would show the opposite of what the tracks say.",
    source="house; DDEX gives no roll-up for Release/ContainsAI",
    mend="Write All only if everything is All, None only if everything is None, else Partly.",
    scope=Scope.MESSAGE,
)
def release_agrees_with_content(message: Message) -> Iterator[Hit]:
    """Compare the release's declaration with those of its recordings and images."""
    by_reference = _levels_by_reference(resources_of(message))
    for release in message.releases:
        levels = _levels_in(release, by_reference)
        own = release.disclosure.level
        if against := levels & AGAINST.get(own, set()):
            seen = ", ".join(sorted(level.title() for level in against))
            text = f"The release says {release.disclosure.text or own.title()}; its content also says {seen}."
            yield Hit(text, declared_at(release), release.key, release.disclosure.text)


@rule(
    "AID-012",
    INFO,
    "Release undeclared, but derivable",
    why="The recordings say it all; the release's own statement would only repeat it.",
    source="house",
    mend="Nothing has to be done; ContainsAI on the release would say the same.",
    scope=Scope.MESSAGE,
)
def release_is_derivable(message: Message) -> Iterator[Hit]:
    """Derive the undeclared main release's level from its recordings."""
    release, level = message.main_release, derived_level(message)
    if release and level:
        text = f"The release has no ContainsAI; its recordings make it {level.title()}."
        yield Hit(text, release.at, release.key)


def derived_level(message: Message) -> Level | None:
    """Tell what the main release would declare.

    None where it does or cannot, where a recording says nothing or contradicts itself, and where a picture
    says otherwise: then nobody knows.
    """
    release = message.main_release
    if release is None or not message.can_declare or release.disclosure.text is not None:
        return None
    levels = _levels_in(release, _levels_by_reference(message.sound_recordings))
    if not levels or Level.UNDECLARED in levels:
        return None
    if any(True for check in (none_means_none, all_means_all, ai_artist_is_declared) for _ in check(message)):
        return None
    level = levels.pop() if len(levels) == 1 else Level.PARTLY
    shown = _levels_in(release, _levels_by_reference(message.images))
    return None if shown & AGAINST.get(level, set()) else level


@rule(
    "AID-013",
    WARNING,
    "Front cover undeclared while the sound is declared",
    why="Apple asks for the artwork separately; silence about it looks like an omission.",
    source="house; Apple transparency tags (2026-03)",
    mend="Add ContainsAI to the front cover image.",
    scope=Scope.MESSAGE,
)
def cover_is_declared(message: Message) -> Iterator[Hit]:
    """Look for undeclared front covers beside declared recordings."""
    if not any(r.disclosure.level is not Level.UNDECLARED for r in message.sound_recordings):
        return
    for image in message.images:
        if image.kind == "FrontCoverImage" and image.disclosure.level is Level.UNDECLARED:
            yield Hit("The recordings are declared, the front cover is not.", image.at, name_of(image))
