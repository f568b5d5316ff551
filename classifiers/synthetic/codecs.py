"""A round trip through a lossy codec, in memory."""

import io
from fractions import Fraction

import av
import numpy as np
import soxr

from schemas.errors import AudioUnreadable

ENCODERS = {"mp3": ("libmp3lame", "mp3"), "opus": ("libopus", "ogg"), "aac": ("aac", "adts")}
OPUS_RATE_HZ = 48_000


def round_trip(wave: np.ndarray, sample_rate_hz: int, *, codec: str, bit_rate_bps: int) -> np.ndarray:
    """Encode mono sound and decode it again.

    Parameters
    ----------
    wave : np.ndarray [shape=(n,)]
        Mono float32.
    codec : {"mp3", "opus", "aac"}
        What to encode with.
    bit_rate_bps : int > 0
        For the one channel.

    Returns
    -------
    np.ndarray [shape=(about n,)]
        At the same rate; an encoder's delay and padding may remain.

    Raises
    ------
    AudioUnreadable
        The encoder refuses the rate or bit rate.
    """
    rate = OPUS_RATE_HZ if codec == "opus" else sample_rate_hz
    sound = wave if rate == sample_rate_hz else soxr.resample(wave, sample_rate_hz, rate)
    try:
        encoded = _encode(sound.astype(np.float32), rate, codec, bit_rate_bps)
        back = _decode(encoded)
    except (av.error.FFmpegError, ValueError) as error:
        raise AudioUnreadable(f"{codec} at {bit_rate_bps} bit/s cannot be encoded: {error}.") from error
    return back if rate == sample_rate_hz else soxr.resample(back, rate, sample_rate_hz)


def stretched(wave: np.ndarray, sample_rate_hz: int, tempo: float) -> np.ndarray:
    """Change the tempo and keep the pitch (FFmpeg's ``atempo``)."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=sample_rate_hz, format="flt", layout="mono", time_base=Fraction(1, 44100))
    change, sink = graph.add("atempo", f"{tempo:.9f}"), graph.add("abuffersink")
    source.link_to(change)
    change.link_to(sink)
    graph.configure()
    graph.push(_frame(wave.astype(np.float32), sample_rate_hz))
    graph.push(None)
    return np.concatenate(_drained(graph))


def _drained(graph: av.filter.Graph) -> list[np.ndarray]:
    pieces: list[np.ndarray] = []
    while True:
        try:
            pieces.append(graph.pull().to_ndarray().ravel())
        except (av.error.EOFError, av.error.BlockingIOError):
            return pieces


def _frame(wave: np.ndarray, rate: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[None]), format="flt", layout="mono")
    frame.sample_rate = rate
    frame.pts = 0
    frame.time_base = Fraction(1, rate)
    return frame


def _encode(wave: np.ndarray, rate: int, codec: str, bit_rate_bps: int) -> bytes:
    encoder, container = ENCODERS[codec]
    sink = io.BytesIO()
    with av.open(sink, "w", format=container) as output:
        stream = output.add_stream(encoder, rate=rate, layout="mono")
        stream.bit_rate = bit_rate_bps
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        for frame in resampler.resample(_frame(wave, rate)):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return sink.getvalue()


def _decode(encoded: bytes) -> np.ndarray:
    with av.open(io.BytesIO(encoded)) as source:
        resampler = av.AudioResampler(format="flt", layout="mono")
        frames = [f for frame in source.decode(audio=0) for f in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])
