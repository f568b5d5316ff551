"""Every measure points to the seconds where it is most so, and to frequencies where it can."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import RATE, clicks, noise, tone

from classifiers.descriptors import Descriptors
from classifiers.spectra import MEL_HZ
from classifiers.stretches import highest
from schemas.evidence import Evidence
from schemas.flags import Span
from schemas.policy import judge, parse_policy
from schemas.screening import Heard, Intake, Signal

WHOLE = {"duration_s"}  # a fact
WHERE_THERE_IS_ONE = {  # a gap, a clipped second, a stretch of the kind: there is none in every sound
    "silence_share", "longest_silence_s", "clipping_share", "clipped_peaks_hz", "dual_mono_share", "stereo_correlation",
    "repetition_share", "repetition_lag_s", "beat_strength",
}  # fmt: skip


def heard(sound: np.ndarray) -> Heard:
    sound = sound[:, None] if sound.ndim == 1 else sound
    ears = Descriptors(RATE, sound.shape[1])
    for start in range(0, len(sound), 131_072):
        ears.push(np.ascontiguousarray(sound[start : start + 131_072]))
    return ears.heard()


def swing(seconds: int, hz: float) -> np.ndarray:
    """A hiss whose level goes up and down."""
    time_s = np.arange(seconds * RATE) / RATE
    return (noise(seconds, 0.03) * (1 + 0.9 * np.sin(2 * np.pi * hz * time_s))).astype(np.float32)


@pytest.fixture(scope="module")
def told() -> Heard:
    """Twelve seconds each: a low hum in the middle, a high one to the left, a beat, and syllables of hiss."""
    hum = np.stack([tone(12, 110, 0.05)] * 2, axis=1)
    whistle = np.stack([tone(12, 3000, 0.05), tone(12, 3000, 0.01)], axis=1)
    beat = np.stack([clicks(12, 480)] * 2, axis=1)
    syllables = np.stack([swing(12, 4.0), noise(12, 0.03, seed=3)], axis=1)
    return heard(np.concatenate([hum, whistle, beat, syllables]))


@given(
    values=st.lists(st.floats(-100, 100), min_size=1, max_size=40),
    width=st.integers(1, 12),
    silent=st.sets(st.integers(0, 39)),
)
@settings(deadline=None)
def test_the_highest_stretch_is_the_highest_of_all(values: list[float], width: int, silent: set[int]) -> None:
    counted = np.array([place not in silent for place in range(len(values))])
    size = min(width, len(values))
    means = [
        np.mean(np.array(values)[at : at + size][counted[at : at + size]])
        for at in range(len(values) - size + 1)
        if counted[at : at + size].sum() >= size / 2
    ]
    found = highest(np.array(values), 2.0, where=counted, length_s=width / 2)
    assert (found is None) == (not means)
    if found:
        assert found[1] - found[0] == size / 2
        assert found[2] == pytest.approx(max(means), abs=1e-9)


def test_every_score_points_to_seconds(told: Heard) -> None:
    without = {one.name for one in told.signals if not one.spans}
    assert without <= WHOLE | WHERE_THERE_IS_ONE
    for one in told.signals:
        for span in one.spans:
            assert 0 <= span.start_s < span.end_s <= 48.001, one.name
            assert span.low_hz is None or 0 <= span.low_hz <= span.high_hz <= RATE / 2, one.name


@pytest.mark.parametrize(
    ("name", "place", "within_s"),
    [
        ("crest_db", 0, (24, 36)),  # a click stands highest
        ("onset_rate_hz", 0, (24, 36)),
        ("tempo_bpm", 0, (21, 36)),
        ("stereo_balance_db", 0, (12, 24)),
        ("stereo_width_share", 0, (36, 48)),
        ("centroid_hz", 0, (24, 48)),
        ("centroid_hz", 1, (0, 12)),
        ("modulation_syllable_share", 0, (33, 48)),
        ("tonal_entropy", 0, (30, 48)),
    ],
)
def test_the_seconds_are_those_where_it_is_most_so(
    told: Heard, name: str, place: int, within_s: tuple[float, float]
) -> None:
    span = told.signal(name).spans[place]
    assert within_s[0] - 0.2 <= span.start_s
    assert span.end_s <= within_s[1] + 0.2


def test_a_span_names_the_frequencies_that_were_looked_at(told: Heard) -> None:
    for name in ("flux_db", "onset_rate_hz", "tempo_bpm", "modulation_hz"):
        (span,) = told.signal(name).spans
        assert (span.low_hz, span.high_hz) == MEL_HZ
    brightest, darkest = told.signal("centroid_hz").spans
    assert darkest.low_hz < 110 < darkest.high_hz < 130
    assert brightest.low_hz > 3000


POLICY = """
[policy]
id = "both"
version = "1"
description = "Two measures of one stretch."
[[reason]]
code = "AUD-090"
title = "Both"
explanation = "Both are high."
severity = "low"
layers = ["heard"]
signals = [{ signal = "flux_db", at_least = 1.0 }, { signal = "flatness", at_least = 0.1 }]
"""


def test_a_flag_names_a_stretch_once_that_two_measures_point_to() -> None:
    where = (Span(start_s=1.0, end_s=4.0),)
    signals = tuple(Signal(name=name, value=2.0, model="m", spans=where) for name in ("flux_db", "flatness"))
    intake = Intake(recording_key="r", source_key="s", delivery_id="", delivery_path="")

    (flag,) = judge(Evidence(intake=intake, heard=Heard(signals=signals)), (), parse_policy(POLICY))

    assert flag.spans == where
