"""Sounds with known properties, synthesised; nothing here is anybody's music."""

from functools import cache
from pathlib import Path

import numpy as np
import soundfile

RATE = 44_100

_CYCLE = np.linspace(0, 2 * np.pi, 8192, endpoint=False)


def tone(seconds, hz=440.0, level=0.5, rate=RATE):
    """One channel of a sine."""
    return (level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def noise(seconds, level=0.1, seed=0, rate=RATE):
    """One channel of white noise."""
    return (level * np.random.default_rng(seed).standard_normal(int(seconds * rate))).astype(np.float32)


def clicks(seconds, bpm, rate=RATE):
    """Short bursts of noise on the beat, over a quiet ground."""
    rng = np.random.default_rng(0)
    sound = 1e-3 * rng.standard_normal(int(seconds * rate)).astype(np.float32)
    burst = (rng.standard_normal(int(0.03 * rate)) * np.exp(-np.linspace(0, 6, int(0.03 * rate)))).astype(np.float32)
    for at in np.arange(0.5, seconds - 0.1, 60 / bpm):
        start = int(at * rate)
        sound[start : start + len(burst)] += 0.5 * burst
    return sound


def music(seconds, seed, rate=RATE):
    """Stereo of notes over a steady beat; nothing in it comes back exactly."""
    return _music(seconds, seed, rate).copy()


@cache
def _music(seconds, seed, rate):
    rng = np.random.default_rng(seed)
    voices = [
        sum(rng.uniform(0.2, 1) / k * np.sin(k * _CYCLE + rng.uniform(0, 6)) for k in range(1, 7)) for _ in range(8)
    ]
    sound = np.zeros((int(seconds * rate) + 2 * rate, 2), np.float32)
    beat_s = 60 / rng.uniform(80, 150)
    for at in np.arange(0, seconds, beat_s / 2):
        start = max(0, int((at + rng.normal(0, 0.004)) * rate))
        for _voice in range(rng.integers(1, 4)):
            hz, length_s = 110 * 2 ** (rng.integers(0, 37) / 12), beat_s * rng.choice([0.5, 1, 2])
            _add(sound, start, _note(voices[rng.integers(8)], hz, length_s, rng.uniform(0.2, 0.8), rate))
        if rng.random() < 0.7:
            hit = rng.standard_normal((int(0.08 * rate), 2), np.float32)
            _add(sound, start, 0.25 * hit * np.exp(-np.linspace(0, 7, len(hit), dtype=np.float32))[:, None])
    sound = sound[: int(seconds * rate)]
    return (0.6 * sound / np.abs(sound).max()).astype(np.float32)


def _note(voice, hz, seconds, left, rate):
    time = np.arange(int(seconds * rate), dtype=np.float32) / rate
    wave = voice.astype(np.float32)[(time * (hz * len(voice))).astype(np.int64) % len(voice)]
    shape = np.minimum(time / 0.01, 1) * np.exp(-3 * time / seconds) * np.minimum((seconds - time) / 0.02, 1)
    return 0.2 * (wave * shape)[:, None] * np.array([left, 1 - left], np.float32)


def _add(sound, start, part):
    end = min(start + len(part), len(sound))
    sound[start:end] += part[: end - start]


def write(path: Path, sound, rate=RATE, **how) -> str:
    """Write a sound as its suffix says and give the path as text."""
    soundfile.write(path, sound, rate, **how)
    return str(path)
