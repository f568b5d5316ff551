"""Rules of the SPM group that messages can show: signs of spam, none of which rejects alone.

Source: what platforms say they act on (Spotify, September 2025 and 2026), Unicode UTS 39, house
limits. Inputs: `schemas.release.Message`; `schemas.history.Arrival` for a rate over time. Copies of known
sound (SPM-003, SPM-004) need the catalogue and are reasons of the policy.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from confusable_homoglyphs import confusables

from schemas.disclosure import Agent, Area
from schemas.findings import Severity
from schemas.history import Arrival
from schemas.release import Message, SoundRecording
from schemas.rules.registry import Hit, Scope, rule
from schemas.rules.words import name_of

WARNING, INFO = Severity.WARNING, Severity.INFO
STACK_S = (30.0, 35.0)  # a play counts after 30 s
STACK_SIZE = 3
STACK_SHARE = 0.5
SHORT_BY_NATURE = re.compile(r"ringtone|ringback|sound ?effect|sample|audio ?book", re.IGNORECASE)
NOISE = re.compile(
    r"\b((white|brown|pink|green|fan) noise|(rain|ocean|nature|forest) sounds?|asmr|noise for (sleep|babies))\b",
    re.IGNORECASE,
)
NOISE_MIN_S = 120.0
FOREIGN_SCRIPTS = frozenset({"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"})  # those with many Latin twins
OVERRIDES = frozenset("\u202d\u202e")  # turn the direction of what follows
HIDDEN = re.compile("(?<=[A-Za-z])[\u200b-\u200d\u2060]+(?=[A-Za-z])")  # between other letters they have a use
KEYWORD_PARTS = 6
KEYWORD_CUT = re.compile(r"\s*[|/,#]\s*")
SEQUENCE_SIZE = 5
RATE_LIMIT = 20
RATE_DAYS = 30
BEGINNING = datetime.min.replace(tzinfo=UTC)  # messages of the year 1 exist
FARM_SIZE = 5
WRITING = frozenset({Area.LYRICS, Area.COMPOSITION, Area.OTHER})  # publishers and the like are in OTHER


@rule(
    "SPM-001",
    WARNING,
    "Stack of tracks just over 30 seconds",
    why="Plays count from 30 seconds on; a stack of such tracks earns more per minute than music does.",
    source="Spotify on artificially short tracks (2025-09-25); house: 3 or more, and half of the release, 30 to 35 s",
    mend="Nothing, if the pieces are meant to be so short.",
    scope=Scope.MESSAGE,
)
def tracks_are_not_stacked(message: Message) -> Iterator[Hit]:
    """Count recordings of 30 to 35 seconds; one finding for each of a stack."""
    if any(SHORT_BY_NATURE.search(" ".join((r.kind, *r.genres))) for r in message.releases):
        return
    timed = [r for r in message.sound_recordings if r.duration_s is not None]
    short = [r for r in timed if STACK_S[0] <= (r.duration_s or 0) <= STACK_S[1]]
    if len(short) < STACK_SIZE or len(short) < STACK_SHARE * len(timed):
        return
    for recording in short:
        text = f"{recording.duration_s:g} s; {len(short)} of {len(timed)} recordings here last 30 to 35 s."
        yield Hit(text, recording.at, name_of(recording), f"{recording.duration_s:g}")


@rule(
    "SPM-002",
    WARNING,
    "Functional noise under two minutes",
    why="Noise for sleep or work earns only from two minutes on; shorter pieces are a known trick.",
    source="Spotify royalty model for functional noise (2024)",
    mend="Nothing, if it is music; otherwise join the pieces.",
    scope=Scope.MESSAGE,
)
def noise_is_long_enough(message: Message) -> Iterator[Hit]:
    """Look at title, genre and duration."""
    for recording in message.sound_recordings:
        words = " / ".join((recording.title, *recording.genres))
        duration_s = recording.duration_s
        if duration_s is not None and duration_s < NOISE_MIN_S and NOISE.search(words):
            yield Hit(f"{words!r} lasts {duration_s:g} s.", recording.at, name_of(recording), recording.title)


@rule(
    "SPM-006",
    WARNING,
    "Look-alike letters or keyword runs in a name",
    why="Letters of another script make a name look like a known artist's and still count as a new one.",
    source="Unicode UTS 39 (mixed scripts, confusables); house: keyword runs are only noted",
    mend="Write the name in one script; put keywords into the fields made for them.",
    scope=Scope.MESSAGE,
)
def names_are_plain(message: Message) -> Iterator[Hit]:
    """Look at artists' names and titles, each once per recording."""
    for recording in message.sound_recordings:
        artists = (recording.display_artist, *(artist.name for artist in recording.display_artists))
        for name in dict.fromkeys(filter(None, (*artists, recording.title))):
            yield from _trickery(name, recording)


def _trickery(name: str, recording: SoundRecording) -> Iterator[Hit]:
    strange = foreign_letters(name)
    if strange:
        listed = ", ".join(unicodedata.name(c, f"U+{ord(c):04X}").lower() for c in strange)
        yield Hit(f"{name!r} mixes in {listed}.", recording.at, name_of(recording), name)
    elif len([part for part in KEYWORD_CUT.split(name) if part]) >= KEYWORD_PARTS and name == recording.title:
        yield Hit(f"The title {name!r} is a run of keywords.", recording.at, name_of(recording), name, INFO)


def foreign_letters(name: str) -> tuple[str, ...]:
    r"""List the characters of a name that pass for plain letters, or hide between them.

    Only words that are Latin otherwise are looked at, and only if every foreign letter in them passes:
    names in another script, and stylised ones, are left alone.

    Examples
    --------
    >>> [f"U+{ord(letter):04X}" for letter in foreign_letters("Bj\u043erk")]
    ['U+043E']
    >>> foreign_letters("Кино") + foreign_letters("宇多田ヒカル feat. KOHH") + foreign_letters("KoЯn")
    ()
    """
    if name.isascii():
        return ()
    hidden = [c for c in name if c in OVERRIDES] + [c for run in HIDDEN.findall(name) for c in run]
    return tuple(dict.fromkeys(hidden + [c for word in re.findall(r"\w+", name) for c in _look_alikes(word)]))


def _look_alikes(word: str) -> list[str]:
    foreign = [c for c in word if c.isalpha() and not c.isascii() and confusables.alias(c) in FOREIGN_SCRIPTS]
    latin = sum(c.isascii() and c.isalpha() for c in word)
    return foreign if latin >= len(foreign) and all(map(_passes_for_ascii, foreign)) else []


def _passes_for_ascii(letter: str) -> bool:
    entries = confusables.is_confusable(letter, preferred_aliases=["latin"]) or ()
    return any(g["c"].isascii() and g["c"].isalpha() for entry in entries for g in entry["homoglyphs"])


@rule(
    "SPM-005",
    WARNING,
    "More releases than an artist makes",
    why="Mass uploads live on number, not on listeners; they crowd out what people made.",
    source=f"Spotify on mass uploads (2025-09-25); house: {RATE_LIMIT} releases in {RATE_DAYS} days",
    mend="Nothing, if a back catalogue is being delivered; say so to the recipient beforehand.",
    scope=Scope.HISTORY,
)
def artist_is_not_mass_uploaded(arrival: Arrival) -> Iterator[Hit]:
    """Count the releases of the shown artist by the same sender in the time before this message was made."""
    now = arrival.now
    if not (now.artist and now.sender_id and now.declared_at):
        return
    since = now.declared_at - min(timedelta(days=RATE_DAYS), now.declared_at - BEGINNING)
    count = arrival.history.releases_of(now.artist, now.sender_id, since, now.declared_at)
    if count > RATE_LIMIT:
        text = f"{count} releases by {now.artist!r} came from this sender in {RATE_DAYS} days."
        yield Hit(text, arrival.evidence.at, arrival.evidence.subject, str(count))


@rule(
    "SPM-008",
    WARNING,
    "Many artist names, one team",
    why="Farms spread the same few hands over many invented artists, so that no name stands out.",
    source=f"Spotify on mass uploads (2025-09-25); house: {FARM_SIZE} names, the very same contributors, no ISNI",
    mend="Give the artists' ISNIs, and credit on each recording who made that one.",
    scope=Scope.MESSAGE,
)
def artists_are_not_farmed(message: Message) -> Iterator[Hit]:
    """Look for recordings under many names whose contributors are exactly the same; songwriters alone do not count."""
    teams: dict[frozenset[str], list[SoundRecording]] = {}
    for recording in message.sound_recordings:
        if team := _team(recording):
            teams.setdefault(team, []).append(recording)
    identified = {p.reference for p in message.parties if any(i.scheme == "ISNI" and i.value for i in p.ids)}
    for team, recordings in teams.items():
        unknown = [r for r in recordings if not {a.party_reference for a in r.display_artists} & identified]
        names = {r.display_artist.casefold() for r in unknown if r.display_artist}
        if len(names) >= FARM_SIZE:
            who = ", ".join(sorted(team)[:3])
            text = f"{len(names)} artist names here have the very same contributors: {who}."
            yield Hit(text, unknown[0].at, name_of(unknown[0]), unknown[0].display_artist)


def _team(recording: SoundRecording) -> frozenset[str]:
    """Name the people behind a recording, if more than its writers are credited: a songbook has one writer, too."""
    people = [c for c in recording.all_contributions if c.agent is Agent.HUMAN and c.name]
    is_more = any(area not in WRITING for c in people for area in c.areas)
    return frozenset(c.name.casefold() for c in people) if is_more else frozenset()


@rule(
    "SPM-009",
    INFO,
    "Sequential ISRCs for different artists",
    why="One hand numbering many artists is normal for a compilation, and for a farm of them.",
    source="house: runs of 5",
    mend="Nothing has to be done.",
    scope=Scope.MESSAGE,
)
def isrcs_are_not_farmed(message: Message) -> Iterator[Hit]:
    """Look for runs of consecutive ISRCs whose shown artists all differ."""
    coded = sorted(
        (r for r in message.sound_recordings if r.isrc and r.isrc[5:].isdecimal()), key=lambda r: r.isrc or ""
    )
    for run in _runs(coded):
        artists = {r.display_artist.casefold() for r in run}
        if len(run) >= SEQUENCE_SIZE and len(artists) == len(run):
            text = f"{run[0].isrc} to {run[-1].isrc} are {len(run)} artists in sequence."
            yield Hit(text, run[0].at, name_of(run[0]), run[0].isrc)


def _runs(recordings: Sequence[SoundRecording]) -> Iterator[list[SoundRecording]]:
    run: list[SoundRecording] = []
    for recording in recordings:
        if run and not _follows(run[-1].isrc or "", recording.isrc or ""):
            yield run
            run = []
        run.append(recording)
    if run:
        yield run


def _follows(one: str, other: str) -> bool:
    return one[:5] == other[:5] and int(other[5:]) == int(one[5:]) + 1
