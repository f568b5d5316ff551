"""Which keys a recording is found by: constellations of six landmarks, few, and the same ones for every copy.

Constellations of five are equal by chance once in 2^25 pairs of keys: in a
million recordings each of them would be shared by dozens of strangers. Those of six are equal once in 2^30.

A slowed copy has more landmarks to a second of the original, so that six of the original that follow each other do not
follow each other there. But those of its landmarks that are the loudest for 0.6 s are those of the original that are
for 0.4 s. So keys are drawn from landmarks of four reaches, each a fifth or more longer than the one before: of two
recordings at speeds within a third of each other, a set of one meets a set of the other. By a set of long reach a slow
copy is found, by one of short reach a fast one; their sound is lower or higher by as much. So each leaves out the edge
of the band that the other one does not have, and its keys say in which octave they lie and how many seconds they take,
both as if played at the speed that the set stands for. That makes them four times rarer.

Which keys are taken is decided by the key's own value, so that two recordings that share keys share the taken ones in
the same measure, whatever else they hold. The wide keys, one in ten, are kept while a lake is compared: they tell in
microseconds whether a candidate is worth a full comparison. Half of them go into an index: about five for each second
of music.

Above some millions of recordings these keys, too, are shared by dozens of strangers. There two constellations of five
that begin one after the other within a second and a half make one key, with the interval between them. Such keys are
equal by chance once in 2^35 to 2^36, and as they come in larger numbers, as many of them survive.
"""

from typing import TYPE_CHECKING

import numpy as np

from pipeline.duplicates.packing import Values, scattered

if TYPE_CHECKING:
    from classifiers.landmarks import Landmarks

SIZE = 6
ONE_IN = 10
SETS = ((18, 0.0, 4.4), (15, 0.0, 4.7), (12, 0.3, 5.0), (10, 0.6, 5.0))  # least reach in frames; octaves of the band
MIDDLE_REACH = 13.4  # of a set that would stand for the speed as it is
PAIRED_SIZE = 5
PAIRED_ONE_IN = 8  # of constellations
PAIRED_S = 0.05, 1.5  # from the beginning of one to that of the other; those that begin together share landmarks
PAIRS_ONE_IN = 4
MAX_WIDE = 16_384  # ten hours keep no more than half an hour
PAIRED_FROM = 2_000_000  # recordings; from there on the pairs that share a key by chance cost more than longer keys
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

    landmarks = unpack(fingerprint)
    return chosen(np.concatenate([_keys_of_set(landmarks, *one) for one in SETS]))


def _keys_of_set(landmarks: "Landmarks", reach: int, low: float, high: float) -> Values:
    """Give the raw keys of one set, each with its octave and length at the speed that the set stands for."""
    from classifiers.matching_keys import constellations  # noqa: PLC0415 - loads scipy

    within = (landmarks.reaches >= reach) & (landmarks.octaves >= low) & (landmarks.octaves <= high)
    found = constellations(landmarks.where(within), SIZE, one_in=ONE_IN)
    slower = np.log2(reach / MIDDLE_REACH)  # octaves that such a copy is longer and lower
    octave = np.floor(found.octaves + slower).astype(np.int64) + 1
    length = np.floor(np.log2(found.spreads_s) - slower).astype(np.int64) + 4
    return np.asarray(found.keys | (octave << 48) | (length << 52), np.uint64)


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
