"""Decoding: the whole sound, from the decoder that gives it, at the level it has."""

import av
import numpy as np
import pytest
import soundfile
from sounds import RATE, music, noise, tone, write

from classifiers.decode import BLOCK_SAMPLES, AvSource, DecodeError, SoundfileSource, mixed, openers


def decoded(path):
    for opener in openers(str(path)):
        try:
            with opener(str(path)) as source:
                return source, np.concatenate(list(source.blocks()))
        except DecodeError:
            continue
    raise AssertionError(path)


def write_m4a(path, sound):
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=RATE, layout="stereo", bit_rate=128_000)
        for start in range(0, len(sound), 1024):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[start : start + 1024].T), "fltp", "stereo")
            frame.sample_rate, frame.pts = RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_an_mp3_without_a_length_is_heard_to_its_end(tmp_path):
    path = tmp_path / "vbr.mp3"
    quiet, loud = tone(6, level=0.01), noise(6, level=0.3)
    soundfile.write(path, np.concatenate([loud, quiet]), RATE, compression_level=0.5, bitrate_mode="VARIABLE")
    data = path.read_bytes()
    assert b"Xing" in data[:300]
    path.write_bytes(data.replace(b"Xing", b"\0\0\0\0", 1))
    with soundfile.SoundFile(path) as trusting:
        assert abs(trusting.frames / RATE - 12) > 1  # what libsndfile alone would make of it
    source, samples = decoded(path)
    assert source.decoder == "pyav"
    assert len(samples) / RATE == pytest.approx(12, abs=0.1)


def test_an_mp3_that_states_its_length_is_left_to_soundfile(tmp_path):
    path = write(tmp_path / "song.mp3", music(3, seed=1))
    source, samples = decoded(path)
    assert (source.decoder, len(samples)) == ("soundfile", 3 * RATE)


def test_an_mp3_with_more_in_it_than_its_header_says_is_heard_to_its_end(tmp_path):
    path = tmp_path / "joined.mp3"
    write(path, music(4, seed=1))
    path.write_bytes(path.read_bytes() * 2)
    _, samples = decoded(path)
    assert len(samples) / RATE == pytest.approx(8, abs=0.2)


def test_m4a_is_read_at_its_own_level_and_sought(tmp_path):
    sound = np.stack([tone(4, 500.0, 0.4), tone(4, 900.0, 0.2)], axis=1)
    path = tmp_path / "song.m4a"
    write_m4a(path, sound)
    source, samples = decoded(path)
    assert (source.container, source.codec, source.channels) == ("m4a", "aac", 2)
    assert np.sqrt(np.mean(samples[RATE : 2 * RATE] ** 2, axis=0)) == pytest.approx(
        [0.4 / 2**0.5, 0.2 / 2**0.5], rel=0.02
    )
    with AvSource(str(path)) as sought:
        sought.seek(2.0)
        part = np.concatenate(list(sought.blocks()))
    assert np.abs(part[:RATE] - samples[2 * RATE : 3 * RATE]).max() < 0.02


@pytest.mark.parametrize("suffix", ["flac", "wav", "ogg"])
def test_both_decoders_give_the_same_samples(tmp_path, suffix):
    path = write(tmp_path / f"song.{suffix}", music(3, seed=2))
    with SoundfileSource(path) as one, AvSource(path) as other:
        first, second = (np.concatenate(list(source.blocks())) for source in (one, other))
    assert len(first) == pytest.approx(len(second), abs=64)
    assert np.abs(first[: len(second)] - second[: len(first)]).max() < 1e-3


@pytest.mark.parametrize(
    ("name", "how", "facts"),
    [
        ("song.wav", {"subtype": "PCM_24"}, ("wav", "pcm", 96_000, 24)),
        ("song.wav", {"subtype": "FLOAT"}, ("wav", "pcm", 96_000, 32)),
        ("song.aiff", {"subtype": "PCM_16"}, ("aiff", "pcm", 96_000, 16)),
        ("song.flac", {"subtype": "PCM_24"}, ("flac", "flac", 96_000, 24)),
        ("song.ogg", {}, ("ogg", "vorbis", 48_000, None)),
        ("song.opus", {"format": "OGG", "subtype": "OPUS"}, ("ogg", "opus", 48_000, None)),
        ("song.mp3", {}, ("mp3", "mp3", 32_000, None)),
    ],
)
def test_rate_depth_codec_and_container_are_those_of_the_file(tmp_path, name, how, facts):
    path = write(tmp_path / name, music(2, seed=1, rate=facts[2]), facts[2], **how)
    source, samples = decoded(path)
    assert (source.container, source.codec, source.sample_rate_hz, source.bits_per_sample) == facts
    assert source.channels == 2
    assert len(samples) == pytest.approx(2 * facts[2], abs=2000)


def test_sound_comes_in_blocks_and_nothing_is_sought_between_them(tmp_path, monkeypatch):
    path = write(tmp_path / "song.mp3", music(12, seed=1))
    with SoundfileSource(path) as source:
        monkeypatch.setattr(soundfile.SoundFile, "seek", lambda *_: pytest.fail("decodes an MP3 frame twice"))
        sizes = [block.size for block in source.blocks()]
    with AvSource(path) as other:
        others = [block.size for block in other.blocks()]
    assert len(sizes) > 3
    assert len(others) > 3
    assert max(sizes + others) <= 1.1 * BLOCK_SAMPLES


def test_reading_on_gives_what_reading_at_once_gives(tmp_path):
    path = write(tmp_path / "song.mp3", music(9, seed=4))
    _, samples = decoded(path)
    assert np.array_equal(samples, soundfile.read(path, dtype="float32")[0])


def test_the_mix_down_is_the_mean_of_the_channels():
    block = np.array([[0.5, 0.1], [1.0, -1.0]], np.float32)
    assert mixed(block) == pytest.approx([0.3, 0.0])
    assert mixed(np.ones((3, 6), np.float32)) == pytest.approx([1.0, 1.0, 1.0])


def test_what_is_no_number_in_a_float_file_is_tamed(tmp_path):
    sound = tone(1)
    sound[100:103] = [np.nan, np.inf, -1e30]
    path = write(tmp_path / "odd.wav", sound, subtype="FLOAT")
    _, samples = decoded(path)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 64


def test_a_text_is_refused_by_both(tmp_path):
    path = tmp_path / "text.mp3"
    path.write_text("no sound " * 100)
    for opener in openers(str(path)):
        with pytest.raises(DecodeError):
            opener(str(path))


@pytest.mark.parametrize("rate", [1, 100])
def test_a_rate_that_no_sound_has_is_refused(tmp_path, rate):
    path = tmp_path / "slow.wav"
    soundfile.write(path, np.zeros(100_000), rate)
    for source in (SoundfileSource, AvSource):
        with pytest.raises(DecodeError, match="sample rate"):
            source(str(path))
