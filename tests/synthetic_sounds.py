"""Sounds whose answer is known: tunes, noise, something like speech, and what an upsampler leaves."""

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.signal import lfilter

RATE_HZ = 16_000


@cache
def song(seed: int, seconds: float = 10.0) -> np.ndarray:
    """Play plucked notes of random pitch with overtones, over a little noise [shape=(n,)]."""
    dice = np.random.default_rng(seed)
    wave = 0.002 * dice.standard_normal(int(seconds * RATE_HZ))
    for start in np.arange(0, seconds - 0.3, 0.4):
        time = np.arange(int(min(1.5, seconds - start) * RATE_HZ)) / RATE_HZ
        base = 110 * 2 ** (dice.integers(0, 36) / 12) * 2 ** (dice.uniform(-0.2, 0.2) / 12)
        vibrato = 1 + 0.003 * np.sin(2 * np.pi * dice.uniform(4, 6) * time)
        phase = 2 * np.pi * base * np.cumsum(vibrato) / RATE_HZ
        partials = sum(np.sin(k * phase) / k for k in range(1, 14) if k * base < 7500)
        first = int(start * RATE_HZ)
        wave[first : first + len(time)] += 0.1 * partials * np.exp(-3 * time)
    return wave.astype(np.float32)


def noise(seed: int, seconds: float = 10.0) -> np.ndarray:
    """Give white noise [shape=(n,)]."""
    return 0.1 * np.random.default_rng(seed).standard_normal(int(seconds * RATE_HZ)).astype(np.float32)


def speech(seed: int, seconds: float = 10.0) -> np.ndarray:
    """Drive three moving formants by pulses and breath, in syllables with pauses [shape=(n,)]."""
    return _strung(_syllable, seed, seconds, pauses=0.3, pause_s=(0.1, 0.5))


def _strung(
    part: Callable[[np.random.Generator], np.ndarray],
    seed: int,
    seconds: float,
    *,
    pauses: float,
    pause_s: tuple[float, float],
) -> np.ndarray:
    """String parts together, a share of them followed by a pause, at one level [shape=(n,)]."""
    dice = np.random.default_rng(seed)
    parts = [np.zeros(0)]
    while sum(len(one) for one in parts) < seconds * RATE_HZ:
        parts.append(part(dice))
        if dice.random() < pauses:
            parts.append(np.zeros(int(dice.uniform(*pause_s) * RATE_HZ)))
    wave = np.concatenate(parts)[: int(seconds * RATE_HZ)]
    return (0.1 * wave / (np.std(wave) + 1e-9)).astype(np.float32)


def _syllable(dice: np.random.Generator) -> np.ndarray:
    count = int(dice.uniform(0.08, 0.25) * RATE_HZ)
    pitch = dice.uniform(90, 220) * np.linspace(1, dice.uniform(0.8, 1.2), count)
    pulses = np.diff(np.floor(np.cumsum(pitch) / RATE_HZ), prepend=0)
    source = pulses if dice.random() < 0.75 else 0.1 * dice.standard_normal(count)
    for centre in (dice.uniform(300, 800), dice.uniform(900, 2300), dice.uniform(2400, 3300)):
        radius = np.exp(-np.pi * 90 / RATE_HZ)
        source = lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * centre / RATE_HZ), radius**2], source)
    return source * np.hanning(count)


def through_upsampler(wave: np.ndarray, stride: int) -> np.ndarray:
    """Add what a transposed convolution leaves: a bias that repeats every ``stride`` samples."""
    bias = np.random.default_rng(stride).standard_normal(stride)
    level = 0.01 * float(np.std(wave))
    return (wave + level * np.resize(bias, len(wave))).astype(np.float32)


@cache
def singing(seed: int, seconds: float = 10.0) -> np.ndarray:
    """Sing vowels on notes that glide and waver, with hiss before some and breath between phrases [shape=(n,)]."""
    return _strung(_sung, seed, seconds, pauses=0.25, pause_s=(0.2, 0.6))


def _sung(dice: np.random.Generator) -> np.ndarray:
    count = int(dice.uniform(0.3, 1.2) * RATE_HZ)
    time = np.arange(count) / RATE_HZ
    wavering = 0.4 * np.sin(2 * np.pi * dice.uniform(5, 6.5) * time) * np.minimum(time / 0.3, 1)
    note = dice.integers(0, 14) + wavering - 2 * np.exp(-time / 0.06)
    pulses = np.diff(np.floor(np.cumsum(160 * 2 ** (note / 12)) / RATE_HZ), prepend=0)
    voiced = pulses + 0.003 * dice.standard_normal(count)
    for first, last in (
        (dice.uniform(300, 800), dice.uniform(300, 800)),
        (1000, dice.uniform(1000, 2200)),
        (2700, 3000),
    ):
        halves = [_resonance(voiced, first), _resonance(voiced, last)]
        voiced = np.linspace(1, 0, count) * halves[0] + np.linspace(0, 1, count) * halves[1]
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.03)
    hiss = np.diff(dice.standard_normal(int(dice.uniform(0.05, 0.12) * RATE_HZ))) * np.std(voiced) * 0.3
    return np.concatenate([hiss if dice.random() < 0.5 else np.zeros(0), voiced * fade])


def _resonance(source: np.ndarray, centre: float) -> np.ndarray:
    radius = np.exp(-np.pi * 90 / RATE_HZ)
    return lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * centre / RATE_HZ), radius**2], source)
