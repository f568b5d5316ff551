"""`liner explain`: the words and the picture."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from fixtures_browser import contradiction, write_tune
from PIL import Image
from synthetic_sounds import RATE_HZ, song, through_upsampler
from typer.testing import CliRunner

from api.cli.app import app
from api.cli.explained import _in_words, _lanes
from api.cli.explaining import evidence_of, lines, read_lake, weighed
from classifiers.listening import Listening
from classifiers.poster import WORDS, Poster
from classifiers.synthetic.score import Line, WindowScore
from pipeline.lake import Lake
from pipeline.screened import Screened
from pipeline.tables import rows_of
from schemas.errors import LakeUnusable
from schemas.evidence import Evidence
from schemas.flags import Span
from schemas.policy import house_policy
from schemas.screening import AudioFacts, Found, Heard, Intake, Known, Screening, Signal
from schemas.senders import SenderRecord


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


@pytest.mark.parametrize(
    ("lattice", "residual", "words"),
    [
        (2.5, -2.7, "Most for a neural decoder speaks the still lines"),
        (-0.5, -2.7, "Nothing speaks for a neural decoder; most against it the"),
    ],
)
def test_what_speaks_for_a_decoder_is_told_before_what_speaks_against(lattice, residual, words) -> None:
    parts = dict.fromkeys(WORDS, 0.0) | {"lattice": lattice, "residual": residual}
    told = _in_words(SimpleNamespace(windows=(SimpleNamespace(contributions=parts),)))

    assert told.startswith(words), told
    assert "(-2.7)" in told


def test_the_picture_is_one(told: tuple[str, Path]) -> None:
    with Image.open(told[1] / "why.png") as picture:
        assert picture.format == "PNG"
        assert picture.width == 1240
        assert 500 < picture.height < 1500
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 50


def heard_as(codec: str, **values: float) -> Evidence:
    spans = (Span(start_s=0, end_s=60),)
    signals = tuple(
        Signal(name=name, value=value, model="m", spans=() if name == "duration_s" else spans)
        for name, value in values.items()
    )
    facts = AudioFacts(
        container=codec, codec=codec, sample_rate_hz=44_100, channels=2, duration_s=60, size=1, sha256="a",
        signal_hash="b", decoder="soundfile",
    )  # fmt: skip
    intake = Intake(recording_key="r", source_key="s", delivery_id="d", delivery_path="p")
    return Evidence(intake=intake, found=Found(audio=facts), heard=Heard(signals=signals))


CUT = {"cutoff_hz": 16_700.0, "cutoff_drop_db": 60.0, "silence_share": 0.0}


def test_a_reason_for_lossless_files_is_none_for_others() -> None:
    reasons = weighed(house_policy().reasons)
    lossless, lossy = ("\n".join(lines(heard_as(codec, **CUT), reasons, has_lake=False)) for codec in ("flac", "mp3"))

    assert "yes AUD-005 Lossless file of lossy sound: cutoff_hz 16700 " in lossless
    assert "no  AUD-005" in lossy
    assert "not meant for such a file" in lossy


def test_the_time_line_shows_what_is_met_first_wherever_it_is() -> None:
    """A loop of the whole file is the reason; where there are no onsets is none."""
    loop = {"repetition_share": 1.0, "repetition_lag_s": 4.0, "duration_s": 60.0}
    lanes, raised = _lanes(heard_as("flac", **CUT, **loop, onset_rate_hz=0.0), house_policy().reasons)

    assert list(lanes) == ["AUD-003 repetition", "AUD-005 cutoff", "AUD-005 cutoff drop"]
    assert raised == 3


def test_as_json(told: tuple[str, Path]) -> None:
    result = CliRunner().invoke(app, ["explain", str(told[1] / "song.wav"), "--format", "json"])
    told_again = json.loads(result.output)

    window = told_again["synthetic"]["windows"][0]
    assert set(window["contributions"]) == {"residual", "regularity", "lattice", "scan"}
    assert told_again["synthetic"]["model"].startswith("synthetic-4")
    assert "AUD-006" not in told_again["reasons"]


def test_a_file_alone_says_that_it_knows_no_sender(told: tuple[str, Path]) -> None:
    words, _ = told

    assert "Of the sender's past a file alone tells nothing; name a lake" in words
    assert "SPM-020" not in words
    assert "Signs of spam, added up (spam-1): 0." in words
    assert "SPM-030 Signs that add up: spam_probability 0." in words


def screened_by_spam(path: Path) -> Screening:
    """A screening whose sender has a past, and whose signs add up."""
    found = contradiction(path, path)
    record = SenderRecord(sender="S1", until="2026-11-22", known_days=300, releases=42, burst_ratio=7)
    fused = (
        Signal(name="spam_probability", value=0.93, interval=(0.8, 0.97), model="spam-1", note="a burst (+2.4)"),
        Signal(name="spam_kinds", value=2, model="spam-1"),
    )
    return found.model_copy(update={"known": Known(sender=record), "fused": fused})


def test_a_lake_adds_what_was_counted_of_the_sender(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    write_tune(path, seconds=1)
    screening = screened_by_spam(path)
    lake = Lake(tmp_path / "lake")
    lake.write("screenings", rows_of(Screened(screening))["screenings"])
    listening = Listening(found=screening.found, heard=screening.heard, fingerprint=b"")
    evidence = evidence_of(path, listening, read_lake(lake.folder))
    told = "\n".join(lines(evidence, weighed(house_policy().reasons), has_lake=True))

    assert "no  SPM-020 Burst of releases: sender_burst_ratio 7 (at least 5), sender_releases 42" in told
    assert "sender_new_artist_share not counted" in told
    assert "(spam-1): 0.93 at even odds (0.80 to 0.97), from 2 kinds of evidence." in told
    assert "a burst (+2.4)" in told
    assert "yes SPM-030" in told


def test_a_lake_that_has_not_seen_the_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    write_tune(path, seconds=1)
    found = contradiction(path, path)
    evidence = evidence_of(
        path, Listening(found=found.found, heard=found.heard, fingerprint=b""), Lake(tmp_path / "lake").folder
    )

    assert evidence.known.sender is None
    assert "this lake has counted nothing" in "\n".join(lines(evidence, weighed(house_policy().reasons), has_lake=True))


def test_a_folder_that_is_no_lake_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LakeUnusable, match="is no lake"):
        read_lake(tmp_path)


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
