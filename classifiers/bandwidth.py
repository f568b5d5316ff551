"""Where the band of a sound ends, whether it ends at an edge, and what usually cuts there.

A recording that ends by itself fades out over kilohertz; codecs and sample-rate converters cut
within some hundred hertz. The edge alone accuses nobody: each place has more than one usual cause.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from classifiers.spectra import Array

CUT_OFF_DB = -85.0  # level of the band's end against the strongest bin
EDGE_DROP_DB = 18.0  # less is a slope that music has by itself

_LOWEST_HZ = 3000.0
_HIGHEST = 0.95  # of half the sample rate: every converter ends there
_GAP_HZ = 500.0  # an edge's fall takes no longer
SIDE_HZ = 800.0  # averaged on either side of it
_SMOOTH_HZ = 150.0
_STAYS_DB = 6.0  # nothing above the edge comes back by more
_RANGE_DB = 100.0  # under the strongest bin; what lies deeper is rounding

# Upper ends in Hz of the ranges in which an edge lies, with what usually cuts there: the low-pass filters of LAME,
# of AAC and Opus encoders at their defaults, and half the sample rates in use.
CAUSES = (
    (7400.0, "narrow-band speech coding or a very low bit rate"),
    (8100.0, "sampled at 16 kHz"),
    (10_500.0, "MP3 under 64 kb/s"),
    (11_400.0, "MP3 at 64 kb/s, or sampled at 22.05 kHz"),
    (12_300.0, "sampled at 24 kHz, or Opus at a low bit rate"),
    (14_500.0, "MP3 at 80 kb/s"),
    (15_450.0, "MP3 at 96 kb/s, or FM radio"),
    (
        16_300.0,
        "MP3 at 192 kb/s or less (its last band begins at 16 kHz), AAC at 128 kb/s or less, or sampled at 32 kHz",
    ),
    (17_300.0, "MP3 or AAC at 128 kb/s"),
    (18_300.0, "MP3 at 160 kb/s"),
    (19_300.0, "MP3 at 192 kb/s, or Vorbis"),
    (19_950.0, "MP3 at 224 to 256 kb/s"),
    (20_900.0, "MP3 at 256 to 320 kb/s, AAC or Opus at a high bit rate"),
    (22_100.0, "sampled at 44.1 kHz"),
    (24_050.0, "sampled at 48 kHz"),
)


@dataclass(frozen=True)
class Edge:
    """A sudden end of the band.

    Attributes
    ----------
    hz
        Where the level has fallen by half of ``drop_db``.
    drop_db
        Mean level under the edge minus mean level over it, in dB.
    """

    hz: float
    drop_db: float

    @property
    def cause(self) -> str:
        """What usually cuts there: a hint, not a proof."""
        return next((cause for end_hz, cause in CAUSES if self.hz < end_hz), "a converter's or microphone's filter")


def band_limit(levels_db: npt.NDArray[np.float64], hz: Array) -> float:
    """Find the frequency above which a mean spectrum lies 85 dB under its strongest bin."""
    above = np.flatnonzero(levels_db >= levels_db.max() + CUT_OFF_DB)
    return float(hz[above[-1]])


def find_edge(levels_db: npt.NDArray[np.float64], hz: Array) -> Edge | None:
    """Find the place where a mean spectrum falls at once and stays down; None where it does not."""
    bin_hz = float(hz[1])
    gap, side = max(1, round(_GAP_HZ / 2 / bin_hz)), max(1, round(SIDE_HZ / bin_hz))
    places = np.arange(int(_LOWEST_HZ / bin_hz), int(_HIGHEST * len(hz)) - gap)
    if not len(places):
        return None
    levels_db = np.maximum(levels_db, levels_db.max() - _RANGE_DB)
    smooth = uniform_filter1d(levels_db, max(1, round(_SMOOTH_HZ / bin_hz)), mode="nearest")
    below, drops = _mean_below(levels_db, gap, side)[places], _drops(levels_db, gap, side)[places]
    highest_after = np.maximum.accumulate(smooth[::-1])[::-1][np.minimum(places + gap + side // 2, len(hz) - 1)]
    is_edge = (drops >= EDGE_DROP_DB) & (highest_after <= below - drops + _STAYS_DB)
    if not is_edge.any():
        return None
    best = int(np.where(is_edge, drops, 0).argmax())
    at = _half_way(smooth, int(places[best]), gap, below[best] - drops[best] / 2)
    return Edge(float(hz[at]), float(drops[best]))


def _sums(levels_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(levels_db)])


def _mean_below(levels_db: npt.NDArray[np.float64], gap: int, side: int) -> npt.NDArray[np.float64]:
    sums, at = _sums(levels_db), np.arange(len(levels_db))
    high = np.maximum(at - gap, 1)
    low = np.maximum(high - side, 0)
    return np.asarray((sums[high] - sums[low]) / (high - low))


def _drops(levels_db: npt.NDArray[np.float64], gap: int, side: int) -> npt.NDArray[np.float64]:
    """Mean level under each place minus mean level over it, a gap left out between them."""
    sums, at = _sums(levels_db), np.arange(len(levels_db))
    low = np.minimum(at + gap, len(levels_db) - 1)
    high = np.minimum(low + side, len(levels_db))
    return np.asarray(_mean_below(levels_db, gap, side) - (sums[high] - sums[low]) / (high - low))


def _half_way(smooth: npt.NDArray[np.float64], at: int, gap: int, level_db: float) -> int:
    around = np.arange(max(0, at - 2 * gap), min(len(smooth), at + 2 * gap + 1))
    above = around[smooth[around] >= level_db]
    return int(above[-1]) if len(above) else at
