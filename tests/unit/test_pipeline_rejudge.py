"""A lake under another policy, calibration or model: nothing is decoded, everything is pinned."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from fixtures_api import make_screening
from typer.testing import CliRunner

from api.cli.app import app
from classifiers.models import active
from classifiers.models.registry import load_arrays
from classifiers.synthetic.calibrate import save_calibration
from classifiers.synthetic.calibration import Calibration, derived_name
from classifiers.synthetic.model import SyntheticModel
from classifiers.synthetic.score import RATE_SIGNAL, SIGNAL
from pipeline.lake import Lake, LakeWriter
from pipeline.rejudge import Changes, Verdict, latest_screenings, rejudge
from pipeline.screened import Screened
from schemas.policy import house_policy, parse_policy
from schemas.screening import AudioFacts, Found, Heard, MeasuredWindow, Signal, Traces, Versions, derived_id

FACTS = {"container": "MP3", "codec": "mp3", "sample_rate_hz": 44100, "channels": 2, "duration_s": 20.0, "size": 1}
MODELS = ("descriptors-1", "landmarks-1", "provenance-2", "synthetic-4")


@pytest.fixture(scope="module")
def model() -> SyntheticModel:
    return SyntheticModel.load()


def traces(model: SyntheticModel, push: float) -> Traces:
    """One window whose every feature lies ``push`` deviations towards a decoder; the gate hears music."""
    arrays, _ = load_arrays("synthetic-4")
    rows = [
        table[0] + pushed * table[1] * np.sign(table[2])
        for table, pushed in ((arrays["head_table"], push), (arrays["gate_table"], -1.0))
    ]
    values = model._packing.pack(np.concatenate(rows).astype(np.float32))
    return Traces(features="synthetic-features-1", windows=(MeasuredWindow(start_s=0, end_s=10, values=values),))


def screened(model: SyntheticModel, number: int, push: float | None) -> Screened:
    one = make_screening(number, source=derived_id("src", str(number)))
    loud = Signal(name="loudness_lufs", value=-9.0, model="descriptors-1")
    heard = Heard(signals=(loud,))
    if push is not None:
        kept = traces(model, push)
        own = model.score_traces(kept, codec="mp3").heard(kept)
        heard = own.model_copy(update={"signals": (loud, *own.signals)})
    found = Found(audio=AudioFacts(**FACTS, sha256=str(number), signal_hash=str(number), decoder="soundfile"))
    versions = Versions(engine="liner-0", policy="old@1+0", models=MODELS)
    update = {"found": found, "heard": heard, "versions": versions, "flags": (), "findings": ()}
    return Screened(one.model_copy(update=update), b"print")


@pytest.fixture
def lake(tmp_path: Path, model: SyntheticModel, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three recordings: one full of traces, one without, one that nobody could score."""
    monkeypatch.setenv("LINER_REGISTRY", str(tmp_path / "models"))
    writer = LakeWriter(Lake(tmp_path / "lake"))
    for number, push in ((1, 0.6), (2, -0.6), (3, None)):
        writer.add(screened(model, number, push))
    writer.flush()
    return tmp_path / "lake"


def by_isrc(lake: Path) -> dict[str, object]:
    return {one.intake.recording.isrc: one for one in latest_screenings(Lake(lake))}


def calibrated(humans: list[float], registry: Path) -> str:
    _, card = load_arrays("synthetic-4")
    made = Calibration(
        id="",
        model="synthetic-4",
        weights_sha256=card.weights_sha256,
        made_at=datetime.now(UTC),
        signature="s",
        tracks=len(humans),
        left_out={},
        logits={"": tuple(sorted(humans))},
    )
    made = made.model_copy(update={"id": derived_name(made)})
    save_calibration(made, registry)
    return made.id


def test_another_policy_gives_other_flags_and_pins_itself(lake: Path) -> None:
    changes = rejudge(lake, Verdict(house_policy(), active.DEFAULTS), review=None)

    assert (changes.seen, changes.scored, changes.unscored) == (3, 2, 1)
    assert changes.after["AUD-006 low"] == 1
    one, two, three = by_isrc(lake).values()
    assert [flag.code for flag in one.flags if flag.code.startswith("AUD")] == ["AUD-006"]
    assert not [flag for flag in (*two.flags, *three.flags) if flag.code == "AUD-006"]
    assert {screening.versions.policy for screening in (one, two, three)} == {house_policy().ref}
    assert {screening.versions.models for screening in (one, two, three)} == {(*MODELS, "spam-1")}


def test_judging_twice_changes_nothing_more(lake: Path) -> None:
    verdict = Verdict(house_policy(), active.DEFAULTS)
    rejudge(lake, verdict, review=None)
    first = by_isrc(lake)

    assert rejudge(lake, verdict, review=None).changed == 0
    assert by_isrc(lake) == first


def test_the_fingerprints_stay(lake: Path) -> None:
    rejudge(lake, Verdict(house_policy(), active.DEFAULTS), review=None)

    assert [row["fingerprint"] for row in Lake(lake).rows("fingerprints")] == [b"print"] * 3


def test_another_calibration_counts_and_is_pinned(lake: Path, tmp_path: Path) -> None:
    name = calibrated([50.0] * 120, tmp_path / "models")  # a catalogue in which everything scores high
    names = {**active.DEFAULTS, active.CALIBRATION: name}

    changes = rejudge(lake, Verdict(house_policy(), names), review=None)

    one, two, three = by_isrc(lake).values()
    assert one.heard.signal(RATE_SIGNAL).value == 1.0
    assert one.heard.signal(SIGNAL).model == f"synthetic-4+{name}"
    assert one.heard.signal("loudness_lufs").value == -9.0
    assert one.versions.models == two.versions.models == (*MODELS[:3], f"synthetic-4+{name}", "spam-1")
    assert three.versions.models == (*MODELS, "spam-1")  # it was not scored again
    assert changes.after["AUD-006 low"] == 0


def test_a_dry_run_counts_and_writes_nothing(lake: Path) -> None:
    before = by_isrc(lake)

    changes = rejudge(lake, Verdict(house_policy(), active.DEFAULTS), review=None, keeps=False)

    assert changes.after["AUD-006 low"] == 1
    assert by_isrc(lake) == before


def test_a_policy_alone_leaves_the_signals(lake: Path) -> None:
    strict = parse_policy(
        '[policy]\nid = "p"\nversion = "1"\ndescription = "d"\n[[reason]]\ncode = "AUD-009"\ntitle = "Loud"\n'
        'explanation = "e"\nseverity = "low"\nlayers = ["heard"]\n'
        'signals = [{ signal = "loudness_lufs", at_least = -20 }]'
    )

    changes = rejudge(lake, Verdict(strict), review=None)

    assert changes.after == {"AUD-009 low": 3}
    assert changes.scored == 0


def test_the_command_says_what_changed(lake: Path) -> None:
    result = CliRunner().invoke(app, ["rejudge", str(lake), "--no-review"], catch_exceptions=False)

    assert result.exit_code == 0, result.output
    assert "3 recordings judged by house@" in result.output
    assert "AUD-006 low" in result.output
    assert "1 keep no windows" in result.output


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [(["--model", "mine-9"], "There is no model 'mine-9'"), (["--policy", "none.toml"], "none.toml cannot be read")],
)
def test_what_is_not_there_is_named_before_anything_is_written(lake: Path, arguments: list[str], problem: str) -> None:
    result = CliRunner().invoke(app, ["rejudge", str(lake), *arguments])

    assert problem in str(result.exception)


def test_no_lake_is_named(tmp_path: Path) -> None:
    assert "is no lake" in str(CliRunner().invoke(app, ["rejudge", str(tmp_path)]).exception)


def test_changes_start_at_nothing() -> None:
    assert Changes().before == {}
