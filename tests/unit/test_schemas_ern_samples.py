"""The reader on the reference messages: everything is read or refused for a reason, as known."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from schemas.disclosure import Level
from schemas.ern import read_message
from schemas.ern.strays import meant_element
from schemas.release import MessageKind
from schemas.vocabularies import AI_PLACES, AREAS_BY_ROLE, LEVELS, SPECIAL_CONTRIBUTORS, WRITABLE

XS = "{http://www.w3.org/2001/XMLSchema}"


@pytest.fixture(scope="module")
def readings(shared):
    folder = shared / "ddex/samples"
    files = sorted(folder.glob("*/*.xml"))
    return {str(file.relative_to(folder)): read_message(file.read_bytes(), file.name) for file in files}


def test_every_sample_is_read_or_refused_for_a_reason(readings):
    refused = Counter(reading.findings[0].rule for reading in readings.values() if reading.message is None)
    assert sum(refused.values()) + sum(reading.message is not None for reading in readings.values()) == len(readings)
    assert refused == {"PKG-010": 10, "XSD-001": 2}


def test_versions_are_those_of_the_list(shared, readings):
    with (shared / "ddex/samples/MANIFEST.csv").open() as stream:
        listed = {row["file"]: row["ern"] for row in csv.DictReader(stream)}
    for name, reading in readings.items():
        if reading.message and reading.message.ern_version:
            digits = listed[name].rsplit("/", 1)[-1]  # the list counts the draft 3.7D2 as 3.7
            assert reading.message.ern_version.replace(".", "").partition("D")[0] == digits, name


def test_every_release_message_names_its_recordings(readings):
    for name, reading in readings.items():
        message = reading.message
        is_random = "instance" in name  # made from the schema: its references lead nowhere
        if message is None or message.kind is not MessageKind.NEW_RELEASE or is_random:
            continue
        for recording in message.sound_recordings:
            assert recording.reference, name
            assert recording.at.line, name
        known = {one.reference for one in (*message.sound_recordings, *message.images)}
        if message.sound_recordings and message.main_release and message.main_release.resource_references:
            assert known & set(message.main_release.resource_references), name


def test_declarations_of_the_constructed_messages(readings):
    levels = {
        Path(name).stem: {one.disclosure.level for one in reading.message.sound_recordings}
        for name, reading in readings.items()
        if name.startswith("constructed/ern4")
    }
    assert levels["ern432_01_undeclared"] == {Level.UNDECLARED}
    assert levels["ern432_02_none_everywhere"] == {Level.NONE}
    assert levels["ern432_03_all"] == {Level.ALL}
    assert levels["ern432_05_partly_human_helped_by_ai"] == {Level.PARTLY}
    assert Level.UNDECLARED in levels["ern432_61_xsd_bad_value_yes"]
    assert levels["ern43_63_xsd_bad_ContainsAI_in_43"] == {Level.UNDECLARED}


def test_no_name_of_any_schema_is_taken_for_a_misspelt_one(shared):
    names = set()
    for file in shared.glob("ddex/xsd/*/*.xsd"):
        names |= {element.get("name") for element in etree.parse(str(file)).iter(f"{XS}element")} - {None}
    assert len(names) > 500
    assert {name for name in names if meant_element(name)} == set(AI_PLACES)


def test_values_are_those_of_the_allowed_value_set(shared):
    tree = etree.parse(str(shared / "ddex/xsd/avs9/allowed-value-sets.xsd"))
    values = {
        kind.get("name"): {one.get("value") for one in kind.iter(f"{XS}enumeration")}
        for kind in tree.iter(f"{XS}simpleType")
    }
    sets = {
        "Role": "ContributorRole",
        "SpecialDisplayArtist": "SpecialContributorType",
        "SpecialContributor": "SpecialContributorType",
        "ReleaseType": "ReleaseType_ERN4",
        "UseType": "UseType_ERN",
        "CommercialModelType": "CommercialModelType_ERN",
    }
    for vocabulary, held in WRITABLE.items():
        assert held <= values[sets.get(vocabulary, vocabulary)], vocabulary
    assert set(LEVELS) == values["ContainsAI"]
    assert set(SPECIAL_CONTRIBUTORS) == values["SpecialContributorType"]
    older = etree.parse(str(shared / "ddex/xsd/ern382/avs_20161006.xsd"))
    older_roles = {one.get("value") for one in older.iter(f"{XS}enumeration")}
    assert set(AREAS_BY_ROLE) <= values["ContributorRole"] | older_roles
