"""One set of spectra, computed once in chunks that stay in the cache; every descriptor derives from it.

Conventions: a frame is ``n_fft`` samples under a periodic Hann window, frames follow each other by
``hop`` = n_fft / 2; power is the plain squared magnitude as librosa has it (``|stft|**2``). The
window lasts about 46 ms whatever the sample rate, so that descriptors mean the same at each.
Fine frames last eight times as long, side by side, and only one in six is taken after the first
ten seconds: what asks for a fine frequency axis asks for an average over time.
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
CHUNK_FRAMES = 64  # 0.5 MB of samples and as much of spectrum: stays in the second-level cache
MEL_BANDS = 40
MEL_HZ = (30.0, 8000.0)  # above them, codecs differ more than music does
FINE = 8  # times as long as a frame: 0.37 s, bins of 2.7 Hz
FINE_STRIDE = 6
_FINE_BATCH = 4
_FINE_EVERY_S = 10.0  # up to here each fine frame is taken


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
        """Mel filter bank up to 8 kHz [shape=(bins under 8 kHz, MEL_BANDS)]."""
        top = min(MEL_HZ[1], self.sample_rate_hz / 2)
        bank = mel(sr=self.sample_rate_hz, n_fft=self.n_fft, n_mels=MEL_BANDS, fmin=MEL_HZ[0], fmax=top)
        return np.ascontiguousarray(bank.T[: np.flatnonzero(bank.any(axis=0))[-1] + 1], dtype=np.float32)

    def fine(self) -> "Grid":
        """Give the grid of the fine frames: side by side."""
        return Grid(self.sample_rate_hz, FINE * self.n_fft, FINE * self.n_fft)


class PowerFrames:
    """Cuts a stream of samples into frames and yields their power, chunk by chunk."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._window = grid.window()
        self._rest, self._is_short = np.zeros(0, np.float32), True

    def push(self, samples: Array) -> Iterator[Array]:
        """Yield power [shape=(frames <= CHUNK_FRAMES, bins)] of the frames that are complete now."""
        stream = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        size, step = self._grid.n_fft, self._grid.hop
        count = max(0, (len(stream) - size) // step + 1)
        frames = framed(stream, size, step, count)
        self._is_short &= not count
        for first in range(0, count, CHUNK_FRAMES):
            yield power_of(frames[first : first + CHUNK_FRAMES] * self._window)
        self._rest = stream[count * step :].copy()

    def flush(self) -> Iterator[Array]:
        """Yield a sound that is shorter than one frame, padded with zeros; of a longer one nothing is missing."""
        if self._is_short and len(self._rest):
            yield from self.push(np.zeros(self._grid.n_fft - len(self._rest), np.float32))


class FineFrames:
    """Picks long frames from a stream, all at first and then one in six, and yields their power.

    Several are transformed together, which takes a third of the time of one after another.

    Parameters
    ----------
    grid
        Of the short frames.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid.fine()
        self._window = self.grid.window()
        self._early = int(_FINE_EVERY_S * grid.sample_rate_hz) // self.grid.n_fft
        self._batch = np.zeros((_FINE_BATCH, self.grid.n_fft), np.float32)
        self._weights: list[int] = []  # of the frames in the batch that are complete
        self._filled, self._place = 0, 0

    def push(self, samples: Array) -> Iterator[tuple[Array, Array]]:
        """Yield power [shape=(frames, bins)] of the frames that are ready, and how many each stands for."""
        size = self.grid.n_fft
        while len(samples):
            part = samples[: size - self._filled]
            if self._stands_for:
                self._batch[len(self._weights), self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            samples = samples[len(part) :]
            if self._filled == size:
                self._close()
                if len(self._weights) == _FINE_BATCH:
                    yield self._ready()

    def flush(self) -> Iterator[tuple[Array, Array]]:
        """Yield what is left; a sound that is shorter than one frame is padded with zeros."""
        if self._place == 0 and self._filled:
            self._batch[0, self._filled :] = 0
            self._close()
        if self._weights:
            yield self._ready()

    @property
    def _stands_for(self) -> int:
        if self._place < self._early:
            return 1
        return FINE_STRIDE if (self._place - self._early) % FINE_STRIDE == FINE_STRIDE // 2 else 0

    def _close(self) -> None:
        if self._stands_for:
            self._weights.append(self._stands_for)
        self._place, self._filled = self._place + 1, 0

    def _ready(self) -> tuple[Array, Array]:
        weights, self._weights = np.array(self._weights, np.float32), []
        return power_of(self._batch[: len(weights)] * self._window), weights


def power_of(windowed: Array) -> Array:
    """Squared magnitude of the spectrum along the last axis."""
    spectrum = fft.rfft(windowed)
    power: Array = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    return power


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
