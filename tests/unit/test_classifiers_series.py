"""What is kept of a long sound: no more than of an hour, and nothing else of shorter ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import RATE, clicks, music

from classifiers import modulation, rhythm, series
from classifiers.descriptors import Descriptors
from classifiers.series import Series

COARSER = {  # how far a signal may lie from that of the whole, where steps are longer or sections were joined
    "longest_silence_s": {"abs": 0.4}, "trimmed_s": {"abs": 0.4}, "silence_share": {"abs": 0.06},
    "dynamic_range_db": {"abs": 0.2}, "dual_mono_share": {"abs": 0.06}, "beat_strength": {"abs": 0.1},
    "tempo_bpm": {"rel": 0.01}, "onset_rate_hz": {"abs": 0.2},
}  # fmt: skip


def heard(sound: np.ndarray, piece: int = 131_072) -> dict[str, float]:
    ears = Descriptors(RATE, sound.shape[1])
    for start in range(0, len(sound), piece):
        ears.push(np.ascontiguousarray(sound[start : start + piece]))
    return {signal.name: signal.value for signal in ears.heard().signals}


@pytest.fixture(scope="module")
def programme() -> np.ndarray:
    """Forty seconds: music, a pause, a beat."""
    beat = np.repeat(clicks(18, 120)[:, None], 2, axis=1)
    return np.concatenate([music(18, seed=3), np.zeros((4 * RATE, 2), np.float32), beat]).astype(np.float32)


@settings(deadline=None, max_examples=60)
@given(pieces=st.lists(st.integers(1, 40), max_size=60), most=st.sampled_from([8, 16, 64]))
def test_a_series_is_bounded_and_each_number_is_the_mean_of_those_that_it_stands_for(pieces, most):
    kept, pushed = Series(), np.random.default_rng(1).random(sum(pieces)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series, "MOST", most)
        start = 0
        for piece in pieces:
            kept.push(pushed[start : start + piece])
            start += piece
            assert len(kept.values()) < most + 40
    width = kept.stands_for
    whole = len(pushed) // width * width
    expected = pushed[:whole].reshape(-1, width).mean(axis=1)
    assert kept.values() == pytest.approx(expected, rel=1e-5)
    assert (width == 1) == (len(pushed) < most)


def test_long_sound_says_what_short_sound_says_but_coarser(programme, monkeypatch):
    whole = heard(programme)
    for module in (series, rhythm):
        monkeypatch.setattr(module, "MOST", 700)  # sixteen seconds instead of more than an hour
    folded = heard(programme)
    assert folded.keys() == whole.keys()
    for name, value in folded.items():
        assert value == pytest.approx(whole[name], **COARSER.get(name, {"rel": 2e-3, "abs": 2e-3})), name
    assert folded["onset_rate_hz"] != 0


def test_nothing_depends_on_how_a_sound_is_cut_into_pieces(programme, monkeypatch):
    whole = heard(programme)
    monkeypatch.setattr(modulation, "_WAITING_WINDOWS", 2)
    pieces = heard(programme, piece=50_000)
    assert pieces == pytest.approx(whole, rel=1e-4, abs=1e-4)
