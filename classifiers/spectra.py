"""One set of spectra, computed once in chunks that stay in the cache; every descriptor derives from it.

Conventions: a frame is ``n_fft`` samples under a periodic Hann window, frames follow each other by
``hop`` = n_fft / 2; power is the plain squared magnitude as librosa has it (``|stft|**2``). The
window lasts about 46 ms whatever the sample rate, so that descriptors mean the same at each.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from librosa import fft_frequencies
from librosa.filters import mel
from scipy import fft, signal
from scipy.ndimage import uniform_filter1d

Array = npt.NDArray[np.float32]

WINDOW_S = 0.0464  # 2048 samples at 44.1 kHz
CHUNK_FRAMES = 96  # 0.8 MB of samples and as much of spectrum: stays in the second-level cache
MEL_BANDS = 40
MEL_MAX_HZ = 8000.0  # above it, codecs differ more than music does


@dataclass(frozen=True)
class Grid:
    """Where the frames and bins of a sample rate lie.

    Attributes
    ----------
    n_fft, hop
        In samples.
    frame_hz
        Frames per second.
    """

    sample_rate_hz: int
    n_fft: int
    hop: int

    @classmethod
    def for_rate(cls, sample_rate_hz: int) -> "Grid":
        """Choose the power of two nearest to 46 ms."""
        n_fft = int(2 ** round(np.log2(WINDOW_S * sample_rate_hz)))
        return cls(sample_rate_hz, n_fft, n_fft // 2)

    @property
    def frame_hz(self) -> float:
        """Frames per second."""
        return self.sample_rate_hz / self.hop

    def bins_hz(self) -> npt.NDArray[np.float64]:
        """Centre frequencies [shape=(n_fft / 2 + 1,)]."""
        frequencies: npt.NDArray[np.float64] = fft_frequencies(sr=self.sample_rate_hz, n_fft=self.n_fft)
        return frequencies

    def window(self) -> Array:
        """Periodic Hann window [shape=(n_fft,)]."""
        return signal.get_window("hann", self.n_fft).astype(np.float32)  # type: ignore[no-any-return]

    def mean_square_weights(self) -> npt.NDArray[np.float64]:
        """Weights that turn a frame's power into the mean square of its samples (Parseval)."""
        weights = np.full(self.n_fft // 2 + 1, 2.0)
        weights[[0, -1]] = 1.0  # these two bins have no mirror image
        return weights / (self.n_fft * float(np.square(self.window(), dtype=np.float64).sum()))

    def mel_bank(self) -> Array:
        """Mel filter bank up to 8 kHz [shape=(bins, MEL_BANDS)]."""
        top = min(MEL_MAX_HZ, self.sample_rate_hz / 2)
        bank = mel(sr=self.sample_rate_hz, n_fft=self.n_fft, n_mels=MEL_BANDS, fmin=30.0, fmax=top)
        return np.ascontiguousarray(bank.T, dtype=np.float32)


class PowerFrames:
    """Cuts a stream of samples into frames and yields their power, chunk by chunk.

    Parameters
    ----------
    is_plain
        Frames side by side without a window, half as many: enough where only the energy is asked for.
    """

    def __init__(self, grid: Grid, *, is_plain: bool = False) -> None:
        self._grid = grid
        self._step = grid.n_fft if is_plain else grid.hop
        self._window = None if is_plain else grid.window()
        self._rest, self._is_short = np.zeros(0, np.float32), True

    def push(self, samples: Array) -> Iterator[Array]:
        """Yield power [shape=(frames <= CHUNK_FRAMES, bins)] of the frames that are complete now."""
        stream = np.concatenate([self._rest, samples])
        size, step = self._grid.n_fft, self._step
        count = max(0, (len(stream) - size) // step + 1)
        frames = framed(stream, size, step, count)
        self._is_short &= not count
        for first in range(0, count, CHUNK_FRAMES):
            chunk = frames[first : first + CHUNK_FRAMES]
            spectrum = fft.rfft(chunk if self._window is None else chunk * self._window)
            yield np.square(spectrum.real) + np.square(spectrum.imag)
        self._rest = stream[count * step :].copy()

    def flush(self) -> Iterator[Array]:
        """Yield a sound that is shorter than one frame, padded with zeros; of a longer one nothing is missing."""
        if self._is_short and len(self._rest):
            yield from self.push(np.zeros(self._grid.n_fft - len(self._rest), np.float32))


def framed(stream: Array, size: int, step: int, count: int) -> Array:
    """View a stream as overlapping frames [shape=(count, size)], without the checks that cost more than it."""
    item = stream.itemsize
    return np.lib.stride_tricks.as_strided(stream, (count, size), (step * item, item), writeable=False)


def runs(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Find the stretches where ``mask`` holds [shape=(n, 2)]: first index, and one past the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return edges.reshape(-1, 2)


def box_mean(values: Array, width: int) -> Array:
    """Average over a moving window along the first axis, as long as ``values``; both ends are repeated outwards."""
    mean: Array = uniform_filter1d(values, max(1, min(width, len(values))), axis=0, mode="nearest")
    return mean
