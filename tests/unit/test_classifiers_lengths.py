"""Uploads that broke off say so, in every container; what is whole, or promised nothing, does not."""

import struct
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import RATE, music

from classifiers.decode import SoundfileSource
from classifiers.hearing import listen
from classifiers.lengths import shortfall
from classifiers.listening import Limits

FORMATS = {
    "whole.wav": ("WAV", "PCM_16"),
    "float.wav": ("WAV", "FLOAT"),
    "large.wav": ("RF64", "PCM_24"),
    "whole.aiff": ("AIFF", "PCM_16"),
    "whole.flac": ("FLAC", "PCM_16"),
    "whole.mp3": ("MP3", "MPEG_LAYER_III"),
    "whole.ogg": ("OGG", "VORBIS"),
    "whole.opus": ("OGG", "OPUS"),
}


def facts(path):
    return listen(str(path), deep=False, limits=Limits(), progress=lambda _: None).found.audio


@pytest.fixture(scope="module")
def song():
    return music(8, seed=3, rate=48_000)


@pytest.fixture(params=FORMATS)
def path(request, song, tmp_path):
    path = tmp_path / request.param
    kind, subtype = FORMATS[request.param]
    soundfile.write(path, song, 48_000, format=kind, subtype=subtype)
    return path


def test_a_whole_file_is_whole(path):
    assert facts(path).damage == ()


def test_half_a_file_says_what_is_missing(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    (said,) = facts(path).damage

    assert "promises 8.0 s" in said or "breaks off" in said


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_size_that_recorders_put_first_promises_nothing(song, tmp_path, size):
    path = tmp_path / "stream.wav"
    soundfile.write(path, song, 48_000)
    sound = bytearray(path.read_bytes())
    at = sound.index(b"data") + 4
    sound[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(sound)

    with SoundfileSource(str(path)) as source:
        assert shortfall(str(path), source, 8.0) == ""


def test_samples_that_are_no_numbers_are_counted_and_said(tmp_path):
    sound = music(4, seed=4)
    sound[1000:1100, 0], sound[5000, 1] = np.nan, np.inf
    soundfile.write(tmp_path / "odd.wav", sound, RATE, subtype="FLOAT")

    assert facts(tmp_path / "odd.wav").damage == ("101 samples are no numbers, or 36 dB and more over full scale.",)


def test_numbers_far_too_small_to_hear_cost_what_silence_costs(tmp_path):
    soundfile.write(tmp_path / "small.wav", music(4, seed=5) * 1e-40, RATE, subtype="FLOAT")

    with SoundfileSource(str(tmp_path / "small.wav")) as source:
        assert not any(block.any() for block in source.blocks())


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from([b"RIFF", b"RF64", b"FORM", b"fLaC", b"OggS", b"ID3", b"\xff\xfb"]),
    st.lists(
        st.one_of(st.binary(max_size=40), st.sampled_from([b"ds64", b"data", b"SSND", b"Xing", b"VBRI", b"OggS"]))
    ),
    st.sampled_from(["wav", "rf64", "aiff", "flac", "mp3", "ogg"]),
)
def test_whatever_the_bytes_there_is_a_sentence_or_none(tmp_path_factory, head, parts, container):
    path = tmp_path_factory.mktemp("bytes") / "upload"
    path.write_bytes(head + b"".join(parts))
    source = SimpleNamespace(container=container, codec="pcm", sample_rate_hz=48_000, channels=2, bits_per_sample=16)

    assert isinstance(shortfall(str(path), source, 1.0), str)
