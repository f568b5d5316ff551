"""What the model looks at: three long-term spectra of one window, and what stands out of them.

Nothing here depends on level, length, bandwidth above 7 kHz or the place of a peak on the frequency
axis, except for the lattices of `lattice`, whose places follow from arithmetic and not from a corpus.

Groups
------
residual
    Distribution of the long-term spectrum around its moving mean, in six bands of 1 kHz.
regularity
    Autocorrelation and cepstrum of that residual: even spacing, wherever it lies.
lattice
    Still lines at spacings that common strides give, against slightly detuned ones.
scan
    Still lines at any even spacing from 100 to 800 Hz: survives a change of speed or pitch.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import fft
from scipy.ndimage import uniform_filter1d

from classifiers.synthetic import lattice
from classifiers.synthetic.windows import ANALYSIS_RATE_HZ, WINDOW_S, normalised

FEATURE_SET = "synthetic-features-1"  # another name whenever a value is measured in another way
RESIDUAL_LENGTHS = (8192, 16384)  # samples: 2 Hz and 1 Hz
LINE_LENGTHS = (8192, 16384, 32768)
SHOWN_LENGTH = 16384
SCAN_EDGES_HZ = {16384: (100.0, 200.0, 400.0, 800.0), 32768: (200.0, 400.0, 800.0)}
BANDS = 6
SMOOTH_HZ, SMOOTH_BINS = 200.0, 9
QUANTILES = np.array([0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97, 0.995])
LAG_EDGES = 25
CEPSTRUM_EDGES = 20
STRONG = 4.0  # standard errors
LATTICE_VALUES, SCAN_VALUES = 17, 6
GROUPS = ("residual", "regularity", "lattice", "scan")
DB_PER_NEPER = 10.0 / np.log(10.0)


@dataclass(frozen=True)
class Features:
    """The features of one window.

    Attributes
    ----------
    values : np.ndarray [shape=(len(feature_groups()),)]
        Finite float32.
    levels_db : np.ndarray [shape=(SHOWN_LENGTH // 2 + 1,)]
        The 1-Hz long-term spectrum: the evidence that `explain` points at.
    """

    values: np.ndarray
    levels_db: np.ndarray


def extract(wave: np.ndarray) -> Features:
    """Measure one window.

    Parameters
    ----------
    wave : np.ndarray [shape=(n,)]
        Mono at `ANALYSIS_RATE_HZ`; shorter windows are continued by reflection.
    """
    ready = normalised(_filled(wave))
    parts: dict[str, list[np.ndarray]] = {group: [] for group in GROUPS}
    levels = {length: long_term_db(ready, length) for length in LINE_LENGTHS}
    for length in RESIDUAL_LENGTHS:
        wide, narrow = _residuals(levels[length])
        parts["residual"] += [_distribution(wide), _distribution(narrow), _peak_density(levels[length])]
        parts["regularity"] += [_autocorrelation(wide, length), _cepstrum(wide)]
    for length in LINE_LENGTHS:
        rise = lattice.prominence(levels[length])
        parts["lattice"].append(_lattice_summary(rise))
        if length in SCAN_EDGES_HZ:
            parts["scan"].append(_scan_summary(rise, SCAN_EDGES_HZ[length]))
    values = np.concatenate([part for group in GROUPS for part in parts[group]])
    return Features(np.nan_to_num(values).astype(np.float32), levels[SHOWN_LENGTH])


@cache
def feature_groups() -> tuple[str, ...]:
    """Name the group of every value of `Features.values`, in order."""
    residual = 2 * (BANDS * (len(QUANTILES) + 3)) + BANDS
    regularity = 2 * (LAG_EDGES - 1) + 2 * (CEPSTRUM_EDGES - 1)
    octaves = sum(len(edges) - 1 for edges in SCAN_EDGES_HZ.values())
    sizes = (2 * residual, 2 * regularity, len(LINE_LENGTHS) * LATTICE_VALUES, octaves * SCAN_VALUES)
    return tuple(group for group, size in zip(GROUPS, sizes, strict=True) for _ in range(size))


def long_term_db(wave: np.ndarray, length: int) -> np.ndarray:
    """Average the levels in dB of half-overlapping Hann frames of ``length`` samples."""
    frames = np.lib.stride_tricks.sliding_window_view(wave, length)[:: length // 2] * _hann(length)
    spectrum = fft.rfft(frames, axis=1)
    power = spectrum.real**2
    power += spectrum.imag**2
    power += 1e-10
    return np.asarray(np.log(power, out=power).mean(axis=0) * np.float32(DB_PER_NEPER))


@cache
def _hann(length: int) -> np.ndarray:
    return np.hanning(length + 1)[:-1].astype(np.float32)


def _filled(wave: np.ndarray) -> np.ndarray:
    wanted = int(WINDOW_S * ANALYSIS_RATE_HZ)
    if len(wave) >= wanted:
        return wave[:wanted]
    turned = np.concatenate([wave, wave[::-1]])
    return np.resize(turned, wanted)


def _residuals(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bin_hz = lattice.bin_hz(len(levels))
    first, last = round(lattice.LOW_HZ / bin_hz), round(lattice.HIGH_HZ / bin_hz)
    wide = levels - uniform_filter1d(levels, int(SMOOTH_HZ / bin_hz) | 1)
    narrow = levels - uniform_filter1d(levels, SMOOTH_BINS)
    return wide[first:last], narrow[first:last]


def _by_band(values: np.ndarray) -> np.ndarray:
    return values[: len(values) // BANDS * BANDS].reshape(BANDS, -1)


def _distribution(residual: np.ndarray) -> np.ndarray:
    bands = np.sort(_by_band(residual), axis=1)
    quantiles = bands[:, np.round(QUANTILES * (bands.shape[1] - 1)).astype(int)]
    centred = bands - bands.mean(axis=1, keepdims=True)
    squares = centred * centred
    spread = np.sqrt(squares.mean(axis=1)) + 1e-6
    skew = (squares * centred).mean(axis=1) / spread**3
    peakedness = np.minimum((squares * squares).mean(axis=1) / spread**4, 50.0)
    return np.concatenate([quantiles.ravel(), spread, skew, peakedness])


def _peak_density(levels: np.ndarray) -> np.ndarray:
    bin_hz = lattice.bin_hz(len(levels))
    band = levels[round(lattice.LOW_HZ / bin_hz) : round(lattice.HIGH_HZ / bin_hz)]
    is_peak = np.zeros(len(band), dtype=np.float32)
    is_peak[1:-1] = (band[1:-1] > band[:-2]) & (band[1:-1] > band[2:])
    return np.asarray(_by_band(is_peak).mean(axis=1))


def _limited(residual: np.ndarray) -> np.ndarray:
    limited = np.clip(residual, -3.0, 6.0)
    return np.asarray(limited - limited.mean())


def _autocorrelation(residual: np.ndarray, length: int) -> np.ndarray:
    even, count = _limited(residual), len(residual)
    size = fft.next_fast_len(2 * count)
    raw = fft.irfft(np.abs(fft.rfft(even, size)) ** 2, size)[:count]
    lags = raw / (raw[0] + 1e-9) * count / (count - np.arange(count) * 0.999)
    bin_hz = ANALYSIS_RATE_HZ / length
    edges = np.ceil(np.geomspace(4 * bin_hz, 3000.0, LAG_EDGES) / bin_hz - 1e-9).astype(int)
    highest, mean = _by_step(lags, edges)
    spread = np.sqrt(np.maximum(_by_step(lags * lags, edges)[1] - mean * mean, 0.0))
    return np.concatenate([highest, spread])


def _cepstrum(residual: np.ndarray) -> np.ndarray:
    even, count = _limited(residual), len(residual)
    raw = np.abs(fft.rfft(even * np.hanning(count), fft.next_fast_len(2 * count)))
    level = raw / (np.sqrt(np.mean(raw**2)) + 1e-9)
    edges = np.round(np.geomspace(4, len(level) - 1, CEPSTRUM_EDGES)).astype(int)
    return np.log(np.concatenate(_by_step(level, edges)) + 1e-3)


def _by_step(values: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the highest value and the mean between neighbouring edges; equal edges hold the one value there."""
    inside, sizes = values[: edges[-1]], np.maximum(np.diff(edges), 1)
    return np.maximum.reduceat(inside, edges[:-1]), np.add.reduceat(inside, edges[:-1]) / sizes


def _lattice_summary(rise: np.ndarray) -> np.ndarray:
    on, beside = lattice.lattice_scores(rise)
    top, null = np.sort(on)[::-1], np.sort(beside)[::-1]
    step = len(lattice.DETUNINGS)  # the null is that many times larger: compare like ranks
    against_null = (top[0] - null.mean()) / (null.std() + 1e-6)
    values = [*top[[0, 1, 2, 4, 9]], np.median(top), top.std()]
    values += [*null[[0, step, 3 * step]], np.median(null), null.std()]
    values += [top[0] - null[0], top[2] - null[2 * step], against_null, np.mean(top > STRONG), np.mean(null > STRONG)]
    return _squashed(values)


def _scan_summary(rise: np.ndarray, edges_hz: tuple[float, ...]) -> np.ndarray:
    values: list[float] = []
    for scores in lattice.scan_scores(rise, edges_hz):
        count, spread = len(scores), float(scores.std()) + 1e-6
        high, top = int(0.99 * count), count - max(2, count // 2000)
        ordered = np.partition(scores, [high, top])
        centred = scores - scores.mean()
        skew = float(np.mean(centred * centred * centred)) / spread**3
        values += [scores.max(), ordered[top], ordered[high], spread, skew, scores.max() / spread]
    return _squashed(values)


def _squashed(values: list[float]) -> np.ndarray:
    """Tame the tails: a ten times stronger line is no ten times stronger evidence."""
    raw = np.array(values)
    return np.asarray(np.sign(raw) * np.log1p(np.abs(raw)))
