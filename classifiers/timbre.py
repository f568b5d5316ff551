"""Colour of the sounding frames: flatness, centroid, and where the band ends."""

import numpy as np
import numpy.typing as npt

from classifiers.bandwidth import SIDE_HZ, band_limit, find_edge
from classifiers.levels import SILENCE_DB
from classifiers.series import Series
from classifiers.spectra import Array, Grid
from classifiers.stretches import highest, span
from classifiers.versions import DESCRIPTORS
from schemas.flags import Span
from schemas.screening import Signal

FLATNESS_HZ = (200.0, 7000.0)  # every codec keeps this band
SIXTH = 2 ** (1 / 6)  # of an octave

_EPSILON = np.float32(1e-10)  # librosa's amin
_SAMPLED = 4  # one frame in so many goes into the mean spectrum in dB


class Timbre:
    """Collects what the frames say of timbre; silent ones say nothing.

    Parameters
    ----------
    grid
        Of the frames to come.
    """

    def __init__(self, grid: Grid) -> None:
        self._hz = grid.bins_hz().astype(np.float32)
        low, high = np.searchsorted(self._hz, FLATNESS_HZ).tolist()
        self._band, self._width = slice(low, high), max(1, high - low)
        self._log_sum, self._sampled = np.zeros(len(self._hz)), 0
        self._flatness_sum, self._centroid_sum, self._count = 0.0, 0.0, 0
        self._centroids = Series()  # of every frame; silent ones have none
        self._frames, self._frame_hz = 0, grid.frame_hz

    def columns(self) -> Array:
        """Weights of the sums that `push` takes beside the power [shape=(bins, 3)]: all, by frequency, in the band."""
        in_band = np.zeros_like(self._hz)
        in_band[self._band] = 1 / self._width
        return np.stack([np.ones_like(self._hz), self._hz, in_band], axis=1)

    def push(self, power: Array, mean_square: Array, sums: Array) -> None:
        """Take the next frames.

        Parameters
        ----------
        power [shape=(frames, bins)]
        mean_square [shape=(frames,)]
            Of the frames' samples.
        sums [shape=(frames, 3)]
            ``power @ columns()``
        """
        self._frames += len(power)
        is_sounding = mean_square >= 10 ** (SILENCE_DB / 10)
        centroids = np.full(len(power), np.nan, np.float32)
        if is_sounding.any():
            self._measure(power, sums, is_sounding, centroids)
        self._centroids.push(centroids)

    def _measure(self, power: Array, sums: Array, is_sounding: npt.NDArray[np.bool_], centroids: Array) -> None:
        self._sample(power, is_sounding)
        total, by_hz, in_band = sums[is_sounding].T
        logs = _logs(power[:, self._band])
        geometric = np.exp(logs @ np.full(logs.shape[1], 1 / self._width, np.float32))[is_sounding]
        self._flatness_sum += float((geometric / np.maximum(in_band, _EPSILON)).sum())
        centroids[is_sounding] = by_hz / total
        self._centroid_sum += float(centroids[is_sounding].sum())
        self._count += int(is_sounding.sum())

    def _sample(self, power: Array, is_sounding: npt.NDArray[np.bool_]) -> None:
        places = np.flatnonzero(is_sounding)[::_SAMPLED]
        self._log_sum += _logs(power[places]).sum(axis=0)
        self._sampled += len(places)

    def signals(self) -> list[Signal]:
        """Means over the sounding frames; nothing for silence."""
        if not self._count:
            return []
        levels_db = 10 / np.log(10) * self._log_sum / self._sampled
        limit_hz = band_limit(levels_db, self._hz)
        return [
            self._signal("flatness", self._flatness_sum / self._count, *FLATNESS_HZ, "band that is looked at"),
            self._centroid(),
            self._signal("bandwidth_hz", limit_hz, 0.0, limit_hz, "band that holds sound"),
            *self._edge(levels_db),
        ]

    def _edge(self, levels_db: npt.NDArray[np.float64]) -> list[Signal]:
        edge = find_edge(levels_db, self._hz)
        if edge is None:
            return []
        return [
            self._signal("cutoff_hz", edge.hz, edge.hz, float(self._hz[-1]), edge.cause),
            self._signal("cutoff_drop_db", edge.drop_db, edge.hz - SIDE_HZ, edge.hz + SIDE_HZ, "beside the edge"),
        ]

    def _centroid(self) -> Signal:
        """Give the mean, and the brightest and the darkest stretch with a third of an octave around their centre."""
        hz, hz_rate = self._centroids.values(), self._frame_hz / self._centroids.stands_for
        spans = []
        for sign, note in ((1, "brightest"), (-1, "darkest")):
            if place := highest(sign * hz, hz_rate, where=~np.isnan(hz)):
                start_s, end_s, mean_hz = place
                spans.append(span(start_s, end_s, note, abs(mean_hz) / SIXTH, abs(mean_hz) * SIXTH))
        value = self._centroid_sum / self._count
        return Signal(name="centroid_hz", value=value, model=DESCRIPTORS, spans=tuple(spans))

    def _signal(self, name: str, value: float, low_hz: float, high_hz: float, note: str) -> Signal:
        end_s = self._frames / self._frame_hz
        span = Span(start_s=0.0, end_s=end_s, low_hz=low_hz, high_hz=high_hz, note=note)
        return Signal(name=name, value=float(value), model=DESCRIPTORS, spans=(span,))


def _logs(power: Array) -> Array:
    logs = power + _EPSILON
    np.log(logs, out=logs)
    return logs
