import csv
import json

import pytest
from deliveries import message, put, put_release, with_cover
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.landing import discover
from pipeline.manifest import spool, spooled
from pipeline.read import read_delivery
from pipeline.storage import local_path, localised
from pipeline.validate import validate
from schemas.disclosure import Level
from schemas.errors import InvalidInput, UnsafePath
from schemas.screening import SubjectKind


def read(root):
    return [intake for ref in discover(root) for intake in validate(read_delivery(ref))]


def rules(intake):
    return {finding.rule for finding in intake.findings}


@pytest.fixture
def album(tmp_path):
    return put_release(tmp_path / "zone" / "album", "a.wav", "b.wav")


def test_a_recording_is_read_with_everything_around_it(album):
    first, second = read(album.parent)

    assert first.kind is SubjectKind.RECORDING
    assert (first.recording.isrc, first.recording.title) == ("QZABC2600001", "Song 1")
    assert (first.sender_id, first.message_id, first.ern_version) == ("PADPIDA2014021201H", "M1", "4.3.2")
    assert (first.release_key, first.release_title) == ("4006381333931", "Long Way")
    assert (first.delivery_path, first.message_path) == ("album", "release.xml")
    assert first.audio_uri == str(album / "resources" / "a.wav")
    assert first.recording_key != second.recording_key


def test_keys_stay_while_nothing_changes_and_follow_the_bytes(album):
    before = read(album.parent)
    assert [i.source_key for i in before] == [i.source_key for i in read(album.parent)]

    put(album / "resources" / "a.wav", b"other bytes")

    after = read(album.parent)
    assert before[0].source_key != after[0].source_key
    assert before[1].source_key == after[1].source_key
    assert before[0].recording_key == after[0].recording_key


def test_a_changed_cover_is_a_reason_to_screen_again(album):
    put(album / "release.xml", with_cover(message("resources/a.wav", "resources/b.wav"), "cover.png"))
    cover = put(album / "cover.png", b"one")
    before = read(album.parent)
    assert [one.uri for one in before[0].artwork] == [str(cover)]
    assert [i.source_key for i in before] == [i.source_key for i in read(album.parent)]

    put(cover, b"another")

    assert not {i.source_key for i in before} & {i.source_key for i in read(album.parent)}


def test_shares_of_a_delivery_make_the_whole(tmp_path):
    names = [f"{n}.wav" for n in range(7)]
    folder = tmp_path / "zone" / "album"
    for name in names:
        put(folder / "resources" / name)
    put_release(folder, *names)

    assert {ref.parts for ref in discover(folder.parent)} == {2}
    assert sorted(i.audio_uri[-5:] for i in read(folder.parent)) == names


def test_a_finding_goes_to_whom_it_concerns(tmp_path):
    folder = tmp_path / "zone" / "album"
    put_release(folder, "a.wav")
    put(folder / "release.xml", message("resources/a.wav", "resources/gone.wav"))

    first, second = read(folder.parent)

    assert "PKG-004" not in rules(first)
    assert "PKG-004" in rules(second)
    assert second.audio_uri is None


@pytest.mark.parametrize("uri", ["../../secret.wav", "/etc/passwd", "https://example.org/a.wav", "a.zip", "link.wav"])
def test_an_unsafe_path_is_a_finding_and_opens_nothing(tmp_path, uri):
    put(tmp_path / "secret.wav")
    folder = tmp_path / "zone" / "album"
    put(folder / "release.xml", message(uri))
    put(folder / "resources" / "other.wav")
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")

    (intake,) = read(folder.parent)

    assert intake.audio_uri is None
    assert "PKG-009" in rules(intake)


@pytest.mark.parametrize("text", ["", "<broken", "<other/>", "\x00\x01"])
def test_a_message_that_cannot_be_read_still_reaches_a_person(tmp_path, text):
    put(tmp_path / "zone" / "m.xml", text)

    (intake,) = read(tmp_path / "zone")

    assert intake.kind is SubjectKind.DELIVERY
    assert intake.delivery_path == "m.xml"
    assert intake.findings


def test_one_broken_message_does_not_hide_the_others(tmp_path):
    batch = tmp_path / "zone" / "P_1"
    put_release(batch / "good", "a.wav", marker=False)
    put(batch / "bad" / "m.xml", "<broken")
    put(batch / "BatchComplete_1.xml", "")

    kinds = [(i.kind, i.message_path) for i in read(tmp_path / "zone")]

    assert kinds == [(SubjectKind.DELIVERY, "bad/m.xml"), (SubjectKind.RECORDING, "good/release.xml")]


def test_refused_files_reach_a_person(tmp_path):
    put(tmp_path / "zone" / "songs.zip")

    (intake,) = read(tmp_path / "zone")

    assert (intake.kind, intake.audio_uri, rules(intake)) == (SubjectKind.DELIVERY, None, {"PKG-009"})


def test_a_submission_is_read_like_a_message(tmp_path):
    folder = tmp_path / "zone" / "sub"
    put(folder / "a.wav")
    body = {
        "liner": "submission/1",
        "id": "s-1",
        "sender": {"name": "Nova"},
        "release": {"title": "T", "artist": "A"},
        "recordings": [
            {"title": "Song", "artist": "A", "file": "a.wav", "disclosure": {"contains_ai": "partly"}},
        ],
    }
    put(folder / "s.json", json.dumps(body))

    (intake,) = read(tmp_path / "zone")

    assert intake.recording.disclosure.level is Level.PARTLY
    assert intake.audio_uri == str(folder / "a.wav")


def rows_of(path, spool_file):
    return [row for ref in spool(path, spool_file) for row in spooled(ref.rows)]


CELL = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r"), min_size=1, max_size=8)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(rows=st.lists(st.tuples(CELL, CELL), max_size=90))
def test_no_row_of_a_manifest_is_lost_or_changed(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("manifest")
    with (folder / "m.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([("path", "note"), *rows])

    got = rows_of(folder / "m.csv", folder / "spool")

    assert [(row["path"], row["note"]) for row in got] == rows


def test_parquet_and_csv_manifests_read_alike(tmp_path):
    import polars as pl

    table = pl.DataFrame({"uri": ["a.wav", "b.wav"], "ISRC": ["QZ-ABC-26-00001", None], "duration": [1.5, 2.0]})
    table.write_csv(tmp_path / "m.csv")
    table.write_parquet(tmp_path / "m.parquet")

    assert rows_of(tmp_path / "m.csv", tmp_path / "1") == rows_of(tmp_path / "m.parquet", tmp_path / "2")


@pytest.mark.parametrize("name", ["m.csv", "m.parquet"])
def test_what_is_no_manifest_is_said(tmp_path, name):
    put(tmp_path / name, "title,artist\nx,y\n")

    with pytest.raises(InvalidInput, match=name):
        rows_of(tmp_path / name, tmp_path / "spool")


def test_a_row_becomes_a_recording_with_metadata(tmp_path):
    put(tmp_path / "a b.wav")
    put(tmp_path / "m.csv", "path,isrc,title,artist,sender,duration,genre\na b.wav,QZ-ABC-26-00001,T,A,S,12.5,pop\n")
    (ref,) = spool(tmp_path / "m.csv", tmp_path / "spool")

    (intake,) = validate(read_delivery(ref))

    assert (intake.recording.isrc, intake.recording.display_artist, intake.sender_id) == ("QZABC2600001", "A", "S")
    assert (intake.recording.duration_s, intake.metadata) == (12.5, {"genre": "pop"})
    assert intake.audio_uri == str(tmp_path / "a b.wav")


@pytest.mark.parametrize(
    ("named", "rule"),
    [("gone.wav", "PKG-004"), ("https://example.org/a.wav", "PKG-009"), (".", "PKG-004"), ("a\0b", "PKG-004")],
)
def test_a_row_whose_audio_cannot_be_opened_gets_a_finding(tmp_path, named, rule):
    put(tmp_path / "spool", json.dumps({"path": named}) + "\n")
    put(tmp_path / "m.csv", "path\nx\n")
    (ref,) = spool(tmp_path / "m.csv", tmp_path / "other")
    put(tmp_path / "other", json.dumps({"path": named}) + "\n")

    (intake,) = validate(read_delivery(ref))

    assert (intake.audio_uri, rules(intake)) == (None, {rule})


def test_addresses_of_the_web_are_not_opened():
    assert local_path("file:///a%20b.wav") == "/a b.wav"
    with pytest.raises(UnsafePath, match="https"):
        local_path("https://example.org/a.wav")


def test_a_store_without_its_client_is_said():
    with pytest.raises(InvalidInput, match=r"s3://"), localised("s3://bucket/a.wav"):
        pytest.fail("opened")


def put_submission(folder, number, title):
    recording = {"title": "Song", "artist": "Nova", "file": "a.flac"}
    release = {"title": title, "artist": "Nova", "territories": ["Worldwide"]}
    sender = {"name": "Nova Records"}
    put(folder / "a.flac")
    put(
        folder / "submission.json",
        json.dumps(
            {
                "liner": "submission/1",
                "id": f"S{number}",
                "sender": sender,
                "release": release,
                "recordings": [recording],
            }
        ),
    )


def test_releases_without_an_identifier_are_not_one_release(tmp_path):
    """References begin anew in each message; a redelivery keeps its keys."""
    for number, title in enumerate(["First", "Second", "First"]):
        put_submission(tmp_path / f"d{number}", number, title)
    first, second, again = read(tmp_path)
    assert (first.release_key, second.release_key) == ("First / Nova", "Second / Nova")
    assert first.recording_key != second.recording_key
    assert (first.recording_key, first.release_key) == (again.recording_key, again.release_key)


def test_a_row_without_a_title_is_called_by_its_file(tmp_path):
    put(tmp_path / "zone" / "rain.wav", b"sound")
    manifest = put(tmp_path / "zone" / "list.csv", b"path,title\nrain.wav,\nrain.wav,Rain\n")

    rows = [one for ref in spool(manifest, tmp_path / "rows.jsonl") for one in validate(read_delivery(ref))]

    assert [one.title for one in rows] == ["rain.wav", "Rain"]
    assert rows[0].recording.title == ""  # nobody declared one
