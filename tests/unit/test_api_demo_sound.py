"""The demonstration's sounds: notation, pitch, level, speed; the same bytes every time."""

import io

import numpy as np
import pytest
import soundfile

from api.demo import sound
from api.demo.instruments import DRUMS, INSTRUMENTS, RATE, frequency, play, sing
from api.demo.pieces import PIECES
from api.demo.score import PATTERNS, Line, Piece, Section, parse_chord, parse_pitch, parse_tune

SKETCH = Piece(
    seed=5,
    bpm=120,
    lines={
        "keys": Line("chords", "piano", "quarters", octave=4),
        "tune": Line("tune", "flute"),
        "voice": Line("voice"),
        "drums": Line("drums", pattern="k:x...x... s:....x..."),
    },
    sections=(Section("C G", "keys tune voice drums", "E5 G5/2 -/1 D5/4"),),
)


def peak_hz(samples):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size), n=1 << 18))
    return np.argmax(spectrum) * RATE / (1 << 18)


@pytest.mark.parametrize(("text", "midi"), [("C4", 60), ("A4", 69), ("Bb3", 58), ("F#5", 78), ("B0", 23)])
def test_pitch(text, midi):
    assert parse_pitch(text) == midi


@pytest.mark.parametrize("text", ["H4", "c4", "C", "C#", "Cbb4", ""])
def test_no_pitch(text):
    with pytest.raises(ValueError, match="no pitch"):
        parse_pitch(text)


def test_chord():
    assert parse_chord("Bbmaj7") == (10, (0, 4, 7, 11))
    with pytest.raises(ValueError, match="no chord"):
        parse_chord("Cwhatever")


def test_tune_counts_rests_and_leaves_them_out():
    assert list(parse_tune("E5 -/1.5 G5/.5")) == [(0.0, 1.0, 76), (2.5, 0.5, 79)]


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_every_score_is_playable_and_every_tune_fills_its_bars(piece):
    for section in piece.sections:
        bars = [parse_chord(chord) for chord in section.chords.split()]
        players = [piece.lines[name] for name in section.players.split()]
        for line in players:
            assert line.sound in INSTRUMENTS or line.role in {"voice", "drums"}
            assert line.pattern in PATTERNS or line.role in {"tune", "voice", "drums"}
            assert line.role != "drums" or {row[0] for row in line.pattern.split()} <= DRUMS.keys()
        assert any(line.role in {"tune", "voice"} for line in players) == bool(section.tune)
        beats = sum(float(token.partition("/")[2] or 1) for token in section.tune.split())
        assert beats in (0, len(bars) * piece.meter)


def test_pieces_are_as_long_as_the_demonstration_says():
    assert all(20 <= piece.seconds <= 60 for piece in PIECES.values())


@pytest.mark.parametrize("name", ["piano", "reed", "saw", "bass"])
def test_instruments_are_in_tune(name):
    heard = peak_hz(play(INSTRUMENTS[name], 57, 1.0))

    assert heard == pytest.approx(frequency(57), rel=0.01)


def test_the_voice_sings_the_note_after_its_glide():
    sung = sing(69, 1.0, "uu", 62, np.random.default_rng(1))

    assert peak_hz(sung[RATE // 4 : RATE // 2]) == pytest.approx(440, rel=0.03)


def test_the_same_piece_gives_the_same_samples_and_another_seed_others():
    first, again = sound.perform(SKETCH), sound.perform(SKETCH)
    other = sound.perform(Piece(seed=6, bpm=120, lines=SKETCH.lines, sections=SKETCH.sections))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_performance_is_level_and_never_clips():
    samples = sound.perform(SKETCH, seconds=4.0)

    assert samples.shape == (4 * RATE, 2)
    assert np.abs(samples).max() <= sound.CEILING
    assert sound.loudness_lufs(samples) == pytest.approx(sound.TARGET_LUFS, abs=0.5)


def test_loudness_of_a_known_tone():
    """BS.1770: a sine of 997 Hz at 0 dBFS in one channel measures -3.01 LUFS."""
    tone = np.zeros((3 * RATE, 2), dtype=np.float32)
    tone[:, 0] = np.sin(2 * np.pi * 997 * np.arange(3 * RATE) / RATE)

    assert sound.loudness_lufs(tone) == pytest.approx(-3.01, abs=0.25)


def test_speed_changes_length_and_pitch_together():
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE).astype(np.float32)
    faster = sound.at_speed(np.stack([tone, tone], axis=1), 1.05)

    assert len(faster) == pytest.approx(2 * RATE / 1.05, abs=2)
    assert peak_hz(faster[:, 0]) == pytest.approx(462, abs=1)


def test_white_noise_is_white():
    power = np.abs(np.fft.rfft(sound.white_noise(2.0, seed=1)[:, 0])) ** 2
    low, high = np.array_split(power, 2)

    assert low.mean() == pytest.approx(high.mean(), rel=0.05)


@pytest.mark.parametrize("form", ["flac", "wav", "mp3"])
def test_encoded_files_decode_to_the_same_length(form):
    samples = sound.white_noise(1.0, seed=2)

    decoded, rate = soundfile.read(io.BytesIO(sound.encode(samples, form)))

    assert rate == RATE
    assert len(decoded) == pytest.approx(len(samples), abs=2)


def test_a_broken_upload_promises_what_it_does_not_hold():
    file = io.BytesIO(sound.broken_flac(40.0))

    assert soundfile.info(file).duration == 40.0
    file.seek(0)
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.read(file)
