"""Stems beside the recording that was made of them, and beside one that was not."""

import io

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, sosfilt
from sounds import RATE, music, noise, write

from classifiers.listener import Listener
from classifiers.stems import excerpt, report
from schemas.errors import AudioLimitExceeded, AudioUnreadable, InvalidInput

SECONDS = 6.0


@pytest.fixture(scope="module")
def parts():
    """Three stems in stereo: keys, bass and drums."""
    keys = music(SECONDS, 11)
    bass = sosfilt(butter(2, 400, fs=RATE, output="sos"), music(SECONDS, 12), axis=0)
    gate = (np.arange(int(SECONDS * RATE)) // 5500 % 4 == 0).astype(np.float32)
    drums = np.stack([noise(SECONDS, 0.05, 3) * gate] * 2, axis=1)
    return [keys, bass.astype(np.float32), drums.astype(np.float32)]


def mastered(sound):
    """What a master does: more treble, slowly changing level, a soft ceiling."""
    bright = sound + 0.6 * sosfilt(butter(1, 3000, "high", fs=RATE, output="sos"), sound, axis=0)
    level = 0.7 + 0.2 * np.sin(np.arange(len(sound)) / RATE)[:, None]
    return np.tanh(bright * level).astype(np.float32)


def later(sound, samples):
    return np.concatenate([np.zeros((samples, 2), np.float32), sound])


def files(folder, *sounds):
    return [write(folder / f"stem{number}.wav", sound) for number, sound in enumerate(sounds)]


def names(paths):
    return [f"stem {number}" for number in range(len(paths))]


def test_the_stems_of_a_recording_explain_it(parts, tmp_path):
    recording = write(tmp_path / "song.wav", mastered(sum(parts)))
    stems = files(tmp_path, *parts)

    told = report(recording, stems, names(stems))

    assert told["residual_db"] < -15
    assert told["explained"] > 0.97
    assert told["chance_db"] > -3
    assert [abs(one["lag_s"]) < 1e-3 for one in told["stems"]] == [True] * 3
    assert len(told["over_time"]) == pytest.approx(SECONDS / told["every_s"], abs=2)
    assert all(-90 <= db <= 0 for db in told["over_time"])


def test_stems_of_another_song_explain_next_to_nothing(parts, tmp_path):
    recording = write(tmp_path / "song.wav", music(SECONDS, 77))
    stems = files(tmp_path, parts[0], parts[2])

    told = report(recording, stems, names(stems))

    assert told["residual_db"] > -2
    assert told["explained"] < 0.3


def test_a_missing_stem_shows_as_residual(parts, tmp_path):
    recording = write(tmp_path / "song.wav", sum(parts))
    stems = files(tmp_path, *parts[:1])

    told = report(recording, stems, names(stems))

    assert -15 < told["residual_db"] < -0.5
    assert told["stems"][0]["alone_db"] == pytest.approx(told["residual_db"], abs=0.1)


@pytest.mark.parametrize("lag", [30_001, -6001])
def test_a_stem_is_found_where_it_sounds_to_less_than_a_sample(parts, tmp_path, lag):
    """44,100 Hz and an odd number of samples: half a sample at the rate of the comparison."""
    song = sum(parts)
    stems = [later(one, -lag) if lag < 0 else one[lag:] for one in parts]
    recording = write(tmp_path / "song.wav", song)
    paths = files(tmp_path, *stems)

    told = report(recording, paths, names(paths))

    assert [one["lag_s"] for one in told["stems"]] == pytest.approx([lag / RATE] * 3, abs=1.0 / RATE)
    assert max(told["over_time"][1:-1]) < -30


def test_turned_polarity_and_another_rate_are_no_obstacle(parts, tmp_path):
    recording = write(tmp_path / "song.wav", sum(parts))
    stems = [write(tmp_path / "a.flac", -parts[0]), *files(tmp_path, parts[1], parts[2])]
    half = write(tmp_path / "half.wav", parts[1][::2], RATE // 2)

    assert report(recording, stems, names(stems))["residual_db"] < -30
    assert report(recording, [stems[0], half, stems[2]], names(stems))["residual_db"] < -15


def test_equal_stems_share_what_they_explain(parts, tmp_path):
    recording = write(tmp_path / "song.wav", parts[0])
    stems = files(tmp_path, parts[0], parts[0])

    assert report(recording, stems, names(stems))["residual_db"] < -40


def test_a_stem_that_cannot_be_read_says_so_and_takes_no_part(parts, tmp_path):
    recording = write(tmp_path / "song.wav", parts[0])
    broken = tmp_path / "project.als"
    broken.write_bytes(b"\x1f\x8b" + bytes(100))
    stems = [*files(tmp_path, parts[0]), str(broken), str(tmp_path / "gone.wav")]

    told = report(recording, stems, names(stems))

    assert [bool(one["problem"]) for one in told["stems"]] == [False, True, True]
    assert told["residual_db"] < -40
    with pytest.raises(AudioUnreadable):
        report(recording, [str(broken)], ["broken"])
    with pytest.raises(InvalidInput):
        report(recording, [], [])


def test_silence_has_nothing_to_explain(parts, tmp_path):
    recording = write(tmp_path / "song.wav", np.zeros((RATE * 3, 2), np.float32))
    stems = files(tmp_path, parts[0][: RATE * 3])

    assert set(report(recording, stems, names(stems))["over_time"]) == {0.0}


def test_what_is_explained_and_what_is_left_are_audible(parts, tmp_path):
    recording = write(tmp_path / "song.wav", sum(parts))
    stems = files(tmp_path, parts[0], parts[1])

    sounds = [
        soundfile.read(io.BytesIO(excerpt(recording, stems, [0.0, 0.0], 1.0, 5.0, part=part)))
        for part in ("explained", "residual")
    ]

    (explained, rate), (residual, _) = sounds
    assert (len(explained) / rate, rate) == (4.0, 22_050)
    drums = parts[2].mean(axis=1)[RATE : 5 * RATE : 2]
    assert np.corrcoef(residual, drums)[0, 1] > 0.6
    assert np.sqrt(np.mean(explained**2)) > np.sqrt(np.mean(residual**2))
    with pytest.raises(InvalidInput):
        excerpt(recording, stems, [0.0, 0.0], 0, 61, part="residual")


def test_too_much_sound_is_refused(parts, tmp_path, monkeypatch):
    recording = write(tmp_path / "song.wav", parts[0])
    monkeypatch.setattr("classifiers.stems.MAX_SECONDS", 10.0)

    with pytest.raises(AudioLimitExceeded):
        report(recording, files(tmp_path, *parts), names(parts))


def test_it_runs_in_the_contained_listener(parts, tmp_path):
    recording = write(tmp_path / "song.wav", sum(parts))
    stems = files(tmp_path, *parts)

    with Listener() as listener:
        told = listener.stem_report(recording, stems, names(stems))
        lags = [one.lag_s for one in told.stems]
        sound = listener.stem_excerpt(recording, stems, lags, 1.0, 3.0, part="residual")

    assert told.residual_db < -30
    assert sound[:4] == b"RIFF"
