"""Language tags of BCP 47 (RFC 5646), by the registry that langcodes carries."""

import re
from functools import lru_cache

import langcodes
from langcodes.tag_parser import LanguageTagError

GRANDFATHERED = re.compile(  # irregular tags that RFC 5646 keeps, section 2.2.8
    "en-gb-oed|i-(ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)|sgn-(be-fr|be-nl|ch-de)",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_language(tag: str) -> bool:
    """Whether a tag is valid BCP 47: dashes, assigned subtags, the two-letter code where there is one.

    Examples
    --------
    >>> is_language("tl"), is_language("zh-yue"), is_language("eng"), is_language("ja_JP")
    (True, True, False, False)
    """
    if "_" in tag:
        return False
    if GRANDFATHERED.fullmatch(tag):
        return True
    try:  # normalised, "eng" and "tl" would be "en" and "fil"
        return langcodes.Language.get(tag, normalize=False).is_valid()
    except LanguageTagError:
        return False
