"""Validate with a yardstick: DDEX schemas and a profile, recorded with what they weighed."""

import pytest
from deliveries import FakeEars, message, put
from typer.testing import CliRunner

from api.cli.app import app
from pipeline.lake import Lake
from pipeline.scan import Plan, scan
from pipeline.validate import Yardstick, profile_ref, schemas_ref
from schemas.errors import InvalidInput
from schemas.profile import parse_profile, shipped_profile
from schemas.screening import Screening

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://ddex.net/xml/ern/432">
<xs:element name="NewReleaseMessage"><xs:complexType><xs:sequence><xs:any processContents="skip" minOccurs="0"
maxOccurs="{most}"/></xs:sequence><xs:anyAttribute processContents="skip"/></xs:complexType></xs:element></xs:schema>"""
PROFILE = """[profile]
id = "strict"
version = 2026-11-22
title = "Strict"
description = "Ours."
target = "TGT-SPO"
[[rule]]
id = "{rule}"
severity = "{severity}"
reason = "Ours."
source = "house"
basis = "house"
date = 2026-11-22
"""


def profile(rule, severity):
    return parse_profile(PROFILE.format(rule=rule, severity=severity))


@pytest.fixture
def zone(tmp_path):
    text = message("s.wav").replace("<Duration>", "<ContainsAI>Partly</ContainsAI><Duration>")
    put(tmp_path / "zone" / "album" / "m.xml", text)
    put(tmp_path / "zone" / "album" / "s.wav", b"loud")
    return tmp_path / "zone"


def folder(tmp_path, most):
    return put(tmp_path / f"xsd-{most}" / "release-notification.xsd", XSD.format(most=most)).parent


def screened(tmp_path, zone, **yardstick):
    lake = tmp_path / "lake"
    scan(Plan(source=zone, lake=lake, ears=FakeEars, yardstick=Yardstick(**yardstick)))
    rows = sorted(Lake(lake).rows("screenings"), key=lambda row: row["screened_at"])
    return [Screening.model_validate_json(row["screening"]) for row in rows]


def severities(screening):
    return {f.rule: f.severity.value for f in screening.findings}


def test_a_message_is_compared_with_the_schemas_of_a_folder(tmp_path, zone):
    (good,) = screened(tmp_path, zone, schemas=folder(tmp_path, 99))
    assert "XSD-002" not in severities(good)
    assert good.versions.schemas.startswith("ddex+")

    *_, bad = screened(tmp_path, zone, schemas=folder(tmp_path, 1))

    assert severities(bad)["XSD-002"] == "error"
    assert "XSD-002" in {flag.code for flag in bad.flags}
    assert bad.findings[0].location.path.endswith("m.xml")


def test_a_profile_weighs_findings_and_flags_and_is_recorded(tmp_path, zone):
    plain = screened(tmp_path, zone)[-1]
    assert severities(plain)["AID-006"] == "warning"
    assert not any(rule.startswith("TGT") for rule in severities(plain))

    raised = screened(tmp_path, zone, profile=profile("AID-006", "error"))[-1]
    muted = screened(tmp_path, zone, profile=profile("PKG-006", "mute"))[-1]

    assert severities(raised)["AID-006"] == "error"
    assert "PKG-006" not in severities(muted)
    assert raised.versions.profile.startswith("strict@2026-11-22+")
    assert len({plain.id, raised.id, muted.id}) == 3


def test_another_profile_or_schema_is_another_screening_and_the_same_is_none(tmp_path, zone):
    schemas = folder(tmp_path, 99)
    assert len(screened(tmp_path, zone)) == 1
    assert len(screened(tmp_path, zone, schemas=schemas)) == 2
    assert len(screened(tmp_path, zone, schemas=schemas, profile=shipped_profile("spotify"))) == 3
    assert len(screened(tmp_path, zone, schemas=schemas, profile=shipped_profile("spotify"))) == 3


def test_the_lake_has_columns_for_both(tmp_path, zone):
    screened(tmp_path, zone, profile=shipped_profile("apple"))

    (row,) = Lake(tmp_path / "lake").rows("screenings")

    assert row["profile"] == profile_ref(shipped_profile("apple"))
    assert (row["schemas"], row["can_declare"], row["message_id"]) == ("", True, "M1")


def test_a_reference_changes_with_the_content(tmp_path):
    schemas = folder(tmp_path, 1)
    before = schemas_ref(schemas)
    (schemas / "release-notification.xsd").write_text("other", "utf-8")

    assert before != schemas_ref(schemas)
    assert profile_ref(profile("AID-001", "info")) != profile_ref(profile("AID-001", "error"))
    assert (schemas_ref(None), profile_ref(None)) == ("", "")


def test_the_command_line_takes_both_and_refuses_a_folder_without_schemas(tmp_path, zone, monkeypatch):
    monkeypatch.setenv("LINER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LINER_DDEX_XSD", str(zone))

    for command in ("scan", "watch"):
        with pytest.raises(InvalidInput, match="holds no schema"):
            CliRunner().invoke(app, [command, str(zone), "--no-review"], catch_exceptions=False)
