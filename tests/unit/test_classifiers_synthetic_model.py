"""Metrics, splits, registry, manifest, training and evaluation of the synthetic score, on invented sounds."""

import csv
import hashlib
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from synthetic_sounds import RATE_HZ, noise, song, speech, through_upsampler
from typer.testing import CliRunner

from api.cli import models as models_command
from api.cli.app import app
from classifiers.models import registry
from classifiers.models.registry import list_models, load_arrays
from classifiers.synthetic import Abstention, SyntheticModel, heldout, metrics, protocol, train
from classifiers.synthetic.corpus import LabelledFile, for_fitting, read_manifest, read_windows
from classifiers.synthetic.table import draw_changes
from schemas.errors import AudioUnreadable, InvalidInput, NotFound


@given(
    positives=st.lists(st.integers(0, 9), min_size=1, max_size=30),
    negatives=st.lists(st.integers(0, 9), min_size=1, max_size=30),
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_auroc_is_scikit_learns(positives: list[int], negatives: list[int]) -> None:
    labels = np.r_[np.ones(len(positives)), np.zeros(len(negatives))]

    expected = roc_auc_score(labels, np.r_[positives, negatives])
    assert metrics.auroc(np.array(positives, float), np.array(negatives, float)) == pytest.approx(expected)


def test_figures_of_an_empty_class_are_none() -> None:
    nothing, some = np.zeros(0), np.ones(3)

    assert metrics.auroc(nothing, some) is None
    assert metrics.true_positive_rate(nothing, some, 0.05) is None
    assert metrics.calibration_error(some, some.astype(bool)) is None


def test_conformal_threshold_promises_no_more_than_the_numbers_allow() -> None:
    scores = np.arange(1.0, 100.0)  # 99 of them

    assert metrics.threshold_at(scores, 0.05) == 95.0
    assert metrics.threshold_at(scores[:10], 0.05) == np.inf


def test_calibration_error_of_honest_and_of_boastful_probabilities() -> None:
    labels = np.array([True, False] * 50)

    assert metrics.calibration_error(np.full(100, 0.5), labels) == pytest.approx(0.0)
    assert metrics.calibration_error(np.full(100, 0.9), labels) == pytest.approx(0.4)
    assert metrics.brier(labels.astype(float), labels) == 0.0


def _files() -> tuple[LabelledFile, ...]:
    generated = [LabelledFile(f"{s}{i}", "ai", s) for s in ("suno", "musicgen", "stemgen", "new") for i in range(4)]
    human = [LabelledFile(f"h{s}{i}", "human", f"h{s}", is_game=s % 2 == 0) for s in range(8) for i in range(3)]
    paired = [LabelledFile(f"p{i}", "human", "stemgen_context", is_paired=True) for i in range(3)]
    other = [LabelledFile(f"n{s}{i}", "noise", f"n{s}") for s in range(4) for i in range(2)]
    return tuple(generated + human + paired + other)


@pytest.mark.parametrize("seed", [0, 1])
def test_no_source_and_no_family_is_on_both_sides(seed: int) -> None:
    files = _files()
    folds = list(protocol.folds(files, seed=seed))

    assert {fold.family for fold in folds} == {"commercial", "encodec_lm", "new"}
    for fold in folds:
        fitted, tested = ([files[i] for i in places] for places in (fold.fitted, fold.tested))
        assert not {protocol.cluster(f) for f in fitted} & {protocol.cluster(f) for f in tested}
        assert not {protocol.family(f) for f in fitted} & {fold.family}
        assert len(fitted) + len(tested) == len(files)


def test_weights_balance_classes_and_hold_large_sources_back() -> None:
    files = (*_files(), *(LabelledFile(f"big{i}", "human", "big") for i in range(100)))
    weights = protocol.weights(files)
    positive = np.array([file.is_positive for file in files])

    assert weights[positive].sum() == pytest.approx(weights[~positive].sum())
    assert weights[-1] < weights[20]


def test_changes_are_drawn_by_path_for_both_classes_alike() -> None:
    draws = [draw_changes(LabelledFile(f"f{i}", "ai", "s"), 0) for i in range(300)]

    assert draws == [draw_changes(LabelledFile(f"f{i}", "human", "t"), 0) for i in range(300)]
    assert {change.kind for draw in draws for change in draw} >= {"mp3", "opus", "aac", "speed", "pitch", "noise"}
    assert min(len(draw) for draw in draws) >= 1


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write files of three invented generators (an upsampler each), three collections of tunes, speech and noise."""
    root = tmp_path_factory.mktemp("corpus")
    rows = []
    for number, label in enumerate(["ai"] * 6 + ["human"] * 6 + ["speech"] * 3 + ["noise"] * 3):
        wave = {"speech": speech, "noise": noise}.get(label, song)(number % 5, 6.0)
        sound = through_upsampler(wave, (80, 160, 320)[number % 3]) if label == "ai" else wave
        soundfile.write(root / f"{number}.wav", sound, RATE_HZ, subtype="FLOAT")
        rows.append({"path": f"{number}.wav", "label": label, "source": f"{label}{number % 3}", "game": "1"})
    with (root / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return root


@pytest.fixture(scope="module")
def quick() -> None:
    """Make training cheap."""
    patch = pytest.MonkeyPatch()
    patch.setattr(train, "COPIES", 1)
    patch.setattr(train, "ATTACKS", ("noise-20",))
    patch.setattr(heldout, "RESAMPLES", 10)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def trained(corpus: Path, quick: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with a model fitted by the command."""
    out = tmp_path_factory.mktemp("registry")
    arguments = ["synthetic", "--manifest", str(corpus / "manifest.csv"), "--root", str(corpus), "--out", str(out)]
    result = CliRunner().invoke(app, ["train", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return out


def test_training_gives_the_same_bytes_again(corpus: Path, trained: Path, quick: None, tmp_path: Path) -> None:
    train.train(corpus / "manifest.csv", corpus, tmp_path)

    for name in ("weights.npz", "card.json"):
        first, second = ((folder / "synthetic-4" / name).read_bytes() for folder in (trained, tmp_path))
        assert hashlib.sha256(first).hexdigest() == hashlib.sha256(second).hexdigest(), name


def test_the_fitted_model_hears_upsamplers_that_it_knows(trained: Path) -> None:
    model = SyntheticModel.load(folder=trained)

    clean, passed = (model.score(wave, RATE_HZ) for wave in (song(20), through_upsampler(song(20), 160)))
    assert passed.logit > clean.logit
    assert sum(passed.windows[0].contributions.values()) == pytest.approx(
        passed.logit - model._head.intercept_, abs=1e-6
    )


def test_a_card_says_what_was_fitted_and_a_changed_file_is_refused(trained: Path, tmp_path: Path) -> None:
    arrays, card = load_arrays("synthetic-4", trained)
    assert sum(item.files for item in card.data) == 18
    assert card.metrics["auroc"][1] <= card.metrics["auroc"][0] <= card.metrics["auroc"][2]

    saved = registry.save_model(card, arrays, tmp_path)
    assert saved == card
    weights = tmp_path / "synthetic-4" / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(InvalidInput):
        SyntheticModel.load(folder=tmp_path)


@pytest.mark.parametrize("name", ["", "..", "none", "a/b", ".hidden"])
def test_names_outside_the_registry_are_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        registry.read_card(name)


def test_evaluation_gives_every_figure(corpus: Path) -> None:
    soundfile.write(corpus / "short.wav", song(1)[:RATE_HZ], RATE_HZ)
    soundfile.write(corpus / "silent.wav", np.zeros(RATE_HZ * 12), RATE_HZ)
    lines = (
        corpus / "manifest.csv"
    ).read_text() + "short.wav,human,human0,1\nsilent.wav,human,human0,1\nmissing.wav,ai,ai0,1\n"
    (corpus / "more.csv").write_text(lines)
    arguments = ["--manifest", str(corpus / "more.csv"), "--root", str(corpus), "--attack", "noise-20"]

    result = CliRunner().invoke(app, ["evaluate", "synthetic", *arguments, "--format", "json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert "1 of 21 files are not there and count as unreadable: missing.wav" in result.stderr
    assert figures["files"] == 21
    assert figures["unreadable"] == 1
    assert figures["abstained_by_reason"]["too_short"] == figures["abstained_by_reason"]["silent"] == 1
    assert set(figures["auroc_by_source"]) == {"ai0", "ai1", "ai2"}
    assert set(figures) >= {"auroc", "tpr_at_fpr_1pct", "tpr_at_fpr_5pct", "fpr_by_source", "ece", "brier", "seconds"}
    assert figures["attacks"]["noise-20"]["auroc"] is not None


def test_evaluation_in_words_is_one_line_for_each_round(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", song(1), RATE_HZ)
    (tmp_path / "m.csv").write_text("path,label,source\na.wav,human,s\n")

    arguments = ["--manifest", str(tmp_path / "m.csv"), "--root", str(tmp_path)]
    result = CliRunner().invoke(app, ["evaluate", "synthetic", *arguments])
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == ["clean", "1"]
    assert "No AUROC: that takes scored files of both kinds." in result.stderr


def test_a_root_that_holds_none_of_the_files_is_refused_at_once(corpus: Path, tmp_path: Path) -> None:
    arguments = ["--manifest", str(corpus / "manifest.csv"), "--root", str(tmp_path)]

    error = CliRunner().invoke(app, ["evaluate", "synthetic", *arguments]).exception

    assert isinstance(error, InvalidInput)
    assert "None of the 18 files is there" in error.message


def test_a_view_that_is_not_there_is_refused(corpus: Path) -> None:
    arguments = ["--manifest", str(corpus / "manifest.csv"), "--root", str(corpus), "--view", "none"]

    assert isinstance(CliRunner().invoke(app, ["evaluate", "synthetic", *arguments]).exception, InvalidInput)


@pytest.mark.parametrize(
    "text",
    ["", "path,label\na,ai\n", "path,label,source\n", "path,label,source\na,robot,s\n", "path,label,source\n,ai,s\n"],
)
def test_broken_manifests_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(text)

    with pytest.raises(InvalidInput):
        read_manifest(tmp_path / "m.csv")


def test_manifests_may_use_other_words_and_the_equalised_view_is_fitted(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,label,source,view\na,generated,s,original\nb,real,t,equalised\n")

    files = read_manifest(tmp_path / "m.csv")
    assert [file.label for file in files] == ["ai", "human"]
    assert [file.path for file in for_fitting(files)] == ["b"]


def test_what_is_no_sound_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF no sound")

    for name in ("a.wav", "missing.wav"):
        with pytest.raises(AudioUnreadable):
            read_windows(tmp_path / name)


@pytest.fixture(scope="module")
def shipped() -> SyntheticModel:
    """The model that ships."""
    return SyntheticModel.load()


@pytest.mark.parametrize(
    ("wave", "reason"),
    [
        (np.zeros(RATE_HZ * 10, dtype=np.float32), Abstention.SILENT),
        (song(0)[: RATE_HZ * 4], Abstention.TOO_SHORT),
        (np.zeros(0, dtype=np.float32), Abstention.TOO_SHORT),
        (noise(3), Abstention.NOT_MUSIC),
        (speech(3), Abstention.NOT_MUSIC),
    ],
)
def test_the_shipped_model_abstains_with_a_reason(
    shipped: SyntheticModel, wave: np.ndarray, reason: Abstention
) -> None:
    score = shipped.score(wave, RATE_HZ)

    assert score.probability is None
    assert score.abstention is reason
    assert score.signals() == ()
    assert reason.sentence.endswith(".")


def test_the_shipped_model_says_why_and_where(shipped: SyntheticModel) -> None:
    score = shipped.score(np.tile(through_upsampler(song(21), 320), 4), RATE_HZ)

    assert len(score.windows) == 3
    assert all(first.end_s <= second.start_s for first, second in pairwise(score.windows))
    assert score.windows[0].lines[0].strength > 5
    assert 0 < score.false_positive_rate <= 1
    assert shipped.probability(-50) < 0.01
    assert shipped.probability(50) > 0.99
    assert shipped._humans.rate(-50, ())[0] == 1.0
    if score.probability is not None:
        assert score.signals()[0].probability == score.probability


def test_the_registry_shows_what_ships() -> None:
    listed = CliRunner().invoke(models_command.models_app, ["list"])
    shown = CliRunner().invoke(models_command.models_app, ["show", "synthetic-4"])
    raw = CliRunner().invoke(models_command.models_app, ["show", "synthetic-4", "--format", "json"])

    assert all(card.id in listed.stdout for card in list_models())
    assert "Not for: Accusing" in shown.stdout
    assert json.loads(raw.stdout)["id"] == "synthetic-4"
    assert all((registry.SHIPPED / card.id / registry.WEIGHTS).stat().st_size < 1_000_000 for card in list_models())
