"""Which of a recording's keys go into an index: few, and the same ones for every copy of it.

A key is taken by its own scattered value, the smallest first, so that two recordings that share keys share the taken
ones in the same measure, whatever else they hold. Some are for finding a candidate, about three in two seconds: a
copy 30 % slower keeps one key in thirty, and two in common are asked for. More of them, the wide ones, tell in
microseconds whether a candidate is worth a full comparison.
"""

import numpy as np

from pipeline.duplicates.packing import Values, scattered

KEYS_PER_S = 1.5
WIDE_PER_S = 4.0
MIN_KEPT = 64  # a short sound keeps more of its few keys
MAX_KEPT = 4096  # an hour keeps what an hour needs; ten hours keep no more
MIN_KEYS = 8  # fewer say nothing: silence, a tone, a moment


def index_keys(fingerprint: bytes | None, duration_s: float) -> Values:
    """Choose the keys to index a recording by [shape=(n,)], in no order; see `wide_keys`."""
    return wide_keys(fingerprint, duration_s)[: kept_of(duration_s)]


def wide_keys(fingerprint: bytes | None, duration_s: float) -> Values:
    """Choose the keys to compare a recording by; the first ones are those to index it by.

    Parameters
    ----------
    fingerprint
        As `classifiers.fingerprint.pack` made it; None where there was too little to tell a sound by.
    duration_s
        Length of the recording in seconds.

    Returns
    -------
    array [shape=(n,)]
        Scattered keys, each once; the first `kept_of` of them go into an index. None for a sound that says nothing.
    """
    from classifiers import fingerprint as fingerprints  # noqa: PLC0415 - loads scipy

    if not fingerprint:
        return np.zeros(0, np.uint64)
    return chosen(np.asarray(fingerprints.keys(fingerprint), np.int64), duration_s)


def chosen(keys: np.ndarray, duration_s: float) -> Values:
    """Choose among raw keys [shape=(n,)]."""
    spread = np.unique(scattered(keys))
    if len(spread) < MIN_KEYS:
        return np.zeros(0, np.uint64)
    # Another scattering decides: the smallest ones themselves would crowd one end of the range.
    kept = np.argsort(scattered(spread), kind="stable")[: kept_of(duration_s, WIDE_PER_S)]
    return spread[kept]


def kept_of(duration_s: float, per_s: float = KEYS_PER_S) -> int:
    """Say how many keys a recording of a length keeps."""
    return int(min(MAX_KEPT, max(MIN_KEPT, per_s * duration_s)))
