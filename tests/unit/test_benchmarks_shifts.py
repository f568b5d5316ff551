"""The turns between worlds that the synthetic score is put through: each does what its name says, none is lost."""

import numpy as np
import pytest
import soundfile

from benchmarks import shifts
from classifiers.synthetic.score import Abstention, SyntheticScore

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    """Ten seconds of noise with a slow beat."""
    time_s = np.arange(10 * RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(0).standard_normal(len(time_s))
    return (0.1 * noise * (1 + np.sin(2 * np.pi * 2 * time_s))).astype(np.float32)


@pytest.mark.parametrize("name", [name for name in shifts.SHIFTS if name.startswith(("hum", "buzz"))])
def test_mains_lie_at_their_level_and_only_at_multiples(music, name):
    wave, rate = shifts.SHIFTS[name](music, RATE_HZ)
    added = wave - music

    base_hz = float(name.split()[1])
    level = float(name.split()[3].rstrip(","))
    assert 20 * np.log10(np.std(added) / np.std(music)) == pytest.approx(level, abs=0.1)
    power = np.abs(np.fft.rfft(added * np.hanning(len(added)))) ** 2
    frequency = np.fft.rfftfreq(len(added), 1 / rate)
    near = np.abs(frequency / base_hz - np.round(frequency / base_hz)) * base_hz < 0.02 * base_hz + 4
    assert power[near & (frequency > base_hz / 2)].sum() > 0.99 * power.sum()
    top_hz = 1000 if "1 kHz" in name else 7900
    assert power[frequency > top_hz + base_hz].sum() < 1e-6 * power.sum()


def test_other_rates_levels_and_bits(music):
    faster, rate = shifts.SHIFTS["96 kHz"](music, RATE_HZ)
    coarse, _ = shifts.SHIFTS["8 bits"](music, RATE_HZ)
    quiet, _ = shifts.SHIFTS["-40 dB in 16 bits"](music, RATE_HZ)
    stepped, _ = shifts.SHIFTS["samples held at 11 kHz"](music, RATE_HZ)
    silent, _ = shifts.SHIFTS["7 of 10 s digital silence"](music, RATE_HZ)

    assert (len(faster), rate) == (10 * 96_000, 96_000)
    assert len(np.unique(coarse)) <= 2**8 + 1
    assert np.std(quiet) == pytest.approx(0.01 * np.std(music), rel=0.01)
    assert np.mean(np.diff(stepped) == 0) == pytest.approx(1 - 11_025 / RATE_HZ, abs=0.02)
    assert not silent[: 7 * RATE_HZ].any()
    assert len(silent) == len(music)


def test_a_line_counts_what_is_accused_before_and_after_and_what_a_gate_holds_back():
    def told(logit: float, rate: float, abstention: Abstention | None = None) -> SyntheticScore:
        return SyntheticScore("m", None, abstention, logit=logit, false_positive_rate=rate)

    plain = shifts.AS_IT_IS
    files = [
        {plain: told(0.0, 0.5), "vinyl": told(4.0, 0.01)},
        {plain: told(3.0, 0.05), "vinyl": told(4.0, 0.01, Abstention.SINGING)},
        {plain: told(0.0, 0.5), "vinyl": told(2.0, 0.06, Abstention.UNDECIDED)},
        {plain: told(0.0, 0.5)},
    ]

    assert shifts.line("vinyl", files).split() == ["vinyl", "3", "+2.00", "+3.80", "1", "1", "1"]
    assert shifts.line("six seconds", files).split() == ["six", "seconds", "0", "no", "answer"]


def test_every_shift_has_its_line_and_files_without_sound_have_none(music, monkeypatch, tmp_path, capsys):
    chosen = (shifts.AS_IT_IS, "six seconds")
    monkeypatch.setattr(shifts, "SHIFTS", {name: shifts.SHIFTS[name] for name in chosen})
    soundfile.write(tmp_path / "one.wav", music, RATE_HZ)
    (tmp_path / "notes.txt").write_text("no sound", encoding="utf-8")

    shifts.main(tmp_path)

    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "files"
    assert [line[: len(name)] for line, name in zip(lines, chosen, strict=True)] == list(chosen)
    assert [line.split()[-6] if "as it" in line else line.split()[2] for line in lines] == ["1", "1"]
