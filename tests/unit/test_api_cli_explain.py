"""`liner explain`: the words and the picture."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from synthetic_sounds import RATE_HZ, song, through_upsampler
from typer.testing import CliRunner

from api.cli.app import app
from classifiers.poster import Poster
from classifiers.synthetic.score import Line, WindowScore
from schemas.flags import Span


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("explain")
    soundfile.write(folder / "song.wav", np.tile(through_upsampler(song(5), 320), 2), RATE_HZ)
    result = CliRunner().invoke(app, ["explain", str(folder / "song.wav"), "--picture", str(folder / "why.png")])
    assert result.exit_code == 0, result.output
    return result.output, folder


def test_the_words_name_score_seconds_and_the_limits_of_the_policy(told: tuple[str, Path]) -> None:
    words, _ = told

    assert "Decoder traces" in words
    assert "0:00-0:10  score" in words
    assert "lines every" in words
    assert "AUD-004 Clipped master: clipping_share" in words
    assert "AUD-006" not in words  # the estimate is told apart from what is measured


def test_the_picture_is_one(told: tuple[str, Path]) -> None:
    with Image.open(told[1] / "why.png") as picture:
        assert picture.format == "PNG"
        assert picture.width == 1240
        assert 500 < picture.height < 1500
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 50


def test_as_json(told: tuple[str, Path]) -> None:
    result = CliRunner().invoke(app, ["explain", str(told[1] / "song.wav"), "--format", "json"])
    told_again = json.loads(result.output)

    window = told_again["synthetic"]["windows"][0]
    assert set(window["contributions"]) == {"residual", "regularity", "lattice", "scan"}
    assert told_again["synthetic"]["model"].startswith("synthetic-1")
    assert "AUD-006" not in told_again["reasons"]


TWO = (WindowScore(0, 10, -2.0, {}, ()), WindowScore(10, 20, 5.0, {}, (Line(50.0, 9),)))


@pytest.mark.parametrize("windows", [(), TWO])
def test_a_poster_is_drawn_of_whatever_there_is(windows: tuple[WindowScore, ...]) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (20, 10)).save(picture, format="PNG")
    poster = Poster(
        title="日本 \N{SKULL} title",
        lines=("one",),
        duration_s=0.0 if not windows else 20.0,
        spectrogram=picture.getvalue(),
        top_hz=4000.0,
        windows=windows,
        lanes={"silence": (Span(start_s=5, end_s=9),)},
        levels_db=np.zeros(8193, np.float32) if windows else None,
    )

    assert poster.png().startswith(b"\x89PNG")
    assert (poster.clearest.logit if poster.clearest else None) == (5.0 if windows else None)
