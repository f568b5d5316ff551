"""Sample peak and true peak (ITU-R BS.1770-4, annex 2), interpolated only where it can be highest."""

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import signal

from classifiers.decode import Block
from classifiers.spectra import Array

_EVERY = 16_384  # samples, of all channels together: the highest and the lowest of each are looked at
_NEAR = 0.7  # of the highest so far: music does not rise by 3 dB between two samples
_REACH = 32  # samples on either side that the interpolation needs
_OVERSAMPLING = 4


class Peaks:
    """Highest sample of a stream, and highest value between its samples.

    Only the highest and the lowest sample of each 16,384 are looked at: never too high, and within 0.3 dB of
    oversampling everything on music.

    Attributes
    ----------
    sample, true
        Magnitude against full scale; 0 before anything sounded.
    sample_frame, frame
        Where the highest sample is, and where the true peak is.
    """

    def __init__(self) -> None:
        self.sample, self.true = 0.0, 0.0
        self.sample_frame, self.frame = 0, 0

    def push(self, block: Block, first_frame: int) -> float:
        """Take the next samples [shape=(n, channels)] and give their highest magnitude back."""
        flat = block.ravel()
        if not len(flat):
            return 0.0
        places = np.concatenate([_highest(flat, np.argmax), _highest(flat, np.argmin)])
        magnitudes = np.abs(flat[places])
        top = float(magnitudes.max())
        at = first_frame + int(places[magnitudes.argmax()]) // block.shape[1]
        if top > self.sample:
            self.sample, self.sample_frame = top, at
        self._raise(top, at)
        if len(block) > 2 * _REACH and top > 0:
            self._interpolate(block, places[magnitudes >= _NEAR * self.true], first_frame)
        return top

    def _interpolate(self, block: Block, places: npt.NDArray[np.int64], first_frame: int) -> None:
        if not len(places):
            return
        frames, channels = np.divmod(places, block.shape[1])
        centres = np.clip(frames, _REACH, len(block) - _REACH - 1)
        excerpts = block[centres[:, None] + np.arange(-_REACH, _REACH), channels[:, None]]
        between = np.abs(excerpts @ _interpolator()).max(axis=1)
        self._raise(float(between.max()), first_frame + int(centres[between.argmax()]))

    def _raise(self, value: float, frame: int) -> None:
        if value > self.true:
            self.true, self.frame = value, frame


def _highest(flat: Array, which: Callable[..., npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Index of the highest (or lowest) sample of each stretch."""
    whole = len(flat) // _EVERY * _EVERY
    places = which(flat[:whole].reshape(-1, _EVERY), axis=1) + np.arange(0, whole, _EVERY)
    return places if whole == len(flat) else np.append(places, whole + which(flat[whole:]))


@cache
def _interpolator() -> Array:
    """Matrix from the samples around a place to 4x as many values within two samples of it."""
    middle = _REACH * _OVERSAMPLING
    every = signal.resample_poly(np.eye(2 * _REACH), _OVERSAMPLING, 1, axis=0)
    return every[middle - 8 : middle + 9].T.astype(np.float32)  # type: ignore[no-any-return]
