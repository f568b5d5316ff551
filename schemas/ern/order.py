"""Where an element about AI stands among its siblings: ERN 4.3.1 and 4.3.2 fix the order."""

from lxml import etree


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


def wrong_order(element: etree._Element) -> str | None:
    """Say which sibling an element about AI stands on the wrong side of; None where its order is right or not known."""
    parent = element.getparent()
    followers = FOLLOWERS.get((_name(parent), _name(element))) if parent is not None else None
    if followers is None:
        return None
    early = next((_name(one) for one in element.itersiblings() if _name(one) not in followers), None)
    late = next((_name(one) for one in element.itersiblings(preceding=True) if _name(one) in followers), None)
    if late:
        return f"behind {late}"
    return f"before {early}" if early and early != _name(element) else None


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]
