"""Which keys a recording is found by: constellations of six landmarks, few, and the same ones for every copy.

Constellations of five are equal by chance once in 2^25 pairs of keys: in a
million recordings each of them would be shared by dozens of strangers. Those of six are equal once in 2^30, and of a
record played 30 % slower one in fifty survives. Which are taken is decided by the key's own value, so that two
recordings that share keys share the taken ones in the same measure, whatever else they hold.

The wide keys, one in four, are kept while a lake is compared: they tell in microseconds whether a candidate is worth
a full comparison. Half of them go into an index: about two for each second of music.

Who asks an index may ask for more than it holds of a recording. A slowed copy has more landmarks to a bar, so that six
of the original no longer lie among seven that follow each other, but among eight or nine. Those keys are asked for, and
not kept: the index stays as small as it is.

Above some millions of recordings these keys, too, are shared by dozens of strangers. There two constellations of five
that begin one after the other within a second and a half make one key, with the interval between them. Such keys are
equal by chance once in 2^35 to 2^36, and as they come in larger numbers, as many of them survive.
"""

import numpy as np

from pipeline.duplicates.packing import Values, scattered

SIZE = 6
ONE_IN = 4
PAIRED_SIZE = 5
PAIRED_ONE_IN = 8  # of constellations
PAIRED_S = 0.05, 1.5  # from the beginning of one to that of the other; those that begin together share landmarks
PAIRS_ONE_IN = 4
MAX_WIDE = 8192  # ten hours keep no more than an hour or two
PAIRED_FROM = 2_000_000  # recordings; from there on the pairs that share a key by chance cost more than longer keys
ASKED_FANS = (9, 8)  # following landmarks of a short and of a long sound: 6 and 2.7 times as many keys as are kept
ASKED_SHORT = 450  # strong landmarks, some 90 s: what is shorter has few keys that survive, and few to look up
MIN_KEYS = 8  # fewer say nothing: silence, a tone, a moment


def wide_keys(fingerprint: bytes | None) -> Values:
    """Choose the keys to compare a recording by.

    Parameters
    ----------
    fingerprint
        As `classifiers.fingerprint.pack` made it; None where there was too little to tell a sound by.

    Returns
    -------
    array [shape=(n,)]
        Scattered keys in ascending order, each once; none for a sound that says nothing.

    Raises
    ------
    ValueError
        The fingerprint is of another version.
    """
    if not fingerprint:
        return np.zeros(0, np.uint64)
    from classifiers.fingerprint import unpack  # noqa: PLC0415 - loads scipy
    from classifiers.matching_keys import constellations  # noqa: PLC0415

    return chosen(constellations(unpack(fingerprint).strong(), SIZE, one_in=ONE_IN).keys)


def asked_keys(fingerprint: bytes | None) -> Values:
    """Choose the keys to ask an index of `wide_keys` for, where those of the recording found nothing.

    Parameters, result and errors are those of `wide_keys`. Some 3,800 for three minutes of music.
    """
    if not fingerprint:
        return np.zeros(0, np.uint64)
    from classifiers.fingerprint import unpack  # noqa: PLC0415 - loads scipy
    from classifiers.matching_keys import constellations  # noqa: PLC0415

    strong = unpack(fingerprint).strong()
    fan = ASKED_FANS[len(strong.times_s) > ASKED_SHORT]
    return chosen(constellations(strong, SIZE, one_in=ONE_IN, fan=fan).keys)


def paired_keys(fingerprint: bytes | None) -> Values:
    """Choose the keys to compare a recording by among very many others.

    Parameters and errors are those of `wide_keys`. Some 2,700 for three minutes of music.
    """
    if not fingerprint:
        return np.zeros(0, np.uint64)
    from classifiers.fingerprint import unpack  # noqa: PLC0415 - loads scipy
    from classifiers.matching_keys import STEPS_PER_OCTAVE, constellations  # noqa: PLC0415

    found = constellations(unpack(fingerprint).strong(), PAIRED_SIZE, one_in=PAIRED_ONE_IN)
    order = np.lexsort((found.keys, found.times_s))
    times_s, keys = found.times_s[order], scattered(found.keys[order])
    first, second = _near(times_s)
    octaves = found.octaves[order]
    intervals = np.rint((octaves[second] - octaves[first]) * STEPS_PER_OCTAVE).astype(np.int64).astype(np.uint64)
    pairs = scattered(keys[first] ^ scattered(keys[second] + intervals))
    return chosen(pairs[pairs % np.uint64(PAIRS_ONE_IN) == 0])


def _near(times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """List the places of any two times [shape=(n,), ascending] that are `PAIRED_S` apart, the earlier first."""
    low, high = (np.searchsorted(times_s, times_s + apart_s) for apart_s in PAIRED_S)
    counts = high - low
    first = np.repeat(np.arange(len(times_s)), counts)
    return first, np.arange(len(first)) + np.repeat(low - np.cumsum(counts) + counts, counts)


def chosen(keys: np.ndarray) -> Values:
    """Spread raw keys [shape=(n,)], and leave out what would be too few or too many."""
    spread = np.unique(scattered(keys))
    if len(spread) < MIN_KEYS:
        return np.zeros(0, np.uint64)
    return spread if len(spread) <= MAX_WIDE else np.sort(spread[np.argsort(scattered(spread))[:MAX_WIDE]])


def indexed(wide: Values) -> Values:
    """Choose among wide keys those that go into an index; by another scattering, for they must fill the whole range."""
    return np.asarray(wide[scattered(wide) >> np.uint64(63) == 0], np.uint64)
