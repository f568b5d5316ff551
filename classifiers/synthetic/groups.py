"""Kinds of recordings that false positives are counted by: the codec of the file, the broad texture of the sound."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from classifiers.synthetic.gate import NAMES

CODECS = {
    "mp3": "mp3", "mp2": "mp3", "vorbis": "vorbis", "opus": "opus", "aac": "aac",
    "flac": "lossless", "alac": "lossless",
}  # fmt: skip
_HELD = next(place for place, name in enumerate(NAMES) if name == "detail held over 256 ms")
_FLAT = NAMES.index("flatness of frames")
SUSTAINED = 0.205  # correlation; median of the human music that the first model was fitted to
DENSE_DB = -17.8  # level of a typical bin under that of the mean power; likewise


def groups_of(gate_row: npt.NDArray[np.floating], codec: str) -> tuple[str, ...]:
    """Name the groups of a recording.

    Parameters
    ----------
    gate_row : np.ndarray [shape=(len(NAMES),)]
        As `gate.gate_features` gives them for the middle window.
    codec
        As the decoder names it; empty where it is not known.
    """
    held = "sustained" if gate_row[_HELD] > SUSTAINED else "moving"
    dense = "dense" if gate_row[_FLAT] > DENSE_DB else "sparse"
    return (*codec_group(codec), f"texture:{held}", f"texture:{dense}")


def codec_group(codec: str) -> Sequence[str]:
    """Name the codec's group; none where the codec is not known."""
    lossless = "lossless" if codec.startswith(("pcm", "adpcm")) else ""
    name = CODECS.get(codec, lossless)
    return (f"codec:{name}",) if name else ()
