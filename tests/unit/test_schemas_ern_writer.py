"""The writer: what it writes is valid, and reads back as the same message."""

from datetime import UTC, datetime

import pytest
from hypothesis import Phase, given, settings
from lxml import etree
from strategies import messages

from schemas.disclosure import Agent, Contribution, Disclosure, Level
from schemas.ern import read_message, write_batch_manifest, write_message
from schemas.errors import InvalidInput
from schemas.release import (
    Deal,
    DisplayArtist,
    HashSum,
    Identified,
    Message,
    MessageInBatch,
    MessageKind,
    Party,
    Release,
    SoundRecording,
)

SENDER = Party(name="Example Records", ids=(Identified(scheme="DPID", value="PADPIDA202401120D9"),))
RECIPIENT = Party(name="Example DSP", ids=(Identified(scheme="DPID", value="PADPIDA2012041004F"),))
DRAWN = (Phase.explicit, Phase.generate)  # a whole message takes minutes to shrink
CREATED = datetime(2026, 11, 22, 12, tzinfo=UTC)


class BesideTheSchema(etree.Resolver):
    """Finds imported schemas by their file name among local folders; never on the network."""

    def __init__(self, *folders):
        super().__init__()
        self.folders = folders

    def resolve(self, system_url, public_id, context):
        name = system_url.rsplit("/", 1)[-1]
        found = next(folder / name for folder in self.folders if (folder / name).is_file())
        return self.resolve_filename(str(found), context)


def load_schema(main, *folders):
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(BesideTheSchema(main.parent, *folders))
    return etree.XMLSchema(etree.parse(str(main), parser))


@pytest.fixture(scope="session")
def ern432(shared):
    return load_schema(shared / "ddex/xsd/ern432/release-notification.xsd", shared / "ddex/xsd/avs9")


def without_places(value):
    """A message as plain data without where things stand."""
    if isinstance(value, dict):
        places = {"at", "path", "sha256"}
        return {key: without_places(inner) for key, inner in value.items() if key not in places}
    return [without_places(inner) for inner in value] if isinstance(value, list) else value


def plain(message):
    return without_places(message.model_copy(update={"namespace": None}).model_dump(mode="json"))


@settings(max_examples=40, deadline=None, phases=DRAWN)
@given(messages())
def test_what_is_written_reads_back_the_same(message):
    reading = read_message(write_message(message), "message.xml")
    assert reading.findings == ()
    assert plain(reading.message) == plain(message)


@settings(max_examples=40, deadline=None, phases=DRAWN)
@given(message=messages())
def test_what_is_written_is_valid(ern432, message):
    ern432.assertValid(etree.fromstring(write_message(message)))


def small_message(**changes):
    recording = SoundRecording(
        reference="A1",
        title="Song",
        display_artist="Ada Example",
        display_artists=(DisplayArtist(name="Ada Example"),),
        duration_s=200,
        disclosure=Disclosure(
            level=Level.PARTLY,
            contributions=(
                Contribution(agent=Agent.HUMAN, name="Wim Example", roles=("Lyricist",), ai=Level.NONE),
                Contribution(agent=Agent.GENERATIVE_AI, roles=("LeadVocalist",), ai=Level.ALL),
            ),
        ),
    )
    fields = {
        "kind": MessageKind.NEW_RELEASE,
        "message_id": "M1",
        "created_at": CREATED,
        "sender": SENDER,
        "recipients": (RECIPIENT,),
        "sound_recordings": (recording,),
        "releases": (
            Release(reference="R0", title="Song", display_artist="Ada Example", resource_references=("A1",)),
            Release(reference="R1", is_main=False, resource_references=("A1",)),
        ),
        "deals": (Deal(release_references=("R0",), starts_at="2026-12-01", ends_at="2027-01-01T00:00:00Z"),),
    }
    return Message(**(fields | changes))


def test_what_a_message_leaves_out_is_completed(ern432):
    data = write_message(small_message())
    ern432.assertValid(etree.fromstring(data))
    message = read_message(data, "message.xml").message
    assert [party.name for party in message.parties] == ["Ada Example", "Wim Example", "Unknown"]
    [recording] = message.sound_recordings
    assert recording.display_artists[0].party_reference == message.parties[0].reference
    assert recording.disclosure.text == "Partly"
    assert [(one.agent, one.ai) for one in recording.disclosure.contributions] == [
        (Agent.HUMAN, Level.NONE),
        (Agent.GENERATIVE_AI, Level.ALL),
    ]
    assert (message.deals[0].starts_at, message.deals[0].ends_at) == ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "changes",
    [
        {"sender": Party()},
        {"recipients": ()},
        {"created_at": None},
        {"releases": ()},
        {"releases": (Release(reference="R0"), Release(reference="R1"))},
        {"releases": (Release(reference="R0"), Release(reference="R1", is_main=False))},
        {"sound_recordings": (SoundRecording(reference="A1"),)},
        {"sound_recordings": (SoundRecording(reference="A1", kind="Video", duration_s=1),)},
        {"deals": (Deal(release_references=("R0",)),)},
        {"message_id": "\x00"},
    ],
)
def test_what_cannot_be_written_is_refused(changes):
    with pytest.raises(InvalidInput):
        write_message(small_message(**changes))


def manifest(**changes):
    lines = (
        MessageInBatch(
            url="4006381333931/4006381333931.xml",
            message_id="M1",
            release_id="4006381333931",
            hash_sum=HashSum(algorithm="SHA-256", value="ab" * 32),
        ),
        MessageInBatch(url="2/2.xml", message_id="M2", release_id="own-2"),
        MessageInBatch(url="3/3.xml", message_id="M3", release_id="A12425GABC1234002M"),
    )
    fields = {"kind": MessageKind.MANIFEST, "created_at": CREATED, "sender": SENDER, "recipients": (RECIPIENT,)}
    return Message(**(fields | {"batch": lines, "batch_count": 3, "control_type": "LiveMessage"} | changes))


def test_a_manifest_reads_back_the_same():
    message = read_message(write_batch_manifest(manifest(), "/N_1"), "BatchComplete_1.xml").message
    assert plain(message) == plain(manifest())


def test_a_manifest_is_valid(shared):
    schema = load_schema(shared / "ddex/xsd/ern-c-sftp16/ern-choreography-sftp.xsd")
    schema.assertValid(etree.fromstring(write_batch_manifest(manifest(control_type="TestMessage"), "/N_1")))


@pytest.mark.parametrize("changes", [{"batch": ()}, {"sender": Party()}, {"recipients": ()}, {"created_at": None}])
def test_an_incomplete_manifest_is_refused(changes):
    with pytest.raises(InvalidInput):
        write_batch_manifest(manifest(**changes), "/N_1")
