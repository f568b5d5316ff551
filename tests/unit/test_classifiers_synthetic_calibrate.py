"""Calibration on one's own tracks, and the registry that says what is in use."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli import models as models_command
from classifiers.listening import Listening
from classifiers.models import active, registry
from classifiers.synthetic import calibrate as calibrating
from classifiers.synthetic.calibration import read_calibration
from classifiers.synthetic.conformal import EVERYTHING, Humans
from classifiers.synthetic.groups import groups_of
from classifiers.synthetic.model import SyntheticModel
from schemas.errors import AudioUnreadable, InvalidInput, NotFound
from schemas.screening import Abstained, AudioFacts, Found, Heard, MeasuredWindow, Traces

FACTS = {"container": "MP3", "codec": "mp3", "sample_rate_hz": 44100, "channels": 2, "duration_s": 20.0, "size": 1}
COUNT = 120


def invoke(*arguments: object) -> str:
    result = CliRunner().invoke(models_command.models_app, [str(one) for one in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def model() -> SyntheticModel:
    return SyntheticModel.load()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINER_REGISTRY", str(tmp_path / "models"))
    return tmp_path / "models"


def ears(model: SyntheticModel) -> Callable[[str], Listening]:
    """Hear in track N a push of N / 60 deviations; odd ones: 0 unreadable, 1 too short, 3 a copy of 2."""
    arrays, _ = registry.load_arrays("synthetic-4")
    head, gate = arrays["head_table"], arrays["gate_table"]

    def listen(path: str) -> Listening:
        number = int(Path(path).stem)
        if number == 0:
            raise AudioUnreadable("It is broken.")
        sound = 2 if number == 3 else number
        audio = AudioFacts(**FACTS, sha256=str(number), signal_hash=str(sound), decoder="soundfile")
        if number == 1:
            short = Abstained(name="synthetic_probability", reason="too_short", sentence="s", model="m")
            return Listening(found=Found(audio=audio), heard=Heard(abstained=(short,)))
        push = (sound - COUNT / 2) / COUNT
        rows = [head[0] + push * head[1] * np.sign(head[2]), gate[0] - gate[1] * np.sign(gate[2])]
        window = MeasuredWindow(
            start_s=0, end_s=10, values=model._packing.pack(np.concatenate(rows).astype(np.float32))
        )
        heard = Heard(traces=Traces(features="synthetic-features-1", windows=(window,)))
        return Listening(found=Found(audio=audio), heard=heard)

    return listen


def calibrated(model: SyntheticModel, root: Path, count: int = COUNT):
    return calibrating.calibrate([root / f"{n}.mp3" for n in range(count)], root, "synthetic-4", ears(model))


def test_tracks_are_counted_once_and_what_gives_no_score_is_named(model: SyntheticModel, tmp_path: Path) -> None:
    made, tracks = calibrated(model, tmp_path)

    assert made.tracks == len(tracks) == COUNT - 3
    assert made.left_out == {"copy of another track": 1, "too_short": 1, "unreadable": 1}
    assert set(made.logits) >= {"", "codec:mp3"}
    assert list(made.logits[""]) == sorted(made.logits[""])


def test_a_threshold_is_exceeded_by_no_more_than_it_promises(model: SyntheticModel, tmp_path: Path) -> None:
    made, tracks = calibrated(model, tmp_path)

    threshold = made.threshold(0.05)
    assert sum(track.logit > threshold + 1e-3 for track in tracks) / len(tracks) <= 0.05
    assert made.threshold(0.001) is None  # 117 tracks cannot state that


def test_the_same_tracks_are_the_same_calibration(model: SyntheticModel, tmp_path: Path) -> None:
    first, second, fewer = (calibrated(model, tmp_path, count)[0] for count in (COUNT, COUNT, COUNT - 10))

    assert first.id == second.id != fewer.id
    assert first.signature == second.signature != fewer.signature


def test_too_few_tracks_are_refused_with_what_is_needed(model: SyntheticModel, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="17 tracks gave a score") as refusal:
        calibrated(model, tmp_path, 20)

    assert "At least 100 are needed" in refusal.value.message
    assert "about 200 tracks that people made" in refusal.value.mend


def test_in_use_a_calibration_changes_the_counts_alone(model: SyntheticModel, own: Path, tmp_path: Path) -> None:
    made, _ = calibrated(model, tmp_path)
    calibrating.save_calibration(made, own)
    invoke("promote", made.id)
    mine = SyntheticModel.in_use(active.read_pointer().names)
    traces = ears(model)("100.mp3").heard.traces

    shipped, own_score = (one.score_traces(traces, codec="mp3") for one in (model, mine))
    assert own_score.model == f"synthetic-4+{made.id}"
    assert own_score.logit == shipped.logit
    assert own_score.probability == shipped.probability
    assert own_score.false_positive_rate != shipped.false_positive_rate
    assert f"* {made.id}" in invoke("list")
    assert "117 tracks scored by synthetic-4" in invoke("show", made.id)


def test_a_changed_calibration_is_refused(model: SyntheticModel, own: Path, tmp_path: Path) -> None:
    path = calibrating.save_calibration(calibrated(model, tmp_path)[0], own)
    path.write_text(path.read_text().replace('"tracks": 117', '"tracks": 118'))

    with pytest.raises(InvalidInput, match="was changed after it was made"):
        read_calibration(path.stem)


def test_a_calibration_of_another_model_is_refused(model: SyntheticModel, own: Path, tmp_path: Path) -> None:
    made, _ = calibrated(model, tmp_path)
    other = made.model_copy(update={"weights_sha256": "0"})
    other = other.model_copy(update={"id": calibrating.derived_name(other)})
    calibrating.save_calibration(other, own)

    with pytest.raises(InvalidInput, match="not of synthetic-4 as it is in use"):
        SyntheticModel.in_use({**active.DEFAULTS, active.CALIBRATION: other.id})


def test_promote_and_roll_back(own: Path) -> None:
    arrays, card = registry.load_arrays("synthetic-4")
    registry.save_model(card.model_copy(update={"id": "mine-1"}), arrays, own)

    assert "synthetic mine-1" in invoke("promote", "mine-1")
    assert "in use already" in invoke("promote", "mine-1")
    assert "* mine-1" in invoke("list")
    assert "mine-1: Traces" in invoke("show", "mine-1")
    assert active.pins(active.read_pointer().names) == ("mine-1",)
    assert "synthetic synthetic-4" in invoke("rollback")
    assert len(json.loads((own / active.POINTER).read_text())["history"]) == 2


@pytest.mark.parametrize("name", ["nothing-1", "../synthetic-4", "cal-000000000000"])
def test_what_is_not_there_cannot_be_promoted(own: Path, name: str) -> None:
    with pytest.raises(NotFound):
        invoke("promote", name)

    assert not (own / active.POINTER).exists()


def test_one_command_calibrates_a_folder(
    model: SyntheticModel, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fake:
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            return None

        listen = staticmethod(ears(model))

    monkeypatch.setattr("classifiers.listener.Listener", Fake)
    (tmp_path / "music").mkdir()
    for number in range(COUNT):
        (tmp_path / "music" / f"{number}.mp3").touch()
    (tmp_path / "music" / "cover.jpg").touch()

    told = invoke("calibrate", "--root", tmp_path / "music", "--promote")

    assert "117 tracks scored by synthetic-4" in told
    assert "Without it, on these tracks: 1% came out as" in told
    assert active.read_pointer().names[active.CALIBRATION] in told


@given(
    scores=st.lists(st.integers(-50, 50), min_size=1, max_size=60),
    more=st.lists(st.booleans(), min_size=60, max_size=60),
    logit=st.integers(-60, 60),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_rate_is_the_highest_of_the_groups_and_falls_with_the_score(
    scores: list[int], more: list[bool], logit: int
) -> None:
    groups = [("a",) if one else () for one in more[: len(scores)]]
    humans = Humans.of(np.array(scores, float), groups, fewest=3)

    rate, _ = humans.rate(logit, ("a", "unknown"))
    assert 0 < rate <= 1
    assert rate == max(humans.rate(logit, ())[0], humans.rate(logit, ("a",))[0])
    assert rate >= humans.rate(logit + 1, ("a",))[0]
    assert humans.rate(logit, ())[0] == (1 + sum(score >= logit for score in scores)) / (1 + len(scores))
    assert set(humans.logits) <= {EVERYTHING, "a"}


def test_copies_are_a_group_of_their_own_and_no_part_of_the_whole() -> None:
    humans = Humans.of(np.zeros(60), [()] * 60).with_group("codec:aac", np.full(60, 2.0))

    assert humans.rate(1.0, ("codec:aac",)) == (1.0, "codec:aac")
    assert humans.rate(1.0, ())[0] == 1 / 61
    assert humans.with_group("codec:few", np.full(5, 9.0)).rate(8.0, ("codec:few",))[0] == 1 / 61


def test_the_shipped_model_knows_how_human_music_scores_as_aac() -> None:
    model = SyntheticModel.load()
    humans = model._humans

    assert humans.logits["codec:aac"].size == humans.logits[EVERYTHING].size
    limit = float(np.quantile(humans.logits[EVERYTHING], 0.95))
    assert humans.rate(limit, groups_of(np.full(14, -30.0), "aac")) > humans.rate(limit, ())


def test_groups_name_codec_and_texture() -> None:
    still, quick = np.full(14, 0.9), np.full(14, -30.0)

    assert groups_of(still, "mp3") == ("codec:mp3", "texture:sustained", "texture:dense")
    assert groups_of(quick, "pcm") == ("codec:lossless", "texture:moving", "texture:sparse")
    assert groups_of(quick, "wma")[0] == "texture:moving"
