"""What the comparison of recordings is worth on anybody's tracks: recall by change, false matches over all pairs."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta

from classifiers.fingerprint import Alignment, aligned, unpack
from classifiers.matching import Recording
from classifiers.matching_changes import BARS, Change, drawn
from classifiers.matching_copies import Copy, Cut, copies_of
from classifiers.matching_library import Finder, Library, MakeFinder, Named
from classifiers.matching_material import Cache, Progress, Track, fingerprints
from schemas.errors import AudioUnreadable, InvalidInput

WORST = 40  # pairs that are listed


@dataclass(frozen=True)
class Trial:
    """How an evaluation is run.

    Attributes
    ----------
    changes
        What is done to the sound.
    sample
        Tracks of which changed copies are made; None for all. Pairs are always compared over all tracks.
    seed
        Chooses the sample, the excerpts and the cuts.
    excerpt_s
        Length of the stretch that is changed and asked for; 0 takes the whole track.
    cache
        Folder that keeps fingerprints, of the originals and of their copies: an evaluation that was broken off goes
        on from there.
    has_pairs
        Whether all tracks are compared with each other.
    tell
        Is given each answer as it comes.
    """

    changes: Sequence[Change]
    sample: int | None = None
    seed: int = 0
    excerpt_s: float = 0.0
    cache: Path | None = None
    has_pairs: bool = True
    tell: "Callable[[Answer], None] | None" = None


@dataclass(frozen=True)
class Answer:
    """What was said about one changed copy.

    Attributes
    ----------
    track, change
        Of which, and how it was changed.
    is_candidate
        A look-up alone named its track.
    is_found
        ... and the comparison agrees.
    is_joined
        A join of all with all named its track, and the comparison agrees.
    is_right
        ... with the right speed, pitch and place.
    strangers
        Other tracks that it was matched with.
    """

    track: Track
    change: str
    is_candidate: bool
    is_found: bool
    is_joined: bool
    is_right: bool
    strangers: tuple[str, ...]


def evaluate(
    tracks: Sequence[Track], trial: Trial, make_finder: MakeFinder, progress: Progress | None = None
) -> dict[str, Any]:
    """Change a sample of tracks, look them up among all, and compare all tracks with each other.

    Parameters
    ----------
    make_finder
        Indexes the tracks: copies are compared with those that it names, for a look-up and for a join.

    Returns
    -------
    dict
        ``recall`` by change (of the half of tracks on which no threshold was set), ``pairs`` (false matches over
        all unrelated pairs, worst first; None where none were asked for), counts and seconds: plain values, ready
        for JSON.

    Raises
    ------
    InvalidInput
        Fewer than two tracks can be read.
    """
    began = time.perf_counter()
    known = fingerprints(tracks, trial.cache, progress)
    if len(known) < 2:
        raise InvalidInput("Fewer than two tracks of the manifest can be read.", mend="Check --root.")
    library = Library({track.name: track for track in tracks}, known)
    with make_finder(known) as find:
        answers = _answers(library, find, trial, progress)
    return {
        "tracks": len(known),
        "unreadable": sorted(track.name for track in tracks if track.name not in known)[:WORST],
        "sample": len(_sample(library, trial)),
        "excerpt_s": trial.excerpt_s,
        "bytes_per_3_minutes": _bytes_per_3_minutes(known),
        "recall": {change.name: _recall(change.name, answers[change.name]) for change in trial.changes},
        "pairs": compared(library, progress) if trial.has_pairs else None,
        "seconds": round(time.perf_counter() - began, 1),
    }


def _bytes_per_3_minutes(known: dict[str, bytes]) -> dict[str, int]:
    """Median and highest size of a fingerprint, for three minutes of sound."""
    sizes = [len(packed) * 180 / max(1.0, float(np.ptp(unpack(packed).times_s))) for packed in known.values()]
    return {"median": round(float(np.median(sizes))), "highest": round(max(sizes))}


def _sample(library: Library, trial: Trial) -> list[Track]:
    """Draw from the half that figures are reported on; from all where that half is empty."""
    known = [library.tracks[name] for name in library.names]
    reported = [track for track in known if track.is_reported] or known
    reported.sort(key=lambda track: drawn(trial.seed, track.name).random())
    return reported[: trial.sample]


def _answers(library: Library, find: Finder, trial: Trial, progress: Progress | None) -> dict[str, list[Answer]]:
    """Make changed copies of the sample and ask for each; a track that is too short for a change is passed over."""
    answers: dict[str, list[Answer]] = {change.name: [] for change in trial.changes}
    sample = _sample(library, trial)
    cut, cache = Cut(trial.seed, trial.excerpt_s), Cache(trial.cache)
    for done, track in enumerate(sample, start=1):
        other = _stranger(track, library, trial)
        with suppress(AudioUnreadable):
            for copy in copies_of(track, other, trial.changes, cut, cache):
                answer = _answered(copy, other, library, find)
                answers[answer.change].append(answer)
                if trial.tell:
                    trial.tell(answer)
        if progress:
            progress(done, len(sample))
    return answers


def _stranger(track: Track, library: Library, trial: Trial) -> Track:
    """Draw a track of another group, to put before this one; itself where there is none."""
    others = [library.tracks[name] for name in library.names if library.tracks[name].group != track.group]
    return others[drawn(trial.seed, track.name).integers(len(others))] if others else track


def _recall(name: str, answers: Sequence[Answer]) -> dict[str, Any]:
    found, joined = (sum(getattr(answer, kind) for answer in answers) for kind in ("is_found", "is_joined"))
    low, high = interval(found, len(answers)) if answers else (0.0, 1.0)
    bar = BARS.get(name)
    return {
        "queries": len(answers),
        "found": found,
        "recall": round(found / len(answers), 4) if answers else None,
        "interval_95": [round(low, 4), round(high, 4)],
        "bar": bar,
        "is_met": bar is None or (bool(answers) and min(found, joined) >= bar * len(answers)),
        "joined": joined,
        "joined_interval_95": [round(end, 4) for end in (interval(joined, len(answers)) if answers else (0.0, 1.0))],
        "right": sum(answer.is_right for answer in answers),
        "candidates": sum(answer.is_candidate for answer in answers),
        "strangers": sorted({f"{answer.track.name} | {name}" for answer in answers for name in answer.strangers}),
        "missed": [answer.track.name for answer in answers if not answer.is_found][:WORST],
    }


def interval(hits: int, tries: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval of a share."""
    low = float(beta.ppf(0.025, hits, tries - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, tries - hits)) if hits < tries else 1.0
    return low, high


def _answered(copy: Copy, other: Track, library: Library, find: Finder) -> Answer:
    name = copy.track.name
    query = Recording(unpack(copy.fingerprint)) if copy.fingerprint else None
    named = find(copy.fingerprint) if copy.fingerprint else Named((), ())
    every = dict.fromkeys((*named.asked, *named.joined))
    found = {one: aligned(query, library.recordings[one]) for one in every} if query else {}
    own = found.get(name)
    known = {copy.track.group, other.group} if copy.intro_s else {copy.track.group}
    strangers = [one for one, match in found.items() if match and library.tracks[one].group not in known]
    return Answer(
        track=copy.track,
        change=copy.change.name,
        is_candidate=name in named.asked,
        is_found=own is not None and name in named.asked,
        is_joined=own is not None and name in named.joined,
        is_right=own is not None and copy.is_right(own),
        strangers=tuple(strangers),
    )


def compared(library: Library, progress: Progress | None = None) -> dict[str, Any]:
    """Compare every pair of tracks of different groups, none left out.

    Returns
    -------
    dict
        ``tried`` and ``false_matches`` over all pairs, over those of the half on which thresholds were set and of
        the half that figures are reported on; the rate; the worst pairs, with where they match.
    """
    tried, wrong = {"all": 0, "set": 0, "reported": 0}, {"all": 0, "set": 0, "reported": 0}
    matches = []
    for done, name in enumerate(library.names, start=1):
        one, rivals = library.tracks[name], library.rivals(name)
        for other in (library.tracks[later] for later in library.names[done:]):
            if other.group == one.group:
                continue
            is_rival = other.name in rivals
            found = aligned(library.recordings[name], library.recordings[other.name]) if is_rival else None
            for half in _halves(one, other):
                tried[half] += 1
                wrong[half] += found is not None
            matches += [_described(name, other.name, found)] if found else []
        if progress:
            progress(done, len(library.names))
    return _summed(tried, wrong, sorted(matches, key=lambda match: -match["votes"]))


def _summed(tried: dict[str, int], wrong: dict[str, int], matches: list[dict[str, Any]]) -> dict[str, Any]:
    low, high = interval(wrong["all"], tried["all"]) if tried["all"] else (0.0, 1.0)
    return {
        "tried": tried,
        "false_matches": wrong,
        "false_match_rate": wrong["all"] / tried["all"] if tried["all"] else None,
        "interval_95": [low, high],
        "worst": matches[:WORST],
    }


def _halves(one: Track, other: Track) -> tuple[str, ...]:
    if one.is_reported != other.is_reported:
        return ("all",)
    return ("all", "reported" if one.is_reported else "set")


def _described(one: str, other: str, found: Alignment) -> dict[str, Any]:
    first = found.segments[0]
    return {
        "tracks": [one, other],
        "votes": found.votes,
        "share": round(first.share, 3),
        "speed": round(found.speed, 4),
        "pitch_semitones": round(found.pitch_semitones, 2),
        "own_s": [round(first.own.start_s, 1), round(first.own.end_s, 1)],
        "other_s": [round(first.other.start_s, 1), round(first.other.end_s, 1)],
        "coverage": [round(found.own_coverage, 3), round(found.other_coverage, 3)],
    }
