"""What of a message is read in which version: everything that the samples hold, counted beside an XPath of our own.

3.8.3 and 4.1 have no sample that a person wrote; those of 3.8.2 and 4.1.1 stand in under their namespaces.
"""

from collections import Counter

import pytest
from lxml import etree

from schemas.ern import read_message
from schemas.release import MessageKind

VERSIONS = ("3.8.2", "3.8.3", "4.1", "4.1.1", "4.2", "4.3", "4.3.1", "4.3.2")
STANDS_IN = {"3.8.3": "3.8.2", "4.1": "4.1.1"}
RECORDING = "//*[local-name()='ResourceList']/*[local-name()='SoundRecording' or local-name()='Video']"
IMAGE = "//*[local-name()='ResourceList']/*[local-name()='Image']"


def below(base, *names):
    """An XPath for elements of any of these names below a base."""
    return " | ".join(f"{base}//*[local-name()='{name}']" for name in names)


def credited(*names):
    """An XPath for elements of a credit: a contributor's own, not those of a related resource."""
    contributors = ("Contributor", "EditionContributor", "ResourceContributor", "IndirectResourceContributor")
    return " | ".join(
        f"{RECORDING}//*[local-name()='{one}']/*[local-name()='{name}']" for one in contributors for name in names
    )


def of_deals(message, name):
    return [value for deal in message.deals for value in getattr(deal, name)]


def of_credits(message, name):
    return [value for one in message.sound_recordings for c in one.all_contributions for value in getattr(c, name)]


def resources(message):
    return (*message.sound_recordings, *message.images)


TERMS = "//*[local-name()='DealTerms']"
FILE = "*[local-name()='File'][*[local-name()='URI' or local-name()='FileName' or local-name()='URL']]"
FIELDS = {
    "parties": (
        "//*[local-name()='PartyList']/*[local-name()='Party']",
        lambda m: [p for p in m.parties if p.reference],
    ),
    "contributors": (
        below(RECORDING, "Contributor", "EditionContributor", "ResourceContributor", "IndirectResourceContributor"),
        lambda m: [c for one in m.sound_recordings for c in one.all_contributions],
    ),
    "roles": (
        credited("Role", "ResourceContributorRole", "IndirectResourceContributorRole"),
        lambda m: of_credits(m, "roles"),
    ),
    "instruments": (below(RECORDING, "InstrumentType"), lambda m: of_credits(m, "instruments")),
    "display artists": (
        below(RECORDING, "DisplayArtist"),
        lambda m: [a for one in m.sound_recordings for a in one.display_artists],
    ),
    "work ids": (
        below(RECORDING, "ISWC", "MusicalWorkId"),
        lambda m: [i for one in m.sound_recordings for i in one.work_ids if i.scheme == "ISWC"],
    ),
    "images": (IMAGE, lambda m: m.images),
    "files": (
        f"{RECORDING}//{FILE} | {IMAGE}//{FILE}",
        lambda m: [f for one in resources(m) for f in one.files],
    ),
    "hashes": (
        f"{RECORDING}//{FILE}[*[local-name()='HashSum']] | {IMAGE}//{FILE}[*[local-name()='HashSum']]",
        lambda m: [f for one in resources(m) for f in one.files if f.hash_sum],
    ),
    "languages": (
        below(RECORDING, "LanguageOfPerformance"),
        lambda m: [i for one in m.sound_recordings for i in one.languages],
    ),
    "durations": (
        f"{RECORDING}/*[local-name()='Duration']",
        lambda m: [one for one in m.sound_recordings if one.duration_s is not None],
    ),
    "p-lines": (
        f"{RECORDING}[.//*[local-name()='PLineText']]",
        lambda m: [one for one in m.sound_recordings if one.p_line],
    ),
    "deals": (TERMS, lambda m: m.deals),
    "territories": (below(TERMS, "TerritoryCode"), lambda m: of_deals(m, "territories")),
    "excluded territories": (below(TERMS, "ExcludedTerritoryCode"), lambda m: of_deals(m, "excluded_territories")),
    "use types": (below(TERMS, "UseType"), lambda m: of_deals(m, "use_types")),
    "commercial models": (below(TERMS, "CommercialModelType"), lambda m: of_deals(m, "commercial_models")),
}
ABSENT = {  # no sample of the version has any, or the version has no such element
    "3.8.2": {"parties", "instruments"},
    "3.8.3": {"parties", "instruments"},
    "4.1": {"instruments", "work ids", "excluded territories"},
    "4.1.1": {"instruments", "work ids", "excluded territories"},
    "4.2": {"work ids", "excluded territories"},
    "4.3": {"work ids", "excluded territories"},
    "4.3.1": {"hashes", "work ids", "excluded territories"},
    "4.3.2": {"instruments", "hashes", "work ids", "excluded territories"},
}
ODD = {  # message, field: why the counts differ
    ("complex_ddex_test", "deals"): "its terms stand outside any Deal",
    ("complex_ddex_test", "territories"): "its terms stand outside any Deal",
    ("complex_ddex_test", "use types"): "its terms stand outside any Deal",
    ("complex_ddex_test", "commercial models"): "its terms stand outside any Deal",
    ("Profile_AudioSingle_WithCompoundArtistsAndTerritorialOverride", "display artists"): "the main territory's count",
}


@pytest.fixture(scope="module")
def counted(shared):
    """For each version and field: how many the samples hold, and in which messages another number is read."""
    held: Counter[tuple[str, str]] = Counter()
    differing = []
    for path in sorted((shared / "ddex/samples").glob("*/*.xml")):
        if "instance" in path.name:
            continue  # made from the schema, with random words where there should be sense
        data = path.read_bytes()
        message = read_message(data, path.name).message
        if message is None or message.kind is not MessageKind.NEW_RELEASE or message.ern_version not in VERSIONS:
            continue
        root = etree.fromstring(data)
        expected = {field: len(root.xpath(xpath)) for field, (xpath, _) in FIELDS.items()}
        for version, one in under_versions(message, data):
            held.update({(version, field): number for field, number in expected.items()})
            read = {field: len(get(one)) for field, (_, get) in FIELDS.items()}
            differing += [
                (version, path.name, field, expected[field], read[field])
                for field in FIELDS
                if read[field] != expected[field] and (path.stem, field) not in ODD
            ]
    return held, differing


def under_versions(message, data):
    yield message.ern_version, message
    for other, original in STANDS_IN.items():
        if original == message.ern_version:
            old, new = (f"/ern/{one.replace('.', '')}".encode() for one in (original, other))
            yield other, read_message(data.replace(old, new), "m.xml").message


def test_what_the_samples_hold_is_read(counted):
    assert counted[1] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_samples_of_a_version_hold_every_field(counted, version):
    empty = {field for field in FIELDS if not counted[0][version, field]}

    assert empty == ABSENT[version]
