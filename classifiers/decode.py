"""Files to samples, in blocks: soundfile first, PyAV for what it cannot read or would cut short.

Conventions: a block is float32 [shape=(n, channels)] with full scale at 1.0, n about 262,144 /
channels; the mix-down is ours (`mixed`), since libswresample's is 3 dB louder. FFmpeg gets an
open file and a list of plain formats, never a name: playlists and protocols cannot reach out.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, Self

import av
import numpy as np
import numpy.typing as npt
import soundfile

from classifiers.mpeg import read_mpeg

Block = npt.NDArray[np.float32]

BLOCK_SAMPLES = 262_144  # of all channels together: 1 MB, of which the second-level cache keeps most
MAX_CHANNELS = 64
MIN_RATE_HZ = 2000  # below telephone quality a header lies, and a second costs what an hour does
SOFTEST = 1e-12  # 240 dB under full scale: numbers so small that a processor takes a hundred times as long for them
LOUDEST = 64.0  # 36 dB over full scale: what a float file holds beyond that is no music

_SOUNDFILE_CODECS = {
    "MPEG_LAYER_III": "mp3",
    "MPEG_LAYER_II": "mp2",
    "MPEG_LAYER_I": "mp1",
    "VORBIS": "vorbis",
    "OPUS": "opus",
}
_AV_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,caf,dsf,eac3,flac,iff,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,oga,ogg,tak,tta,voc,"
    "w64,wav,wv"
)
_SOUNDFILE_ERRORS = (soundfile.LibsndfileError, RuntimeError, TypeError, ValueError)
_AV_ERRORS = (av.FFmpegError, ValueError, EOFError, OSError)
_MAX_BAD_PACKETS = 64  # in a row: the rest is no sound


class DecodeError(Exception):
    """A decoder's own word for why it cannot read a file; never leaves `classifiers`."""


class Source(Protocol):
    """An open sound file."""

    decoder: str
    container: str
    codec: str
    sample_rate_hz: int
    channels: int
    bits_per_sample: int | None
    bit_rate_bps: int | None
    odd_samples: int

    def blocks(self) -> Iterator[Block]:
        """Yield the samples from here to the end; raises `DecodeError`."""

    def seek(self, start_s: float) -> None:
        """Let the next block begin at ``start_s``; raises `DecodeError`."""

    def close(self) -> None:
        """Let go of the file."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *about: object) -> None: ...


Opener = Callable[[str], AbstractContextManager[Source]]


def mixed(block: Block) -> npt.NDArray[np.float32]:
    """Mix down to mono by averaging [shape=(n,)]; two channels by hand, ten times faster than mean."""
    if block.shape[1] == 1:
        return block[:, 0]
    if block.shape[1] == 2:
        mono: npt.NDArray[np.float32] = block[:, 0] + block[:, 1]
        mono *= np.float32(0.5)
        return mono
    mean: npt.NDArray[np.float32] = block.mean(axis=1, dtype=np.float32)
    return mean


def openers(path: str) -> Iterator[Opener]:
    """Name the decoders to try, best first."""
    if _is_cut_short_by_soundfile(path):
        yield AvSource
        yield SoundfileSource  # a part is better than nothing
    else:
        yield SoundfileSource
        yield AvSource


def _is_cut_short_by_soundfile(path: str) -> bool:
    with Path(path).open("rb") as file:
        head = file.read(16)
    is_mp3 = head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2)
    return is_mp3 and b"fLaC" not in head and not _is_tagged_flac(path, head) and not read_mpeg(path).has_sure_length


def _is_tagged_flac(path: str, head: bytes) -> bool:
    if head[:3] != b"ID3":
        return False
    with Path(path).open("rb") as file:
        a, b, c, d = (byte & 0x7F for byte in head[6:10])
        file.seek(10 + (a << 21 | b << 14 | c << 7 | d))
        return file.read(4) == b"fLaC"


def _check(source: "SoundfileSource | AvSource") -> None:
    """Refuse, and close, a source whose header states what no sound has."""
    problem = ""
    if not 0 < source.channels <= MAX_CHANNELS:
        problem = f"{source.channels} channels, at most {MAX_CHANNELS} are heard"
    elif source.sample_rate_hz < MIN_RATE_HZ:
        problem = f"sample rate {source.sample_rate_hz} Hz, at least {MIN_RATE_HZ} Hz are heard"
    if problem:
        source.close()
        raise DecodeError(problem)


class _Taming:
    """Takes out of float files what is no sound.

    Attributes
    ----------
    odd_samples
        How many samples so far were no numbers, or far beyond full scale.
    """

    odd_samples = 0

    def _tamed(self, block: Block) -> Block:
        peak = np.abs(block).max(initial=0.0)
        if 0 < peak < SOFTEST:
            return np.zeros_like(block)
        if peak <= LOUDEST:  # false for nan as well
            return block
        self.odd_samples += int(np.count_nonzero(~(np.abs(block) <= LOUDEST)))
        return np.clip(np.nan_to_num(block, nan=0.0, posinf=LOUDEST, neginf=-LOUDEST), -LOUDEST, LOUDEST)


class _Stream(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A sound file that is read from where it stands.

    After each read, soundfile seeks to where libsndfile stands anyway; an MP3 decoder then decodes several
    frames again, which costs a tenth of the whole. `seek` itself does not ask.
    """

    def seekable(self) -> bool:
        return False


class SoundfileSource(_Taming):
    """libsndfile: WAV, AIFF, FLAC, Ogg Vorbis and Opus, MP3; sample-exact seeking."""

    decoder = "soundfile"

    def __init__(self, path: str) -> None:
        try:
            self._file = _Stream(path)
        except _SOUNDFILE_ERRORS as error:
            raise DecodeError(_brief(error)) from error
        self.sample_rate_hz, self.channels = int(self._file.samplerate), int(self._file.channels)
        _check(self)
        subtype = str(self._file.subtype)
        self._is_float = subtype in ("FLOAT", "DOUBLE")
        self.container = {"MPEG": "mp3", "WAVEX": "wav"}.get(self._file.format, self._file.format.lower())
        self.codec = _SOUNDFILE_CODECS.get(subtype, "flac" if self._file.format == "FLAC" else "pcm")
        if self.codec == "pcm" and not subtype.startswith(("PCM", "FLOAT", "DOUBLE")):
            self.codec = subtype.lower()
        bits = {"FLOAT": "32", "DOUBLE": "64"}.get(subtype, subtype.rpartition("_")[2])
        self.bits_per_sample = int(bits) if self.codec in ("pcm", "flac") and bits.isdigit() else None
        self.bit_rate_bps: int | None = None

    def blocks(self) -> Iterator[Block]:
        """Yield the samples from here to the end."""
        frames = max(1024, BLOCK_SAMPLES // self.channels)
        while True:
            try:
                block: Block = self._file.read(frames, dtype="float32", always_2d=True)
            except _SOUNDFILE_ERRORS as error:
                raise DecodeError(_brief(error)) from error
            if len(block) == 0:
                return
            yield self._tamed(block) if self._is_float else block

    def seek(self, start_s: float) -> None:
        """Let the next block begin at ``start_s``."""
        frame = min(max(0, round(start_s * self.sample_rate_hz)), self._file.frames)
        try:
            self._file.seek(frame)
        except _SOUNDFILE_ERRORS as error:
            raise DecodeError(_brief(error)) from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *about: object) -> None:
        self.close()


class AvSource(_Taming):
    """FFmpeg through PyAV: M4A and all that libsndfile does not read."""

    decoder = "pyav"

    def __init__(self, path: str) -> None:
        self._file = Path(path).open("rb")  # noqa: SIM115 - closed by close()
        try:
            self._container = av.open(
                self._file,
                metadata_errors="ignore",
                options={"format_whitelist": _AV_FORMATS, "protocol_whitelist": ""},
            )
            self._stream = self._container.streams.audio[0]
        except (*_AV_ERRORS, IndexError) as error:
            self._file.close()
            raise DecodeError("no sound stream" if isinstance(error, IndexError) else _brief(error)) from error
        context = self._stream.codec_context
        if context is None:
            self.close()
            raise DecodeError("no decoder for its codec")
        self.sample_rate_hz, self.channels = int(context.sample_rate or 0), int(context.channels or 0)
        _check(self)
        self.container = str(self._container.format.name).split(",")[0].replace("mov", "m4a")
        self.codec = "pcm" if str(context.name).startswith("pcm_") else str(context.name).removesuffix("float")
        is_lossless = self.codec in ("pcm", "flac", "alac", "tta", "wavpack", "ape")
        self.bits_per_sample = int(context.format.bits) if is_lossless and context.format else None
        self.bit_rate_bps = self._stream.bit_rate or None
        self._from_s = 0.0

    def blocks(self) -> Iterator[Block]:
        """Yield the samples from here to the end, packets that do not decode left out."""
        pending: list[Block] = []
        count = 0
        for block in self._wanted():
            pending.append(block)
            count += block.size
            if count >= BLOCK_SAMPLES:
                yield self._tamed(np.concatenate(pending))
                pending, count = [], 0
        if pending:
            yield self._tamed(np.concatenate(pending))

    def seek(self, start_s: float) -> None:
        """Let the next block begin at ``start_s``; half a second before it is decoded and dropped."""
        self._from_s = max(0.0, start_s)
        if self._from_s <= 0.5:
            return
        start = (self._from_s - 0.5) / float(self._stream.time_base) + (self._stream.start_time or 0)
        try:
            self._container.seek(math.floor(start), stream=self._stream)
        except _AV_ERRORS as error:
            raise DecodeError(_brief(error)) from error

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *about: object) -> None:
        self.close()

    def _wanted(self) -> Iterator[Block]:
        origin = float((self._stream.start_time or 0) * self._stream.time_base)
        for frame in self._frames():
            block = self._samples(frame)
            if self._from_s and frame.time is not None:
                early = round((self._from_s - (frame.time - origin)) * self.sample_rate_hz)
                if early >= len(block):
                    continue
                block, self._from_s = block[max(0, early) :], 0.0
            yield block

    def _frames(self) -> Iterator[Any]:
        bad = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except _AV_ERRORS as error:
                bad += 1
                if bad >= _MAX_BAD_PACKETS:
                    raise DecodeError(_brief(error)) from error
                continue
            if frames:
                bad = 0
            yield from frames

    def _samples(self, frame: Any) -> Block:
        """Bring one frame to float32 [shape=(n, channels)], whatever its layout."""
        if frame.sample_rate != self.sample_rate_hz:
            raise DecodeError(f"the sample rate changes from {self.sample_rate_hz} to {frame.sample_rate} Hz")
        raw = frame.to_ndarray()
        channels = frame.layout.nb_channels
        raw = raw.T if frame.format.is_planar else raw.reshape(-1, channels)
        block = _to_float(raw)
        if channels != self.channels:
            block = np.repeat(mixed(block)[:, None], self.channels, axis=1)
        return block


def _to_float(raw: npt.NDArray[Any]) -> Block:
    if raw.dtype.kind == "f":
        return raw.astype(np.float32, copy=False)
    if raw.dtype == np.uint8:
        return (raw.astype(np.float32) - 128.0) / 128.0
    return raw.astype(np.float32) / np.float32(-float(np.iinfo(raw.dtype).min))


def _brief(error: BaseException) -> str:
    """Take the cause out of a decoder's message, without the path that it may repeat."""
    if "not a regular file" in str(error):  # what libsndfile says of an MPEG stream that it gives up
        return "Format not recognised"
    text = str(getattr(error, "strerror", None) or getattr(error, "error_string", None) or error)
    return (text.strip().splitlines() or [type(error).__name__])[0][:120].rstrip(".") or type(error).__name__
