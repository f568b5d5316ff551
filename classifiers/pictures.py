"""What a moderator sees and hears of a stretch: waveform, spectrogram, excerpt, all from one decode.

These functions decode; a server calls them through `classifiers.listener.Listener`, which keeps
them in its child process. Only the stretch that is asked for is decoded.
"""

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import fft

from classifiers.decode import Block, DecodeError, mixed, openers
from schemas.errors import AudioLimitExceeded, AudioUnreadable, InvalidInput

MAX_EXCERPT_S = 60.0
MAX_PEAKS_S = 30 * 60.0  # a waveform holds two numbers per point, whatever the length
MAX_SPECTROGRAM_S = 15 * 60.0
MAX_POINTS = 8192
MAX_PIXELS = 4096  # on either side
FLOOR_DB = 80.0  # range of the picture below its loudest point

Array = npt.NDArray[np.float32]

_WINDOW_S = 0.046
# Perceptually even steps of one hue from near-black to near-white: (share of range, red, green, blue).
_COLOURS = np.array(
    [
        (0.0, 9, 14, 20),
        (0.2, 13, 36, 51),
        (0.4, 15, 69, 88),
        (0.6, 29, 111, 128),
        (0.8, 95, 163, 168),
        (1.0, 232, 245, 238),
    ]
)


def waveform_peaks(path: str, start_s: float, end_s: float, points: int) -> list[tuple[float, float]]:
    """Find the lowest and highest sample of each of ``points`` equal stretches.

    Parameters
    ----------
    start_s, end_s
        Seconds from the start of the file; at most half an hour apart.
    points
        1 to 8192.

    Returns
    -------
    list of (low, high)
        In [-1, 1], mixed down to mono; (0, 0) beyond the end of the file.
    """
    if not 1 <= points <= MAX_POINTS:
        raise InvalidInput(f"A waveform has 1 to {MAX_POINTS} points, not {points}.")
    _refuse_stretch(start_s, end_s, MAX_PEAKS_S)
    low, high = np.zeros(points, np.float32), np.zeros(points, np.float32)
    for rate, first, mono in stretch(path, start_s, end_s):
        at = (first + np.arange(len(mono))) * (points / ((end_s - start_s) * rate))
        slots, starts = np.unique(np.minimum(at.astype(np.int64), points - 1), return_index=True)
        low[slots] = np.minimum(low[slots], np.minimum.reduceat(mono, starts))
        high[slots] = np.maximum(high[slots], np.maximum.reduceat(mono, starts))
    return [(float(a), float(b)) for a, b in np.clip(np.stack([low, high], axis=1), -1, 1)]


def spectrogram_png(
    path: str, start_s: float, end_s: float, *, width: int, height: int, max_hz: float | None = None
) -> bytes:
    """Draw a spectrogram: linear frequency upwards, 80 dB from dark to light.

    Parameters
    ----------
    start_s, end_s
        Seconds from the start of the file; at most a quarter of an hour apart.
    width, height
        Pixels, 16 to 4096 each.
    max_hz
        Upper edge; default is half the sample rate.
    """
    if not (16 <= width <= MAX_PIXELS and 16 <= height <= MAX_PIXELS):
        raise InvalidInput(f"A spectrogram has 16 to {MAX_PIXELS} pixels on each side, not {width} x {height}.")
    _refuse_stretch(start_s, end_s, MAX_SPECTROGRAM_S)
    power = _columns(stretch(path, start_s, end_s), end_s - start_s, (width, height), max_hz)
    decibels = 10 * np.log10(power + 1e-14)
    top = max(float(decibels.max()), -60.0)  # silence stays dark instead of being turned up
    share = np.clip((decibels - top) / FLOOR_DB + 1, 0, 1)
    colours = np.stack([np.interp(share, _COLOURS[:, 0], _COLOURS[:, i]) for i in (1, 2, 3)], axis=-1)
    return _png(np.rint(colours[::-1]).astype(np.uint8))


def excerpt(path: str, start_s: float, end_s: float) -> bytes:
    """Cut a stretch of at most a minute as a 16-bit WAV file, in mono or stereo."""
    _refuse_stretch(start_s, end_s, MAX_EXCERPT_S)
    blocks = list(_blocks(path, start_s, end_s))
    samples = np.concatenate([block if block.shape[1] <= 2 else mixed(block)[:, None] for _, block in blocks])
    return wav(np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2"), blocks[0][0])


def _refuse_stretch(start_s: float, end_s: float, longest_s: float) -> None:
    if not 0 <= start_s < end_s < float("inf"):
        raise InvalidInput(f"A stretch runs from a second to a later one, not from {start_s:g} to {end_s:g}.")
    if end_s - start_s > longest_s:
        raise AudioLimitExceeded(f"A stretch of this kind lasts at most {longest_s:g} s.", mend="Ask for less.")


def stretch(path: str, start_s: float, end_s: float) -> Iterator[tuple[int, int, Array]]:
    """Yield (sample rate, index of the first sample within the stretch, mono samples)."""
    first = 0
    for rate, block in _blocks(path, start_s, end_s):
        yield rate, first, mixed(block)
        first += len(block)


def _blocks(path: str, start_s: float, end_s: float) -> Iterator[tuple[int, Block]]:
    """Decode one stretch with the first decoder that can; raises `AudioUnreadable`."""
    cause = "no decoder"
    for opener in openers(path):
        given = 0
        try:
            with opener(path) as source:
                source.seek(start_s)
                wanted = round((end_s - start_s) * source.sample_rate_hz)
                for block in source.blocks():
                    yield source.sample_rate_hz, block[: wanted - given]
                    given += len(block)
                    if given >= wanted:
                        return
        except DecodeError as error:
            cause = str(error)
        if given:
            return
        cause = "it ends before" if cause == "no decoder" else cause
    raise AudioUnreadable(f"Nothing can be decoded from second {start_s:g} of {Path(path).name}: {cause}.")


def _columns(
    stretch: Iterator[tuple[int, int, Array]], length_s: float, pixels: tuple[int, int], max_hz: float | None
) -> Array:
    """Mean power per pixel [shape=(height, width)], lowest frequency first."""
    width, height = pixels
    columns: _Columns | None = None
    for rate, _, mono in stretch:
        columns = columns or _Columns(rate, round(length_s * rate), width, _rows(rate, height, max_hz))
        columns.push(mono)
    return columns.mean().T if columns else np.zeros((height, width), np.float32)


class _Columns:
    """Averages the spectra of a stretch into the columns of a picture.

    Parameters
    ----------
    samples
        Length of the stretch, which is the width of the picture.
    rows
        Matrix from FFT bins to picture rows.
    """

    def __init__(self, rate: int, samples: int, width: int, rows: Array) -> None:
        self._size = _window_samples(rate)
        self._hop = max(self._size // 4, samples // (width * 4))  # four frames to a pixel suffice
        self._window = np.hanning(self._size + 1)[:-1].astype(np.float32) * np.float32(4 / self._size)
        self._rows, self._samples = rows, samples
        self._rest, self._start = np.zeros(self._size // 2, np.float32), 0  # frames stand on their middle
        self._total = np.zeros((width, rows.shape[1]), np.float32)
        self._counts = np.zeros(width, np.int64)

    def push(self, mono: Array) -> None:
        """Take the next samples."""
        stream = np.concatenate([self._rest, mono])
        count = max(0, (len(stream) - self._size) // self._hop + 1)
        for first in range(0, count, 128):
            at = np.arange(first, min(first + 128, count)) * self._hop
            frames = np.lib.stride_tricks.sliding_window_view(stream, self._size)[at] * self._window
            column = (self._start + at) * len(self._counts) // self._samples
            column = np.minimum(column, len(self._counts) - 1)
            np.add.at(self._total, column, np.abs(fft.rfft(frames)) ** 2 @ self._rows)
            np.add.at(self._counts, column, 1)
        self._rest, self._start = stream[count * self._hop :], self._start + count * self._hop

    def mean(self) -> Array:
        """Average power per column; one without a frame shows the frame before, one past the end nothing."""
        known = np.flatnonzero(self._counts)
        if not len(known):
            return self._total
        mean = self._total / np.maximum(self._counts, 1).astype(np.float32)[:, None]
        columns = np.arange(len(self._counts))
        mean = mean[known[np.clip(np.searchsorted(known, columns, side="right") - 1, 0, None)]]
        mean[columns >= known[-1] + max(1, len(columns) * self._hop // self._samples + 1)] = 0
        return mean


def _window_samples(rate: int) -> int:
    return max(64, int(2 ** round(np.log2(_WINDOW_S * rate))))


def _rows(rate: int, height: int, max_hz: float | None) -> Array:
    """Matrix that turns FFT bins into picture rows [shape=(bins, height)], interpolating where rows are finer."""
    size = _window_samples(rate)
    top = min(max_hz or rate / 2, rate / 2) * size / rate
    centres = (np.arange(height) + 0.5) * top / height
    reach = max(1.0, top / height)
    weights = np.clip(1 - np.abs(np.arange(size // 2 + 1)[:, None] - centres) / reach, 0, None)
    rows: Array = (weights / np.maximum(weights.sum(axis=0), 1e-9)).astype(np.float32)
    return rows


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=False, compress_level=6)
    return buffer.getvalue()


def wav(samples: npt.NDArray[np.int16], rate: int) -> bytes:
    """Write samples [shape=(n, channels)] as a 16-bit WAV file."""
    data, channels = samples.tobytes(), samples.shape[1]
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks
