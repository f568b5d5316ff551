"""From a piece to a finished sound file: room, level, copy at another speed, noise, silence.

Loudness is brought to -14 LUFS (ITU-R BS.1770, gated) as streaming services expect it.
"""

import io
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile
import soxr

from api.demo.instruments import RATE, Samples
from api.demo.score import Band, Piece

TARGET_LUFS = -14.0
CEILING = 0.8  # -2 dBFS: room for what lies between samples and what a lossy encoder adds
KNEE = 0.5  # where the limiter begins to bend
AIR = 2e-4  # a room's own noise, -74 dBFS: recordings reach up to 20 kHz

Form = Literal["flac", "wav", "mp3"]

# K-weighting of BS.1770-4, tables 1 and 2, for 48 kHz: at 44.1 kHz up to 0.2 LU off.
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


def loudness_lufs(stereo: Samples) -> float:
    """Measure integrated loudness with the absolute and the relative gate, blocks of 0.4 s."""
    weighted = stereo
    for numerator, denominator in (_SHELF, _HIGH_PASS):
        weighted = scipy.signal.lfilter(numerator, denominator, weighted, axis=0)
    size = int(0.4 * RATE)
    blocks = weighted[: len(weighted) // size * size].reshape(-1, size, weighted.shape[1])
    power = np.mean(blocks**2, axis=1).sum(axis=1)
    power = power[power > 10 ** ((-70 + 0.691) / 10)]
    power = power[power > 0.1 * power.mean()]
    return float(-0.691 + 10 * np.log10(power.mean()))


def perform(piece: Piece, seconds: float | None = None) -> Samples:
    """Play a piece, put it in a room and bring it to level.

    Parameters
    ----------
    piece
        What to play.
    seconds
        Where to end, with a fade; by default after the last note has died away.

    Returns
    -------
    ndarray of float32 [shape=(n, 2)]
        Stereo at `RATE`, at about `TARGET_LUFS`, never above `CEILING`.
    """
    band = Band(piece)
    band.perform()
    mix = (band.dry + reverberate(band.room, piece.room_s, band.rng)).T
    mix = mix + AIR * band.rng.standard_normal(mix.shape, dtype=np.float32)
    if seconds is not None:
        mix = mix[: int(seconds * RATE)]
    return level(_fade(mix, 0.01, 1.2 if seconds is not None else 0.8))


def reverberate(buses: Samples, seconds: float, rng: np.random.Generator) -> Samples:
    """Answer each channel [shape=(2, n)] with a room whose sound falls by 60 dB in ``seconds``, growing darker."""
    time = np.arange(int(seconds * RATE)) / RATE
    wet = np.empty_like(buses)
    for channel, bus in enumerate(buses):
        noise = rng.standard_normal(time.size)
        dull = scipy.signal.lfilter((0.25,), (1.0, -0.75), noise)
        answer = (noise * np.exp(-time / 0.12) * 0.4 + dull) * np.exp(-6.9 * time / seconds)
        answer[: int(0.012 * RATE)] = 0.0  # the nearest wall
        answer /= np.sqrt(np.sum(answer**2))
        wet[channel] = scipy.signal.oaconvolve(bus, answer.astype(np.float32))[: bus.size]
    return wet


def level(stereo: Samples) -> Samples:
    """Bring to `TARGET_LUFS` and bend what stands above the knee below `CEILING`."""
    scaled = stereo * 10 ** ((TARGET_LUFS - loudness_lufs(stereo)) / 20)
    size = np.abs(scaled)
    span = CEILING - KNEE
    bent = np.where(size > KNEE, KNEE + span * np.tanh((size - KNEE) / span), size)
    return np.asarray(np.copysign(bent, scaled), dtype=np.float32)


def _fade(stereo: Samples, start_s: float, end_s: float) -> Samples:
    first, last = int(start_s * RATE), int(end_s * RATE)
    stereo[:first] *= np.linspace(0, 1, first, dtype=np.float32)[:, None]
    stereo[-last:] *= np.linspace(1, 0, last, dtype=np.float32)[:, None] ** 2
    return stereo


def at_speed(stereo: Samples, speed: float) -> Samples:
    """Play faster or slower as a tape would, pitch included; 1.05 is five per cent faster."""
    return np.asarray(soxr.resample(stereo, RATE * speed, RATE, quality="HQ"), dtype=np.float32)


def white_noise(seconds: float, seed: int) -> Samples:
    """Give stereo noise of equal power at all frequencies."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((int(seconds * RATE), 2), dtype=np.float32).clip(-4, 4)
    return np.asarray(0.1 * noise, dtype=np.float32)


def silence(seconds: float) -> Samples:
    """Give digital silence."""
    return np.zeros((int(seconds * RATE), 2), dtype=np.float32)


def encode(stereo: npt.NDArray[np.float32], form: Form) -> bytes:
    """Write FLAC or WAV with 16 bits, or MP3 with variable bit rate of high quality."""
    target = io.BytesIO()
    quality = {"compression_level": 0.1} if form == "mp3" else {}
    subtype = "MPEG_LAYER_III" if form == "mp3" else "PCM_16"
    soundfile.write(target, stereo, RATE, format=form.upper(), subtype=subtype, **quality)
    return target.getvalue()


def broken_flac(seconds: float) -> bytes:
    """Give what an upload leaves that reserved its space and then broke off: a head, then zeros."""
    whole = encode(silence(seconds), "flac")
    head = whole[:42]  # "fLaC" and STREAMINFO, which promises the whole length
    return head + bytes(200_000)
