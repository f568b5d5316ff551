"""From sound to a screening with a synthetic score, and to another verdict without the sound."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from synthetic_sounds import RATE_HZ, song, through_upsampler
from typer.testing import CliRunner

from api.cli.app import app
from pipeline.lake import Lake
from pipeline.rejudge import latest_screenings

POLICY = """
[policy]
id = "curious"
version = "1"
description = "Looks at everything that was scored."
[[reason]]
code = "AUD-090"
title = "Scored"
explanation = "The model gave a count."
severity = "low"
layers = ["heard"]
signals = [{ signal = "false_positive_share", at_most = 1.0 }]
"""


def run(*arguments: object) -> dict[str, object]:
    result = CliRunner().invoke(app, [*(str(one) for one in arguments), "--no-review", "--format", "json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


@pytest.fixture
def zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINER_HOME", str(tmp_path / "home"))
    folder = tmp_path / "zone"
    folder.mkdir()
    soundfile.write(folder / "passed.wav", np.tile(through_upsampler(song(5), 320), 2), RATE_HZ)
    soundfile.write(folder / "short.wav", song(6, 3.0), RATE_HZ)
    return folder


def test_a_lake_is_judged_again_without_its_sound(zone: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    scanned = run("scan", zone, "--lake", lake, "--workers", 1)
    screenings = {Path(one.intake.audio_uri).name: one for one in latest_screenings(Lake(lake))}
    for file in zone.iterdir():
        file.unlink()  # whoever decodes again fails
    (tmp_path / "curious.toml").write_text(POLICY)

    told = run("rejudge", lake, "--policy", tmp_path / "curious.toml")

    assert "synthetic-4" in scanned["models"]
    assert all(one.versions.models == tuple(scanned["models"]) for one in screenings.values())
    assert screenings["passed.wav"].heard.traces is not None
    reasons = {one.name: one.reason for one in screenings["short.wav"].heard.abstained}
    assert reasons["synthetic_probability"] == "too_short"
    assert (told["seen"], told["scored"], told["after"]) == (2, 1, {"AUD-090 low": 1})
    again = {Path(one.intake.audio_uri).name: one for one in latest_screenings(Lake(lake))}
    assert {one.versions.policy for one in again.values()} == {told["policy"]}
    assert all(again[name].heard == screenings[name].heard for name in screenings)
    assert len(list(Lake(lake).rows("fingerprints"))) == 2
