"""Instruments: one note in, samples out.

Every pitched sound reads one period from a wavetable, a bright one that fades into a dark one, as
strings and keys do. The voice blends tables of two vowels, whose partials are weighed by formants.
All sounds are mono, 32 bit, at `RATE`, and deterministic: noise comes from the caller's generator.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

RATE = 44_100  # Hz
TABLE = 4096  # samples of one period: the nearest one is about 72 dB clean
HIGHEST_HZ = 19_000.0  # partials above would alias

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Instrument:
    """How a pitched instrument sounds.

    Attributes
    ----------
    partials
        Amplitudes of the harmonics, from the fundamental on.
    attack_s, decay_s, release_s
        Rise; time constant of the fall (infinite for held sounds); fall after the note's end.
    brightness_s
        Time constant after which the upper partials have faded.
    vibrato
        Depth in semitones, from a quarter of a second on.
    detune
        A second string beside the first, in semitones; 0 for none.
    """

    partials: tuple[float, ...]
    attack_s: float = 0.004
    decay_s: float = 1.0
    release_s: float = 0.08
    brightness_s: float = 0.25
    vibrato: float = 0.0
    detune: float = 0.0


def _slope(count: int, power: float, *, odd: bool = False) -> tuple[float, ...]:
    return tuple(0.0 if odd and k % 2 == 0 else k**-power for k in range(1, count + 1))


INSTRUMENTS: Mapping[str, Instrument] = {
    "piano": Instrument(_slope(24, 1.3), decay_s=0.9, brightness_s=0.18, detune=0.03, release_s=0.15),
    "harp": Instrument(_slope(16, 1.6), decay_s=0.7, brightness_s=0.3, release_s=0.4),
    "rhodes": Instrument((1.0, 0.1, 0.35, 0.05, 0.12, 0.02, 0.08), decay_s=1.1, brightness_s=0.12, detune=0.02),
    "guitar": Instrument(_slope(30, 1.1), decay_s=0.5, brightness_s=0.12, release_s=0.05),
    "strings": Instrument(_slope(28, 1.25), 0.22, float("inf"), 0.35, 9.0, vibrato=0.15, detune=0.08),
    "reed": Instrument(_slope(20, 1.0, odd=True), 0.05, float("inf"), 0.1, 4.0, vibrato=0.2),
    "flute": Instrument((1.0, 0.35, 0.12, 0.05, 0.02), 0.06, float("inf"), 0.12, 5.0, vibrato=0.25),
    "saw": Instrument(_slope(60, 1.0), 0.006, 0.9, 0.08, 0.35, detune=0.12),
    "square": Instrument(_slope(40, 1.0, odd=True), 0.004, 0.45, 0.05, 0.2, detune=0.05),
    "pad": Instrument(_slope(30, 1.5), 0.5, float("inf"), 0.7, 3.0, detune=0.11),
    "bass": Instrument(_slope(14, 1.5), 0.005, 0.8, 0.06, 0.2),
    "bell": Instrument((1.0, 0.0, 0.4, 0.0, 0.0, 0.3, 0.0, 0.0, 0.15), 0.002, 0.9, 0.3, 0.4),
}

VOWELS: Mapping[str, tuple[tuple[float, float], ...]] = {  # formants of an alto: Hz, relative level
    "a": ((800, 1.0), (1150, 0.6), (2800, 0.16), (3500, 0.1)),
    "e": ((480, 1.0), (1900, 0.35), (2600, 0.22), (3500, 0.1)),
    "i": ((330, 1.0), (2400, 0.3), (3100, 0.2), (3700, 0.1)),
    "o": ((460, 1.0), (820, 0.6), (2700, 0.1), (3400, 0.06)),
    "u": ((340, 1.0), (700, 0.4), (2500, 0.06), (3300, 0.04)),
}
FORMANT_WIDTH = 0.12  # of the formant's frequency, with a floor of 60 Hz


def frequency(midi: float) -> float:
    """Pitch in Hz of a MIDI number; 69 is 440 Hz."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))


@lru_cache(maxsize=512)
def _table(partials: tuple[float, ...]) -> Samples:
    spectrum = np.zeros(TABLE // 2 + 1, dtype=np.complex128)
    spectrum[1 : len(partials) + 1] = -1j * np.asarray(partials)
    period = np.fft.irfft(spectrum)
    return np.asarray(period / np.sqrt(np.mean(period**2)), dtype=np.float32)


def _within_hearing(partials: tuple[float, ...], hz: float) -> tuple[float, ...]:
    return partials[: max(1, int(HIGHEST_HZ / hz))]


def _read(table: Samples, phase: npt.NDArray[np.float64]) -> Samples:
    return np.asarray(table[(phase * TABLE).astype(np.int64) & (TABLE - 1)])


def _envelope(instrument: Instrument, held: int, total: int) -> Samples:
    time = np.arange(total, dtype=np.float32) / RATE
    shape = np.minimum(time / instrument.attack_s, 1.0) * np.exp(-time / instrument.decay_s)
    shape[held:] *= np.linspace(1.0, 0.0, total - held, dtype=np.float32) ** 2
    return shape.astype(np.float32)


def _phase(hz: float, count: int, vibrato: float) -> npt.NDArray[np.float64]:
    time = np.arange(count) / RATE
    if not vibrato:
        return hz * time
    depth = vibrato * np.clip((time - 0.25) / 0.4, 0.0, 1.0)
    bent = 2.0 ** (depth * np.sin(2 * np.pi * 5.4 * time) / 12.0)
    return np.asarray(np.cumsum(hz / RATE * bent), dtype=np.float64)


def play(instrument: Instrument, midi: float, seconds: float) -> Samples:
    """Sound one note.

    Parameters
    ----------
    instrument
        What plays it.
    midi
        Pitch; 60 is middle C.
    seconds
        How long it is held; the release follows after.

    Returns
    -------
    ndarray of float32 [shape=(n,)]
        About unit level at the attack.
    """
    held = int(seconds * RATE)
    total = held + int(instrument.release_s * RATE)
    hz = frequency(midi)
    bright = _table(_within_hearing(instrument.partials, hz))
    dark = _table(_within_hearing(tuple(a / k for k, a in enumerate(instrument.partials, 1)), hz))
    fade = np.exp(-np.arange(total, dtype=np.float32) / (RATE * instrument.brightness_s))
    phase = _phase(hz, total, instrument.vibrato)
    sound = _read(dark, phase) + fade * (_read(bright, phase) - _read(dark, phase))
    if instrument.detune:
        second = _phase(frequency(midi + instrument.detune), total, instrument.vibrato) + 0.37
        sound = 0.6 * sound + 0.5 * _read(bright if instrument.brightness_s > 1 else dark, second)
    return np.asarray(sound * _envelope(instrument, held, total), dtype=np.float32)


@lru_cache(maxsize=512)
def _vowel_table(vowel: str, hz: float) -> Samples:
    harmonics = hz * np.arange(1, int(9_000 / hz) + 1)
    gain = np.full_like(harmonics, 0.004)
    for centre, level in VOWELS[vowel]:
        width = max(60.0, FORMANT_WIDTH * centre)
        gain += level / (1.0 + ((harmonics - centre) / width) ** 2)
    return _table(tuple(float(g) for g in gain * (harmonics / hz) ** -0.6))


def sing(midi: float, seconds: float, vowels: str, glide_from: float, rng: np.random.Generator) -> Samples:
    """Sing one syllable: a consonant's breath, a glide into the pitch, a vowel that turns into the next.

    Parameters
    ----------
    midi, glide_from
        Pitch of this note and of the one before.
    seconds
        How long it is held.
    vowels
        Two letters of `VOWELS`: where the syllable starts and where it ends.
    rng
        Source of the breath.
    """
    total = int((seconds + 0.09) * RATE)
    time = np.arange(total) / RATE
    glide = (glide_from - midi) * np.exp(-time / 0.035)
    vibrato = 0.35 * np.clip((time - 0.2) / 0.5, 0.0, 1.0) * np.sin(2 * np.pi * 5.6 * time + midi)
    drift = 0.06 * np.sin(2 * np.pi * 0.9 * time + 1.7 * midi)
    phase = np.cumsum(frequency(midi) / RATE * 2.0 ** ((glide + vibrato + drift) / 12.0))
    start, end = (_read(_vowel_table(v, frequency(midi)), phase) for v in vowels)
    turn = np.clip(time / max(seconds, 0.1), 0.0, 1.0).astype(np.float32) ** 2
    breath = rng.standard_normal(total).astype(np.float32)
    breath = np.diff(breath, prepend=np.float32(0)) * (0.025 + 0.35 * np.exp(-time / 0.025)).astype(np.float32)
    envelope = np.minimum(time / 0.05, 1.0) * np.minimum((total / RATE - time) / 0.09, 1.0)
    return np.asarray((start + turn * (end - start) + breath) * envelope, dtype=np.float32)


def _kick(rng: np.random.Generator) -> Samples:
    time = np.arange(int(0.32 * RATE)) / RATE
    sweep = 48 * time + 6.5 * (1 - np.exp(-time / 0.022))
    click = rng.standard_normal(time.size) * np.exp(-time / 0.0025) * 0.2
    return np.asarray(2.2 * np.sin(2 * np.pi * sweep) * np.exp(-time / 0.1) + click, dtype=np.float32)


def _snare(rng: np.random.Generator) -> Samples:
    time = np.arange(int(0.24 * RATE)) / RATE
    body = np.sin(2 * np.pi * 186 * time) * np.exp(-time / 0.05)
    wires = np.diff(rng.standard_normal(time.size + 1)) * np.exp(-time / 0.07) * 0.7
    return np.asarray(body + wires, dtype=np.float32)


def _rim(rng: np.random.Generator) -> Samples:
    time = np.arange(int(0.06 * RATE)) / RATE
    ring = np.sin(2 * np.pi * 1720 * time) + 0.6 * np.sin(2 * np.pi * 2610 * time)
    return np.asarray(ring * np.exp(-time / 0.009) + 0.1 * rng.standard_normal(time.size) * np.exp(-time / 0.004), "f4")


def _cymbal(seconds: float, decay_s: float) -> Callable[[np.random.Generator], Samples]:
    def sound(rng: np.random.Generator) -> Samples:
        time = np.arange(int(seconds * RATE)) / RATE
        hiss = np.diff(rng.standard_normal(time.size + 3), n=3) * 0.2
        return np.asarray(hiss * np.exp(-time / decay_s), dtype=np.float32)

    return sound


DRUMS: Mapping[str, Callable[[np.random.Generator], Samples]] = {
    "k": _kick,
    "s": _snare,
    "r": _rim,
    "h": _cymbal(0.09, 0.018),
    "o": _cymbal(0.4, 0.12),
    "c": _cymbal(1.6, 0.45),
}
