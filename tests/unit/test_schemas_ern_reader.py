"""The reader: both generations of ERN become one form, and no word about AI gets lost."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.disclosure import Agent, Area, Level
from schemas.ern import read_message
from schemas.release import MessageKind

DATA = Path(__file__).parents[1] / "data/ern"
ERN4 = (DATA / "ern432.xml").read_text(encoding="utf-8")
ERN3 = (DATA / "ern382.xml").read_text(encoding="utf-8")


def read(text):
    return read_message(text.encode(), "message.xml")


def ern4(version="432", **changes):
    """The ERN 4 message with some texts exchanged."""
    text = ERN4.replace("xml/ern/432", f"xml/ern/{version}")
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new, 1)
    return text


def values(ids):
    return [(one.scheme, one.value) for one in ids]


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


def test_the_header_says_who_and_when():
    message = read(ern4()).message
    assert (message.kind, message.ern_version, message.avs_version) == (MessageKind.NEW_RELEASE, "4.3.2", "9")
    assert (message.message_id, message.thread_id, message.control_type) == ("M1", "T1", "LiveMessage")
    assert message.created_at == datetime(2026, 11, 22, 12, 0, 0, 500_000, tzinfo=UTC)
    assert (message.sender.name, values(message.sender.ids)) == ("Example Records", [("DPID", "PADPIDA202401120D9")])
    assert [values(party.ids) for party in message.recipients] == [[("DPID", "PADPIDA2012041004F")]]
    assert values(message.parties[0].ids) == [("ISNI", "000000012281955X"), ("IPI", "00052210040")]


def test_a_recording_of_ern_4_keeps_what_it_says():
    [recording] = read(ern4()).message.sound_recordings
    assert (recording.reference, recording.isrc) == ("A1", "GXF3D2400001")
    assert values(recording.ids) == [("ISRC", "gx-f3d-24-00001"), ("Proprietary", "own")]
    assert recording.title == "The Song (Remix)"
    assert recording.display_artist == "Ada Example feat. a machine"
    assert [(one.name, one.special, one.roles) for one in recording.display_artists] == [
        ("Ada Example", None, ("MainArtist",)),
        ("", "GenerativeAI", ()),
    ]
    assert (recording.duration_s, recording.has_vocals, recording.is_instrumental) == (200.5, True, False)
    assert values(recording.work_ids) == [("ISWC", "T0345246801")]
    assert (values(recording.languages), recording.p_line) == ([("Language", "en")], "(P) 2026 Example")


def test_a_whole_recording_comes_before_its_clip():
    [recording] = read(ern4()).message.sound_recordings
    whole, clip = recording.files
    assert (whole.uri, whole.codec, whole.channels, whole.sample_rate_hz) == ("resources/one.wav", "PCM", 2, 44_100)
    assert (whole.hash_sum.algorithm, whole.hash_sum.value) == ("SHA-256", "abcd")
    assert (clip.uri, clip.hash_sum) == ("clip.wav", None)


def test_a_declaration_names_level_and_contributions():
    [recording] = read(ern4()).message.sound_recordings
    disclosure = recording.disclosure
    assert (disclosure.level, disclosure.text, disclosure.can_declare) == (Level.PARTLY, "Partly", True)
    writer, machine, unlisted = disclosure.contributions
    assert (writer.agent, writer.name, writer.party_reference) == (Agent.HUMAN, "Ada Example", "P1")
    assert (writer.roles, writer.areas) == (("Lyricist", "Dreamer"), (Area.LYRICS, Area.OTHER))
    assert (writer.ai, writer.ai_text) == (Level.PARTLY, "Partly")
    assert (machine.agent, machine.special_text, machine.instruments) == (
        Agent.GENERATIVE_AI,
        "GenerativeAI",
        ("Guitar",),
    )
    assert (machine.ai, machine.ai_text) == (Level.ALL, None)
    assert (unlisted.agent, unlisted.name, unlisted.party_reference) == (Agent.HUMAN, "", "P9")
    [edition] = recording.edition_contributions
    assert (edition.agent, edition.areas) == (Agent.GENERATIVE_AI, (Area.MASTERING,))


def test_images_and_releases_declare_too():
    message = read(ern4()).message
    [image] = message.images
    assert (image.kind, image.disclosure.level, image.files[0].uri) == ("FrontCoverImage", Level.ALL, "cover.jpg")
    main, track = message.releases
    assert (main.disclosure.level, main.disclosure.can_declare) == (Level.PARTLY, True)
    assert (track.disclosure.level, track.disclosure.can_declare) == (Level.UNDECLARED, False)
    assert (main.is_main, track.is_main, track.kind) == (True, False, "TrackRelease")
    assert (main.icpn, main.grid, main.key) == ("4006381333931", "A12425GABC1234002M", "A12425GABC1234002M")
    assert (main.title, main.label, main.genres) == ("The Song (Remix)", "Example Label", ("Pop", "Dream Pop"))
    assert (main.resource_references, main.release_date) == (("A1", "A2"), "2026-12-01")


def test_a_deal_says_where_when_and_how():
    [deal] = read(ern4()).message.deals
    assert (deal.release_references, deal.starts_at, deal.ends_at) == (("R0", "R1"), "2026-12-01", None)
    assert (deal.use_types, deal.commercial_models) == (("OnDemandStream",), ("SubscriptionModel",))
    assert (values(deal.territories), deal.is_takedown) == ([("Territory", "Worldwide")], False)


def test_everything_knows_its_place():
    text = ern4()
    message = read(text).message
    [recording] = message.sound_recordings
    at = recording.disclosure.contributions[1].at
    assert at.path == "message.xml"
    assert at.line == line_of(text, "<SpecialContributor>GenerativeAI</SpecialContributor>\n        <Role>") - 1
    assert at.xpath == "/NewReleaseMessage/ResourceList/SoundRecording/Contributor[2]"
    assert recording.disclosure.at.xpath == "/NewReleaseMessage/ResourceList/SoundRecording/ContainsAI"
    assert recording.disclosure.at.line == line_of(text, "<ContainsAI>Partly")
    assert message.releases[1].at.xpath == "/NewReleaseMessage/ReleaseList/TrackRelease"


def test_lines_are_right_beyond_65535():
    padding = "\n" * 70_000
    text = ern4(padding=("<ResourceList>\n", "<ResourceList>" + padding))
    [recording] = read(text).message.sound_recordings
    assert recording.at.line == line_of(text, "<SoundRecording>")
    assert recording.files[0].at.line == line_of(text, "<URI>resources/one.wav") - 1
    assert recording.disclosure.at.line == line_of(text, "<ContainsAI>Partly")


def test_a_recording_of_ern_3_becomes_the_same_form():
    message = read(ERN3).message
    recording, video = message.sound_recordings
    assert (message.ern_version, message.created_at) == ("3.8.2", datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert (recording.title, recording.display_artist) == ("The Song (Live)", "Ada Example")
    assert (recording.isrc, recording.duration_s, recording.genres) == ("GXF3D2400001", 188.0, ("Pop",))
    assert (recording.disclosure.level, recording.disclosure.can_declare) == (Level.UNDECLARED, False)
    producer, lyricist = recording.disclosure.contributions
    assert (producer.name, producer.areas, lyricist.roles) == ("Wim Example", (Area.PRODUCTION,), ("Lyricist",))
    [file] = recording.files
    assert (file.uri, file.codec, file.hash_sum.algorithm) == ("resources/one.mp3", "MP3", "MD5")
    assert (video.kind, video.isrc) == ("Video", "GXF3D2400002")
    assert message.images[0].files[0].uri == "http://example.org/cover.jpg"
    assert [(party.name, values(party.ids)) for party in message.parties] == [
        ("Ada Example", [("ISNI", "000000012281955X"), ("Proprietary", "own")]),
        ("Cy Example", []),
        ("Wim Example", []),
    ]


def test_a_release_of_ern_3_becomes_the_same_form():
    message = read(ERN3).message
    track, main = message.releases
    assert (track.is_main, main.is_main, message.main_release) == (False, True, main)
    assert (main.title, main.label, main.release_date) == ("The Release", "Example Label", "2026-12-01")
    assert (values(main.territories), main.resource_references) == ([("Territory", "Worldwide")], ("A1", "A3"))
    stream, takedown = message.deals
    assert (values(stream.excluded_territories), stream.starts_at) == ([("Territory", "US")], "2026-12-01T00:00:00")
    assert (stream.use_types, stream.is_takedown, takedown.is_takedown) == (("OnDemandStream",), False, True)


def test_ern_4_1_keeps_files_and_ids_in_the_recording_itself():
    text = ern4("411").replace("<SoundRecordingEdition>", "").replace("</SoundRecordingEdition>", "")
    [recording] = read(text).message.sound_recordings
    assert (recording.isrc, recording.files[0].uri) == ("GXF3D2400001", "resources/one.wav")


def test_a_manifest_lists_its_messages():
    text = """<m:ManifestMessage xmlns:m="http://ddex.net/xml/ern-c-sftp/16">
      <IsTestFlag>true</IsTestFlag><NumberOfMessages>2</NumberOfMessages>
      <MessageInBatch><MessageId>M1</MessageId><URL>1/1.xml</URL>
        <IncludedReleaseId><ICPN>4006381333931</ICPN></IncludedReleaseId>
        <HashSum><HashSum>ab</HashSum><HashSumAlgorithmType>MD5</HashSumAlgorithmType></HashSum></MessageInBatch>
    </m:ManifestMessage>"""
    message = read(text).message
    assert (message.kind, message.batch_count, message.control_type) == (MessageKind.MANIFEST, 2, "TestMessage")
    [line] = message.batch
    assert (line.url, line.message_id, line.release_id) == ("1/1.xml", "M1", "4006381333931")
    assert (line.hash_sum.algorithm, line.hash_sum.value) == ("MD5", "ab")


@pytest.mark.parametrize(
    ("root", "child", "is_main"),
    [("PurgeReleaseMessage", "PurgedRelease", True), ("CatalogListMessage", "CatalogItem", False)],
)
def test_purge_and_catalogue_messages_name_releases(root, child, is_main):
    text = f"""<e:{root} xmlns:e="http://ddex.net/xml/ern/382"><MessageHeader><MessageId>M</MessageId></MessageHeader>
      <{child}><ReleaseId><ICPN>4006381333931</ICPN></ReleaseId>
      <Title TitleType="DisplayTitle"><TitleText>Gone</TitleText></Title></{child}></e:{root}>"""
    message = read(text).message
    assert (message.kind, message.message_id) == (MessageKind(root), "M")
    assert [(one.icpn, one.title, one.is_main) for one in message.releases] == [("4006381333931", "Gone", is_main)]


@pytest.mark.parametrize(
    ("namespace", "version"),
    [
        ("http://ddex.net/xml/ern/34", "3.4"),
        ("http://ddex.net/xml/ern/37D2", "3.7D2"),
        ("http://ddex.net/xml/ern/431", "4.3.1"),
        ("http://ddex.net/xml/2010/ern-main/312", "3.1.2"),
        ("http://ddex.net/xml/ern/113", None),
        ("http://ddex.net/xml/ern/44", None),
        ("http://ddex.net/xml/ern/432/", None),
        ("http://example.org/ern/432", None),
        ("", None),
    ],
)
def test_the_namespace_tells_the_version(namespace, version):
    reading = read(f'<x:NewReleaseMessage xmlns:x="{namespace}"/>' if namespace else "<NewReleaseMessage/>")
    if version is None:
        assert [one.rule for one in reading.findings] == ["XSD-001"]
        assert reading.message is None
    else:
        assert (reading.message.ern_version, reading.findings) == (version, ())


def strays(text):
    return [(one.location.xpath.rpartition("/")[2], one.value) for one in read(text).findings if one.rule == "XSD-006"]


def test_a_right_message_has_no_strays():
    assert strays(ern4()) == []
    assert strays(ern4("431")) == []
    assert strays(ERN3) == []


@pytest.mark.parametrize("name", ["ContainsAi", "containsAI", "ContainAI", "AIContribution", "IsAIGenerated"])
def test_a_misspelt_element_is_no_silence(name):
    text = ern4(misspelt=("<ContainsAI>All</ContainsAI>", f"<{name}>All</{name}>"))
    assert strays(text) == [(name, "All")]
    assert read(text).message.images[0].disclosure.level is Level.UNDECLARED


def test_a_misplaced_element_is_reported_with_its_line():
    text = ern4(
        misplaced=("<ReleaseReference>R1</ReleaseReference>", "<ReleaseReference>R1</ReleaseReference>\n<ContainsAI/>")
    )
    [finding] = read(text).findings
    assert (finding.rule, finding.location.line) == ("XSD-006", line_of(text, "<ContainsAI/>"))
    assert finding.location.xpath == "/NewReleaseMessage/ReleaseList/TrackRelease/ContainsAI"
    assert "TrackRelease" in finding.message


def test_of_two_declarations_the_first_counts_and_the_second_is_reported():
    text = ern4(twice=("<ContainsAI>All</ContainsAI>", "<ContainsAI>None</ContainsAI><ContainsAI>All</ContainsAI>"))
    assert strays(text) == [("ContainsAI[2]", "All")]
    assert read(text).message.images[0].disclosure.level is Level.NONE


@pytest.mark.parametrize("value", ["Yes", "partly", "ALL", "", "true", "Partly AI"])
def test_a_value_that_is_not_allowed_counts_as_undeclared(value):
    text = ern4(
        level=("<ContainsAI>Partly<", f"<ContainsAI>{value}<"),
        degree=("<AiContribution>Partly<", f"<AiContribution>{value}<"),
    )
    disclosure = read(text).message.sound_recordings[0].disclosure
    assert (disclosure.level, disclosure.text) == (Level.UNDECLARED, value)
    assert (disclosure.contributions[0].ai, disclosure.contributions[0].ai_text) == (Level.UNDECLARED, value)


def test_an_unknown_special_contributor_is_reported():
    text = ern4(
        special=(
            "<SpecialContributor>GenerativeAI</SpecialContributor>\n        <Role>",
            "<SpecialContributor>generativeAI</SpecialContributor>\n        <Role>",
        )
    )
    assert strays(text) == [("SpecialContributor", "generativeAI")]
    machine = read(text).message.sound_recordings[0].disclosure.contributions[1]
    assert (machine.agent, machine.special_text, machine.ai) == (Agent.OTHER, "generativeAI", Level.UNDECLARED)


def test_a_version_without_disclosure_cannot_declare():
    message = read(ern4("43")).message
    recording = message.sound_recordings[0]
    assert (recording.disclosure.level, recording.disclosure.text) == (Level.UNDECLARED, "Partly")
    assert {one.ai for one in recording.all_contributions} == {Level.UNDECLARED}
    assert not message.can_declare
    assert {name.partition("[")[0] for name, _ in strays(ern4("43"))} == {"SpecialContributor", "SpecialDisplayArtist"}


def test_a_flood_of_strays_is_counted_not_listed():
    text = ern4(flood=("<ResourceList>", "<ResourceList>" + "<ContainsAI/>" * 300))
    findings = read(text).findings
    assert len(findings) == 201
    assert findings[-1].location.xpath == "/NewReleaseMessage"


def test_texts_have_declarations_of_their_own():
    lyrics = "<Text><ResourceReference>A9</ResourceReference><ContainsAI>{}</ContainsAI></Text></ResourceList>"
    assert strays(ern4(text=("</ResourceList>", lyrics.format("All")))) == []
    assert strays(ern4(text=("</ResourceList>", lyrics.format("Yes")))) == [("ContainsAI", "Yes")]
