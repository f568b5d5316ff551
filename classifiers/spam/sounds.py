"""Synthesised sounds for constructed cases: nobody's music, speech or rain, made from a seed."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy import signal

from classifiers.descriptors import Descriptors
from classifiers.functional import with_functional
from classifiers.synthetic.ear import SyntheticEar
from schemas.screening import Heard

RATE = 22_050
Array = npt.NDArray[np.float64]
Maker = Callable[[np.random.Generator, int], Array]


def heard(kind: str, seconds: float, seed: int) -> Heard:
    """Make a sound of a kind and measure it as a screening would."""
    wave = KINDS[kind](np.random.default_rng([seed, len(kind)]), round(seconds * RATE))
    block = (0.5 * wave / max(np.abs(wave).max(), 1e-9) if wave.any() else wave).astype(np.float32)[:, None]
    descriptors, ear = Descriptors(RATE, 1), SyntheticEar(RATE, "pcm")
    for part in np.array_split(block, max(1, len(block) // (1 << 16))):
        ear.push(descriptors.push(part))
    measured = descriptors.heard()
    joined = with_functional(ear.joined(measured).model_copy(update={"curves": measured.curves}))
    return Heard(signals=joined.signals)


def _music(dice: np.random.Generator, count: int) -> Array:
    wave = np.zeros(count + 4 * RATE)
    step = 60 / dice.uniform(80, 150) / 2
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16])
    for at in np.arange(0, count / RATE, step):
        length = round(RATE * step * dice.choice([1, 2, 4]))
        time = np.arange(length) / RATE
        for degree in dice.choice(scale, dice.integers(1, 4)):
            hz = 220 * 2 ** (degree / 12)
            tone = sum(np.sin(2 * np.pi * k * hz * time) / k**1.5 for k in range(1, 6))
            wave[round(at * RATE) :][:length] += tone * np.exp(-3 * time / (length / RATE)) * dice.uniform(0.3, 1)
        hit = dice.standard_normal(RATE // 12) * np.exp(-np.linspace(0, 7, RATE // 12))
        wave[round(at * RATE) :][: len(hit)] += hit * dice.uniform(0, 1)
    return wave[:count]


def _loop(dice: np.random.Generator, count: int) -> Array:
    part = _music(dice, 4 * RATE)
    return np.resize(part, count)


def _drone(dice: np.random.Generator, count: int) -> Array:
    time = np.arange(count) / RATE
    partials = [np.sin(2 * np.pi * k * 55 * time + dice.uniform(0, 6)) / k for k in range(1, 9)]
    return np.asarray(np.sum(partials, axis=0))


def _hiss(dice: np.random.Generator, count: int) -> Array:
    return dice.standard_normal(count)


def _rain(dice: np.random.Generator, count: int) -> Array:
    """Make pink noise: white noise through a filter of three poles (Kellet)."""
    b, a = [0.04992, -0.09599, 0.05061, -0.00441], [1, -2.49496, 2.01727, -0.52219]
    return np.asarray(signal.lfilter(b, a, dice.standard_normal(count)))


def _speech(dice: np.random.Generator, count: int) -> Array:
    """Make syllables: a buzz of gliding pitch through two moving resonances, three to six a second, with pauses."""
    wave = np.zeros(count + RATE)
    at = 0
    while at < count:
        length = round(RATE * dice.uniform(0.1, 0.28))
        hz = dice.uniform(95, 150) * np.linspace(1, dice.uniform(0.85, 1.1), length)
        buzz = signal.sawtooth(2 * np.pi * np.cumsum(hz) / RATE) + 0.1 * dice.standard_normal(length)
        voiced = sum(_resonance(buzz, dice.uniform(*band)) for band in ((300, 800), (900, 2300)))
        consonant = dice.standard_normal(length) * np.exp(-np.linspace(0, 12, length)) * dice.uniform(0, 0.6)
        wave[at : at + length] += (voiced + consonant) * np.hanning(length)
        at += length + (round(RATE * dice.uniform(0.3, 0.7)) if dice.random() < 0.12 else round(RATE * 0.02))
    return wave[:count]


def _resonance(buzz: Array, hz: float) -> Array:
    b, a = signal.iirpeak(hz, hz / 90, fs=RATE)
    return np.asarray(signal.lfilter(b, a, buzz))


def _silence(_: np.random.Generator, count: int) -> Array:
    return np.zeros(count)


KINDS: Mapping[str, Maker] = {
    "music": _music, "loop": _loop, "drone": _drone, "hiss": _hiss, "rain": _rain, "speech": _speech,
    "silence": _silence,
}  # fmt: skip
