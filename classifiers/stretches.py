"""Where a measure is highest: the seconds that a person can listen to instead of believing a number."""

import numpy as np
import numpy.typing as npt

from schemas.flags import Span

STRETCH_S = 3.0  # long enough to hear what is meant, short enough to be a place
DIGITS = 3  # of seconds and Hz in a span

Values = npt.NDArray[np.floating]


def highest(
    values: Values, rate_hz: float, *, where: npt.NDArray[np.bool_] | None = None, length_s: float = STRETCH_S
) -> tuple[float, float, float] | None:
    """Find the stretch whose mean is highest.

    Parameters
    ----------
    values : np.ndarray [shape=(n,)]
        One after the other in time, ``rate_hz`` of them a second.
    where : np.ndarray [shape=(n,)] or None
        Which values count; a stretch counts if half of it does. None for all of them.
    length_s
        Of the stretch; a sound that is shorter is one stretch.

    Returns
    -------
    tuple or None
        Start and end in seconds, and the mean there; None where no stretch counts.
    """
    if not len(values):
        return None
    counted = np.ones(len(values), dtype=np.bool_) if where is None else where
    width = max(1, min(round(length_s * rate_hz), len(values)))
    counts = _sums(counted.astype(np.float64), width)
    means = _sums(np.where(counted, values, 0.0), width) / np.maximum(counts, 1.0)
    means[counts < width / 2] = -np.inf
    first = int(means.argmax())
    if means[first] == -np.inf:
        return None
    return first / rate_hz, (first + width) / rate_hz, float(means[first])


def span(start_s: float, end_s: float, note: str, low_hz: float | None = None, high_hz: float | None = None) -> Span:
    """Make a span with seconds and frequencies no finer than they mean."""
    low, high = (None if hz is None else round(float(hz), DIGITS) for hz in (low_hz, high_hz))
    return Span(
        start_s=round(float(start_s), DIGITS), end_s=round(float(end_s), DIGITS), low_hz=low, high_hz=high, note=note
    )


def _sums(values: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    totals = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(totals[width:] - totals[:-width])
