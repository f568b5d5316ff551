"""The synthetic score inside a listener: what a screening gets, keeps and pins."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import music
from synthetic_sounds import RATE_HZ, noise, song, speech, through_upsampler

from classifiers import versions
from classifiers.listener import Listener
from classifiers.models import active
from classifiers.synthetic.ear import SyntheticEar
from classifiers.synthetic.model import COUNT, SyntheticModel
from classifiers.synthetic.packing import REACH, STEPS, Packing
from classifiers.synthetic.score import RATE_SIGNAL, SIGNAL
from schemas.errors import InvalidInput
from schemas.screening import Heard


def hear(
    wave: np.ndarray, *, rate: int = RATE_HZ, codec: str = "pcm", block: int = 50_000, coded_bps: float | None = None
) -> Heard:
    ear = SyntheticEar(rate, codec)
    for start in range(0, len(wave), block):
        ear.push(wave[start : start + block])
    return ear.heard(coded_bps)


def reasons(heard: Heard) -> list[str]:
    return [one.reason for one in heard.abstained]


@pytest.fixture(scope="module")
def model() -> SyntheticModel:
    return SyntheticModel.load()


@pytest.fixture(scope="module")
def long() -> np.ndarray:
    return np.concatenate([through_upsampler(song(seed), 320) for seed in range(4)])


def test_a_screening_gets_probability_false_positives_and_the_seconds_that_drive_them(long: np.ndarray) -> None:
    heard = hear(long)
    signal, rate = heard.signal(SIGNAL), heard.signal(RATE_SIGNAL)

    assert rate is not None
    assert rate.model == "synthetic-4"
    assert 0 < rate.value <= 1
    assert (signal is None) == bool(heard.abstained)
    assert rate.spans
    assert signal is None or not signal.spans or rate.spans == signal.spans
    for span in signal.spans if signal else ():
        assert 0 <= span.start_s < span.end_s <= 40
        assert (span.low_hz, span.high_hz) == (1000, 7000)
        assert span.note.startswith("score +")


def test_aac_of_a_low_rate_is_no_evidence_and_cannot_be_judged_again(long: np.ndarray) -> None:
    low, high = (hear(long, codec="aac", coded_bps=bps) for bps in (32_000, 96_000))

    assert reasons(low) == ["coded"]
    assert (low.signal(SIGNAL), low.signal(RATE_SIGNAL), low.traces) == (None, None, None)
    assert high.signal(RATE_SIGNAL) is not None
    assert hear(long, codec="mp3", coded_bps=32_000).signal(RATE_SIGNAL) is not None
    assert reasons(hear(noise(12), codec="aac", coded_bps=32_000)) == ["not_music"]


@pytest.mark.parametrize("kbps", [48, 192])
def test_the_bit_rate_of_a_channel_is_the_files(tmp_path: Path, kbps: int) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=44_100, layout="stereo", bit_rate=kbps * 1000)
        sound = np.stack([music(12, seed=6)[:, 0], music(12, seed=7)[:, 0]])
        for start in range(0, sound.shape[1] - 1024, 1024):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[:, start : start + 1024]), "fltp", "stereo")
            frame.sample_rate, frame.pts = 44_100, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))

    with Listener() as listener:
        heard = listener.listen(str(path)).heard

    assert ("coded" in reasons(heard)) == (kbps == 48)


@pytest.mark.parametrize(
    ("wave", "rate", "expected"),
    [
        (song(1, 3.0), RATE_HZ, ["too_short"]),
        (np.zeros(20 * RATE_HZ, np.float32), RATE_HZ, ["silent"]),
        (song(1), 4000, ["narrow"]),
        (song(1), 11_025, ["narrow"]),  # the band ends at 7 kHz: half of it would be empty
        (noise(1), RATE_HZ, ["not_music"]),
        (speech(1), RATE_HZ, ["not_music"]),
        (np.zeros(0, np.float32), RATE_HZ, ["too_short"]),
    ],
)
def test_where_the_model_abstains_there_is_a_reason_and_no_number(
    wave: np.ndarray, rate: int, expected: list[str]
) -> None:
    heard = hear(wave, rate=rate)

    assert reasons(heard) == expected
    assert heard.signals == ()
    assert heard.abstained[0].sentence


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e30])
def test_odd_samples_give_finite_numbers_or_none(odd: float) -> None:
    wave = song(3).copy()
    wave[1000:1010] = odd

    heard = hear(wave)

    assert all(np.isfinite(signal.value) for signal in heard.signals)


def test_the_blocks_do_not_matter(long: np.ndarray) -> None:
    assert hear(long, block=7_001) == hear(long, block=1_000_000)


def test_kept_traces_are_small_and_give_the_same_score_again(long: np.ndarray, model: SyntheticModel) -> None:
    heard = hear(long, codec="mp3")

    assert heard.traces is not None
    assert sum(len(window.values) for window in heard.traces.windows) <= 2000
    again = Heard.model_validate_json(heard.model_dump_json())
    assert model.score_traces(again.traces, codec="mp3").heard(again.traces) == heard


@pytest.mark.parametrize("spoilt", [{"features": "synthetic-features-0"}, {"windows": ()}, {"windows": None}])
def test_traces_that_are_none_of_the_model_are_refused(long: np.ndarray, model: SyntheticModel, spoilt: dict) -> None:
    kept = hear(long).traces
    cut = tuple(window.model_copy(update={"values": window.values[:-1]}) for window in kept.windows)
    traces = kept.model_copy(update=spoilt if spoilt != {"windows": None} else {"windows": cut})

    assert not model.reads(traces)
    with pytest.raises(InvalidInput, match="synthetic-4 reads synthetic-features-1, not these"):
        model.score_traces(traces)


@given(values=st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=8))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_packing_rounds_by_less_than_half_a_step(values: list[float]) -> None:
    packing = Packing(np.full(8, 0.5), np.full(8, 2.0))
    row = np.array(values, dtype=np.float32)

    assert packing.unpack(packing.pack(row)) == pytest.approx(row, abs=2.0 * REACH / STEPS / 2 + 1e-4)


def test_packing_hardly_moves_the_score(model: SyntheticModel, long: np.ndarray) -> None:
    from classifiers.synthetic.features import extract

    raw = float(model.score_samples(extract(long[: 10 * RATE_HZ]).values[None])[0])
    window = model.score(long[: 10 * RATE_HZ], RATE_HZ).windows[0]

    assert window.logit == pytest.approx(raw, abs=0.1)
    assert len(extract(long[: 10 * RATE_HZ]).values) == COUNT


def test_a_listening_pins_what_made_it(tmp_path: Path, long: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.wav", long, RATE_HZ)
    with Listener() as listener:
        deep, facts = (listener.listen(str(tmp_path / "a.wav"), deep=deep) for deep in (True, False))

    assert deep.models == versions.models()
    assert "synthetic-4" in deep.models
    assert deep.heard.signal(RATE_SIGNAL) is not None
    assert deep.heard.traces is not None
    assert facts.models == ()


def test_promoting_is_a_stack_with_a_history(tmp_path: Path) -> None:
    first, second = {"synthetic": "synthetic-4", "spam": "spam-1"}, {"synthetic": "mine-1", "spam": "spam-1"}
    active.promote(first, tmp_path)
    active.promote(second, tmp_path)
    assert active.read_pointer(tmp_path).names == second

    assert active.rollback(tmp_path).names == first
    assert active.rollback(tmp_path).names == active.DEFAULTS
    with pytest.raises(InvalidInput, match="nothing to roll back"):
        active.rollback(tmp_path)
    assert [step.names for step in active.read_pointer(tmp_path).history] == [first, second, first, {}]


def test_a_broken_pointer_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / active.POINTER).write_text("{")

    with pytest.raises(InvalidInput, match="does not say which models are in use"):
        active.read_pointer(tmp_path)


def test_the_registry_is_found_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LINER_REGISTRY", raising=False)
    monkeypatch.setenv("LINER_HOME", str(tmp_path))
    assert active.registry_folder() == tmp_path / "models"
    monkeypatch.setenv("LINER_REGISTRY", str(tmp_path / "mine"))
    assert active.registry_folder() == tmp_path / "mine"
