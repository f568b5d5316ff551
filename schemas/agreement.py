"""How far two people agree beyond chance, and how often one is right, each with its uncertainty.

Cohen's kappa with the large-sample standard error of Fleiss, Cohen and Everitt (1969); shares with Wilson's
interval (1927). Pure arithmetic on counts.
"""

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

Z_95 = 1.959964  # of the normal distribution, both sides


class Estimate(NamedTuple):
    """A value and the ends of its 95 % interval; all None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


NOTHING = Estimate(None, None, None)


def observed_agreement(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Give the share of pairs that are equal, from 0 to 1; None without any pair."""
    return sum(a == b for a, b in pairs) / len(pairs) if pairs else None


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> Estimate:
    """Measure agreement beyond chance, from -1 to 1.

    Parameters
    ----------
    pairs
        What the first and the second person said of each case.

    Returns
    -------
    Estimate
        Not defined without pairs, and where everybody always says the same: then chance alone agrees fully.

    Examples
    --------
    >>> cohen_kappa([("a", "a")] * 20 + [("a", "b")] * 5 + [("b", "a")] * 10 + [("b", "b")] * 15).value
    0.4
    """
    n = len(pairs)
    if n == 0:
        return NOTHING
    cells = Counter(pairs)
    rows, columns = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    words = set(rows) | set(columns)
    observed = sum(cells[w, w] for w in words) / n
    chance = sum(rows[w] * columns[w] for w in words) / n**2
    if chance >= 1:
        return NOTHING
    kappa = (observed - chance) / (1 - chance)
    on = sum(cells[w, w] / n * (1 - (rows[w] + columns[w]) / n * (1 - kappa)) ** 2 for w in words)
    off = (1 - kappa) ** 2 * sum(
        count / n * ((columns[a] + rows[b]) / n) ** 2 for (a, b), count in cells.items() if a != b
    )
    spread = on + off - (kappa - chance * (1 - kappa)) ** 2
    error = Z_95 * sqrt(max(spread, 0.0) / n) / (1 - chance)
    return Estimate(round(kappa, 10), max(-1.0, kappa - error), min(1.0, kappa + error))


def share(hits: int, of: int) -> Estimate:
    """Estimate a share, from 0 to 1, with Wilson's interval: it holds for few and for extreme counts, too.

    Examples
    --------
    >>> [round(x, 3) for x in share(9, 10)]
    [0.9, 0.596, 0.982]
    """
    if of == 0:
        return NOTHING
    p, z2 = hits / of, Z_95**2
    centre = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z_95 * sqrt(p * (1 - p) / of + z2 / (4 * of**2)) / (1 + z2 / of)
    return Estimate(p, 0.0 if hits == 0 else centre - half, 1.0 if hits == of else centre + half)
