"""The demonstration's messages: valid for DDEX, right in every identifier, wrong only where they mean to be."""

import pytest

from api.demo.catalogue import tracks
from api.demo.content import BATCHES
from api.demo.messages import Delivered, to_manifest, to_message
from schemas.disclosure import Agent, Level
from schemas.ern import read_message, write_batch_manifest, write_message
from schemas.ern.xsd import SchemaFolder
from schemas.identifiers import parse_dpid, parse_icpn, parse_isrc
from schemas.release import HashSum, MessageInBatch
from schemas.rules import Scope, run

RELEASES = [(batch, sheet) for batch in BATCHES for sheet in batch.releases]
MEANT = {"AID-001", "AID-002", "SPM-001", "SPM-002", "SPM-006"}


def written(batch, sheet):
    files = {t.sound: Delivered(f"{t.isrc}.{t.form}", 1, "0" * 64, 31.0) for t in sheet.tracks if t.sound}
    return write_message(to_message(batch, sheet, files))


def manifest(batch):
    lines = tuple(
        MessageInBatch(
            url=f"{sheet.icpn}/{sheet.icpn}.xml",
            message_id=f"{batch.batch_id}-{sheet.icpn}",
            release_id=sheet.icpn,
            hash_sum=HashSum(algorithm="SHA-256", value="0" * 64),
        )
        for sheet in batch.releases
    )
    return write_batch_manifest(to_manifest(batch, lines), f"/N_{batch.batch_id}")


@pytest.fixture(scope="module")
def schemas(shared):
    return SchemaFolder(shared / "ddex/xsd")


def test_messages_are_valid_for_ern_432(schemas):
    for batch, sheet in RELEASES:
        assert not list(schemas.validate(written(batch, sheet), "m.xml"))


def test_manifests_are_valid_for_the_batch_profile(schemas):
    for batch in BATCHES:
        assert not list(schemas.validate(manifest(batch), "m.xml"))


def test_identifiers_are_right_and_each_is_used_once():
    isrcs = [track.isrc for track in tracks()]
    icpns = [sheet.icpn for _, sheet in RELEASES]
    dpids = [batch.sender_dpid for batch in BATCHES]

    for parse, values in ((parse_isrc, isrcs), (parse_icpn, icpns), (parse_dpid, dpids)):
        assert [parse(value) for value in values] == values
        assert len(set(values)) == len(values)


@pytest.mark.parametrize(("batch", "sheet"), RELEASES, ids=[sheet.title for _, sheet in RELEASES])
def test_what_is_written_is_read_again(batch, sheet):
    reading = read_message(written(batch, sheet), "m.xml")
    message = reading.message

    assert not reading.findings
    assert message.sender.name == batch.sender
    assert message.main_release.title == sheet.title
    for track, recording in zip(sheet.tracks, message.sound_recordings, strict=True):
        assert (recording.isrc, recording.title) == (track.isrc, track.title)
        assert recording.display_artist == track.artist
        assert recording.disclosure.level is track.level
        assert len(recording.disclosure.contributions) == len(track.credits)


@pytest.mark.parametrize(("batch", "sheet"), RELEASES, ids=[sheet.title for _, sheet in RELEASES])
def test_messages_break_no_rule_but_those_they_mean_to(batch, sheet):
    message = read_message(written(batch, sheet), "m.xml").message

    broken = {found.rule for found in run(Scope.MESSAGE, message) if found.severity != "info"}

    assert broken <= MEANT


def test_the_model_disclosure_says_who_sang_and_what_played():
    paper_boats = next(track for track in tracks() if track.title == "Paper Boats")
    batch, sheet = next((b, s) for b, s in RELEASES if paper_boats in s.tracks)
    recording = next(r for r in to_message(batch, sheet, {}).sound_recordings if r.title == "Paper Boats")
    agents = {role: c.agent for c in recording.disclosure.contributions for role in c.roles}

    assert recording.disclosure.level is Level.PARTLY
    assert agents["LeadVocalist"] is Agent.HUMAN
    assert agents["StudioMusician"] is Agent.GENERATIVE_AI


def test_the_same_sheet_gives_the_same_bytes():
    assert [written(*release) for release in RELEASES] == [written(*release) for release in RELEASES]
