"""Where an element about AI stands among its siblings: ERN 4.3.1 and 4.3.2 fix the order."""

from functools import lru_cache


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ABOUT_SOUND = """
    IsCover HasVocalPerformance HasForegroundVocalPerformance IsInstrumental ContainsHiddenContent IsRemastered
    IsHiResMusic DisableCrossfade DisableSearch DisplayCredits LanguageOfPerformance LanguageOfDubbing
    SubTitleLanguage ResourceContainedResourceReferenceList Raga Tala Deity AudioChapterReference
    VideoChapterReference TechnicalDetails
"""
_AFTER_DEGREE = "HasMadeFeaturedContribution HasMadeContractedContribution IsCredited DisplayCredits"
FOLLOWERS: dict[tuple[str, str], frozenset[str]] = {
    ("SoundRecording", "ContainsAI"): _names(_ABOUT_SOUND),
    ("Video", "ContainsAI"): _names(_ABOUT_SOUND),
    ("Image", "ContainsAI"): _names("ContainsHiddenContent Description TechnicalDetails"),
    ("Text", "ContainsAI"): _names(
        "ContainsHiddenContent ResourceContainedResourceReferenceList TechnicalDetails LanguageOfText"
    ),
    ("Release", "ContainsAI"): _names("IsSoundtrack IsHiResMusic MarketingComment"),
    ("Contributor", "AiContribution"): _names(_AFTER_DEGREE),
    ("EditionContributor", "AiContribution"): _names(_AFTER_DEGREE),
    ("Contributor", "SpecialContributor"): _names(f"Role InstrumentType AiContribution {_AFTER_DEGREE}"),
    ("EditionContributor", "SpecialContributor"): _names(f"Role AiContribution {_AFTER_DEGREE}"),
}
"""What stands behind an AI element inside its parent; everything else stands before it."""


@lru_cache(maxsize=4096)  # credits look alike, and a message may have a hundred thousand
def wrong_order(parent: str, siblings: tuple[str, ...], index: int) -> str | None:
    """Say which sibling an element about AI stands on the wrong side of.

    Parameters
    ----------
    parent, siblings
        Name of the element around it, and of everything in that, itself included.
    index
        Which of ``siblings`` it is, from 0.

    Returns
    -------
    str or None
        ``behind Duration``, ``before Role``; None where its order is right or not known.
    """
    name = siblings[index]
    followers = FOLLOWERS.get((parent, name))
    if followers is None:
        return None
    early = next((one for one in siblings[index + 1 :] if one not in followers), None)
    late = next((one for one in reversed(siblings[:index]) if one in followers), None)
    if late:
        return f"behind {late}"
    return f"before {early}" if early and early != name else None
