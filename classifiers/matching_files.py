"""The picture of matching landmarks, out of the two files themselves.

It decodes; a server calls it through `classifiers.listener.Listener`. Only the stretches are decoded, so that the
cost does not depend on how long the recordings are.
"""

from pathlib import Path

from classifiers.fingerprint import pack
from classifiers.landmarks import LandmarkFinder
from classifiers.matching_picture import picture
from classifiers.pictures import stretch
from schemas.errors import AudioUnreadable, InvalidInput
from schemas.flags import Span

MAX_SHOWN_S = 60.0  # more dots than that cannot be told apart on a screen
_LEAD_S = 2.0  # landmarks are told from what is around them, also at the edges


def matching_png(
    path: str, other: str, own_s: tuple[float, float], other_s: tuple[float, float], *, width: int, height: int
) -> bytes:
    """Draw the landmarks of a shared stretch in both files, the common ones bright; see `matching_picture.picture`.

    Parameters
    ----------
    path, other
        The files.
    own_s, other_s
        First and last second of the stretch in each; the first minute of it is drawn.
    width, height
        Pixels, 120 to 4096 each.

    Raises
    ------
    AudioUnreadable
        Nothing can be decoded there, or it has no landmarks.
    InvalidInput
        A size or a stretch makes no sense.
    """
    if not (0 <= own_s[0] < own_s[1] < float("inf") and 0 <= other_s[0] < other_s[1] < float("inf")):
        raise InvalidInput("A stretch runs from a second to a later one.")
    speed = (other_s[1] - other_s[0]) / (own_s[1] - own_s[0])
    shown_s = min(own_s[1] - own_s[0], MAX_SHOWN_S, MAX_SHOWN_S / speed)
    first, own = _landmarks(path, own_s[0], shown_s)
    second, theirs = _landmarks(other, other_s[0], shown_s * speed)
    return picture(first, second, own, theirs, width=width, height=height)


def _landmarks(path: str, start_s: float, length_s: float) -> tuple[bytes, Span]:
    """Give the landmarks around a stretch, and where it lies among them."""
    from_s = max(0.0, start_s - _LEAD_S)
    finder: LandmarkFinder | None = None
    for rate, _, mono in stretch(path, from_s, start_s + length_s + _LEAD_S):
        finder = finder or LandmarkFinder(rate)
        finder.push(mono)
    found = pack(finder.landmarks()) if finder else None
    if found is None:
        raise AudioUnreadable(f"{Path(path).name} has too few landmarks there to draw.")
    return found, Span(start_s=start_s - from_s, end_s=start_s - from_s + length_s)
