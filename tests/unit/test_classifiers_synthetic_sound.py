"""Windows, features, lattices, gate and attacks, on sounds whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_sounds import RATE_HZ, noise, song, through_upsampler

from classifiers.synthetic import features, lattice
from classifiers.synthetic.attacks import MAINS_HZ, Attack, parse_attack, parse_attacks
from classifiers.synthetic.corpus import LabelledFile
from classifiers.synthetic.gate import NAMES, gate_features
from classifiers.synthetic.model import strongest_lines
from classifiers.synthetic.table import BUZZING, CODED, SPED, draw_changes
from classifiers.synthetic.windows import MOST_KEPT, MOST_WINDOWS, WindowCollector, normalised, to_analysis
from schemas.errors import AudioUnreadable, InvalidInput


def _values(wave: np.ndarray, group: str) -> np.ndarray:
    names = np.array(features.feature_groups())
    return features.extract(wave).values[names == group]


def _top(wave: np.ndarray) -> float:
    return max((line.strength for line in strongest_lines(features.extract(wave))), default=0.0)


@pytest.mark.parametrize("stride", [160, 256, 320, 512])
def test_upsampler_leaves_lines_at_its_lattice(stride: int) -> None:
    lines = strongest_lines(features.extract(through_upsampler(song(1), stride)))

    spacing = RATE_HZ / stride
    ratios = [max(line.spacing_hz, spacing) / min(line.spacing_hz, spacing) for line in lines]
    assert any(abs(ratio - round(ratio)) < 0.01 for ratio in ratios)


@pytest.mark.parametrize("seed", range(4))
def test_music_and_noise_have_no_lines_at_a_lattice(seed: int) -> None:
    assert _top(song(seed)) < 6
    assert _top(noise(seed)) < 6


def test_lattice_separates_the_same_music_with_and_without_an_upsampler() -> None:
    clean, passed = song(2), through_upsampler(song(2), 320)

    assert _values(passed, "lattice")[0] > _values(clean, "lattice")[0] + 1


@pytest.mark.parametrize("per_cent", [-3.0, 2.0])
def test_scan_still_sees_lines_after_a_change_of_speed(per_cent: float) -> None:
    speed = Attack("speed", per_cent)
    clean, passed = song(3), through_upsampler(song(3), 80)

    heard = _values(speed.apply(passed, RATE_HZ), "scan")[3:].max()  # not the lowest octave: most lines are there
    assert heard > _values(speed.apply(clean, RATE_HZ), "scan")[3:].max() + 0.5


@pytest.mark.parametrize("gain", [0.02, -1.0, 30.0])
def test_level_and_polarity_do_not_matter(gain: float) -> None:
    wave = song(4)

    difference = np.abs(features.extract(wave * np.float32(gain)).values - features.extract(wave).values)
    assert np.quantile(difference, 0.98) < 0.2


def test_sound_above_7_khz_does_not_matter() -> None:
    wave = song(5)
    tone = 0.02 * np.sin(2 * np.pi * 7600 * np.arange(len(wave)) / RATE_HZ).astype(np.float32)

    difference = np.abs(features.extract(wave + tone).values - features.extract(wave).values)
    assert np.quantile(difference, 0.99) < 0.3


def test_features_are_finite_and_the_same_every_time() -> None:
    for wave in (song(6), np.zeros(RATE_HZ * 10, dtype=np.float32), noise(1)[: RATE_HZ * 5]):
        first, second = features.extract(wave).values, features.extract(wave).values
        assert np.isfinite(first).all()
        assert len(first) == len(features.feature_groups())
        assert np.array_equal(first, second)


def test_spacings_hold_the_rates_of_known_decoders() -> None:
    spacings = np.array(lattice.spacings_hz())

    for rate_hz, stride in ((32000, 640), (44100, 1024), (44100, 128), (24000, 256), (16000, 160), (48000, 480)):
        assert np.abs(spacings / (rate_hz / stride) - 1).min() < 0.001


@pytest.mark.parametrize("sample_rate_hz", [22050, 44100, 48000])
def test_analysis_rate_keeps_a_tone_in_its_place(sample_rate_hz: int) -> None:
    tone = np.sin(2 * np.pi * 3000 * np.arange(sample_rate_hz * 10) / sample_rate_hz).astype(np.float32)

    levels = features.long_term_db(normalised(to_analysis(tone, sample_rate_hz)), 16384)
    assert np.argmax(levels) * RATE_HZ / 16384 == pytest.approx(3000, abs=1)


@given(cuts=st.lists(st.integers(1, 530_000), max_size=6))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_windows_do_not_depend_on_the_size_of_blocks(cuts: list[int]) -> None:
    wave = np.tile(song(7), 7)[: RATE_HZ * 67]
    whole, parts = WindowCollector(RATE_HZ), WindowCollector(RATE_HZ)
    whole.push(wave)
    for part in np.split(wave, sorted(cut for cut in cuts if cut < len(wave))):
        parts.push(part)

    assert [w.start_s for w in parts.windows()] == [w.start_s for w in whole.windows()]
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(parts.windows(), whole.windows(), strict=True))


def test_a_long_recording_costs_a_few_windows() -> None:
    collector = WindowCollector(1000)
    block = np.full(60_000, 0.1, dtype=np.float32)
    for _ in range(180):  # three hours
        collector.push(block)

    starts = [window.start_s for window in collector.windows()]
    assert len(starts) == MOST_WINDOWS
    assert starts[-1] - starts[0] > 3600
    assert len(collector._kept) <= MOST_KEPT
    assert collector.duration_s == 10_800


def test_silent_stretches_are_no_windows_and_short_recordings_none() -> None:
    collector = WindowCollector(RATE_HZ)
    collector.push(np.concatenate([np.zeros(RATE_HZ * 30, dtype=np.float32), song(8)]))
    assert [window.start_s for window in collector.windows()] == [30.0]

    short = WindowCollector(RATE_HZ)
    short.push(song(8)[: RATE_HZ * 4])
    assert short.windows() == ()


def test_gate_hears_that_notes_hold_and_noise_does_not() -> None:
    held = NAMES.index("detail held over 256 ms")

    assert gate_features(song(9))[held] > 3 * abs(gate_features(noise(2))[held])


@pytest.mark.parametrize(
    "text", ["mp3-64", "opus-48", "speed+2", "pitch-1", "noise-20", "lowpass-4000", "reverb-0.4", "buzz-40"]
)
def test_attacks_are_named_as_they_are_written(text: str) -> None:
    assert parse_attack(text).name == text


@pytest.mark.parametrize("text", ["", "mp3", "mp3-0", "flac-64", "speed+200", "noise20", "pitch+x"])
def test_no_attacks_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_attack(text)


def test_attack_lists_may_be_empty_and_take_kilohertz() -> None:
    assert parse_attacks("") == ()
    assert parse_attacks(" lowpass-4k, speed+2") == (Attack("lowpass", 4000.0), Attack("speed", 2.0))


@pytest.mark.parametrize("codec", ["mp3", "opus", "aac"])
def test_codecs_keep_what_is_heard(codec: str) -> None:
    wave = song(10)[: RATE_HZ * 2]

    back = Attack(codec, 128.0).apply(wave, RATE_HZ)
    assert len(back) == pytest.approx(len(wave), rel=0.1)
    assert np.sqrt(np.mean(back**2)) == pytest.approx(np.sqrt(np.mean(wave**2)), rel=0.1)


def test_a_codec_that_refuses_says_so() -> None:
    with pytest.raises(AudioUnreadable):
        Attack("mp3", 64.0).apply(song(1)[:1000], 12_345)


def test_attacks_do_what_they_say() -> None:
    wave = song(11)[: RATE_HZ * 2]
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ * 2) / RATE_HZ).astype(np.float32)

    assert len(Attack("speed", 2.0).apply(wave, RATE_HZ)) == pytest.approx(len(wave) / 1.02, abs=2)
    assert len(Attack("pitch", 1.0).apply(wave, RATE_HZ)) == pytest.approx(len(wave), rel=0.05)
    peak_hz = np.argmax(np.abs(np.fft.rfft(Attack("pitch", 12.0).apply(tone, RATE_HZ)[:RATE_HZ])))
    assert peak_hz == pytest.approx(2000, abs=20)
    added = Attack("noise", 20.0).apply(wave, RATE_HZ) - wave
    assert 20 * np.log10(np.std(wave) / np.std(added)) == pytest.approx(20, abs=0.5)
    assert np.std(Attack("lowpass", 500.0).apply(tone, RATE_HZ)[RATE_HZ:]) < 0.01
    assert np.array_equal(Attack("reverb", 0.3).apply(wave, RATE_HZ), Attack("reverb", 0.3).apply(wave, RATE_HZ))
    assert np.std(Attack("eq", 6.0).apply(wave, RATE_HZ)) > 0


def test_a_buzz_lies_under_the_sound_as_told_and_both_classes_meet_it_alone() -> None:
    wave = noise(1, 6.0)

    added = parse_attack("buzz-30").apply(wave, RATE_HZ) - wave
    assert 20 * np.log10(np.std(added) / np.std(wave)) == pytest.approx(-30, abs=0.2)
    spectrum = np.abs(np.fft.rfft(added * np.hanning(len(added)))) ** 2
    spectrum[: int(30 * len(added) / RATE_HZ)] = 0
    first_hz = np.argmax(spectrum) * RATE_HZ / len(added)
    assert min(abs(first_hz / mains - 1) for mains in MAINS_HZ) < 0.01

    file = LabelledFile(path="a.wav", label="human", source="band")
    assert [change.kind for change in draw_changes(file, CODED)] == ["aac"]
    assert [change.kind for change in draw_changes(file, BUZZING)] == ["buzz"]
    drawn = [draw_changes(LabelledFile(path=f"{n}.wav", label="ai", source="x"), SPED) for n in range(40)]
    assert {tuple(change.kind for change in changes) for changes in drawn} == {("aac",), ("speed", "aac")}
