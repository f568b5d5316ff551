"""Constructed deliveries with a label: what farms are reported to do, and what looks like it and is honest.

No case is anybody's delivery. Each recipe draws a delivery from a seed: its message, its sender's record, its sounds
(`sounds`) and matches; then the rules of the product find what they find in it. Signs come and go by chance, as no
farm does everything and honest people do some of it: honest recipes are the harder half, on purpose.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from classifiers.spam.features import measure
from schemas.copies import Relation
from schemas.disclosure import Agent, Area, Contribution, Disclosure
from schemas.evidence import Evidence
from schemas.flags import Span
from schemas.release import DisplayArtist, Message, MessageKind, Release, SoundRecording
from schemas.rules import Scope, run
from schemas.screening import Heard, Intake, Known, Match, MatchKind
from schemas.senders import Likeness, Resemblance, SenderRecord

Dice = np.random.Generator
FIRST = ("Mara", "Teo", "Ines", "Odd", "Vera", "Jon", "Alma", "Piet", "Suri", "Lev", "Noa", "Rolf")
LAST = ("Linden", "Quay", "Harrow", "Sund", "Vale", "Orme", "Kestrel", "Moss", "Brandt", "Ferro", "Lund", "Ash")
WORDS = ("Lantern", "Harbour", "Glass", "Orchard", "Winter", "Paper", "Engine", "Velvet", "Meridian", "Copper")
SEARCHED = ("Relaxing", "Rain", "Sleep", "Music", "Study", "Focus", "Calm", "Piano", "Spa", "Yoga", "Chill", "Nature")
CYRILLIC = str.maketrans("aeopcxy", "аеорсху")  # noqa: RUF001 - look-alikes are what this is about


@dataclass(frozen=True)
class Track:
    """One recording of a case."""

    title: str
    artist: str
    seconds: float = 200.0
    sound: str = "music"
    genres: tuple[str, ...] = ("Pop",)
    copy_of: Relation | None = None
    recalls: Likeness | None = None
    team: tuple[str, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """A constructed delivery."""

    tracks: tuple[Track, ...]
    sender: SenderRecord | None = None
    kind: str = "Album"
    isrcs_in_sequence: bool = False


def _artist(dice: Dice) -> str:
    return f"{dice.choice(FIRST)} {dice.choice(LAST)}"


def _title(dice: Dice) -> str:
    return " ".join(dice.choice(WORDS, int(dice.integers(1, 4)), replace=False))


def _searched(dice: Dice, count: int) -> str:
    return " ".join(dice.choice(SEARCHED, count, replace=False))


def _album(dice: Dice, **more: object) -> tuple[Track, ...]:
    artist, count = _artist(dice), int(dice.integers(3, 12))
    track = Track(title="", artist=artist)
    made = (replace(track, title=_title(dice), seconds=float(dice.uniform(120, 320))) for _ in range(count))
    return tuple(replace(one, **more) for one in made)  # type: ignore[arg-type]


def _record(dice: Dice, *, steady: bool = True, **more: float) -> SenderRecord | None:
    """Draw a sender of any size, steady unless told otherwise; one in four is new and has no past."""
    size = float(10 ** dice.uniform(0.3, 4))
    if dice.random() < 0.25:
        young: dict[str, float | str] = {"sender": "s", "until": "2026-01-31", "known_days": 20, "releases": int(size)}
        return SenderRecord.model_validate({**young, **more})
    ratio = float(np.exp(dice.normal(0, 0.5))) if steady else float(dice.uniform(4, 30))
    usual = size if steady else float(dice.uniform(2, 20))
    noise = {name: float(dice.beta(1, 12)) for name in ("sound_reuse_share", "permuted_title_share", "flagged_share")}
    drawn = {**noise, "new_artist_share": float(dice.beta(2, 3)), "cover_reuse_share": float(dice.beta(1, 8))}
    counted = {"known_days": 400, "releases": max(1, round(usual * ratio)), "usual_releases": usual}
    rest = {"sender": "s", "until": "2026-01-31", "burst_ratio": ratio, "usual_flagged_share": 0.07}
    return SenderRecord.model_validate({**counted, **drawn, **rest, **more})


def _farm(dice: Dice, *names: str) -> SenderRecord | None:
    """Draw the record of a farm: a burst in half of the cases, and each of the named shares high in most."""
    shares = {name: float(dice.uniform(0.3, 1)) for name in names if dice.random() < 0.7}
    return None if dice.random() < 0.2 else _record(dice, steady=bool(dice.random() < 0.5), **shares)


# --- what farms do


def stack_farm(dice: Dice) -> Delivery:
    """Thirty-second tracks under many names."""
    tracks = tuple(replace(one, seconds=float(dice.uniform(30.2, 34.8)), artist=_artist(dice)) for one in _album(dice))
    return Delivery(tracks, _farm(dice, "short_stack_share", "new_artist_share", "cover_reuse_share"))


def search_farm(dice: Dice) -> Delivery:
    """Titles of search words over loops."""
    sound = str(dice.choice(["loop", "music"]))
    tracks = tuple(replace(one, title=_searched(dice, int(dice.integers(6, 9))), sound=sound) for one in _album(dice))
    return Delivery(tracks, _farm(dice, "permuted_title_share", "cover_reuse_share", "new_artist_share"))


def permutation_farm(dice: Dice) -> Delivery:
    """Draw the same words in every order, often over one sound."""
    words = list(dice.choice(WORDS, 3, replace=False))
    copied = Relation.RETITLED if dice.random() < 0.5 else None
    tracks = [Track(" ".join(dice.permutation(words)), _artist(dice), copy_of=copied) for _ in range(8)]
    return Delivery(tuple(tracks), _farm(dice, "permuted_title_share", "sound_reuse_share"))


def noise_farm(dice: Dice) -> Delivery:
    """Noise under the names of songs."""
    tracks = _album(dice, sound=str(dice.choice(["hiss", "rain"])))
    return Delivery(tracks, _farm(dice, "sound_reuse_share", "new_artist_share", "flagged_share"))


def speech_farm(dice: Dice) -> Delivery:
    """Speech delivered as music."""
    return Delivery(_album(dice, sound="speech"), _farm(dice, "new_artist_share", "flagged_share", "upheld_share"))


def silence_farm(dice: Dice) -> Delivery:
    """Silent tracks just long enough to count."""
    tracks = tuple(replace(one, seconds=float(dice.uniform(31, 60)), sound="silence") for one in _album(dice))
    return Delivery(tracks, _farm(dice, "sound_reuse_share", "short_stack_share"))


def impersonator(dice: Dice) -> Delivery:
    """Draw a known artist's name in other letters, with keywords or that artist's sound."""
    artist = _artist(dice).translate(CYRILLIC)
    copied = Relation.STRANGER if dice.random() < 0.5 else None
    tracks = _album(dice, artist=artist, recalls=Likeness.LOOK_ALIKE, copy_of=copied)
    return Delivery(tracks, _farm(dice, "new_artist_share", "flagged_share", "upheld_share"))


def reuploader(dice: Dice) -> Delivery:
    """Other people's sound under new names."""
    tracks = tuple(replace(one, artist=_artist(dice)) for one in _album(dice, copy_of=Relation.STRANGER))
    return Delivery(tracks, _farm(dice, "flagged_share", "upheld_share", "cover_reuse_share"))


def name_farm(dice: Dice) -> Delivery:
    """Many invented artists of one team, numbered in a row, that borrow names in titles."""
    team = ("Ghost Example", "Writer Example")
    recalls = Likeness.IN_TITLE if dice.random() < 0.6 else None
    tracks = tuple(replace(one, artist=f"{_artist(dice)} {n}", team=team, recalls=recalls)
                   for n, one in enumerate(_album(dice)))  # fmt: skip
    return Delivery(tracks, _farm(dice, "new_artist_share", "cover_reuse_share", "flagged_share"),
                    isrcs_in_sequence=True)  # fmt: skip


# --- what looks like it and is honest


def album(dice: Dice) -> Delivery:
    """Draw an album of songs by anybody."""
    return Delivery(_album(dice), _record(dice))


def big_distributor(dice: Dice) -> Delivery:
    """One of very many releases of a sender with thousands of artists, some of whom were flagged."""
    return Delivery(
        _album(dice), _record(dice, known_days=2000, releases=9000, usual_releases=8500.0, burst_ratio=1.06)
    )


def back_catalogue(dice: Dice) -> Delivery:
    """Draw a label that moves its whole past: a burst, by new artists, with earlier releases' sound."""
    copied = Relation.SAME_HOLDER if dice.random() < 0.5 else None
    return Delivery(_album(dice, copy_of=copied), _record(dice, steady=False, new_artist_share=0.95))


def short_pieces(dice: Dice) -> Delivery:
    """Punk, jingles, études or a film score in pieces of half a minute."""
    tracks = tuple(replace(one, seconds=float(dice.uniform(20, 50))) for one in _album(dice, genres=("Punk",)))
    return Delivery(tracks, _record(dice, short_stack_share=float(dice.uniform(0, 0.6))))


def noise_for_sleep(dice: Dice) -> Delivery:
    """Rain and noise that say so."""
    tracks = tuple(
        replace(one, title=f"Rain Sounds for Sleep {n}", genres=("Sleep",), sound=str(dice.choice(["rain", "hiss"])),
                seconds=float(dice.uniform(90, 3600)))
        for n, one in enumerate(_album(dice))
    )  # fmt: skip
    return Delivery(tracks, _record(dice, permuted_title_share=float(dice.uniform(0, 0.4))))


def experimental(dice: Dice) -> Delivery:
    """Harsh noise, drones and tape loops under poetic titles: art."""
    tracks = tuple(replace(one, sound=str(dice.choice(["hiss", "drone", "loop", "silence"])), genres=("Avant-garde",))
                   for one in _album(dice))  # fmt: skip
    return Delivery(tracks, _record(dice))


def podcast(dice: Dice) -> Delivery:
    """Speech that says so."""
    tracks = tuple(replace(one, title=f"Episode {n}", genres=("Podcast",)) for n, one in enumerate(_album(dice)))
    return Delivery(tuple(replace(one, sound="speech") for one in tracks), _record(dice))


def spoken_art(dice: Dice) -> Delivery:
    """Poems and stories whose delivery does not say so."""
    return Delivery(_album(dice, sound="speech", genres=("Folk",)), _record(dice))


def techno(dice: Dice) -> Delivery:
    """Loops, in tracks of one title with mixes."""
    name = _title(dice)
    mixes = ("Original Mix", "Dub Mix", "Radio Edit", "Extended Mix")
    tracks = tuple(Track(f"{name} ({mix})", _artist(dice), sound="loop", genres=("Techno",)) for mix in mixes)
    return Delivery(tracks, _record(dice))


def symphony(dice: Dice) -> Delivery:
    """Movements of one work, numbered."""
    tracks = tuple(Track(f"Orchard Suite in C, Op. {n}: Winter", "Vale Ensemble") for n in range(6))
    return Delivery(tracks, _record(dice, permuted_title_share=float(dice.uniform(0, 0.5))))


def tributes(dice: Dice) -> Delivery:
    """Covers that name whom they honour."""
    recalled = Likeness.IN_TITLE if dice.random() < 0.8 else None
    tracks = tuple(replace(one, title=f"{one.title} (Mara Linden Cover)", recalls=recalled) for one in _album(dice))
    return Delivery(tracks, _record(dice))


def songs_about_people(dice: Dice) -> Delivery:
    """Draw a song or two with somebody's name in the title."""
    tracks = _album(dice)
    named = replace(tracks[0], title="Mara Linden Nights", recalls=Likeness.IN_TITLE)
    return Delivery((named, *tracks[1:]), _record(dice))


def other_scripts(dice: Dice) -> Delivery:
    """Draw an artist whose own script has twins in Latin."""
    recalled = Likeness.LOOK_ALIKE if dice.random() < 0.3 else None
    return Delivery(_album(dice, artist="Сора Рах", recalls=recalled), _record(dice))  # noqa: RUF001


def compilation(dice: Dice) -> Delivery:
    """Many artists of one label, numbered in a row, one songwriting team now and then, known sound."""
    copied = Relation.SAME_NAME if dice.random() < 0.6 else None
    team = ("House Band",) if dice.random() < 0.3 else ()
    tracks = tuple(replace(one, artist=_artist(dice), copy_of=copied, team=team) for one in _album(dice))
    return Delivery(tracks, _record(dice, cover_reuse_share=float(dice.uniform(0, 1))), isrcs_in_sequence=True)


def flagged_by_mistake(dice: Dice) -> Delivery:
    """Draw an honest sender whom other flags met often."""
    return Delivery(_album(dice), _record(dice, flagged_share=float(dice.uniform(0.1, 0.6))))


def long_titles(dice: Dice) -> Delivery:
    """Functional music with titles that search engines like, from an honest maker."""
    tracks = tuple(replace(one, title=_searched(dice, int(dice.integers(3, 7)))) for one in _album(dice))
    return Delivery(tracks, _record(dice, permuted_title_share=float(dice.uniform(0, 0.5))))


Recipe = Callable[[Dice], Delivery]
SPAM: tuple[Recipe, ...] = (
    stack_farm, search_farm, permutation_farm, noise_farm, speech_farm, silence_farm, impersonator, reuploader,
    name_farm,
)  # fmt: skip
HONEST: tuple[Recipe, ...] = (
    album, big_distributor, back_catalogue, short_pieces, noise_for_sleep, experimental, podcast, spoken_art, techno,
    symphony, tributes, songs_about_people, other_scripts, compilation, flagged_by_mistake, long_titles,
)  # fmt: skip


def rows_of(delivery: Delivery, sounds: Mapping[str, Heard]) -> Iterator[tuple[float, ...]]:
    """Let the rules find what they find in a delivery, and measure the signs of each recording."""
    message = _message(delivery)
    of_message = tuple(run(Scope.MESSAGE, message))
    for track, recording in zip(delivery.tracks, message.sound_recordings, strict=True):
        evidence = _evidence(track, recording, delivery, _at_length(sounds[track.sound], track.seconds))
        own = tuple(f for f in of_message if f.subject in (recording.isrc, recording.reference))
        yield measure(evidence, (*own, *run(Scope.RECORDING, evidence)))


def _message(delivery: Delivery) -> Message:
    recordings = tuple(_recording(track, n, delivery) for n, track in enumerate(delivery.tracks))
    release = Release(reference="R0", kind=delivery.kind, title=delivery.tracks[0].title)
    return Message(kind=MessageKind.NEW_RELEASE, releases=(release,), sound_recordings=recordings)


def _recording(track: Track, number: int, delivery: Delivery) -> SoundRecording:
    step = 1 if delivery.isrcs_in_sequence else 17
    team = tuple(
        Contribution(agent=Agent.HUMAN, name=name, roles=("Producer",), areas=(Area.INSTRUMENTS,))
        for name in track.team
    )
    return SoundRecording(
        reference=f"A{number}",
        isrc=f"QZAAA26{number * step:05d}",
        title=track.title,
        display_artist=track.artist,
        display_artists=(DisplayArtist(name=track.artist),),
        duration_s=track.seconds,
        genres=track.genres,
        disclosure=Disclosure(contributions=team),
    )


def _evidence(track: Track, recording: SoundRecording, delivery: Delivery, heard: Heard) -> Evidence:
    span = Span(start_s=0, end_s=track.seconds)
    matches = (
        Match(kind=MatchKind.SAME_SIGNAL, recording_key="rec_0", own=span, other=span, score=1, relation=track.copy_of),
    ) if track.copy_of else ()  # fmt: skip
    recalled = (Resemblance(kind=track.recalls, name=track.artist, other="Mara Linden"),) if track.recalls else ()
    return Evidence(
        intake=Intake(recording_key="rec", source_key="src", delivery_id="dlv", delivery_path="d", recording=recording),
        heard=heard,
        known=Known(matches=matches, sender=delivery.sender, resemblances=recalled),
    )


def _at_length(heard: Heard, seconds: float) -> Heard:
    """Give a sound the length of a track: what was measured on forty seconds of it stands for the whole."""
    signals = (s.model_copy(update={"value": seconds}) if s.name == "duration_s" else s for s in heard.signals)
    return heard.model_copy(update={"signals": tuple(signals)})
