"""What happens to sound on its way, or is done to it: codecs, speed, pitch, noise, filters.

The same changes serve to fit the model (on both classes alike) and to test it. An attack is written
``kind`` and amount: ``mp3-64``, ``opus-48``, ``aac-96`` (kbit/s of a stereo file: the mono signal gets
half), ``speed+2`` (per cent), ``pitch-1`` (semitones, tempo kept), ``noise-20`` (dB signal to noise),
``lowpass-4k`` (Hz), ``reverb-0.4`` (seconds to decay by 60 dB), ``eq-6`` (dB at most), ``buzz-40`` (mains
with overtones, dB under the music).
"""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr
from scipy.signal import butter, fftconvolve, sosfilt

from classifiers.synthetic.codecs import ENCODERS, round_trip, stretched
from schemas.errors import InvalidInput

SHORTHAND = re.compile(r"(?P<kind>[a-z]+[0-9]?)(?P<amount>[+-]\d+(?:\.\d+)?)(?P<kilo>k?)")
REVERB_MIX = 0.3
EQ_CENTRES_HZ = (120.0, 400.0, 1200.0, 3500.0, 7000.0)
MAINS_HZ = (50.0, 60.0, 100.0, 120.0)  # of the two grids, and of what their rectifiers leave
MAINS_DRIFT = 0.002
BUZZ_FALL = (0.5, 1.2)  # overtone k is as strong as k to the power of minus that
BUZZ_TOP_HZ = 7900.0
PERIOD = 65_536  # samples of one period, from which a buzz of any frequency is read


@dataclass(frozen=True)
class Attack:
    """One change of the sound.

    Attributes
    ----------
    kind
        ``mp3``, ``opus``, ``aac``, ``speed``, ``pitch``, ``noise``, ``lowpass``, ``reverb``, ``eq`` or ``buzz``.
    amount
        In the unit of the kind; signed for speed and pitch.
    """

    kind: str
    amount: float

    @property
    def name(self) -> str:
        """The attack as it is written."""
        sign = f"{self.amount:+g}" if self.kind in SIGNED else f"-{self.amount:g}"
        return f"{self.kind}{sign}"

    def apply(self, wave: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Change mono sound; the rate stays, the length may change."""
        return np.asarray(CHANGES[self.kind](wave, sample_rate_hz, self.amount), dtype=np.float32)


def parse_attack(text: str) -> Attack:
    """Read one attack, e.g. ``mp3-64``.

    Raises
    ------
    InvalidInput
        The kind is unknown or the amount makes no sense.
    """
    match = SHORTHAND.fullmatch(text.strip().lower())
    if match and match["kind"] in CHANGES:
        number = float(match["amount"]) * (1000 if match["kilo"] else 1)
        attack = Attack(match["kind"], number if match["kind"] in SIGNED else abs(number))
        if attack.amount and abs(attack.amount) <= LIMITS.get(attack.kind, 1e6):
            return attack
    raise InvalidInput(f"{text!r} is no attack.", mend="Write for example mp3-64, speed+2, pitch-1 or lowpass-4k.")


def parse_attacks(text: str) -> tuple[Attack, ...]:
    """Read a comma-separated list of attacks; an empty text gives none."""
    return tuple(parse_attack(part) for part in text.split(",") if part.strip())


def _speed(wave: np.ndarray, rate: int, per_cent: float) -> np.ndarray:
    return np.asarray(soxr.resample(wave, rate * (1 + per_cent / 100), rate))


def _pitch(wave: np.ndarray, rate: int, semitones: float) -> np.ndarray:
    ratio = 2 ** (semitones / 12)
    return stretched(soxr.resample(wave, rate * ratio, rate).astype(np.float32), rate, 1 / ratio)


def _noise(wave: np.ndarray, _rate: int, snr_db: float) -> np.ndarray:
    level = float(np.sqrt(np.mean(wave**2))) * 10 ** (-snr_db / 20)
    return np.asarray(wave + level * _generator(wave).standard_normal(len(wave), dtype=np.float32))


def _lowpass(wave: np.ndarray, rate: int, cutoff_hz: float) -> np.ndarray:
    if cutoff_hz >= rate / 2:
        return wave
    return np.asarray(sosfilt(butter(8, cutoff_hz, fs=rate, output="sos"), wave))


def _reverb(wave: np.ndarray, rate: int, decay_s: float) -> np.ndarray:
    time_s = np.arange(int(decay_s * rate)) / rate
    tail = _generator(wave).standard_normal(len(time_s)) * 10 ** (-3 * time_s / decay_s)
    wet = fftconvolve(wave, tail / np.sqrt(np.sum(tail**2)))[: len(wave)]
    return np.asarray((1 - REVERB_MIX) * wave + REVERB_MIX * wet)


def _eq(wave: np.ndarray, rate: int, most_db: float) -> np.ndarray:
    """Draw a smooth gain curve through a few centres; linear phase, so that nothing else changes."""
    gains_db = _generator(wave).uniform(-most_db, most_db, len(EQ_CENTRES_HZ))
    frequency = np.fft.rfftfreq(len(wave), 1 / rate)
    curve = np.interp(np.log(np.maximum(frequency, 20.0)), np.log(EQ_CENTRES_HZ), gains_db)
    return np.fft.irfft(np.fft.rfft(wave) * 10 ** (curve / 20), len(wave))


def _buzz(wave: np.ndarray, rate: int, under_db: float) -> np.ndarray:
    """Draw what hums: at which frequency of the mains, and how slowly its overtones fall."""
    dice = _generator(wave)
    base_hz = float(dice.choice(MAINS_HZ)) * (1 + dice.uniform(-MAINS_DRIFT, MAINS_DRIFT))
    return buzzing(wave, rate, base_hz=base_hz, under_db=under_db, top_hz=BUZZ_TOP_HZ, fall=dice.uniform(*BUZZ_FALL))


def buzzing(
    wave: np.ndarray, rate: int, *, base_hz: float, under_db: float, top_hz: float, fall: float = 1.0
) -> np.ndarray:
    """Add a mains buzz, ``under_db`` below the level of the sound; overtone k has k**-fall of the first's amplitude."""
    phases = 2 * np.pi * np.arange(PERIOD) / PERIOD
    overtones = range(1, int(min(top_hz, rate / 2) / base_hz) + 1)
    period = sum((np.sin(k * phases + k * k) / k**fall for k in overtones), np.zeros(PERIOD))
    hum = period[(np.arange(len(wave)) * (base_hz / rate) % 1.0 * PERIOD).astype(int)]
    return np.asarray(wave + hum * (_level(wave) / _level(hum) * 10 ** (-under_db / 20)))


def _level(wave: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)))) + 1e-9


def _codec(codec: str) -> Callable[[np.ndarray, int, float], np.ndarray]:
    def change(wave: np.ndarray, rate: int, stereo_kbps: float) -> np.ndarray:
        return round_trip(wave, rate, codec=codec, bit_rate_bps=int(stereo_kbps * 500))

    return change


def _generator(wave: np.ndarray) -> np.random.Generator:
    """Draw by the sound's own bytes: the same file always meets the same noise."""
    return np.random.default_rng(zlib.crc32(np.ascontiguousarray(wave[:4096], dtype=np.float32).tobytes()))


SIGNED = frozenset({"speed", "pitch"})
LIMITS = {
    "speed": 50.0,
    "pitch": 24.0,
    "reverb": 10.0,
    "eq": 24.0,
    "noise": 100.0,
    "buzz": 100.0,
    "mp3": 640,
    "opus": 512,
    "aac": 512,
}
CHANGES: dict[str, Callable[[np.ndarray, int, float], np.ndarray]] = {
    **{codec: _codec(codec) for codec in ENCODERS},
    "speed": _speed,
    "pitch": _pitch,
    "noise": _noise,
    "lowpass": _lowpass,
    "reverb": _reverb,
    "eq": _eq,
    "buzz": _buzz,
}
