"""Allowed values of DDEX that liner reasons with, and what a role says about a recording.

The values are those of allowed-value set (AVS) version 9 of August 2025, and the names that
ERN 3.8 used for the same roles (AVS of 2016-10-06). The AVS is versioned apart from messages
and only ever grows, so an unknown value is kept as written and belongs to no area.
"""

from functools import lru_cache

from schemas.disclosure import Agent, Area, Level

AVS_VERSION = 9
AVS_DATE = "2025-08"


def is_known_avs(version: str, newest: int = AVS_VERSION) -> bool:
    """Whether an ``AvsVersionId``, which is free text, is the number of a set up to the newest one held.

    Examples
    --------
    >>> is_known_avs("7"), is_known_avs("10"), is_known_avs("4.3.1"), is_known_avs("9" * 5000)
    (True, False, False, False)
    """
    version = version.strip()
    # Only short numbers are read as one: Python refuses to make an int of thousands of digits.
    return version.isascii() and version.isdecimal() and len(version) < 6 and int(version) <= newest


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ERN_VERSIONS = _words(
    """
    3.1.2 3.3 3.4 3.4.1 3.5 3.5.1 3.6 3.7 3.7D2 3.7.1 3.8 3.8.1 3.8.2 3.8.3
    4.1 4.1.1 4.2 4.3 4.3.1 4.3.2
    """
)
"""Versions of the Electronic Release Notification that the reader knows; 3.7D2 is a draft that is still sent."""

DISCLOSING_VERSIONS = frozenset({"4.3.1", "4.3.2"})
"""Versions with a place for AI disclosure; earlier ones cannot say anything."""

LEVELS: dict[str, Level] = {"All": Level.ALL, "None": Level.NONE, "Partly": Level.PARTLY}
"""``avs:ContainsAI``: exactly these, case-sensitive."""

SPECIAL_CONTRIBUTORS: dict[str, Agent] = {
    "GenerativeAI": Agent.GENERATIVE_AI,
    "Traditional": Agent.OTHER,
    "UserDefined": Agent.OTHER,
    "VariousArtists": Agent.OTHER,
}
"""``avs:SpecialContributorType``: who stands where no party does."""

AI_PLACES = {
    "ContainsAI": frozenset({"SoundRecording", "Video", "Image", "Text", "Release"}),
    "AiContribution": frozenset({"Contributor", "EditionContributor"}),
    "SpecialContributor": frozenset({"Contributor", "EditionContributor"}),
    "SpecialDisplayArtist": frozenset({"DisplayArtist"}),
}
"""The elements that carry the disclosure, and in what they may stand: a track release is not among these."""

_ROLES: dict[Area, str] = {
    Area.VOCALS: """
        BackgroundVocalist Choir ChoirMember LeadVocalist Narrator PlaybackSinger
        Soloist Speaker StoryTeller Vocalist VoiceActor""",
    Area.INSTRUMENTS: """
        Accompanyist AdditionalPerformer AssociatedPerformer Band BandLeader ConcertMaster Ensemble LeadPerformer
        MusicGroup Musician Orchestra OrchestraMember Performer PrimaryMusician Programmer StudioMusician""",
    Area.LYRICS: "Author ComposerLyricist Librettist Lyricist SubLyricist Translator",
    Area.COMPOSITION: """
        Adapter Arranger Composer ComposerLyricist MusicArranger NonLyricAuthor SubArranger VocalArranger""",
    Area.PRODUCTION: """
        AdditionalStudioProducer AssistantProducer AssociateProducer CoProducer ExecutiveProducer InitialProducer
        Producer ReissueProducer Remixer SoundDesigner StringProducer StudioProducer VocalProducer""",
    Area.POST_PRODUCTION: """
        AdditionalMixingEngineer CoMixer CoMixingEngineer DigitalAudioWorkstationEngineer DigitalEditingEngineer
        DigitalEditingSecondEngineer ImmersiveMixingEngineer Mixer MixingEngineer MixingSecondEngineer PostProducer
        RemixingEngineer RemixingSecondEngineer SoundMixer SurroundMixingEngineer SurroundMixingSecondEngineer
        VocalEditingEngineer VocalEditingSecondEngineer""",
    Area.MASTERING: "ImmersiveMasteringEngineer MasteringEngineer MasteringSecondEngineer",
    Area.ARTWORK: "ComputerGraphicCreator CoverDesigner GraphicArtist GraphicDesigner Illustrator Painter Photographer",
}


def _areas_by_role() -> dict[str, tuple[Area, ...]]:
    areas: dict[str, tuple[Area, ...]] = {}
    for area, roles in _ROLES.items():
        for role in roles.split():
            areas[role] = (*areas.get(role, ()), area)
    return areas


AREAS_BY_ROLE = _areas_by_role()
"""DDEX role to the areas it belongs to (house mapping); roles that are missing belong to ``other``."""


@lru_cache(maxsize=4096)
def areas_of(roles: tuple[str, ...]) -> tuple[Area, ...]:
    """Name the areas that roles belong to, in the order of `Area`, each once; empty for no role."""
    found = {area for role in roles for area in AREAS_BY_ROLE.get(role, (Area.OTHER,))}
    return tuple(area for area in Area if area in found)


_ERN_3_ROLES = _words("Band Producer")

WRITABLE: dict[str, frozenset[str]] = {
    "Role": frozenset(AREAS_BY_ROLE) - _ERN_3_ROLES,
    "DisplayArtistRole": _words("Artist Brand Composer FeaturedArtist MainArtist"),
    "InstrumentType": _words(""),
    "SpecialDisplayArtist": frozenset(SPECIAL_CONTRIBUTORS),
    "SpecialContributor": frozenset(SPECIAL_CONTRIBUTORS) - {"GenerativeAI"},
    "ReleaseType": _words("Album ClassicalAlbum DjMix EP RingtoneRelease Single SingleResourceRelease"),
    "ImageType": _words("BackCoverImage BookletFrontImage FrontCoverImage Icon Logo Photograph Poster"),
    "AudioCodecType": _words("AAC AC-4 ALaw FLAC MP2 MP3 MQA MuLaw PCM Vorbis WMA"),
    "ImageCodecType": _words("GIF JPEG JPEG2000 PNG TIFF"),
    "HashSumAlgorithmType": _words("CRC32 MD5 SHA1 SHA2 SHA-224 SHA-256 SHA3 SHA-384 SHA-512"),
    "UseType": _words("""
        ConditionalDownload Download NonInteractiveStream OnDemandStream PermanentDownload Stream TetheredDownload
        UseForDataMining UseForTrainingGenerativeAI UseForTrainingNonGenerativeAI UserMakeAvailableLabelProvided
        """),
    "CommercialModelType": _words("""
        AdvertisementSupportedModel DeviceFeeModel FreeOfChargeModel PayAsYouGoModel PerformanceRoyaltiesModel
        RightsClaimModel SubscriptionModel
        """),
}
"""Values that liner writes as they are; any other is legal too, as ``UserDefined`` with its text."""
