"""Invented fingerprints: a song is a series of peaks, a copy of it the same peaks faster, higher or cut."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np

from classifiers.fingerprint import pack, unpack
from classifiers.landmarks import MAX_REACH, Landmarks
from classifiers.matching_keys import constellations
from pipeline.lake import Lake
from schemas.flags import Span

PER_S = 5  # strong peaks of a song


def song(seconds, seed):
    """Times and heights of the peaks of a song [shape=(n,) each]."""
    rng = np.random.default_rng(seed)
    count = int(seconds * PER_S)
    return np.sort(rng.uniform(0, seconds, count)), rng.uniform(0.4, 3.6, count)


def faster(sound, speed):
    """Like a record that turns faster: pitch goes along."""
    return sound[0] / speed, sound[1] + np.log2(speed)


def cut(sound, start, stop):
    """A stretch of it, from 0 on."""
    times, heights = sound
    inside = (times >= start) & (times < stop)
    return times[inside] - start, heights[inside]


def after(*sounds):
    """One after the other, each with its length in seconds."""
    at, times, heights = 0.0, [], []
    for (own_times, own_heights), seconds in sounds:
        times.append(own_times + at)
        heights.append(own_heights)
        at += seconds
    return np.concatenate(times), np.concatenate(heights)


def worn(sound, seed, share=0.1):
    """A copy that an encoder went over: some peaks are others."""
    rng = np.random.default_rng(seed)
    times, heights = sound
    kept = rng.random(len(times)) > share
    count = int((~kept).sum())
    times = np.concatenate([times[kept], rng.uniform(0, times.max(), count)])
    order = np.argsort(times)
    return times[order], np.concatenate([heights[kept], rng.uniform(0.4, 3.6, count)])[order]


def fingerprint(sound):
    """Pack it; None where there is too little."""
    times, heights = sound
    return pack(Landmarks(np.asarray(times, float), np.asarray(heights, float), np.full(len(times), MAX_REACH)))


@dataclass(frozen=True)
class Laid:
    """How one invented recording lies on another."""

    own: Span
    other: Span
    score: float
    speed: float
    pitch_semitones: float
    own_coverage: float
    other_coverage: float

    @property
    def segments(self):
        """One stretch."""
        return (self,)


@lru_cache(maxsize=1024)
def _marks(packed):
    landmarks = unpack(packed)
    return constellations(landmarks.strong(), 5), float(landmarks.times_s[-1])


def laid(query, reference):
    """Lay one on another in the plainest way: these tests are about what is made of it."""
    (own, own_s), (other, other_s) = _marks(query), _marks(reference)
    _, mine, theirs = np.intersect1d(own.keys, other.keys, return_indices=True)
    if len(mine) < 8:
        return None
    speed = float(np.median(other.spreads_s[theirs] / own.spreads_s[mine]))
    offsets = other.times_s[theirs] - speed * own.times_s[mine]
    is_on = np.abs(offsets - np.median(offsets)) < 1
    if is_on.sum() < 8:
        return None
    spans = [Span(start_s=t.min(), end_s=t.max()) for t in (own.times_s[mine][is_on], other.times_s[theirs][is_on])]
    lengths = [span.end_s - span.start_s for span in spans]
    shares = [min(1.0, length / whole) for length, whole in zip(lengths, (own_s, other_s), strict=True)]
    return Laid(*spans, float(is_on.sum()), speed, 12 * float(np.log2(speed)), *shares)


def row(number, sound, seconds, **about):
    """A row of the lake's table ``fingerprints``."""
    packed = sound if sound is None or isinstance(sound, bytes) else fingerprint(sound)
    digest = hashlib.sha256(packed or str(number).encode()).hexdigest()
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    default = {
        "recording_key": f"rec_{number:032}", "screening_id": "scr_1", "signal_hash": digest, "isrc": None,
        "title": f"Song {number}", "display_artist": f"Artist {number}", "sender_id": f"S{number}",
        "audio_uri": None, "duration_s": float(seconds), "audio_sha256": digest, "release_date": "2026-01-01",
        "rights_holder": "", "declared_level": "none", "delivered_at": moment, "screened_at": moment,
        "fingerprint": packed,
    }  # fmt: skip
    return {**default, **about}


def write_lake(folder, rows, parts=3):
    """Write a lake with these fingerprints in some parts."""
    lake = Lake(folder)
    for start in range(parts):
        if rows[start::parts]:
            lake.write("fingerprints", rows[start::parts])
    return folder
