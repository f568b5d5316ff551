"""What a column of the case page is made of."""

from dataclasses import dataclass

from api.console.views.matches import MatchView


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a layer: a term, its value and, where needed, what the value means."""

    term: str
    value: str
    note: str = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class LayerView:
    """One column: what the layer says in a word, in a sentence and in detail.

    Attributes
    ----------
    more
        Lines that open on demand, so that the four columns stay one view.
    """

    layer: str
    title: str
    source: str
    headline: str
    sentence: str
    rows: tuple[Row, ...]
    is_flagged: bool
    matches: tuple[MatchView, ...] = ()
    more: tuple[Row, ...] = ()
