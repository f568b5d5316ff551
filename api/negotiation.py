"""Which of several forms a client wants: the Accept header of RFC 9110, section 12.5.1."""

from collections.abc import Sequence


def preferred(accept: str, offered: Sequence[str]) -> str:
    """Choose a media type.

    Parameters
    ----------
    accept
        The header as sent; empty where there is none.
    offered
        Media types, the one for everybody else first: it is also given to who accepts none of them.

    Examples
    --------
    >>> preferred("text/html, */*;q=0.1", ["application/json", "text/html"])
    'text/html'
    """
    weights = {media_type: _weight(accept, media_type) for media_type in offered}
    return max(offered, key=lambda media_type: weights[media_type])


def _weight(accept: str, media_type: str) -> float:
    """Weigh one media type: the most specific range that names it counts."""
    best = (0, 0.0)
    for part in accept.split(",")[:50]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
        if name in ranges:
            best = max(best, (3 - ranges.index(name), _quality(parameters)))
    return best[1]


def _quality(parameters: Sequence[str]) -> float:
    given = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return min(1.0, max(0.0, float(given)))
    except ValueError:
        return 0.0
