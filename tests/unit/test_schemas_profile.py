import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli.app import app
from pipeline.check import check_paths
from schemas.errors import InvalidProfile
from schemas.findings import Severity
from schemas.profile import Basis, Weight, parse_profile, shipped_profile, shipped_profiles
from schemas.rules import RULES, Scope, finding

DATA = Path(__file__).parents[1] / "data" / "rules"
DOCS = Path(__file__).parents[2] / "docs" / "profiles.md"
KNOWS_TWO_SEVERITIES = {"PRV-005"}
HEAD = '[profile]\nid = "mine"\nversion = 2026-11-22\ntitle = "Mine"\ndescription = "Ours."\n'


def rule(rule_id="AID-001", severity="mute", **more):
    fields = {"id": rule_id, "severity": severity, "reason": "Why.", "source": "Terms", "basis": "house", **more}
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())
    return f"[[rule]]\n{lines}date = 2026-11-22\n"


# --- what ships


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_shipped_profile_is_dated_sourced_and_of_registered_rules(name):
    profile = shipped_profile(name)

    assert profile.id == name
    assert profile.version <= datetime.now(UTC).date()
    for entry in profile.entries:
        assert entry.id in RULES
        assert entry.reason.endswith(".")
        assert date(2024, 1, 1) <= entry.date <= profile.version
        if entry.id not in KNOWS_TWO_SEVERITIES:
            assert RULES[entry.id].severity.value != entry.severity, "it changes nothing"
        assert (entry.basis is Basis.SECOND_HAND) == entry.source.startswith("Press")


def test_every_platform_has_a_profile_and_every_target_rule_a_platform():
    assert set(shipped_profiles()) == {"house", "spotify", "apple", "deezer", "distrokid", "bandcamp", "believe"}
    targets = {shipped_profile(name).target for name in shipped_profiles()} - {None}
    assert targets == {r.id for r in RULES.values() if r.scope is Scope.TARGET}


def test_the_house_changes_nothing():
    assert shipped_profile("house").entries == ()


def test_profiles_are_documented():
    text = DOCS.read_text("utf-8")

    assert all(f"`{name}`" in text for name in shipped_profiles())
    assert parse_profile(text.partition("```toml\n")[2].partition("```")[0]).entry("AID-001")


# --- reading


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[profile", "not TOML"),
        ("", "id: Field required"),
        ("profile = 3", "table"),
        ("rule = 3\n" + HEAD, "entries"),
        (HEAD + rule("AID-999"), "there is no rule AID-999"),
        (HEAD + rule() + rule(severity="info"), "rule AID-001 is listed twice"),
        (HEAD + 'target = "AID-001"', "AID-001 is no rule of the TGT group"),
        (HEAD + rule(severity="fatal"), "entries.0.severity"),
        (HEAD + rule(basis="hearsay"), "entries.0.basis"),
        (HEAD + rule(reason=""), "entries.0.reason"),
        (HEAD + rule(extra="x"), "entries.0.extra"),
    ],
)
def test_what_cannot_be_applied_is_named(text, said):
    with pytest.raises(InvalidProfile) as caught:
        parse_profile(text, path="mine.toml")

    assert caught.value.message.startswith("mine.toml")
    assert said in caught.value.message
    assert caught.value.mend


@given(st.text(max_size=200))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_no_other_text_is_a_profile(text):
    with pytest.raises(InvalidProfile, match=r"^profile"):
        parse_profile(text)


def test_an_unknown_name_lists_the_known():
    with pytest.raises(InvalidProfile, match="no profile 'myspace'") as caught:
        shipped_profile("myspace")

    assert "spotify" in caught.value.mend


# --- applying


@given(
    st.lists(st.sampled_from(sorted(RULES))), st.dictionaries(st.sampled_from(sorted(RULES)), st.sampled_from(Weight))
)
def test_applying_changes_severities_alone(found, weights):
    profile = parse_profile(HEAD + "".join(rule(one, weight.value) for one, weight in weights.items()))
    findings = [finding(one, f"Seen {place}.") for place, one in enumerate(found)]

    weighed = profile.apply(findings)

    assert [f.message for f in weighed] == [f.message for f in findings if weights.get(f.rule) is not Weight.MUTE]
    for one in weighed:
        assert one.severity.value == weights.get(one.rule, RULES[one.rule].severity).value


def test_only_the_profiles_own_platform_is_asked():
    message = DATA / "contradictions.xml"

    def asked(name):
        profile = shipped_profile(name) if name else None
        report = check_paths([message], profile=profile)
        return {f.rule for f in report.findings if f.rule.startswith("TGT")}

    assert asked(None) == asked("house") == set()
    assert asked("spotify") == {"TGT-SPO"}
    assert asked("believe") == {"TGT-BLV"}


def test_the_exit_code_follows_the_profile(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(HEAD + rule("XSD-004", "error"), "utf-8")
    undeclarable = [DATA / "undeclarable.xml"]

    assert check_paths(undeclarable).exit_code == 0
    assert check_paths(undeclarable, profile=parse_profile(own.read_text("utf-8"))).exit_code == 1


# --- the command


def liner(*arguments):
    return CliRunner(env={"TERM": "dumb", "COLUMNS": "200"}).invoke(app, [str(a) for a in arguments])


def test_check_takes_a_name_or_a_file(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(HEAD + rule("AID-002", "info"), "utf-8")

    by_name = liner("check", "-q", "--profile", "believe", DATA / "contradictions.xml").stdout
    by_file = liner("check", "-q", "--profile", own, DATA / "contradictions.xml").stdout

    assert "error AID-014" in by_name
    assert "info AID-002" in by_file


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    own = tmp_path / "own.toml"
    if content:
        own.write_bytes(content)

    result = liner("check", "--profile", own, DATA / "contradictions.xml")

    assert isinstance(result.exception, InvalidProfile)
    assert str(own) in result.exception.message


def test_rules_are_listed_as_a_profile_weighs_them():
    listed = {r["id"]: r for r in json.loads(liner("rules", "--profile", "apple", "--format", "json").stdout)}
    table = liner("rules", "--profile", "apple").stdout
    shown = liner("rules", "show", "AID-013", "--profile", "apple").stdout

    assert listed["AID-013"]["profile"]["severity"] == "error"
    assert listed["AID-013"]["severity"] == Severity.WARNING
    assert listed["AID-002"]["profile"] is None
    assert "mute" in table
    assert "[second-hand, 2026-03-04]" in shown
