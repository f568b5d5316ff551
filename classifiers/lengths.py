"""Whether a file holds the sound that its header promises: uploads break off, and decoders say nothing.

A header's word counts where it is a promise: FLAC's STREAMINFO, the chunk of samples in WAV, RF64 and AIFF, the frames
of a Xing or VBRI header, the last page of Ogg. Sizes that recorders write before they know better promise nothing.
"""

import struct
from pathlib import Path

from classifiers.decode import Source
from classifiers.mpeg import read_mpeg

MISSING_S, MISSING_SHARE = 0.25, 0.01  # a codec's padding is less
_MOST_CHUNKS = 64
_UNKNOWN_FROM = 0x7FFF_0000  # bytes; streaming writers put the largest numbers that they have
_TAIL_BYTES = 1 << 17  # an Ogg page has 65,307 bytes at most
_LAST_PAGE = 0x04
_MOST_S = 1e6


def shortfall(path: str, source: Source, decoded_s: float) -> str:
    """Say what is missing of the sound; empty where nothing is, or nothing was promised."""
    if source.container == "ogg":
        return "" if _ends_stream(path) else f"The stream breaks off after {decoded_s:.1f} s: its last page is missing."
    stated_s = _stated_s(path, source)
    if stated_s is None or not MISSING_S + MISSING_SHARE * stated_s < stated_s - decoded_s < _MOST_S:
        return ""
    return f"The header promises {stated_s:.1f} s, and {decoded_s:.1f} s could be decoded."


def _stated_s(path: str, source: Source) -> float | None:
    if source.container == "flac":
        return _of_flac(path)
    if source.container in {"wav", "rf64", "aiff"} and source.codec == "pcm" and source.bits_per_sample:
        size = _of_chunks(path)
        bits_a_second = source.sample_rate_hz * source.channels * source.bits_per_sample
        return size * 8 / bits_a_second if size is not None else None
    return read_mpeg(path).stated_s if source.container == "mp3" else None


def _of_flac(path: str) -> float | None:
    with Path(path).open("rb") as file:
        head = file.read(26)
    if head[:4] != b"fLaC" or len(head) < 26:
        return None  # behind an ID3 tag, or in a container of its own
    rate, samples = int.from_bytes(head[18:21], "big") >> 4, int.from_bytes(head[21:26], "big") & 0xF_FFFF_FFFF
    return samples / rate if rate and samples else None


def _of_chunks(path: str) -> int | None:
    """Find the stated size of the samples' chunk."""
    with Path(path).open("rb") as file:
        form, _, _ = file.read(4), file.read(4), file.read(4)
        order, wanted = (">", b"SSND") if form == b"FORM" else ("<", b"data")
        large = None
        for _ in range(_MOST_CHUNKS):
            head = file.read(8)
            if len(head) < 8:
                return None
            name, size = head[:4], int(struct.unpack(f"{order}I", head[4:])[0])
            if name == wanted:
                known = large if form == b"RF64" else size
                return known if known and (form == b"RF64" or known < _UNKNOWN_FROM) else None
            if name == b"ds64":
                sizes = file.read(16)
                large, size = int.from_bytes(sizes[8:], "little"), max(0, size - len(sizes))
            file.seek(size + (size & 1), 1)
    return None


def _ends_stream(path: str) -> bool:
    """Whether the last page says that it is the last."""
    with Path(path).open("rb") as file:
        file.seek(max(0, Path(path).stat().st_size - _TAIL_BYTES))
        tail = file.read()
    at = tail.rfind(b"OggS")
    return at < 0 or len(tail) < at + 6 or bool(tail[at + 5] & _LAST_PAGE)
