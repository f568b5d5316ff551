"""How much of a recording its stems explain: aligned in time, then least squares per stem, band and stretch.

Whoever made a recording has its parts. Each stem is moved to where it sounds, and for every second and band of
frequencies the gains are found with which the stems together come nearest to the recording (a master changes level and
colour slowly). What is left is the residual. Stems of another song explain next to nothing; what chance explains is
measured with the same stems moved out of place. The figures are evidence for a person, never a verdict: whoever
separated a finished recording into parts has stems, too.

Conventions
-----------
Samples are mono float32 at `RATE_HZ`; lags are seconds by which a stem is moved later; levels are dB of power
relative to the recording. These functions decode; a server calls them through `classifiers.listener.Listener`.
"""

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr
from scipy import fft, signal

from classifiers.decode import DecodeError, mixed, openers
from classifiers.pictures import wav
from schemas.errors import AudioLimitExceeded, AudioUnreadable, InvalidInput, LinerError
from schemas.stems import StemMatch, StemReport

METHOD = "stems-1"
RATE_HZ = 22_050
SIZE, HOP = 2048, 512  # samples of a spectrum and between two: 93 ms and 23 ms
STRETCH = 43  # spectra that share their gains: one second
EDGES_HZ = (0, 120, 250, 500, 1000, 2000, 4000, 7000, 11_025)
RIDGE = 1e-6  # share of the stems' own power: two equal stems share a gain instead of fighting
COARSE = 4  # the place is looked for at a quarter of the rate, then found to the sample
MAX_STEMS = 16
MAX_SECONDS = 7200.0  # of all files together, which is 600 MB of samples
MAX_EXCERPT_S = 60.0
CHANCE_S = 1.37  # out of place by no simple part of a bar
SILENT_DB = -70.0  # below this the recording has nothing to explain
FLOOR_DB = -90.0

Samples = npt.NDArray[np.float32]
Spectra = npt.NDArray[np.complex64]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Stem:
    """A stem in place: its samples are as long as the recording's and lie where they sound in it.

    ``fraction`` is what of the place is less than a sample; at 10 kHz half a sample is a quarter of a wave.
    """

    samples: Samples
    lag_s: float
    correlation: float

    @property
    def fraction(self) -> float:
        """What is left of the lag beyond whole samples."""
        return self.lag_s * RATE_HZ - round(self.lag_s * RATE_HZ)


def report(
    path: str, stems: Sequence[str], names: Sequence[str], *, progress: Progress | None = None
) -> dict[str, Any]:
    """Measure how much of a recording its stems explain.

    Parameters
    ----------
    path
        The recording.
    stems, names
        Files, at most 16, and what their sender calls them.
    progress
        Told how many seconds of sound are done.

    Returns
    -------
    dict
        A `schemas.stems.StemReport` as JSON values. A stem that cannot be read says so and takes no part.

    Raises
    ------
    AudioUnreadable, AudioLimitExceeded, InvalidInput
        The recording cannot be read; all together is too long; there is no stem.
    """
    tell = _Told(progress)
    recording = _load(path, tell, MAX_SECONDS)
    found = _place_all(recording, stems, names, tell)
    placed = [stem for stem in found if isinstance(stem, Stem)]
    if not placed:
        raise AudioUnreadable("None of the stems can be read.", mend="Send them as WAV or FLAC.")
    over_time, left, whole = _residual(recording, placed, tell)
    chance = _residual(recording, [_moved(stem) for stem in placed], tell)
    alone = iter([_db(*_residual(recording, [stem], tell)[1:]) for stem in placed])
    matches = [
        StemMatch(name=name, lag_s=one.lag_s, correlation=one.correlation, alone_db=next(alone))
        if isinstance(one, Stem)
        else StemMatch(name=name, problem=one)
        for name, one in zip(names, found, strict=True)
    ]
    return StemReport(
        method=METHOD,
        duration_s=round(len(recording) / RATE_HZ, 3),
        residual_db=_db(left, whole),
        chance_db=_db(*chance[1:]),
        explained=round(float(np.clip(1 - left / max(whole, 1e-12), 0, 1)), 4),
        every_s=STRETCH * HOP / RATE_HZ,
        over_time=tuple(over_time),
        stems=tuple(matches),
    ).model_dump(mode="json")


def excerpt(
    path: str, stems: Sequence[str], lags_s: Sequence[float], start_s: float, end_s: float, *, part: str
) -> bytes:
    """Make a stretch of what the stems explain, or of what they leave, audible as a 16-bit WAV file.

    Parameters
    ----------
    lags_s
        Where each stem lies, as `report` found it.
    part
        ``explained`` or ``residual``.
    """
    if not 0 <= start_s < end_s or end_s - start_s > MAX_EXCERPT_S:
        raise InvalidInput(f"A stretch lasts at most {MAX_EXCERPT_S:g} s.", mend="Ask for less.")
    if part not in {"explained", "residual"}:
        raise InvalidInput("A part is explained or residual.")
    first, last = round(start_s * RATE_HZ), round(end_s * RATE_HZ)
    recording = _load(path, _Told(None), MAX_SECONDS)[first:last]
    if len(recording) < SIZE:
        raise InvalidInput("The recording ends before.", mend="Ask for an earlier stretch.")
    placed = [
        Stem(_shifted(_load(stem, _Told(None), MAX_SECONDS), lag, last)[first:last], lag, 1.0)
        for stem, lag in zip(stems, lags_s, strict=True)
    ]
    mix = _spectra(recording)
    model = _model(mix, [_in_place(one, slice(0, len(recording))) for one in placed])
    _, sound = signal.istft(model if part == "explained" else mix - model, **_STFT)
    clipped = np.clip(np.rint(sound[: len(recording)] * 32767), -32768, 32767).astype("<i2")
    return wav(clipped[:, None], RATE_HZ)


class _Told:
    """Adds up how much sound is done, over all files and passes, for the parent's patience."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._done_s = progress, 0.0

    def __call__(self, more_s: float) -> None:
        self._done_s += more_s
        if self._progress:
            self._progress(self._done_s)


def _place_all(recording: Samples, stems: Sequence[str], names: Sequence[str], tell: _Told) -> list[Stem | str]:
    if not 1 <= len(stems) <= MAX_STEMS or len(names) != len(stems):
        raise InvalidInput(f"Compare 1 to {MAX_STEMS} stems, each with a name.")
    left_s = MAX_SECONDS - len(recording) / RATE_HZ
    found: list[Stem | str] = []
    for path in stems:
        try:
            samples = _load(path, tell, left_s)
        except AudioLimitExceeded:
            raise
        except (LinerError, OSError) as error:
            found.append(error.message if isinstance(error, LinerError) else "The file is gone.")
            continue
        left_s -= len(samples) / RATE_HZ
        lag, correlation = _lag(recording, samples)
        lag_s = round(lag / RATE_HZ, 7)  # before it is used: whole samples and the rest must be of one number
        placed = _shifted(samples, lag_s, len(recording))
        found.append(Stem(_fitted(placed, len(recording)), lag_s, round(correlation, 4)))
    return found


def _load(path: str, tell: _Told, most_s: float) -> Samples:
    """Decode to mono at `RATE_HZ`; refuse what is beyond ``most_s``."""
    cause = "no decoder"
    for opener in openers(path):
        try:
            with opener(path) as source:
                resample = soxr.ResampleStream(source.sample_rate_hz, RATE_HZ, 1, dtype="float32")
                pieces, total = [], 0
                for block in source.blocks():
                    pieces.append(resample.resample_chunk(mixed(block)))
                    total += len(pieces[-1])
                    tell(len(block) / source.sample_rate_hz)
                    if total / RATE_HZ > most_s:
                        raise AudioLimitExceeded("Recording and stems are too long together.", mend="Send fewer stems.")
                pieces.append(resample.resample_chunk(np.zeros(0, np.float32), last=True))
                samples: Samples = np.concatenate(pieces)
                if len(samples) >= SIZE:
                    return samples
                cause = "it is too short"
        except DecodeError as error:
            cause = str(error)
    raise AudioUnreadable(f"{os.path.basename(path)} cannot be read: {cause}.", mend="Send WAV or FLAC.")  # noqa: PTH119


def _lag(recording: Samples, stem: Samples) -> tuple[float, float]:
    """Find how many samples later the stem sounds in the recording, and how well it fits there."""
    coarse, _ = _best(_thinned(recording), _thinned(stem))
    centre = coarse * COARSE
    start = _loudest(stem, 20 * RATE_HZ)
    piece = stem[start : start + 20 * RATE_HZ]
    reach = 4 * COARSE
    low = start + centre - reach
    window = _shifted(recording, -low / RATE_HZ, len(piece) + 2 * reach)
    fine, fit = _best(_fitted(window, len(piece) + 2 * reach), piece, most=2 * reach)
    there = _fitted(window, len(piece) + 2 * reach)[fine : fine + len(piece)]
    return centre - reach + fine + _fraction(there, piece), fit


def _best(long: Samples, short: Samples, most: int | None = None) -> tuple[int, float]:
    """Find the lag with the greatest correlation, its sign left out: a stem may be of turned polarity."""
    size = fft.next_fast_len(len(long) + len(short), real=True)
    cross = fft.irfft(fft.rfft(long, size) * np.conj(fft.rfft(short, size)), size)
    if most is not None:
        cross = cross[: most + 1]
    at = int(np.argmax(np.abs(cross)))
    lag = at - size if at > size // 2 else at
    there = _fitted(_shifted(short, lag / RATE_HZ, len(long)), len(long))
    under = long * (there != 0)
    power = np.sqrt(float(there @ there) * float(under @ under))
    return lag, float(abs(cross[at])) / power if power > 0 else 0.0


def _fraction(there: Samples, stem: Samples) -> float:
    """Find by how much of a sample the stem still has to move: the slope of the phase between the two.

    Averaged over all spectra, so that what else sounds in the recording falls out.
    """
    cross = np.sum(_spectra(there) * np.conj(_spectra(stem)), axis=1)
    if float(np.sum(cross.real)) < 0:  # of turned polarity
        cross = -cross
    bins = np.arange(len(cross))
    weight = np.abs(cross)
    whole = float(np.sum(weight * bins**2))
    slope = float(np.sum(weight * bins * np.angle(cross))) / whole if whole > 0 else 0.0
    return float(np.clip(-slope * SIZE / (2 * np.pi), -0.75, 0.75))


def _thinned(samples: Samples) -> Samples:
    thin: Samples = soxr.resample(samples, RATE_HZ, RATE_HZ // COARSE).astype(np.float32)
    return thin


def _loudest(samples: Samples, length: int) -> int:
    if len(samples) <= length:
        return 0
    power = np.cumsum(np.concatenate([[0.0], np.square(samples, dtype=np.float64)]))
    return int(np.argmax(power[length:] - power[:-length]))


def _shifted(samples: Samples, lag_s: float, length: int) -> Samples:
    """Move samples later (or earlier) and cut them to ``length``."""
    lag = round(lag_s * RATE_HZ)
    moved = np.concatenate([np.zeros(lag, np.float32), samples]) if lag >= 0 else samples[-lag:]
    return moved[:length]


def _fitted(samples: Samples, length: int) -> Samples:
    return np.pad(samples, (0, max(0, length - len(samples))))[:length]


def _moved(stem: Stem) -> Stem:
    return Stem(np.roll(stem.samples, round(CHANCE_S * RATE_HZ)), stem.lag_s, stem.correlation)


_STFT: dict[str, Any] = {"fs": RATE_HZ, "nperseg": SIZE, "noverlap": SIZE - HOP, "window": "hann"}


def _in_place(stem: Stem, part: slice) -> Spectra:
    """Give the spectra of a part of a stem, moved by the fraction of a sample that is left of its lag."""
    piece = _fitted(stem.samples[part], part.stop - part.start)
    turns = np.exp(-2j * np.pi * np.arange(SIZE // 2 + 1) * stem.fraction / SIZE)
    moved: Spectra = (_spectra(piece) * turns[:, None]).astype(np.complex64)
    return moved


def _spectra(samples: Samples) -> Spectra:
    """Short-time spectra [shape=(bins, frames)]."""
    _, _, found = signal.stft(samples, **_STFT)
    spectra: Spectra = found.astype(np.complex64)
    return spectra


def _residual(recording: Samples, stems: Sequence[Stem], tell: _Told) -> tuple[list[float], float, float]:
    """Residual in dB per second, then the power that is left and the power there was."""
    over_time: list[float] = []
    left = whole = 0.0
    step = STRETCH * HOP * 30  # half a minute at a time keeps the memory flat
    for first in range(0, len(recording), step):
        piece = recording[first : first + step]
        if len(piece) < SIZE:
            break
        mix = _spectra(piece)
        here = slice(first, first + len(piece))
        rest = np.square(np.abs(mix - _model(mix, [_in_place(stem, here) for stem in stems])))
        power = np.square(np.abs(mix))
        for start in range(0, mix.shape[1] - 1, STRETCH):
            part = slice(start, start + STRETCH)
            over_time.append(_db(float(rest[:, part].sum()), float(power[:, part].sum())))
        left, whole = left + float(rest.sum()), whole + float(power.sum())
        tell(len(piece) / RATE_HZ)
    return over_time, left, whole


def _model(mix: Spectra, stems: Sequence[Spectra]) -> Spectra:
    """Come as near to the mix as gains per stem, band and second allow."""
    model = np.zeros_like(mix)
    edges = np.round(np.array(EDGES_HZ) * SIZE / RATE_HZ).astype(int)
    edges[-1] = mix.shape[0]
    for start in range(0, mix.shape[1], STRETCH):
        frames = slice(start, start + STRETCH)
        for low, high in itertools.pairwise(edges):
            parts = np.stack([stem[low:high, frames].ravel() for stem in stems])
            gains = _gains(parts, mix[low:high, frames].ravel())
            model[low:high, frames] = (gains @ parts).reshape(model[low:high, frames].shape)
    return model


def _gains(parts: Spectra, mix: Spectra) -> npt.NDArray[np.float32]:
    """Solve for real gains by least squares, with a ridge against stems that are silent or alike."""
    normal = (parts @ parts.conj().T).real.astype(np.float64)
    wanted = (parts.conj() @ mix).real.astype(np.float64)
    ridge = RIDGE * np.trace(normal) / len(parts) + 1e-12
    gains: npt.NDArray[np.float32] = np.linalg.solve(normal + ridge * np.eye(len(parts)), wanted).astype(np.float32)
    return gains


def _db(left: float, whole: float) -> float:
    if whole <= 10 ** (SILENT_DB / 10):
        return 0.0
    return round(float(np.clip(10 * np.log10(max(left, 1e-12) / whole), FLOOR_DB, 0.0)), 2)
