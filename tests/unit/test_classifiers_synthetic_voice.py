"""The gate of voices: singing without accompaniment gets no answer, and everything else one as before."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_sounds import RATE_HZ, singing, song

from classifiers.models.registry import load_arrays
from classifiers.spam.cases import Cases
from classifiers.synthetic import Abstention, SyntheticModel, gates, train
from classifiers.synthetic.corpus import LabelledFile, read_manifest
from classifiers.synthetic.ear import score_again
from classifiers.synthetic.gate import NAMES as GATE_NAMES
from classifiers.synthetic.model import COUNT, COUNT_WITH_GATE, COUNT_WITH_VOICE
from classifiers.synthetic.packing import Packing
from classifiers.synthetic.score import SyntheticScore
from classifiers.synthetic.table import Table
from classifiers.synthetic.voice import NAMES, voice_features
from classifiers.synthetic.voices import KNOWN, SPOKEN, SUNG
from classifiers.synthetic.windows import Window
from schemas.screening import Heard, Traces

BEFORE = "synthetic-2"


@pytest.fixture(scope="module")
def model() -> SyntheticModel:
    return SyntheticModel.load()


def traces_of(model: SyntheticModel, wave: np.ndarray) -> Traces:
    return model.measure([Window(0.0, wave, RATE_HZ)])


@pytest.mark.parametrize("seed", [0, 2])
def test_singing_alone_is_held_back_and_not_beside_an_accompaniment(model: SyntheticModel, seed: int) -> None:
    alone = model.score(singing(seed), RATE_HZ)
    accompanied = model.score(singing(seed) + song(50 + seed), RATE_HZ)

    assert alone.abstention is Abstention.SINGING
    assert alone.probability is None
    assert "without accompaniment" in alone.heard().abstained[0].sentence
    assert alone.heard().signals == ()
    assert accompanied.abstention is None
    assert alone.voice_alone > 0 > accompanied.voice_alone


@pytest.mark.parametrize(
    ("hz", "expected"), [(110.0, {"share of held pitch": 1, "share of moving pitch": 0}), (440.0, {"share of runs": 1})]
)
def test_a_steady_tone_is_one_pitch_that_holds(hz: float, expected: dict[str, float]) -> None:
    time = np.arange(5 * RATE_HZ) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * k * hz * time) / k for k in range(1, 8)).astype(np.float32)
    found = dict(zip(NAMES, voice_features(tone), strict=True))

    assert found["share of clear pitch"] == found["share of very clear pitch"] == pytest.approx(1)
    assert found["sound under the pitch"] < 0.01
    assert found["share of hiss"] == found["share of leaps"] == found["share of silent gaps"] == 0
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_a_bass_under_the_voice_is_heard_under_it() -> None:
    bass = np.sin(2 * np.pi * 60 * np.arange(10 * RATE_HZ) / RATE_HZ).astype(np.float32)
    place = NAMES.index("share of very clear pitch")

    assert voice_features(singing(0) + 0.1 * bass)[place] < voice_features(singing(0))[place] - 0.1


@given(st.integers(0, 2**32 - 1), st.integers(RATE_HZ, 3 * RATE_HZ), st.sampled_from([0.0, 1e-6, 1.0]))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_whatever_sounds_gives_finite_numbers(seed: int, length: int, level: float) -> None:
    wave = level * np.random.default_rng(seed).standard_normal(length).astype(np.float32)

    assert np.isfinite(voice_features(wave)).all()


def test_what_lakes_kept_before_is_scored_as_before(model: SyntheticModel) -> None:
    old = SyntheticModel.load(BEFORE)
    narrow, wide = traces_of(old, singing(0)), traces_of(model, singing(0))
    assert (len(narrow.windows[0].values), len(wide.windows[0].values)) == (COUNT_WITH_GATE, COUNT_WITH_VOICE)
    assert wide.windows[0].values.startswith(narrow.windows[0].values)

    by_old = old.score_traces(wide)
    assert by_old.logit == SyntheticModel.load("synthetic-3").score_traces(narrow).logit
    by_new = model.score_traces(narrow)
    assert by_new.logit == model.score_traces(wide).logit
    assert by_new.voice_alone is None is by_old.voice_alone
    assert by_new.abstention is not Abstention.SINGING
    assert [one.reason for one in score_again(Heard(traces=wide), model, codec="").abstained] == ["singing"]


def test_a_row_of_another_width_is_none_of_this_model(model: SyntheticModel) -> None:
    (window,) = traces_of(model, singing(0)).windows
    cut = Traces(features="synthetic-features-1", windows=(window.model_copy(update={"values": window.values[:-1]}),))

    assert not model.reads(cut)
    assert not model.reads(Traces(features="synthetic-features-1", windows=()))


def test_a_wider_packing_is_read_by_a_narrower_one() -> None:
    narrow, wide = (Packing(np.zeros(size), np.ones(size)) for size in (3, 5))

    assert wide.unpack(wide.pack(np.ones(5, np.float32)))[:3] == pytest.approx(narrow.unpack(wide.pack(np.ones(5))))
    assert len(narrow.pack(np.ones(5, np.float32))) == 3


def test_the_models_before_are_the_same_but_for_the_gate_of_voices() -> None:
    (before, _), (now, card) = load_arrays(BEFORE), load_arrays("synthetic-3")

    for name in ("head_table", "head_intercept", "gate_table", "gate_intercept", "calibrations", "humans "):
        assert np.array_equal(before[name], now[name]), name
    assert card.metrics["voice_held_back_sung"][0] >= 0.9
    assert card.metrics["voice_held_back_accompanied_human"][0] <= 0.02
    assert card.metrics["abstained_music"][0] <= 0.2


def test_a_manifest_says_what_is_a_voice_alone_and_the_list_where_it_does_not(tmp_path: Path) -> None:
    (source, name), voice = next(iter(KNOWN.items()))
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(
        f"path,label,source,voice\na/{name}.mp3,ai,{source},\na/b.mp3,human,choir,sung\na/c.mp3,human,band,\n"
    )

    assert [file.voice for file in read_manifest(manifest)] == [voice, SUNG, ""]
    assert set(KNOWN.values()) == {SUNG, SPOKEN}


def _table(voices: str) -> Table:
    """One file a letter (s sung, p spoken, other music), the pitch of what is sung far from that of the rest."""
    names = {"s": SUNG, "p": SPOKEN}
    files = [LabelledFile(f"{n}.mp3", "human", f"s{n % 6}", voice=names.get(v, "")) for n, v in enumerate(voices)]
    generated = [LabelledFile(f"g{n}.mp3", "ai", ("suno", "yue")[n % 2]) for n in range(6)]
    dice = np.random.default_rng(0)
    gate, voice = (dice.standard_normal((len(files) + 6, len(part))) for part in (GATE_NAMES, NAMES))
    voice[: len(files)][[v in names for v in voices]] += 5
    return Table((*files, *generated), np.zeros((1, 0, 0), np.float32), gate.astype("f4"), voice.astype("f4"), ())


def test_singing_is_held_back_by_gates_that_have_not_seen_its_source() -> None:
    voices = "ssssss" + "pp" + "m" * 40
    held_back = gates.hold_out_voice_gate(_table(voices))

    assert held_back[:6].all()
    assert held_back[8:].mean() < 0.2  # of so few as are fitted here


def test_without_singing_there_is_no_gate_of_voices() -> None:
    table = _table("mmmmmmpp")

    assert gates.fit_voice_gate(table, np.arange(len(table.files))) is None
    assert not gates.hold_out_voice_gate(table).any()


@pytest.mark.parametrize("change", ["byte", "label", "voice", "order"])
def test_the_signature_of_a_corpus_changes_with_it(tmp_path: Path, change: str) -> None:
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", song(1)[:RATE_HZ], RATE_HZ)
    files = (LabelledFile("a.wav", "human", "x"), LabelledFile("b.wav", "ai", "y"))
    before = train.corpus_signature(files, tmp_path)
    shutil.copytree(tmp_path, tmp_path / "copy")
    assert train.corpus_signature(files, tmp_path / "copy") == before

    if change == "byte":
        sound = tmp_path / "b.wav"
        content = sound.read_bytes()
        sound.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif change == "label":
        files = (files[0], replace(files[1], label="resynth"))
    elif change == "voice":
        files = (replace(files[0], voice=SUNG), files[1])
    else:
        files = files[::-1]
    assert train.corpus_signature(files, tmp_path) != before


def test_the_signature_of_cases_changes_with_a_bit_a_label_and_a_name() -> None:
    cases = Cases(np.zeros((2, 3)), np.array([True, False]), np.array(["a", "b"]))
    others = [
        replace(cases, rows=np.array([[0, 0, 0], [0, np.nextafter(0, 1), 0]])),
        replace(cases, labels=~cases.labels),
        replace(cases, recipe=np.array(["a", "c"])),
        replace(cases, rows=np.zeros((3, 2))),
    ]

    assert len({one.signature for one in (cases, *others)}) == 5
    assert replace(cases).signature == cases.signature


def test_a_score_of_singing_counts_for_no_rate() -> None:
    score = SyntheticScore("m", None, Abstention.SINGING, logit=9.0, false_positive_rate=0.001)

    assert score.signals() == ()
    assert COUNT < COUNT_WITH_GATE < COUNT_WITH_VOICE
