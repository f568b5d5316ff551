"""Functional audio: noise, steady tones and speech without music, from descriptors alone.

A class of its own with its own terms, never spam by itself: people ask for rain, brown noise and stories. What counts
is whether the delivery calls it by its name (rule SPM-011).

Noise and speech: a linear score on eleven descriptors, a table that can be read below, fitted once by multinomial
logistic regression on 371 excerpts of music, 45 of noise, 20 of speech (sources balanced by class; docs/spam.md has
the figures on sources that were left out). A second opinion must agree: the gate of the synthetic score, which looks
at how long spectral detail holds. Where the two differ there is no answer. Tones: limits on how little moves.
"""

import math
from collections.abc import Mapping

from classifiers.versions import FUNCTIONAL
from schemas.flags import Span
from schemas.screening import Abstained, Heard, Signal

NOISE, SPEECH, TONE = "functional_noise", "functional_speech", "functional_tone"
NAME = "functional"
SHORTEST_S = 6.0  # under it nothing swings measurably
SILENT_SHARE = 0.9
DECIDED = 0.9
UNSURE = 0.5
_SYNTHETIC, _NOT_MUSIC = "synthetic_probability", "not_music"

# descriptor: mean, spread, weight for music, noise, speech; per standard deviation
TABLE: Mapping[str, tuple[float, float, float, float, float]] = {
    "key_strength": (0.632, 0.171, 0.92, -0.13, -0.79),
    "beat_strength": (0.412, 0.240, 0.64, -0.22, -0.43),
    "log swing at 0.5 Hz": (0.237, 0.752, 0.21, -0.34, 0.13),
    "log swing at 2 Hz": (0.356, 0.721, -0.19, -0.18, 0.38),
    "log swing at 4 Hz": (0.435, 0.705, -0.01, -0.24, 0.26),
    "log swing at 8 Hz": (0.274, 0.686, 0.24, 0.34, -0.59),
    "tonal_entropy": (0.939, 0.054, 0.23, -0.04, -0.19),
    "log onset rate": (1.075, 0.758, 0.47, -0.46, -0.01),
    "log flux": (0.385, 0.364, -0.78, -0.29, 1.06),
    "log flatness": (-3.38, 1.126, 0.08, 0.45, -0.53),
    "silence_share": (0.017, 0.057, -0.47, 0.24, 0.23),
}
OFFSETS = (1.369, -0.127, -1.242)
REACH = 4.0  # standard deviations: what lies further out says no more

# descriptor: all of a tone, none of it
STEADY: Mapping[str, tuple[float, float]] = {
    "swing": (0.3, 0.8),
    "onset_rate_hz": (0.05, 0.3),
    "flux_db": (0.25, 0.5),
    "loudness_range_lu": (1.0, 3.0),
    "flatness": (0.01, 0.05),
}


def with_functional(heard: Heard) -> Heard:
    """Add what a sound is instead of music, or why that cannot be said.

    Parameters
    ----------
    heard
        Descriptors and, where there is one, the outcome of the synthetic score, whose gate is the second opinion.

    Returns
    -------
    Heard
        With ``functional_noise``, ``functional_speech`` and ``functional_tone`` in [0, 1], their spans the sounding
        stretch; or with ``functional`` among what was abstained from.
    """
    values = {signal.name: signal.value for signal in heard.signals}
    reason = _unheard(values)
    if reason:
        return _abstained(heard, *reason)
    _, noise, speech = _shares(_measured(values, _swings(heard)))
    tone = _steadiness(values, _swings(heard))
    kind = max((noise, NOISE), (speech, SPEECH), key=lambda pair: pair[0])
    if tone < DECIDED and kind[0] >= UNSURE and (kind[0] < DECIDED or not _is_agreed(heard)):
        return _abstained(heard, "undecided", "It may be music or functional audio: the two looks at it differ.")
    found = {NOISE: noise * (1 - tone), SPEECH: speech * (1 - tone), TONE: tone}  # what stands still is no noise
    spans = _sounding(heard)
    signals = (
        Signal(
            name=name, value=round(value, 4), model=FUNCTIONAL, spans=spans if value >= DECIDED else ()
        ) for name, value in found.items()
    )  # fmt: skip
    return heard.model_copy(update={"signals": (*heard.signals, *signals)})


def _unheard(values: Mapping[str, float]) -> tuple[str, str] | None:
    if values.get("duration_s", 0.0) < SHORTEST_S:
        return "too_short", f"Under {SHORTEST_S:g} s it cannot be told whether this is music."
    if values.get("silence_share", 1.0) >= SILENT_SHARE or "flatness" not in values:
        return "silent", "Nearly all of it is silent."
    return None


def _abstained(heard: Heard, reason: str, sentence: str) -> Heard:
    one = Abstained(name=NAME, reason=reason, sentence=sentence, model=FUNCTIONAL)
    return heard.model_copy(update={"abstained": (*heard.abstained, one)})


def _swings(heard: Heard) -> tuple[float, ...]:
    """Give the swing of the level per octave of its rate, in dB; none where nothing moves."""
    return next((curve.levels for curve in heard.curves if curve.name == "modulation_db"), (0.0,) * 6)


def _measured(values: Mapping[str, float], swings: tuple[float, ...]) -> dict[str, float]:
    return {
        "key_strength": values.get("key_strength", 0.4),
        "beat_strength": values.get("beat_strength", 0.1),  # absent where there are hardly any onsets
        "log swing at 0.5 Hz": math.log(swings[0] + 0.1),
        "log swing at 2 Hz": math.log(swings[2] + 0.1),
        "log swing at 4 Hz": math.log(swings[3] + 0.1),
        "log swing at 8 Hz": math.log(swings[4] + 0.1),
        "tonal_entropy": values.get("tonal_entropy", 1.0),
        "log onset rate": math.log(values.get("onset_rate_hz", 0.0) + 0.2),
        "log flux": math.log(max(values.get("flux_db", 0.2), 0.01)),
        "log flatness": math.log(values.get("flatness", 0.0) + 0.005),
        "silence_share": min(values.get("silence_share", 0.0), 0.3),
    }


def _shares(measured: Mapping[str, float]) -> tuple[float, float, float]:
    """Turn descriptors into shares of music, noise and speech that add up to one."""
    scores = list(OFFSETS)
    for name, (mean, spread, *weights) in TABLE.items():
        deviation = min(max((measured[name] - mean) / spread, -REACH), REACH)
        scores = [score + weight * deviation for score, weight in zip(scores, weights, strict=True)]
    powers = [math.exp(score - max(scores)) for score in scores]
    music, noise, speech = (power / sum(powers) for power in powers)
    return music, noise, speech


def _steadiness(values: Mapping[str, float], swings: tuple[float, ...]) -> float:
    """Say how far every limit of a steady tone is kept: the worst one counts."""
    measured = {**values, "swing": max(swings)}
    return min(_kept(measured.get(name, 0.0), *limits) for name, limits in STEADY.items())


def _kept(value: float, all_of_it: float, none_of_it: float) -> float:
    return min(max((none_of_it - value) / (none_of_it - all_of_it), 0.0), 1.0)


def _is_agreed(heard: Heard) -> bool:
    return any(one.name == _SYNTHETIC and one.reason == _NOT_MUSIC for one in heard.abstained)


def _sounding(heard: Heard) -> tuple[Span, ...]:
    trimmed = heard.signal("trimmed_s")
    return trimmed.spans if trimmed else ()
