"""Names and titles as an eye sees them: what looks alike, what is the same words, what is written for a search.

Source: Unicode UTS 39 (skeletons), by the table of ``confusable_homoglyphs``; house lists of search words.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

from confusable_homoglyphs import confusables

PAIRS = (("rn", "m"), ("vv", "w"))  # two letters that look like one
DIGITS = {"0": "o", "1": "l", "3": "e", "5": "s"}  # 0 and 1 by UTS 39; 3 and 5 as people write names
SHORTEST = 4  # letters: shorter names look like others by chance

SEARCH_WORDS = frozenset(
    (
        "rain", "sleep", "sleeping", "relax", "relaxing", "relaxation", "calm", "calming", "meditation", "yoga", "spa",
        "study", "studying", "focus", "concentration", "reading", "work", "chill", "chillout", "ambient", "soothing",
        "stress", "relief", "anxiety", "healing", "deep", "baby", "lullaby", "nature", "ocean", "waves", "noise",
        "white", "brown", "pink", "sounds", "sound", "music", "instrumental", "piano", "lofi", "hz", "432hz", "528hz",
        "binaural", "beats", "beat", "viral", "tiktok", "trending", "hits", "hit", "top", "best", "popular", "new",
        "remix", "sped", "slowed", "reverb", "nightcore", "karaoke", "cover", "workout", "gym", "party", "dance",
        "mix", "playlist", "mood", "vibes", "type", "free", "background", "asmr", "loop", "hours", "kids", "dogs",
        "cats", "pets", "morning", "night", "summer", "christmas", "no", "copyright",
    )
)  # fmt: skip
SMALL_WORDS = frozenset(
    (
        "a",
        "an",
        "and",
        "by",
        "feat",
        "for",
        "from",
        "ft",
        "in",
        "of",
        "on",
        "or",
        "the",
        "to",
        "vol",
        "with",
        "your",
        "x",
    )
)
STUFFED_WORDS = 6
STUFFED_SHARE = 0.8
HONEST_USES = re.compile(
    r"\b(covers?|tribute|karaoke|originally|made famous|in the style of|remix|mix|edit|feat|ft|featuring|with|vs|"
    r"medley|inspired by|homage|hommage|reprise|version|variations?|theme|from|after|for)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=100_000)
def plain(name: str) -> str:
    """Fold what makes no other name: case, width, accents, punctuation and spaces.

    Examples
    --------
    >>> plain("Sigur Rós") == plain("sigur ros")
    True
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in folded if c.isalnum())


@lru_cache(maxsize=100_000)
def skeleton(name: str) -> str:
    r"""Write a name in the letters that it looks like; equal for all names that an eye takes for each other.

    Examples
    --------
    >>> skeleton("Be\u0443on\u0441\u0435") == skeleton("Beyonc\u00e9")
    True
    """
    letters = "".join(DIGITS.get(twin, twin) for c in plain(name) for twin in _twin(c))
    for pair, one in PAIRS:
        letters = letters.replace(pair, one)
    return letters


def are_look_alikes(one: str, other: str) -> bool:
    r"""Whether two names look the same and are written in other letters.

    Examples
    --------
    >>> are_look_alikes("\u0412\u0422\u0405", "BTS"), are_look_alikes("Beyonce", "Beyonc\u00e9")
    (True, False)
    """
    return skeleton(one) == skeleton(other) != "" and plain(one) != plain(other)


@cache
def _twin(letter: str) -> str:
    """Give the plain letters that another one passes for; itself where there are none."""
    if letter.isascii():
        return letter
    capital = letter.upper()
    for form in (letter, capital) if len(capital) == 1 else (letter,):
        for entry in confusables.confusables_data.get(form, ()):
            if entry["c"].isascii() and entry["c"].isalnum():
                return str(entry["c"]).lower()
    return letter


def word_set(title: str) -> frozenset[str]:
    """Give a title's words without order, small words and numbers: permutations of one title share them.

    Examples
    --------
    >>> word_set("Gentle Rain") == word_set("Rain, Gentle")
    True
    """
    return frozenset(word for word in _words(title) if word not in SMALL_WORDS and not word.isdigit())


def word_order(title: str) -> str:
    """Give a title's words in their order, without small words and numbers: the parts of one work share it.

    Examples
    --------
    >>> word_order("Gentle Rain, Pt. 2") == word_order("Gentle Rain, Pt. 3") != word_order("Rain, Gentle (Pt. 4)")
    True
    """
    kept = word_set(title)
    return " ".join(word for word in _words(title) if word in kept)


def stuffing(title: str) -> float:
    """Say how far a title is a run of search words, in [0, 1]; 1 from six of them on, if they are nearly all of it.

    Examples
    --------
    >>> stuffing("Rain Sounds for Sleep"), stuffing("Relaxing Rain Sleep Music Study Focus Calm Piano Spa")
    (0.0, 1.0)
    """
    words = [word for word in _words(title) if word not in SMALL_WORDS]
    found = {word for word in words if word in SEARCH_WORDS}
    if not words or sum(word in SEARCH_WORDS for word in words) < STUFFED_SHARE * len(words):
        return 0.0
    return min(max((len(found) - STUFFED_WORDS + 2) / 2, 0.0), 1.0)


def phrases(title: str, longest: int = 4) -> Iterator[str]:
    """Yield every run of up to ``longest`` words of a title, folded as `plain` folds."""
    words = [plain(word) for word in re.findall(r"[^\W_]+(?:['.&-][^\W_]+)*", title)]
    for start in range(len(words)):
        for end in range(start + 1, min(start + longest, len(words)) + 1):
            yield "".join(words[start:end])


def says_why(title: str) -> bool:
    """Whether a title gives a usual reason for naming another artist: a cover, a tribute, a remix, a guest.

    Examples
    --------
    >>> says_why("Hallelujah (Ada Example Cover)"), says_why("Ada Example Nights")
    (True, False)
    """
    return HONEST_USES.search(title) is not None


def _words(title: str) -> list[str]:
    return [word.casefold() for word in re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", title))]


__all__ = ("are_look_alikes", "phrases", "plain", "says_why", "skeleton", "stuffing", "word_order", "word_set")
