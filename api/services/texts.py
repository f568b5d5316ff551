"""Text on its way into columns."""

import unicodedata

LIMIT = 500  # characters; enough for any title, few enough for a list
KEY_LIMIT = 200  # of what is indexed: PostgreSQL takes 2,704 bytes per entry


def plain(text: str, limit: int | None = None) -> str:
    """Replace what PostgreSQL cannot store (NUL), and shorten to ``limit`` characters."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:limit]


def encodable(text: str) -> str:
    """Replace lone surrogates, which JSON can name and no answer can carry, with ``?``."""
    return text.encode("utf-8", "replace").decode()


def folded(text: str) -> str:
    r"""Write a text the one way that searches compare: without accents, in one case, in compatible letters.

    Examples
    --------
    >>> folded("Beyonc\N{LATIN SMALL LETTER E WITH ACUTE}"), folded("STRA\N{LATIN SMALL LETTER SHARP S}E")
    ('beyonce', 'strasse')
    """
    if text.isascii():
        return plain(text).lower()
    apart = unicodedata.normalize("NFKD", plain(text))
    return "".join(one for one in apart if not unicodedata.combining(one)).casefold()
