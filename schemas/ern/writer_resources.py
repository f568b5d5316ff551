"""Writes sound recordings and images as ERN 4.3.2 has them."""

from lxml import etree

from schemas.disclosure import Agent, Contribution, Disclosure, Level
from schemas.ern.values import format_duration
from schemas.ern.writer_parts import PartyBook, add, add_each, add_flag, add_ids, add_value
from schemas.errors import InvalidInput
from schemas.release import DisplayArtist, FileReference, Identified, Image, SoundRecording
from schemas.vocabularies import LEVELS

LEVEL_TEXTS = {level: text for text, level in LEVELS.items()}


class ResourceWriter:
    """Writes resources below a ``ResourceList``.

    Parameters
    ----------
    parties
        Gets the artists and contributors that have no reference yet.
    namespace
        The sender's DPID: who vouches for values of its own.
    """

    def __init__(self, parties: PartyBook, namespace: str) -> None:
        self.parties = parties
        self.namespace = namespace
        self._technical = 0

    def recording(self, parent: etree._Element, recording: SoundRecording) -> None:
        """Append a ``SoundRecording``.

        Raises
        ------
        InvalidInput
            If it is a video or has no duration, which the schema demands.
        """
        if recording.kind != "SoundRecording":
            raise InvalidInput(f"{recording.reference} is a {recording.kind}; only sound recordings are written.")
        if recording.duration_s is None:
            raise InvalidInput(f"{recording.reference} has no duration.", mend="State it; ERN 4.3.2 demands one.")
        element = add(parent, "SoundRecording")
        add(element, "ResourceReference", recording.reference)
        add(element, "Type", "MusicalWorkSoundRecording")
        self._edition(element, recording)
        for work in recording.work_ids:
            add_ids(add(element, "WorkId"), [work], {"ISWC": "ISWC"}, namespace=self.namespace)
        write_title(element, recording.title)
        add(element, "DisplayArtistName", recording.display_artist)
        self._display_artists(element, recording.display_artists)
        self._contributors(element, "Contributor", recording.disclosure.contributions)
        add(element, "Duration", format_duration(recording.duration_s))
        write_level(element, recording.disclosure)
        add_flag(element, "HasVocalPerformance", recording.has_vocals)
        add_flag(element, "IsInstrumental", recording.is_instrumental)
        add_each(element, "LanguageOfPerformance", (one.value for one in recording.languages))

    def image(self, parent: etree._Element, image: Image) -> None:
        """Append an ``Image``."""
        element = add(parent, "Image")
        add(element, "ResourceReference", image.reference)
        add_value(element, "Type", image.kind, "ImageType", namespace=self.namespace)
        ids = image.ids or (Identified(scheme="Proprietary", value=image.reference),)
        add_ids(add(element, "ResourceId"), ids, {}, namespace=self.namespace)
        if image.title:
            write_title(element, image.title)
        self._contributors(element, "Contributor", image.disclosure.contributions)
        write_level(element, image.disclosure)
        for file in image.files:
            details = self._details(element)
            if file.codec:
                add_value(details, "ImageCodecType", file.codec, "ImageCodecType", namespace=self.namespace)
            write_file(details, file, namespace=self.namespace)

    def _edition(self, parent: etree._Element, recording: SoundRecording) -> None:
        element = add(parent, "SoundRecordingEdition")
        ids = recording.ids or (Identified(scheme="Proprietary", value=recording.reference),)
        schemes = {"ISRC": "ISRC", "CatalogNumber": "CatalogNumber"}
        add_ids(add(element, "ResourceId"), ids, schemes, namespace=self.namespace)
        self._contributors(element, "EditionContributor", recording.edition_contributions)
        if recording.p_line:
            add(add(element, "PLine"), "PLineText", recording.p_line)
        for file in recording.files:
            carrier = add(self._details(element), "DeliveryFile")
            self._sound_file(carrier, file)

    def _sound_file(self, carrier: etree._Element, file: FileReference) -> None:
        add(carrier, "Type", "AudioFile")
        if file.codec:
            add_value(carrier, "AudioCodecType", file.codec, "AudioCodecType", namespace=self.namespace)
        if file.channels is not None:
            add(carrier, "NumberOfChannels", str(file.channels))
        if file.sample_rate_hz is not None:
            add(carrier, "SamplingRate", f"{file.sample_rate_hz:.10g}", UnitOfMeasure="Hz")
        write_file(carrier, file, namespace=self.namespace)

    def _details(self, parent: etree._Element) -> etree._Element:
        self._technical += 1
        details = add(parent, "TechnicalDetails")
        add(details, "TechnicalResourceDetailsReference", f"T{self._technical}")
        return details

    def _display_artists(self, parent: etree._Element, artists: tuple[DisplayArtist, ...]) -> None:
        for number, artist in enumerate(artists or (DisplayArtist(special="VariousArtists"),), start=1):
            element = add(parent, "DisplayArtist", SequenceNumber=str(number))
            self.display_artist(element, artist)

    def display_artist(self, element: etree._Element, artist: DisplayArtist) -> None:
        """Fill a ``DisplayArtist``."""
        roles = artist.roles
        if artist.special:
            add_value(element, "SpecialDisplayArtist", artist.special, "SpecialDisplayArtist", namespace=self.namespace)
        else:
            add(element, "ArtistPartyReference", self.parties.reference(artist.name, artist.party_reference))
            role = roles[0] if roles else "MainArtist"
            add_value(element, "DisplayArtistRole", role, "DisplayArtistRole", namespace=self.namespace)
            roles = roles[1:]
        for role in roles:
            add_value(add(element, "ArtisticRole"), "Value", role, "Role", namespace=self.namespace)

    def _contributors(self, parent: etree._Element, name: str, contributions: tuple[Contribution, ...]) -> None:
        for number, one in enumerate(contributions, start=1):
            element = add(parent, name, SequenceNumber=str(number))
            self._agent(element, one)
            for role in one.roles:
                add_value(add(element, "Role"), "Value", role, "Role", namespace=self.namespace)
            for instrument in one.instruments if name == "Contributor" else ():
                add_value(element, "InstrumentType", instrument, "InstrumentType", namespace=self.namespace)
            # GenerativeAI without AiContribution means All, so that need not be said.
            is_default = one.agent is Agent.GENERATIVE_AI and one.ai is Level.ALL
            text = one.ai_text if one.ai_text is not None else (None if is_default else LEVEL_TEXTS.get(one.ai))
            if text is not None:
                add(element, "AiContribution", text)

    def _agent(self, element: etree._Element, contribution: Contribution) -> None:
        if contribution.agent is Agent.HUMAN:
            reference = self.parties.reference(contribution.name, contribution.party_reference)
            add(element, "ContributorPartyReference", reference)
        elif contribution.agent is Agent.GENERATIVE_AI:
            add(element, "SpecialContributor", "GenerativeAI")
        else:
            text = contribution.special_text or "UserDefined"
            add_value(element, "SpecialContributor", text, "SpecialContributor", namespace=self.namespace)


def write_title(parent: etree._Element, title: str) -> None:
    """Append a title in both of the forms that the schema demands."""
    add(parent, "DisplayTitleText", title)
    add(add(parent, "DisplayTitle"), "TitleText", title)


def write_level(parent: etree._Element, disclosure: Disclosure) -> None:
    """Append ``ContainsAI`` as written, else as meant; nothing where undeclared."""
    text = disclosure.text if disclosure.text is not None else LEVEL_TEXTS.get(disclosure.level)
    if text is not None:
        add(parent, "ContainsAI", text)


def write_file(parent: etree._Element, file: FileReference, *, namespace: str) -> None:
    """Append a ``File``; its size in bytes has no place in ERN."""
    element = add(parent, "File")
    add(element, "URI", file.uri)
    if file.hash_sum:
        hash_sum = add(element, "HashSum")
        add_value(hash_sum, "Algorithm", file.hash_sum.algorithm, "HashSumAlgorithmType", namespace=namespace)
        add(hash_sum, "HashSumValue", file.hash_sum.value)
