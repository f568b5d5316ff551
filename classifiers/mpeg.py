"""The first frame of an MP3 file: whether it states the length, and can be right.

libsndfile takes the length of an MP3 from its Xing, Info or VBRI header. Where there is none it
guesses from the first frame and silently drops what lies beyond (libsndfile issues 876, 1001);
where the header was written for another, shorter stream it stops there as well.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_SEARCHED_BYTES = 65536
_SIDE_INFO_BYTES = {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}  # (MPEG-1, mono)
_TOLERANCE = 0.02  # of the stream; trailing tags are taken off before


@dataclass(frozen=True)
class Mpeg:
    """What lies between the tags of an MP3 file.

    Attributes
    ----------
    audio_bytes
        Size of the file without ID3v2 in front and ID3v1 behind.
    has_sure_length
        Whether a header states the length and agrees with ``audio_bytes``.
    stated_s
        The length by that header's count of frames; None where there is none.
    """

    audio_bytes: int
    has_sure_length: bool
    stated_s: float | None = None


def read_mpeg(path: str) -> Mpeg:
    """Look at the first frame of an MP3 file."""
    size = Path(path).stat().st_size
    with Path(path).open("rb") as file:
        start = _id3v2_bytes(file.read(10))
        file.seek(start)
        head = file.read(_SEARCHED_BYTES)
        file.seek(max(0, size - 128))
        end = size - 128 if file.read(3) == b"TAG" else size
    audio_bytes = max(0, end - start)
    stated = _stated(head)
    if stated is None:
        return Mpeg(audio_bytes, has_sure_length=False)
    is_sure = abs(audio_bytes - stated.bytes) <= _TOLERANCE * audio_bytes + 4096
    return Mpeg(audio_bytes, is_sure, stated.seconds)


def _id3v2_bytes(head: bytes) -> int:
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    a, b, c, d = (byte & 0x7F for byte in head[6:10])
    return 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if head[5] & 0x10 else 0)


class _Stated(NamedTuple):
    bytes: int
    seconds: float | None


def _stated(head: bytes) -> _Stated | None:
    """Size and length of the stream as the first frame's Xing, Info or VBRI header states them."""
    for at in range(len(head) - 4):
        if head[at] == 0xFF and head[at + 1] & 0xE6 == 0xE2:  # frame sync, layer III
            break
    else:
        return None
    is_mpeg1, is_mono = bool(head[at + 1] & 0x08), head[at + 3] >> 6 == 3
    frame_s = _frame_s(head[at + 1] >> 3 & 3, head[at + 2] >> 2 & 3)
    xing = at + 4 + _SIDE_INFO_BYTES[is_mpeg1, is_mono]
    if head[xing : xing + 4] in (b"Xing", b"Info") and len(head) >= xing + 16:
        flags, *fields = struct.unpack_from(">III", head, xing + 4)
        if flags & 3 == 3:  # frames and bytes are both given
            return _Stated(int(fields[1]), frame_s and fields[0] * frame_s)
    vbri = at + 36
    if head[vbri : vbri + 4] == b"VBRI" and len(head) >= vbri + 18:
        size, frames = struct.unpack_from(">II", head, vbri + 10)
        return _Stated(int(size), frame_s and frames * frame_s)
    return None


def _frame_s(version: int, rate: int) -> float | None:
    """Give the length of a layer III frame by its version (3 is MPEG-1, 2 MPEG-2, 0 MPEG-2.5) and rate's index."""
    if version == 1 or rate == 3:
        return None  # reserved
    hz = (44_100, 48_000, 32_000)[rate] / {3: 1, 2: 2, 0: 4}[version]
    return (1152 if version == 3 else 576) / hz
