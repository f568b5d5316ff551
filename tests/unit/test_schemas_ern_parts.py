"""A message is read part by part: the same as from its whole tree, in any order, and without keeping the tree."""

from pathlib import Path

import pytest

from schemas.disclosure import Level
from schemas.ern import read_message
from schemas.ern.context import Context
from schemas.ern.parts import PART_NAMES, Parts, whole_parts
from schemas.ern.source import parse_parts, parse_xml

MESSAGES = sorted((Path(__file__).parents[1] / "data/ern").glob("*.xml"))
RECORDING = """<SoundRecording><ResourceReference>{0}</ResourceReference>
  <DisplayArtist><ArtistPartyReference>P1</ArtistPartyReference></DisplayArtist>
  <ContainsAI>{1}</ContainsAI></SoundRecording>"""
PARTIES = """<PartyList><Party><PartyReference>P1</PartyReference>
  <PartyName><FullName>Ana Lima</FullName></PartyName></Party></PartyList>"""


def message(*body):
    text = "\n".join(body)
    return f'<e:NewReleaseMessage xmlns:e="http://ddex.net/xml/ern/432">{text}</e:NewReleaseMessage>'.encode()


def resources(*recordings):
    return f"<ResourceList>{''.join(recordings)}</ResourceList>"


def parts_of(elements):
    first = next(elements)
    parts = Parts(first.getroottree().getroot(), Context("m.xml", "4.3.2"))
    parts.take(first)
    for element in elements:
        parts.take(element)
    parts.finish()
    return parts


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
def test_part_by_part_is_as_from_the_whole_tree(path):
    data = path.read_bytes()
    by_part, whole = parts_of(parse_parts(data, PART_NAMES)), parts_of(whole_parts(parse_xml(data)))
    assert by_part.sound_recordings == whole.sound_recordings
    assert by_part.images == whole.images
    assert by_part.releases == whole.releases
    assert by_part.deals == whole.deals
    assert by_part.context.findings == whole.context.findings


def test_what_has_been_read_is_dropped_while_the_parser_goes_on():
    kept = 0
    data = message(PARTIES, resources(*(RECORDING.format(f"A{n}", "None") for n in range(3000))))
    elements = parse_parts(data, PART_NAMES)
    first = next(elements)
    parts = Parts(first.getroottree().getroot(), Context("m.xml", "4.3.2"))
    parts.take(first)
    for element in elements:
        parts.take(element)
        if element.getparent() is not None:
            kept = max(kept, len(element.getparent()))
    parts.finish()
    assert len(parts.sound_recordings) == 3000
    assert kept < 300  # the parser takes 32 kB at a time


def test_parties_that_stand_behind_the_parts_are_found():
    usual = read_message(message(PARTIES, resources(RECORDING.format("A1", "All"))), "m.xml").message
    swapped = read_message(message(resources(RECORDING.format("A1", "All")), PARTIES), "m.xml").message
    assert usual.sound_recordings[0].display_artist == swapped.sound_recordings[0].display_artist == "Ana Lima"


def test_a_list_that_is_repeated_is_read_whole_and_numbered():
    lists = resources(RECORDING.format("A1", "All")), resources(RECORDING.format("A2", "None"))
    recordings = read_message(message(PARTIES, *lists), "m.xml").message.sound_recordings
    assert [one.at.xpath for one in recordings] == [
        "/NewReleaseMessage/ResourceList[1]/SoundRecording",
        "/NewReleaseMessage/ResourceList[2]/SoundRecording",
    ]
    assert [one.disclosure.level for one in recordings] == [Level.ALL, Level.NONE]


@pytest.mark.parametrize(("count", "numbers"), [(1, [""]), (3, ["[1]", "[2]", "[3]"])])
def test_only_repeated_parts_have_a_number(count, numbers):
    recordings = (RECORDING.format(f"A{n}", "None") for n in range(count))
    read = read_message(message(PARTIES, resources(*recordings)), "m.xml").message.sound_recordings
    ends = [one.at.xpath.removeprefix("/NewReleaseMessage/ResourceList/SoundRecording") for one in read]
    assert ends == numbers


def test_recordings_and_videos_keep_their_order():
    video = RECORDING.replace("SoundRecording", "Video")
    mixed = [RECORDING.format("A1", "None"), video.format("A2", "None"), RECORDING.format("A3", "None")]
    read = read_message(message(PARTIES, resources(*mixed)), "m.xml").message.sound_recordings
    assert [one.reference for one in read] == ["A1", "A2", "A3"]


def test_a_stray_word_about_ai_is_found_in_a_part_and_outside():
    odd = "<SoundRecording><ContainsAi>All</ContainsAi></SoundRecording>"
    reading = read_message(message(PARTIES, resources(odd, odd), "<ContainsAI>None</ContainsAI>"), "m.xml")
    assert [(one.rule, one.location.xpath) for one in reading.findings] == [
        ("XSD-006", "/NewReleaseMessage/ResourceList/SoundRecording[1]/ContainsAi"),
        ("XSD-006", "/NewReleaseMessage/ResourceList/SoundRecording[2]/ContainsAi"),
        ("XSD-006", "/NewReleaseMessage/ContainsAI"),
    ]


def test_a_part_outside_its_list_is_no_part():
    reading = read_message(message(PARTIES, RECORDING.format("A1", "None")), "m.xml")
    assert reading.message.sound_recordings == ()
