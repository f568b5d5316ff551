"""From moderators' decisions to a spam estimate: export, fit beside the constructed cases, measure on other senders."""

from pathlib import Path

import numpy as np
import pytest
from fixtures_api import Api, make_screening
from typer.testing import CliRunner

from api.cli.app import app
from api.services.screenings import case_id_of
from classifiers.models.registry import load_arrays
from classifiers.spam import lessons, train
from classifiers.spam.cases import Cases, joined
from classifiers.spam.features import COUNT, SIGNS, named
from pipeline.lake import Lake, LakeWriter
from pipeline.lessons import read_lessons
from pipeline.screened import Screened
from schemas.errors import InvalidInput
from schemas.findings import Finding, Severity
from schemas.screening import Known, Screening
from schemas.senders import SenderRecord

SENDERS = 6
SEARCHED = Finding(rule="SPM-001", severity=Severity.WARNING, message="A stack of them.")


def screening(number: int, *, is_farm: bool) -> Screening:
    """A farm stacks short tracks and reuses its sound; an honest sender was flagged for one sign alone."""
    sender = f"{'farm' if is_farm else 'label'} {number % SENDERS}"
    record = SenderRecord(
        sender=sender, until="2026-11-01", recordings=40, sound_reuse_share=0.5 * is_farm, upheld_share=float(is_farm)
    )
    one = make_screening(number, "SPM-001", sender_id=sender, source_key=f"bytes-{number}")
    return one.model_copy(update={"known": Known(sender=record), "findings": (SEARCHED,)})


@pytest.fixture
def decided(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A review in which people decided, the lake that it was fed from, and the exported labels."""
    monkeypatch.setenv("LINER_HOME", str(api.settings.home))
    made = [screening(number, is_farm=number % 2 == 0) for number in range(1, 21)]
    unlike = make_screening(30, "AID-001", source_key="bytes-30")
    lake = LakeWriter(Lake(tmp_path / "lake"))
    for one in (*made, unlike):
        lake.add(Screened(one))
    lake.flush()
    gone = make_screening(31, "SPM-001", source_key="bytes-31")  # its bytes were never in this lake
    api.record(*made, unlike, gone)
    for number in (*range(1, 21), 30, 31):
        decide(api, number, "remove" if number % 2 == 0 else "approve")
    out = tmp_path / "labels.parquet"
    exported = CliRunner().invoke(app, ["labels", "export", str(out)], catch_exceptions=False)
    assert "22 labels" in exported.output
    return out


def decide(api: Api, number: int, action: str) -> None:
    body: dict[str, object] = {"expected_version": 1, "action": action, "reason": "Listened to it."}
    if action == "remove":
        body["statement"] = {"facts": "F", "ground": "G", "explanation": "E"}
    answer = api.moderator.post(f"/v1/cases/{case_id_of(f'rec_{number}', '')}/decide", json=body)
    assert answer.status_code == 200, answer.text


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few constructed cases, without a sound: spam has two signs, honest ones one."""
    dice = np.random.default_rng(0)
    spam = np.eye(COUNT)[dice.integers(0, COUNT, 60)] + np.eye(COUNT)[dice.integers(0, COUNT, 60)]
    honest = np.eye(COUNT)[dice.integers(0, COUNT, 60)]
    rows, labels = np.concatenate([spam, honest]).clip(0, 1), np.repeat([True, False], 60)
    recipe = np.array([f"{label} {n % 4}" for n, label in enumerate(labels)])
    monkeypatch.setattr(train, "construct", lambda: Cases(rows, labels, recipe))
    monkeypatch.setattr(train, "MODELS", 5)


def trained(labels: Path, out: Path, name: str = "mine-1"):
    arguments = ["train", "spam", "--labels", str(labels), "--lake", str(labels.parent / "lake"), "--out", str(out)]
    return CliRunner().invoke(app, [*arguments, "--name", name])


def test_decisions_teach_and_say_what_they_changed(
    decided: Path, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "FEWEST", 10)
    monkeypatch.setattr(lessons, "FEWEST_SENDERS", 3)

    told = trained(decided, tmp_path / "one")

    assert told.exit_code == 0, told.output
    assert "10 spam, 10 honest" in told.stderr
    assert "1 about something else" in told.stderr
    assert "1 not in the lake" in told.stderr
    assert "AUROC on senders left out 1.0" in told.stdout
    arrays, card = load_arrays("mine-1", tmp_path / "one")
    assert {(one.label, one.files) for one in card.data if one.source == "moderators"} == {("spam", 10), ("honest", 10)}
    assert card.parameters["share_of_labels"] == round(10 / 110, 4)
    alone = train.fit(train.construct())
    by_sign = {sign.name: place for place, sign in enumerate(SIGNS)}
    taught = train.fit(train.construct(), read_lessons(decided, decided.parent / "lake")[0])
    assert taught[by_sign["sound_reuse"]] > alone[by_sign["sound_reuse"]]

    assert trained(decided, tmp_path / "two").exit_code == 0
    again, _ = load_arrays("mine-1", tmp_path / "two")
    assert np.array_equal(arrays["weights"], again["weights"])


def test_too_few_decisions_teach_nothing_and_say_so(decided: Path, quick: None, tmp_path: Path) -> None:
    told = trained(decided, tmp_path / "registry")

    assert isinstance(told.exception, InvalidInput)
    assert "10 spam of 3 senders, 10 honest of 3 senders" in str(told.exception)
    assert "20 of each from 5 senders" in told.exception.mend
    assert not (tmp_path / "registry").exists()


def test_the_shipped_name_stays_the_shipped_models(decided: Path, quick: None, tmp_path: Path) -> None:
    assert "constructed cases alone" in str(trained(decided, tmp_path, "spam-1").exception)


def test_a_decision_does_not_foretell_itself(decided: Path) -> None:
    found, _ = read_lessons(decided, decided.parent / "lake")

    assert all(named(row)["upheld"] == 0 for row in found.rows)
    assert {named(row)["sound_reuse"] for row in found.rows[found.labels]} == {1.0}


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.parquet").write_bytes(b"PAR1")
    with pytest.raises(InvalidInput, match="holds no labels"):
        read_lessons(tmp_path / "labels.parquet", tmp_path)


def test_no_sender_is_fitted_and_tested_at_once() -> None:
    names = np.array([f"s{n % 7}" for n in range(50)])
    both = Cases(np.zeros((50, COUNT)), np.arange(50) % 2 == 0, names)
    seen = np.zeros(50, dtype=int)
    for tested in lessons.folds(both):
        seen += tested
        assert not set(names[tested]) & set(names[~tested])
    assert (seen == 1).all()
    _, weights = joined(both, both.only(names == "s1"), 0.25)
    assert weights[50:].sum() / weights.sum() == pytest.approx(0.25, abs=1e-9)
