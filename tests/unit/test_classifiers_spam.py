"""Spam: functional audio as a class of its own, signs that add up, and a model that can be made again."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_cases.making import evidence, recording
from typer.testing import CliRunner

from api.cli.app import app
from classifiers.functional import NAME, NOISE, SPEECH, TONE, with_functional
from classifiers.models.registry import load_arrays
from classifiers.spam import sounds
from classifiers.spam.features import COUNT, SIGNS, kinds, measure
from classifiers.spam.model import SpamModel, fused
from classifiers.spam.train import train
from schemas.evidence import Evidence
from schemas.screening import Heard, Known, Signal
from schemas.senders import SenderRecord

EXPECTED = {"music": None, "loop": None, "hiss": NOISE, "rain": NOISE, "speech": SPEECH, "drone": TONE}


@pytest.fixture(scope="module")
def heard():
    return {kind: sounds.heard(kind, 20, seed=3) for kind in sounds.KINDS}


@pytest.mark.parametrize("kind", EXPECTED)
def test_a_sound_is_of_its_class_and_of_no_other(heard, kind):
    found = {s.name for s in heard[kind].signals if s.name.startswith("functional_") and s.value >= 0.9}
    assert found == ({EXPECTED[kind]} if EXPECTED[kind] else set())


def test_what_is_functional_shows_its_seconds_and_says_who_made_it(heard):
    one = heard["hiss"].signal(NOISE)
    assert one.model == "functional-1"
    assert [(span.start_s, round(span.end_s)) for span in one.spans] == [(0, 20)]


def test_silence_and_a_moment_have_no_class():
    for values, reason in (
        ({"duration_s": 3.0, "silence_share": 0.0, "flatness": 0.1}, "too_short"),
        ({"duration_s": 60.0, "silence_share": 0.99, "flatness": 0.1}, "silent"),
    ):
        signals = tuple(Signal(name=name, value=value, model="m") for name, value in values.items())
        (one,) = with_functional(Heard(signals=signals)).abstained
        assert (one.name, one.reason) == (NAME, reason)


def test_without_a_second_opinion_that_agrees_there_is_no_answer(heard):
    """The gate of the synthetic score did not call it something else than music."""
    descriptors = tuple(s for s in heard["hiss"].signals if not s.name.startswith("functional_"))
    (one,) = with_functional(Heard(signals=descriptors)).abstained
    assert one.reason == "undecided"


def test_functional_audio_under_its_own_name_is_no_sign(heard):
    honest = evidence(recording(title="Rain at Night", genres=("Sleep",))).model_copy(update={"heard": heard["rain"]})
    assert not any(measure(honest, ()))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=COUNT, max_size=COUNT), st.integers(0, COUNT - 1))
def test_no_sign_ever_speaks_against_spam(values, place):
    model = SpamModel.load()
    more = [*values[:place], 1.0, *values[place + 1 :]]
    assert model.score(more).logit >= model.score(values).logit - 1e-9


def test_one_sign_alone_never_reaches_the_policy():
    model = SpamModel.load()
    for row in np.eye(COUNT):
        score = model.score(row)
        assert score.kinds == 1
        assert score.probability < 0.9


def test_two_signs_of_two_kinds_are_named_in_words():
    values = [float(sign.name in ("copy", "short_stack")) for sign in SIGNS]
    score = SpamModel.load().score(values)
    assert kinds(values) == score.kinds == 2
    assert score.probability > 0.9
    low, high = score.interval
    assert low <= score.probability <= high + 1e-6
    (probability, _) = score.signals()
    assert "an earlier recording of somebody else has this sound" in probability.note


def test_a_great_sender_that_stays_as_it_was_gives_no_sign():
    """Nine thousand releases in a month are nothing but usual for whom they are usual."""
    great = SenderRecord(
        sender="s", until="2026-01-31", known_days=900, releases=9000, usual_releases=8000.0, burst_ratio=1.1
    )
    assert not any(measure(evidence().model_copy(update={"known": Known(sender=great)}), ()))


def test_where_there_is_nothing_to_look_at_nothing_is_said():
    bare = evidence()
    nothing = Evidence(intake=bare.intake.model_copy(update={"recording": None}))
    assert fused(nothing, ()) == ()


def test_the_shipped_model_is_made_again_bit_for_bit(tmp_path):
    train(tmp_path)
    again, card = load_arrays("spam-1", tmp_path)
    shipped, shipped_card = load_arrays("spam-1")
    assert np.array_equal(again["weights"], shipped["weights"])
    assert card.weights_sha256 == shipped_card.weights_sha256
    assert card.code_signature == shipped_card.code_signature


def test_evaluation_says_who_was_flagged_by_mistake(tmp_path):
    import soundfile

    for name, kind in (("a", "music"), ("b", "hiss"), ("c", "rain")):
        wave = sounds.KINDS[kind](np.random.default_rng(1), 32 * sounds.RATE)
        soundfile.write(tmp_path / f"{name}.wav", 0.3 * wave / np.abs(wave).max(), sounds.RATE)
    (tmp_path / "m.csv").write_text(
        "path,label,source,title,genre,artist\n"
        "a.wav,human,band,Harbour,Pop,Ana\n"
        "b.wav,spam,farm,Relaxing Rain Sleep Music Study Focus Calm Piano,Pop,Bo\n"
        "c.wav,functional,maker,Rain at Night,Sleep,Cy\n"
        "none.wav,human,band,,,\n"
    )
    run = ["evaluate", "spam", "--manifest", str(tmp_path / "m.csv"), "--root", str(tmp_path), "--format", "json"]
    result = CliRunner().invoke(app, [*run, "--attack", "noise-20"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout[result.stdout.index("{") :])
    assert (figures["files"], figures["unreadable"], figures["auroc"]) == (4, 1, 1.0)
    assert figures["auroc_by_source"] == {"farm": 1.0}
    assert figures["fpr_by_source"] == {"band": 0.0, "maker": 0.0}
    assert figures["intervals"]["fpr_by_source"]["maker"]["files"] == 1
    assert figures["fpr"] == 0.0
    changed = figures["attacks"]["noise-20"]
    assert (changed["files"], changed["unreadable"], changed["fpr"]) == (4, 1, 0.0)
    assert figures["functional_by_label"]["functional"][NOISE] == 1
    assert {"tpr_at_fpr_1pct", "tpr_at_fpr_5pct", "ece", "brier", "abstained", "seconds"} <= set(figures)
