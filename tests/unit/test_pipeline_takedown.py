"""Messages that only withdraw: recognised, remembered, and never a reason to look at sound."""

from contextlib import closing

import pytest
from deliveries import FakeEars, message, put

from pipeline.check import check_paths
from pipeline.history import LakeHistory
from pipeline.lake import Lake
from pipeline.scan import Plan, scan
from schemas.ern import read_message
from schemas.evidence import Evidence
from schemas.release import Deal, Message, MessageKind
from schemas.screening import Screening

ICPN = "4006381333931"
HEADER = """<MessageHeader><MessageId>{id}</MessageId>
 <MessageSender><PartyId>PADPIDA2014021201H</PartyId></MessageSender>
 <MessageRecipient><PartyId>PADPIDA2007071501I</PartyId></MessageRecipient>
 <MessageCreatedDateTime>{created}</MessageCreatedDateTime></MessageHeader>"""
PURGE = (
    '<ern:PurgeReleaseMessage xmlns:ern="http://ddex.net/xml/ern/{version}">'
    + HEADER
    + f"<PurgedRelease><ReleaseId><ICPN>{ICPN}</ICPN></ReleaseId></PurgedRelease></ern:PurgeReleaseMessage>"
)
TERMS = "<DealReleaseReference>R0</DealReleaseReference><Deal><DealTerms>{terms}</DealTerms></Deal>"
ENDED = "<ValidityPeriod><StartDate>2026-01-01</StartDate><EndDate>2026-11-02</EndDate></ValidityPeriod>"
RUNNING = "<ValidityPeriod><StartDate>2026-01-01</StartDate></ValidityPeriod>"


def declared(level, *terms, **about):
    text = message("s.wav", **about).replace("<Duration>", f"<ContainsAI>{level}</ContainsAI><Duration>")
    deals = "".join(f"<ReleaseDeal>{TERMS.format(terms=one)}</ReleaseDeal>" for one in terms)
    return text.replace("</ern:New", f"<DealList>{deals}</DealList></ern:New") if terms else text


def screened(tmp_path):
    lake = tmp_path / "lake"
    scan(Plan(source=tmp_path / "zone", lake=lake, ears=FakeEars))
    rows = {row["message_id"]: row for row in Lake(lake).rows("screenings")}
    return {name: Screening.model_validate_json(row["screening"]) for name, row in rows.items()}


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([], False),
        ([RUNNING], False),
        ([ENDED], True),
        (["<TakeDown>true</TakeDown>"], True),
        (["<AllDealsCancelled>true</AllDealsCancelled>"], True),
        ([ENDED, RUNNING], False),
    ],
)
def test_a_message_whose_deals_are_all_over_is_a_takedown(terms, expected):
    text = declared("All", *terms, created="2026-11-02T12:00:00Z")

    assert read_message(text.encode(), "m.xml").message.is_takedown is expected


def test_a_deal_that_ends_later_is_not_over():
    later = Message(kind=MessageKind.NEW_RELEASE, deals=(Deal(ends_at="2026-11-03T00:00:00"),))

    assert not later.is_takedown
    assert not later.deals[0].is_over(None)


def test_a_takedown_is_not_listened_to_and_asks_for_nothing(tmp_path):
    text = declared("None", ENDED, created="2026-11-02T12:00:00Z").replace(
        "<Duration>",
        "<Contributor><SpecialContributor>GenerativeAI</SpecialContributor></Contributor><Duration>",
    )
    put(tmp_path / "zone" / "album" / "m.xml", text)
    put(tmp_path / "zone" / "album" / "other.txt", "no sound came with it")

    (one,) = screened(tmp_path).values()

    assert one.intake.is_takedown
    assert one.intake.audio_uri is None
    assert (one.found.audio, one.flags) == (None, ())
    assert {f.rule[:3] for f in one.findings} <= {"PKG", "XSD", "IDN"}
    assert not {"PKG-004", "PKG-006"} & {f.rule for f in one.findings}


def test_sound_beside_a_takedown_is_left_alone(tmp_path):
    put(tmp_path / "zone" / "album" / "m.xml", declared("None", ENDED, created="2026-11-02T12:00:00Z"))
    put(tmp_path / "zone" / "album" / "s.wav", b"silent")

    (one,) = screened(tmp_path).values()

    assert (one.found.audio, one.flags) == (None, ())


@pytest.mark.parametrize("version", ["382", "383", "411", "43", "431", "432"])
def test_a_purge_withdraws_a_release_in_every_version(version):
    text = PURGE.format(version=version, id="MP", created="2026-11-03T12:00:00Z")

    purge = read_message(text.encode(), "m.xml").message

    assert (purge.kind, purge.is_takedown, purge.main_release.key) == ("PurgeReleaseMessage", True, ICPN)


def test_a_purge_is_a_delivery_that_withdraws_a_release(tmp_path):
    text = PURGE.format(version="432", id="MP", created="2026-11-03T12:00:00Z")
    put(tmp_path / "zone" / "m.xml", text)

    (one,) = screened(tmp_path).values()

    assert (one.intake.is_takedown, one.intake.release_key, one.flags) == (True, ICPN, ())
    with closing(LakeHistory(tmp_path / "lake")) as history:
        past = history.arrive(Evidence(intake=one.intake.model_copy(update={"message_sha256": "later"})))
        assert [m.is_takedown for m in past.of_release(ICPN)][:1] == [True]


def test_after_a_purge_another_sender_contradicts_nothing_and_an_older_message_is_stale(tmp_path):
    zone = tmp_path / "zone"
    put(zone / "1" / "m.xml", declared("All", RUNNING, message_id="M1", created="2026-11-01T12:00:00Z"))
    put(zone / "2" / "m.xml", PURGE.format(version="432", id="M2", created="2026-11-02T12:00:00Z"))
    screened(tmp_path)
    put(zone / "3" / "m.xml", declared("None", message_id="M3", created="2026-11-01T18:00:00Z"))
    theirs = declared("None", message_id="M4", created="2026-11-04T12:00:00Z")
    put(zone / "4" / "m.xml", theirs.replace("PADPIDA2014021201H", "PADPIDA2013020802I").replace(ICPN, "4006381333900"))

    found = screened(tmp_path)

    assert "A takedown of 2026-11-02" in next(f.message for f in found["M3"].findings if f.rule == "PKG-013")
    assert not any(f.rule.startswith("HIS") for f in found["M4"].findings)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (PURGE.format(version="382", id="M", created="2026-11-03T12:00:00Z"), "PurgeReleaseMessage"),
        (
            '<e:CatalogListMessage xmlns:e="http://ddex.net/xml/ern/382">'
            + HEADER.format(id="M", created="2026-11-03T12:00:00Z")
            + f"<CatalogItem><ReleaseId><ICPN>{ICPN}</ICPN></ReleaseId></CatalogItem></e:CatalogListMessage>",
            "CatalogListMessage",
        ),
        (
            '<m:ManifestMessage xmlns:m="http://ddex.net/xml/ern-c-sftp/16">'
            + HEADER.format(id="M", created="2026-11-03T12:00:00Z")
            + "<IsTestFlag>false</IsTestFlag><NumberOfMessages>0</NumberOfMessages></m:ManifestMessage>",
            "ManifestMessage",
        ),
    ],
)
def test_messages_without_recordings_are_recognised(tmp_path, text, kind):
    report = check_paths([put(tmp_path / "m.xml", text)], listen=False)

    (one,) = report.messages
    assert (one.kind, one.error) == (kind, None)
    assert not [f for f in report.findings if f.severity == "error"]


@pytest.mark.parametrize(
    ("sample", "kind", "releases"),
    [
        ("AudiusProject__ddex-processor/03_delete.xml", "PurgeReleaseMessage", 1),
        ("miqwit__dedex/017_purged_release.xml", "PurgeReleaseMessage", 1),
        ("miroivan12org__DDEX/LiveCycle_PurgeReleases.xml", "PurgeReleaseMessage", 1),
        ("constructed/ern-c-sftp16_BatchComplete_20261122120000000.xml", "ManifestMessage", 0),
    ],
)
def test_samples_are_recognised(shared, sample, kind, releases):
    path = shared / "ddex" / "samples" / sample

    read = read_message(path.read_bytes(), path.name).message

    assert (read.kind, read.is_takedown) == (kind, kind == "PurgeReleaseMessage")
    assert len([release.key for release in read.releases if release.key]) == releases
