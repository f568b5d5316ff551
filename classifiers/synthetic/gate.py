"""Is it music at all? Speech and noise are not what the model was made for: there it abstains."""

import math

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import uniform_filter1d

from classifiers.synthetic.windows import ANALYSIS_RATE_HZ, Array, normalised

FRAME, HOP = 1024, 512  # samples: 64 and 32 ms
BAND_HZ = (150.0, 6000.0)
DETAIL_BINS = 15
LAGS = (1, 2, 4, 8, 16, 32)  # frames: a note holds for a quarter of a second and more, a syllable does not
PAUSE_DB = 20.0
SYLLABLES_HZ = (2.5, 7.5)
DB_PER_NEPER = 10.0 / math.log(10.0)  # a plain float keeps arrays in single precision

NAMES = (
    *(f"detail held over {lag * HOP / ANALYSIS_RATE_HZ * 1000:.0f} ms" for lag in LAGS),
    "spread of detail",
    "flatness of frames",
    "flatness of the whole",
    "share of pauses",
    "spread of level",
    "syllable rhythm",
    "spread of centre",
    "change from frame to frame",
)


def gate_features(wave: Array) -> npt.NDArray[np.float64]:
    """Measure how long spectral detail holds, how flat it is and how the level moves.

    Parameters
    ----------
    wave : np.ndarray [shape=(n,)]
        Mono at 16 kHz, at least one second.

    Returns
    -------
    np.ndarray [shape=(len(NAMES),)]
        In the order of `NAMES`.
    """
    levels = _levels_db(normalised(wave))
    detail = levels - uniform_filter1d(levels, DETAIL_BINS, axis=1)
    mean_level = np.log(np.exp(levels / DB_PER_NEPER).mean(axis=1)) * DB_PER_NEPER
    bins = np.arange(levels.shape[1])
    weight = np.exp(levels / DB_PER_NEPER / 2)
    centre = (weight * bins).sum(axis=1) / weight.sum(axis=1) / len(bins)
    values = [
        *(_held(detail, lag) for lag in LAGS),
        float(detail.std()),
        float((levels.mean(axis=1) - mean_level).mean()),
        float((levels.mean(axis=0) - uniform_filter1d(levels.mean(axis=0), 31)).std()),
        float(np.mean(mean_level < mean_level.mean() - PAUSE_DB)),
        float(mean_level.std()),
        _syllable_share(mean_level),
        float(centre.std()),
        float(np.abs(np.diff(levels, axis=0)).mean()),
    ]
    return np.array(values, dtype=np.float64)


def _levels_db(wave: Array) -> Array:
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    spectrum = fft.rfft(np.lib.stride_tricks.sliding_window_view(wave, FRAME)[::HOP] * window, axis=1)
    low, high = (round(hz * FRAME / ANALYSIS_RATE_HZ) for hz in BAND_HZ)
    band = spectrum[:, low:high]
    return np.asarray(np.log(band.real**2 + band.imag**2 + 1e-7) * DB_PER_NEPER)


def _held(detail: Array, lag: int) -> float:
    """Correlate the fine structure of spectra ``lag`` frames apart."""
    if len(detail) <= lag:
        return 0.0
    power = float((detail**2).mean()) + 1e-9
    return float((detail[lag:] * detail[:-lag]).mean()) / power


def _syllable_share(level_db: Array) -> float:
    power = np.abs(np.fft.rfft((level_db - level_db.mean()) * np.hanning(len(level_db)))) ** 2
    rhythm_hz = np.fft.rfftfreq(len(level_db), HOP / ANALYSIS_RATE_HZ)
    inside = (rhythm_hz >= SYLLABLES_HZ[0]) & (rhythm_hz < SYLLABLES_HZ[1])
    return float(power[inside].sum() / (power[rhythm_hz > 0.3].sum() + 1e-9))
