"""Stationary lines on the lattices that strides leave: evidence that does not look at the music.

A decoder that upsamples by a stride repeats its bias and its filters' unevenness every stride
samples. The long-term spectrum then carries thin, still lines at whole multiples of
(output rate / product of strides). Such rates are few and known: common output rates over products
of 2, 3 and 5. Music has lines too, but not exactly there, so the same measure at
slightly detuned lattices gives each recording its own null distribution.

Conventions: spectra are mean levels in dB over bins from 0 Hz on; frequencies in Hz.
"""

from functools import cache
from itertools import pairwise

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.sparse import csr_array

from classifiers.synthetic.windows import ANALYSIS_RATE_HZ

LOW_HZ, HIGH_HZ = 1000.0, 7000.0  # under every codec's and sample rate's cut-off: bandwidth must not tell
OUTPUT_RATES_HZ = (16000, 22050, 24000, 32000, 44100, 48000)
SPACINGS_HZ = (24.0, 1100.0)
DETUNINGS = (1.0093, 0.9871, 1.0047, 0.9961)  # off the lattice by less than a quarter tone, and by no small ratio
MAIN_LOBE_BINS, SIDE_BINS = 2, 7  # a Hann line covers two bins each side; the rest of the side is background
FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@cache
def spacings_hz() -> tuple[float, ...]:
    """List the lattice spacings that common strides give, ascending, nearly equal ones once."""
    strides = [2**a * 3**b * 5**c for a in range(4, 13) for b in (0, 1) for c in (0, 1, 2)]
    rates = sorted(rate / stride for rate in OUTPUT_RATES_HZ for stride in strides)
    kept: list[float] = []
    for rate in rates:
        if SPACINGS_HZ[0] < rate < SPACINGS_HZ[1] and (not kept or rate / kept[-1] > 1.0005):
            kept.append(rate)
    return tuple(kept)


def prominence(level_db: FloatArray) -> FloatArray:
    """How far each bin stands above its neighbourhood, in units of the band's own spread.

    Parameters
    ----------
    level_db : np.ndarray [shape=(bins,)]
        Mean level in dB.

    Returns
    -------
    np.ndarray [shape=(bins,)]
        Zero mean and unit variance over 1 to 7 kHz; limited so that no single peak decides.
    """
    wide, narrow = 2 * SIDE_BINS + 1, 2 * MAIN_LOBE_BINS + 1
    around = uniform_filter1d(level_db, wide) * wide - uniform_filter1d(level_db, narrow) * narrow
    rise = np.clip(level_db - around / (wide - narrow), -2.0, 6.0)
    band = rise[_bins(len(rise))]
    return np.asarray((rise - band.mean()) / (band.std() + 0.05), dtype=np.float32)


def lattice_scores(rise: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Score every lattice, and every detuned one: mean prominence on it, in standard errors.

    Returns
    -------
    tuple of np.ndarray [shape=(lattices,), shape=(detunings * lattices,)]
        On the lattices, and the null beside them.
    """
    return _on(rise, (1.0,)), _on(rise, DETUNINGS)


def scan_scores(rise: FloatArray, edges_hz: tuple[float, ...]) -> list[FloatArray]:
    """Score every spacing between neighbouring edges: needs no list, and survives a change of speed."""
    return [combs @ rise for combs in _scan_combs(len(rise), edges_hz)]


def _on(rise: FloatArray, factors: tuple[float, ...]) -> FloatArray:
    return np.asarray(_lattice_combs(len(rise), factors) @ rise)


def _bins(count: int) -> slice:
    width = bin_hz(count)
    return slice(round(LOW_HZ / width), round(HIGH_HZ / width))


def bin_hz(count: int) -> float:
    """Return the width in Hz of one of ``count`` bins that reach from 0 to half the analysis rate."""
    return ANALYSIS_RATE_HZ / 2 / (count - 1)


@cache
def _lattice_combs(count: int, factors: tuple[float, ...]) -> csr_array:
    return _combs(np.array([s * f for f in factors for s in spacings_hz()]), count)


@cache
def _scan_combs(count: int, edges_hz: tuple[float, ...]) -> tuple[csr_array, ...]:
    step = bin_hz(count) / HIGH_HZ * 0.7  # the highest line moves by less than a bin from spacing to spacing
    octaves = pairwise(edges_hz)
    return tuple(_combs(np.exp(np.arange(np.log(low), np.log(high), step)), count) for low, high in octaves)


def _combs(spacing_hz: np.ndarray, count: int) -> csr_array:
    """Lay one comb of lines for each spacing out as a sparse row: a product costs a sixth of gathering the lines."""
    first = max(int(LOW_HZ / spacing_hz.max()), 1)
    multiples = np.arange(first, int(HIGH_HZ / spacing_hz.min()) + 1)
    lines_hz = spacing_hz[:, None] * multiples
    inside = (lines_hz >= LOW_HZ) & (lines_hz < HIGH_HZ)
    sizes = inside.sum(axis=1)
    scale = (1.0 / np.sqrt(np.maximum(sizes, 1))).astype(np.float32)
    places = np.round(lines_hz[inside] / bin_hz(count)).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return csr_array((np.repeat(scale, sizes), places, starts), shape=(len(spacing_hz), count))
