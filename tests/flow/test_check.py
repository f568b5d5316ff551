import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import soundfile
import sounds
from typer.testing import CliRunner

from api.cli.app import app
from pipeline.check import check_paths
from schemas.findings import Severity

DATA = Path(__file__).parents[1] / "data" / "rules"
CONTRADICTIONS = DATA / "contradictions.xml"
UNDECLARABLE = DATA / "undeclarable.xml"


def liner(*arguments, **more):
    return CliRunner(env={"TERM": "dumb", "COLUMNS": "200"}).invoke(app, [str(a) for a in arguments], **more)


def as_json(*arguments):
    result = liner("check", "--format", "json", *arguments)
    return result.exit_code, json.loads(result.stdout)


def rules_of(report):
    return [f["rule"] for f in report["findings"]]


@pytest.fixture
def batch(tmp_path):
    """A batch with one release, its sound file and a marker; its hash and duration are the message's."""
    release = tmp_path / "P_20261122" / "4006381333932"
    (release / "resources").mkdir(parents=True)
    audio = release / "resources" / "A1.wav"
    soundfile.write(audio, sounds.tone(31), sounds.RATE)
    digest = hashlib.sha256(audio.read_bytes()).hexdigest()
    text = CONTRADICTIONS.read_text("utf-8").replace("00ff", digest)
    (release / "4006381333932.xml").write_text(text, "utf-8")
    marker = release.parent / "BatchComplete_20261122.xml"
    marker.write_text("<done/>")
    return release.parent


# --- what is reported


def test_a_message_is_reported_as_expected():
    exit_code, report = as_json(CONTRADICTIONS)

    expected = json.loads((DATA / "contradictions.expected.json").read_text("utf-8"))
    path = str(CONTRADICTIONS)
    assert exit_code == 1
    assert [m.pop("path") for m in report["messages"]] == [path]
    assert {f.pop("path") for f in report["findings"]} == {path}
    assert report == expected


def test_the_profile_is_named_and_what_was_left_alone_is_counted(tmp_path):
    shutil.copy(CONTRADICTIONS, tmp_path)
    (tmp_path / "program").write_bytes(b"\x7fELF")
    (tmp_path / "notes.txt").write_text("These usually lie beside.")

    _, report = as_json("--profile", "spotify", tmp_path)
    assert (report["profile"]["id"], report["left_alone"]) == ("spotify", 1)
    assert as_json(tmp_path)[1]["profile"] is None
    said = liner("check", "--profile", "spotify", tmp_path).stdout
    assert "Weighed as spotify" in said
    assert "1 other file left alone." in said


def test_undeclared_is_no_error_where_the_version_cannot_declare():
    exit_code, report = as_json(UNDECLARABLE)

    assert exit_code == 0
    assert [(f["rule"], f["severity"]) for f in report["findings"]] == [("XSD-004", "info")]
    assert report["messages"][0]["declared"] == {"QZABC2600003": "undeclared"}


def test_a_batch_is_listened_to(batch):
    _, report = as_json(batch)

    (message,) = report["messages"]
    assert message["path"] == str(batch / "4006381333932" / "4006381333932.xml")
    assert message["recordings"][0]["audio"] == str(batch / "4006381333932" / "resources" / "A1.wav")
    assert not {"PKG-001", "PKG-004", "PKG-005", "IDN-014", "PKG-015"} & set(rules_of(report))
    assert "PRV-006" in rules_of(report)


def test_an_exchanged_file_is_found(batch):
    soundfile.write(batch / "4006381333932" / "resources" / "A1.wav", sounds.tone(60), sounds.RATE)
    os.utime(batch / "BatchComplete_20261122.xml", (time.time() + 9, time.time() + 9))

    exit_code, report = as_json(batch)

    assert exit_code == 1
    assert {"PKG-005", "IDN-014"} <= set(rules_of(report))


def test_sound_files_may_stay_closed(batch):
    (batch / "4006381333932" / "resources" / "A1.wav").write_bytes(b"no sound at all")

    assert not {"PKG-005", "PKG-015", "PRV-006"} & set(rules_of(as_json("--no-listen", batch)[1]))


def test_a_missing_and_an_unreferenced_file_are_found(batch):
    resources = batch / "4006381333932" / "resources"
    (resources / "A1.wav").rename(resources / "B1.wav")

    assert {"PKG-004", "PKG-008"} <= set(rules_of(as_json("--no-listen", batch)[1]))


def test_nothing_outside_the_folder_is_opened(batch, tmp_path):
    outside = tmp_path / "outside.wav"
    soundfile.write(outside, sounds.tone(1), sounds.RATE)
    audio = batch / "4006381333932" / "resources" / "A1.wav"
    audio.unlink()
    audio.symlink_to(outside)

    _, report = as_json("--no-listen", batch)

    assert "PKG-009" in rules_of(report)
    assert report["messages"][0]["recordings"][0]["audio"] is None


def test_bare_sound_files(tmp_path):
    soundfile.write(tmp_path / "a.flac", sounds.tone(1), sounds.RATE)
    (tmp_path / "b.mp3").write_bytes(b"\0" * 999)

    exit_code, report = as_json(tmp_path)

    good, bad = report["messages"]
    assert exit_code == 1
    assert (good["kind"], good["error"], good["declared"]) == ("audio", None, {"a.flac": "undeclared"})
    assert bad["error"]
    assert rules_of(report) == ["PRV-006", "PKG-015"]


def test_a_submission_is_checked(tmp_path):
    (tmp_path / "s.json").write_text('{"liner": "submission/1", "recordings": [{}]}')

    exit_code, report = as_json(tmp_path / "s.json")

    assert exit_code == 1
    assert "PKG-014" in rules_of(report)


# --- what is unusable


@pytest.mark.parametrize(
    "content",
    [b"", b"<", b"\xff\xfe\x00", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a/>", b"<a>" * 5000, b"\0" * 100],
)
def test_a_broken_message_is_a_finding(tmp_path, content):
    (tmp_path / "m.xml").write_bytes(content)

    exit_code, report = as_json(tmp_path / "m.xml")

    assert exit_code == 1
    assert report["messages"][0]["error"]
    assert {"PKG-010", "XSD-001"} & set(rules_of(report))


def test_a_path_that_is_not_there_does_not_stop_the_others(tmp_path):
    exit_code, report = as_json(tmp_path / "none.xml", UNDECLARABLE)

    assert exit_code == 2
    assert report["unusable"] == [str(tmp_path / "none.xml")]
    assert [bool(m["error"]) for m in report["messages"]] == [True, False]


def test_an_empty_folder_is_unusable(tmp_path):
    exit_code, report = as_json(tmp_path)

    assert exit_code == 2
    assert "holds no message" in report["messages"][0]["error"]


@pytest.mark.parametrize(
    "arguments", [("check",), ("check", "--format", "yaml", "a.xml"), ("rules", "show", "AID-999")]
)
def test_wrong_usage_ends_with_2(arguments):
    command = [sys.executable, "-c", "from api.cli import main; main()", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


# --- how it is written


def test_text_reads_like_a_compilers():
    lines = liner("check", CONTRADICTIONS).stdout.splitlines()

    at = lines.index(
        f"{CONTRADICTIONS}:43:7: error AID-002 ContainsAI is None, yet AI is credited: GenerativeAI (LeadVocalist)."
    )
    assert lines[at + 1] == '    43 | <Contributor SequenceNumber="1">'
    assert lines[at + 2] == "       | ^^^^^^^^^^^^"
    assert lines[at + 3].startswith("   why: Both statements")
    assert lines[at + 4].startswith("  mend: Declare")
    assert lines[-1] == "1 message, 2 recordings (1 undeclared, 1 none): 3 errors, 3 warnings, 0 infos."


def test_a_threshold_hides_but_does_not_forgive():
    result = liner("check", "--severity", "error", CONTRADICTIONS)

    assert result.exit_code == 1
    assert "warning" not in result.stdout.split("1 message")[0]
    assert "(3 not shown)" in result.stdout


def test_quiet_is_one_line_for_each_finding():
    lines = liner("check", "-q", CONTRADICTIONS).stdout.splitlines()

    assert len(lines) == 6
    assert all(line.startswith(f"{CONTRADICTIONS}:") for line in lines)


def test_a_strangers_text_cannot_move_the_cursor(tmp_path):
    evil = tmp_path / "a\x1b[2Jb.xml"
    evil.write_bytes(b"x")

    output = liner("check", evil).stdout

    assert "a?[2Jb.xml" in output
    assert "\x1b" not in output


def test_every_sample_is_checked_in_one_run(shared):
    report = check_paths([shared / "ddex" / "samples"])

    assert len(report.messages) == 191
    assert report.exit_code in (0, 1)
    assert report.count(Severity.ERROR)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("ern432_01_undeclared", {"AID-001"}),
        ("ern432_02_none_everywhere", set()),
        ("ern432_05_partly_human_helped_by_ai", set()),
        ("ern432_07_ai_default_omitted", set()),
        ("ern432_51_bad_none_but_partly_contributor", {"AID-002"}),
        ("ern432_53_bad_human_party_all", {"AID-004"}),
        ("ern432_56_bad_partly_without_any_ai_contributor", {"AID-006"}),
        ("ern432_57_bad_contributor_ai_but_no_ContainsAI", {"AID-001", "AID-007"}),
        ("ern432_61_xsd_bad_value_yes", {"XSD-006"}),
        ("ern43_63_xsd_bad_ContainsAI_in_43", {"XSD-004", "XSD-006"}),
    ],
)
def test_constructed_messages(shared, sample, expected):
    report = check_paths([shared / "ddex" / "samples" / "constructed" / f"{sample}.xml"])
    incidental = {"AID-012", "AID-013", "PKG-006"}  # the cover's declaration, missing hashes

    assert {f.rule for f in report.findings} - incidental == expected


# --- the catalogue


def test_rules_are_listed_and_shown():
    listed = json.loads(liner("rules", "--format", "json").stdout)
    shown = liner("rules", "show", "aid-003").stdout

    assert Counter(r["id"].partition("-")[0] for r in listed)["AID"] == 17
    assert all(word in shown for word in ("AID-003", "error", "why", "mend", "source"))


def test_the_rules_page_is_the_registry():
    page = Path(__file__).parents[2] / "docs" / "rules.md"

    assert liner("rules", "--format", "markdown").stdout == page.read_text("utf-8")


def test_one_message_needs_no_heavy_library():
    program = (
        "import sys; from pathlib import Path; from pipeline.check import check_paths;"
        f"check_paths([Path({str(UNDECLARABLE)!r})]);"
        "print([m for m in ('apache_beam', 'numpy', 'librosa', 'fastapi', 'sqlmodel') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"


def test_a_moved_folder_gives_the_same_findings(batch, tmp_path):
    moved = tmp_path / "elsewhere" / batch.name
    shutil.copytree(batch, moved)

    def without_paths(folder):
        return [
            (f["rule"], f["line"], f["message"], f["subject"]) for f in as_json("--no-listen", folder)[1]["findings"]
        ]

    assert without_paths(batch) == without_paths(moved)


# --- answers for programs


def test_sarif_and_json_point_to_line_and_column():
    log = json.loads(liner("check", "--format", "sarif", "--severity", "error", CONTRADICTIONS).stdout)

    regions = [r["locations"][0]["physicalLocation"]["region"] for r in log["runs"][0]["results"]]
    assert regions[0] == {"startLine": 43, "startColumn": 7}
    assert len(regions) == 3
    first = as_json("--severity", "error", CONTRADICTIONS)[1]["findings"][0]
    assert (first["line"], first["column"]) == (43, 7)


@pytest.mark.parametrize("form", ["json", "sarif", "junit"])
def test_an_answer_may_go_to_a_file(tmp_path, form):
    result = liner("check", "--format", form, "-o", tmp_path / "new" / "a", CONTRADICTIONS)

    assert (result.exit_code, result.stdout) == (1, "")
    assert (tmp_path / "new" / "a").read_text() == liner("check", "--format", form, CONTRADICTIONS).stdout


def test_a_batch_is_acknowledged(batch, tmp_path):
    (batch / "R2").mkdir()
    (batch / "R2" / "R2.xml").write_text("<broken")

    result = liner("check", "--no-listen", "--format", "ern-ack", "-o", tmp_path / "acks", batch)

    (ack,) = (tmp_path / "acks").iterdir()
    assert ack.name.endswith("_4006381333932.xml")
    assert "<FileStatus>" in ack.read_text()
    assert result.stdout.strip() == str(ack)
    assert "nobody knows who sent it" in result.stderr


def test_several_acknowledgements_need_a_folder(tmp_path):
    for name in "ab":
        shutil.copy(CONTRADICTIONS, tmp_path / f"{name}.xml")

    result = liner("check", "--format", "ern-ack", tmp_path)

    assert "2 acknowledgements" in result.exception.message


def test_an_output_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "a").write_text("")

    result = liner("check", "--format", "sarif", "-o", tmp_path / "a" / "b", CONTRADICTIONS)

    assert "cannot be written" in result.exception.message


def test_schemas_of_a_folder_are_asked(shared, tmp_path):
    message = shared / "ddex/samples/constructed/ern432_61_xsd_bad_value_yes.xml"

    result = liner("check", "-q", "--no-listen", "--xsd", shared / "ddex/xsd", message)

    assert f"{message}:81:19: error XSD-002 Element 'ContainsAI'" in result.stdout
    assert result.exit_code == 1
    assert "holds no schema" in liner("check", "--xsd", tmp_path, message).exception.message
