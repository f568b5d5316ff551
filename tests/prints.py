"""Invented fingerprints: a song is a series of peaks, a copy of it the same peaks faster, higher or cut."""

import hashlib
from datetime import UTC, datetime

import numpy as np

from classifiers.fingerprint import pack
from classifiers.landmarks import Landmarks
from pipeline.lake import Lake

PER_S = 3  # strong peaks of a song


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
    return pack(Landmarks(np.asarray(times, float), np.asarray(heights, float), np.ones(len(times), np.bool_)))


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
