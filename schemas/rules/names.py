"""Rules of the SPM group on names and titles: whom they recall, what they are written for, what the sound says to them.

Source: Unicode UTS 39, detection practice of platforms, house limits. Inputs: `schemas.release.Message`;
`schemas.evidence.Evidence` where the catalogue or the sound is needed. No finding here is proof of anything: two
people may choose one name, and a lecture over chords is music to some.
"""

import re
from collections.abc import Iterator

from schemas.evidence import Evidence
from schemas.findings import Severity
from schemas.names import SHORTEST, are_look_alikes, plain, says_why, skeleton, stuffing, word_order, word_set
from schemas.release import Message, SoundRecording
from schemas.rules.registry import Hit, Scope, rule
from schemas.rules.words import name_of
from schemas.senders import Likeness

WARNING, INFO = Severity.WARNING, Severity.INFO
PERMUTED_WORDS = 2
PERMUTED_SIZE = 3
DISGUISED = 0.9  # of functional_noise and functional_speech: in 371 excerpts of music one was reached
MIN_S = 30.0
SPOKEN = re.compile(
    r"\b(podcasts?|audio ?books?|hörbuch|hörspiel|speech|spoken|talks?|interview|sermon|lecture|stor(y|ies)|tales?|"
    r"poe(m|ms|try)|comedy|stand-?up|intro|interlude|skit|outro|prayers?|meditation|affirmations?|hypnosis|asmr|"
    r"radio ?play|drama|news|language course|chapter|episode|kapitel|folge|dialogue|monologue|narration|rap|"
    r"a ?cappella|acapella|hip.?hop|non.?music)\b",
    re.IGNORECASE,
)
NOISY = re.compile(
    r"noise|\b(rain|ocean|waves?|sea|wind|storm|thunder|nature|forest|birds?|fire|fan|river|stream|water|sleep|"
    r"asmr|sounds?|sound ?effects?|field recordings?|ambien(t|ce)|drone|static|hum|room ?tone|experimental|"
    r"musique concr[eè]te|soundscapes?|atmospheres?|relax\w*|meditation|white|brown|pink|intro|interlude|skit|outro|"
    r"silence|applause|crowd|samples?|test|non.?music)\b",
    re.IGNORECASE,
)


@rule(
    "SPM-007",
    WARNING,
    "Name that looks like another artist's",
    why="A name in other letters is found, and paid, in place of the artist whom it looks like.",
    source="Unicode UTS 39 (equal skeletons); house: four letters or more, another artist of the catalogue",
    mend="If the name is the artist's own, give the ISNI; otherwise write the artist's name in its own letters.",
    scope=Scope.RECORDING,
)
def name_is_nobody_elses(evidence: Evidence) -> Iterator[Hit]:
    """Look at the artists of the catalogue whom the shown artist looks like."""
    for one in evidence.known.resemblances:
        if one.kind is Likeness.LOOK_ALIKE:
            text = f"{one.name!r} looks like {one.other!r}, an artist of this catalogue, in other letters."
            severity = None if len(skeleton(one.name)) >= SHORTEST else INFO  # short names meet by chance
            yield Hit(text, evidence.at, evidence.subject, one.name, severity)


@rule(
    "SPM-011",
    WARNING,
    "Sound is not what its name says",
    why="Speech or noise under a song's name takes plays and pay from music; called by its name it is welcome.",
    source="Spotify and Deezer on functional audio (2024); house: 30 s or more, functional score of 0.9",
    mend="Give the genre and a title that say what it is: podcast, audio book, rain, noise.",
    scope=Scope.RECORDING,
)
def sound_is_what_it_is_called(evidence: Evidence) -> Iterator[Hit]:
    """Hold the class of the sound against title, release title and genres."""
    recording, length = evidence.intake.recording, evidence.heard.signal("duration_s")
    if recording is None or length is None or length.value < MIN_S or not (recording.title and recording.genres):
        return  # where no genre is given, nothing is claimed
    said = " / ".join((recording.title, evidence.intake.release_title, *recording.genres))
    for name, honest, what in (("functional_speech", SPOKEN, "speech"), ("functional_noise", NOISY, "noise")):
        signal = evidence.heard.signal(name)
        if signal and signal.value >= DISGUISED and not honest.search(said):
            text = f"{said!r} is {what} throughout, without music; neither title nor genre says so."
            yield Hit(text, evidence.at, evidence.subject, recording.title)


@rule(
    "SPM-012",
    WARNING,
    "One title in many permutations",
    why="The same words in every order catch every search; listeners find the same thing ten times.",
    source="Anghami on repackaged catalogues (2026); house: 3 titles of the same words (2 or more) in different orders",
    mend="Nothing, if these are parts of one work: number them.",
    scope=Scope.MESSAGE,
)
def titles_are_not_permuted(message: Message) -> Iterator[Hit]:
    """Group the titles of a message by their words; numbers and small words do not count."""
    groups: dict[frozenset[str], dict[str, SoundRecording]] = {}  # by words, then by title
    for recording in message.sound_recordings:
        words = word_set(recording.title)
        if len(words) >= PERMUTED_WORDS:
            groups.setdefault(words, {}).setdefault(plain(recording.title), recording)
    for titles in groups.values():
        orders = {word_order(one.title) for one in titles.values()}
        if len(titles) >= PERMUTED_SIZE and len(orders) > 1:
            listed = ", ".join(repr(one.title) for one in list(titles.values())[:PERMUTED_SIZE])
            first = next(iter(titles.values()))
            yield Hit(f"{len(titles)} titles have the same words: {listed}.", first.at, name_of(first), first.title)


@rule(
    "SPM-013",
    WARNING,
    "Another artist's name in the title",
    why="A known name in the title brings listeners who look for somebody else.",
    source="Apple and Spotify style guides; house: two words or more, another sender's artist, nowhere credited",
    mend="Credit the artist, or say in the title what it is: cover, tribute, in the style of.",
    scope=Scope.RECORDING,
)
def title_names_nobody_else(evidence: Evidence) -> Iterator[Hit]:
    """Look at the artists of the catalogue who are named in the title; a usual reason makes it an info."""
    recording = evidence.intake.recording
    for one in evidence.known.resemblances:
        if recording and one.kind is Likeness.IN_TITLE:
            text = f"{recording.title!r} names {one.other!r}, an artist of this catalogue who is not credited."
            severity = INFO if says_why(recording.title) else None
            yield Hit(text, evidence.at, evidence.subject, recording.title, severity)


@rule(
    "SPM-014",
    WARNING,
    "Title written for a search",
    why="A title that is a run of search words names nothing, and crowds out what people look for.",
    source="Apple style guide (titles); house: six different search words, 8 in 10 of all words",
    mend="Give the recording a name; moods and uses have fields of their own.",
    scope=Scope.MESSAGE,
)
def titles_are_names(message: Message) -> Iterator[Hit]:
    """Count search words in titles."""
    for recording in message.sound_recordings:
        if stuffing(recording.title) >= 1:
            yield Hit("The title is a run of search words.", recording.at, name_of(recording), recording.title)


@rule(
    "SPM-015",
    WARNING,
    "Two artists of one delivery whose names look alike",
    why="One of two names that no eye can tell apart is likely to live on the other.",
    source="Unicode UTS 39 (equal skeletons, other letters)",
    mend="Write one artist's name in one way; give both ISNIs if they are two.",
    scope=Scope.MESSAGE,
)
def artists_can_be_told_apart(message: Message) -> Iterator[Hit]:
    """Compare the shown artists of a message by skeleton."""
    first: dict[str, str] = {}
    seen: set[str] = set()
    for recording in message.sound_recordings:
        name = recording.display_artist
        other = first.setdefault(skeleton(name), name)
        if plain(name) not in seen and len(skeleton(name)) >= SHORTEST and are_look_alikes(name, other):
            yield Hit(f"{name!r} looks like {other!r}.", recording.at, name_of(recording), name)
        seen.add(plain(name))
