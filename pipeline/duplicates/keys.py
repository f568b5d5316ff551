"""Which keys a recording is found by: constellations of six landmarks, few, and the same ones for every copy.

Constellations of five, which `classifiers.fingerprint.keys` gives, are equal by chance once in 2^25 pairs of keys: in a
million recordings each of them would be shared by dozens of strangers. Those of six are equal once in 2^30, and of a
record played 30 % slower one in fifty survives. Which are taken is decided by the key's own value, so that two
recordings that share keys share the taken ones in the same measure, whatever else they hold.

The wide keys, one in four, are kept while a lake is compared: they tell in microseconds whether a candidate is worth
a full comparison. Half of them go into an index: about two for each second of music.
"""

import numpy as np

from pipeline.duplicates.packing import Values, scattered

SIZE = 6
ONE_IN = 4
MAX_WIDE = 8192  # ten hours keep no more than an hour or two
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


def chosen(keys: np.ndarray) -> Values:
    """Spread raw keys [shape=(n,)], and leave out what would be too few or too many."""
    spread = np.unique(scattered(keys))
    if len(spread) < MIN_KEYS:
        return np.zeros(0, np.uint64)
    return spread if len(spread) <= MAX_WIDE else np.sort(spread[np.argsort(scattered(spread))[:MAX_WIDE]])


def indexed(wide: Values) -> Values:
    """Choose among wide keys those that go into an index; by another scattering, for they must fill the whole range."""
    return np.asarray(wide[scattered(wide) >> np.uint64(63) == 0], np.uint64)
