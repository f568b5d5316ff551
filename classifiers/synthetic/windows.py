"""Which seconds are analysed, and in what form: mono, 16 kHz, one loudness, one noise floor."""

import numpy as np
import soxr

ANALYSIS_RATE_HZ = 16_000
WINDOW_S = 10.0  # what the model was fitted on
SHORTEST_S = 5.0  # under this the fine spectra have too few frames
MOST_WINDOWS = 3  # cost is bounded: a three-hour file costs no more than a three-minute one
EDGE_S = 0.05  # room for the resampler's filter on both sides
LEVEL = 0.1  # root mean square after normalisation
FLOOR_DB = -78.0  # of the added noise, re full scale: hides what codecs do to digital silence


def plan(duration_s: float, *, most: int = MOST_WINDOWS) -> tuple[tuple[float, float], ...]:
    """Choose windows, evenly over the recording but away from its ends.

    Parameters
    ----------
    duration_s : float >= 0
        Length of the recording in seconds.
    most : int > 0
        How many windows at most.

    Returns
    -------
    tuple of (start_s, end_s)
        Empty where the recording is too short to judge.
    """
    if duration_s < SHORTEST_S:
        return ()
    if duration_s <= WINDOW_S:
        return ((0.0, duration_s),)
    count = min(most, max(1, int(duration_s // WINDOW_S)))
    room = duration_s - WINDOW_S
    starts = [room * (i + 0.5) / count for i in range(count)]
    return tuple((round(start, 3), round(start, 3) + WINDOW_S) for start in starts)


def to_analysis(samples: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """Bring one window of mono sound to the analysis rate; of more than ten seconds the first ten count."""
    wave = np.ascontiguousarray(samples, dtype=np.float32)
    if sample_rate_hz != ANALYSIS_RATE_HZ:
        wave = soxr.resample(wave, sample_rate_hz, ANALYSIS_RATE_HZ, quality="HQ")
    return wave[: int(WINDOW_S * ANALYSIS_RATE_HZ)]


def normalised(wave: np.ndarray) -> np.ndarray:
    """Take away the mean, set the level and lay the noise floor: loudness and silence must not tell."""
    centred = wave - wave.mean()
    level = float(np.sqrt(np.mean(centred**2)))
    return np.asarray(centred * (LEVEL / max(level, 1e-9)) + _floor(len(wave)), dtype=np.float32)


def _floor(count: int) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(count, dtype=np.float32)
    return noise * np.float32(10 ** (FLOOR_DB / 20))
