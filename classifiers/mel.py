"""The mel filter bank, after Slaney's scale: straight up to 1 kHz, logarithmic above; each filter of one area.

To the bit what `librosa.filters.mel` gives, which a test holds it to. Importing that would cost a listener a second and
60 MB for its compiler.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_LINEAR_HZ = 200.0 / 3  # per mel
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ
_LOG_STEP = np.log(6.4) / 27.0  # 27 mels from 1 to 6.4 kHz


def mel_bank(sample_rate_hz: int, n_fft: int, bands: int, low_hz: float, high_hz: float) -> npt.NDArray[np.float32]:
    """Make triangular filters, evenly spread in mels [shape=(bands, n_fft / 2 + 1)]."""
    hz = np.fft.rfftfreq(n_fft, 1.0 / sample_rate_hz)
    corners = _to_hz(np.linspace(_to_mel(low_hz), _to_mel(high_hz), bands + 2))
    away, widths = corners[:, None] - hz, np.diff(corners)[:, None]
    rising, falling = -away[:-2] / widths[:-1], away[2:] / widths[1:]
    bank = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    bank *= (2.0 / (corners[2:] - corners[:-2]))[:, None]
    return bank


def _to_mel(hz: float) -> float:
    return float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP) if hz >= _BREAK_HZ else hz / _LINEAR_HZ


def _to_hz(mels: Floats) -> Floats:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (mels - _BREAK_MEL))
    return np.where(mels >= _BREAK_MEL, above, _LINEAR_HZ * mels)
