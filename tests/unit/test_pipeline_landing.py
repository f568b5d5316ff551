import os
from pathlib import Path

import pytest
from deliveries import message, put, put_release
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.arrivals import Arrivals
from pipeline.landing import MAX_PARTS, discover, package_files
from pipeline.read import read_delivery
from schemas.errors import InvalidInput
from schemas.package import Layout
from schemas.screening import SubjectKind


def found(root, **more):
    return [(ref.layout, ref.path) for ref in discover(root, **more) if ref.part == 0]


@pytest.fixture
def zone(tmp_path):
    folder = tmp_path / "zone"
    folder.mkdir()
    return folder


def test_every_layout_is_known(zone):
    put(zone / "P_20261122" / "rel" / "message.xml", "<x/>")
    put(zone / "P_20261122" / "rel" / "resources" / "a.wav")
    put(zone / "P_20261122" / "BatchComplete_20261122.xml", "")
    put(zone / "album" / "message.xml", "<x/>")
    put(zone / "album" / "resources" / "a.wav")
    put(zone / "json" / "s.json", '{"liner": "submission/1"}')
    put(zone / "json" / "a.wav")
    put(zone / "songs" / "a.mp3")
    put(zone / "songs" / "b.unknown", "RIFF\x00\x00\x00\x00WAVEfmt ")
    put(zone / "loose.xml", "<x/>")

    assert found(zone) == [
        (Layout.MESSAGE, "loose.xml"),
        (Layout.BATCH, "P_20261122"),
        (Layout.RELEASE, "album"),
        (Layout.SUBMISSION, "json"),
        (Layout.AUDIO, "songs"),
        (Layout.AUDIO, "songs"),
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.json"])
@pytest.mark.parametrize("data", ["", "isrc,title\n", "PK\x03\x04"])
def test_a_table_that_is_named_by_itself_is_meant_as_a_submission(zone, name, data):
    put(zone / name, data)

    assert found(zone / name) == [(Layout.SUBMISSION, name)]


def test_a_batch_holds_its_messages_and_marker(zone):
    put(zone / "P_1" / "r1" / "m.xml", "<x/>")
    put(zone / "P_1" / "r2" / "m.xml", "<x/>")
    put(zone / "P_1" / "ACK_1.xml", "<x/>")
    put(zone / "P_1" / "BatchComplete_1.complete", "")

    (ref,) = discover(zone)

    assert ref.messages == ("r1/m.xml", "r2/m.xml")
    assert ref.marker == "BatchComplete_1.complete"
    assert ref.is_folder


def test_a_batch_without_marker_is_known_by_its_name(zone):
    put(zone / "N_7" / "r1" / "m.xml", "<x/>")
    put(zone / "N_7" / "r1" / "a.wav")

    (ref,) = discover(zone)

    assert (ref.layout, ref.marker) == (Layout.BATCH, None)


def test_a_marker_beside_a_folder_marks_that_folder(zone):
    put(zone / "album" / "m.xml", "<x/>")
    put(zone / "album" / "resources" / "a.wav")
    put(zone / "album.complete", "")

    (ref,) = discover(zone)

    assert (ref.layout, ref.path, ref.marker) == (Layout.RELEASE, "album", "../album.complete")


def test_the_account_comes_from_the_folder_alone(zone):
    put_release(zone / "accounts" / "nova" / "dlv_1", "a.wav")
    put_release(zone / "other" / "accounts" / "dlv_2", "a.wav")

    assert {ref.path: ref.account for ref in discover(zone)} == {
        "accounts/nova/dlv_1": "nova",
        "other/accounts/dlv_2": None,
    }


def test_links_archives_and_special_files_are_named_and_not_followed(zone, tmp_path):
    outside = put(tmp_path / "outside" / "secret.wav")
    (zone / "link.wav").symlink_to(outside)
    (zone / "linked").symlink_to(outside.parent, target_is_directory=True)
    put(zone / "songs.zip", b"PK")

    refused = [r for ref in discover(zone) for r in ref.refused]

    assert refused == [("link.wav", "symbolic link"), ("linked", "symbolic link"), ("songs.zip", "archive")]
    assert not [s for ref in discover(zone) for s in ref.sounds]


def test_hidden_files_and_papers_beside_the_sound_are_left_alone(zone):
    for name in (".DS_Store", ".incoming-x/a.wav", "README.md", "cover.jpg", "a.wav"):
        put(zone / name)

    assert [ref.sounds for ref in discover(zone)] == [("a.wav",)]


def test_many_files_travel_in_shares_and_none_is_lost(zone):
    names = [f"{n:03}.wav" for n in range(150)]
    for name in names:
        put(zone / name)

    shares = [ref.sounds for ref in discover(zone)]

    assert [name for share in shares for name in share] == names
    assert len(shares[0]) == 1
    assert len(shares) < 100


def test_a_large_delivery_is_shared_but_not_without_end(zone):
    folder = put_release(zone / "album", "a.wav")
    for n in range(100):
        put(folder / "resources" / f"{n}.wav")

    assert [ref.part for ref in discover(zone)] == list(range(MAX_PARTS))


def test_a_zone_is_no_delivery_whatever_lies_in_it(zone):
    put(zone / "m.xml", message("a.wav"))
    put(zone / "a.wav")

    assert found(zone) == [(Layout.RELEASE, "zone")]
    assert found(zone, is_zone=True) == [(Layout.MESSAGE, "m.xml"), (Layout.AUDIO, "")]


def test_a_stray_message_takes_no_folders_with_it(zone):
    put(zone / "stray.xml", message("a.wav"))
    put(zone / "songs" / "a.wav")
    put(zone / "accounts" / "nova" / "dlv_1" / "m.xml", "<x/>")

    assert found(zone) == [
        (Layout.MESSAGE, "stray.xml"),
        (Layout.MESSAGE, "accounts/nova/dlv_1/m.xml"),
        (Layout.AUDIO, "songs"),
    ]


def test_a_folder_of_sounds_that_the_message_names_belongs_to_it(zone):
    put(zone / "album" / "m.xml", message("disc1/a.wav"))
    put(zone / "album" / "disc1" / "a.wav")

    assert found(zone) == [(Layout.RELEASE, "album")]


NAMES = st.sampled_from(["m.xml", "s.json", "a.wav", "b.mp3", "c.zip", "BatchComplete_1.xml", "odd"])
FOLDERS = st.sampled_from(["resources", "P_1", "accounts", "nova", "songs"])
PATHS = st.builds(lambda folders, name: "/".join([*folders, name]), st.lists(FOLDERS, max_size=3), NAMES)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(paths=st.sets(PATHS, min_size=1, max_size=8))
def test_nothing_in_a_zone_is_lost(tmp_path_factory, paths):
    zone = tmp_path_factory.mktemp("zone")
    for path in paths:
        put(zone / path, '{"liner": "submission/1"}')

    others = []
    refs = list(discover(zone, is_zone=True, left_alone=others.append))

    named = {str(zone / name) for name in others} | {
        f"{ref.root}/{name}" for ref in refs if not ref.is_folder for name in ref.files
    }
    roots = [f"{ref.root}/" for ref in refs if ref.is_folder]
    for path in (str(zone / p) for p in paths if "BatchComplete" not in p):
        assert path in named or any(path.startswith(root) for root in roots)
    assert not [r for r in roots for other in roots if r != other and r.startswith(other)]


def test_a_path_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InvalidInput, match="nowhere"):
        list(discover(tmp_path / "nowhere"))


def arrived(arrivals):
    return [ref.path or ref.sounds[0] for ref in arrivals.look()]


def test_a_folder_arrives_with_its_marker_and_once(zone):
    arrivals = Arrivals(zone)
    folder = put_release(zone / "album", "a.wav", marker=False)

    assert [arrived(arrivals) for _ in range(3)] == [[], [], []]
    put(folder / "BatchComplete_1.xml", b"")
    assert [arrived(arrivals) for _ in range(3)] == [["album"], [], []]


def test_a_loose_file_arrives_when_it_stands_still(zone):
    arrivals = Arrivals(zone)
    put(zone / "a.wav", b"1")
    assert arrived(arrivals) == []
    put(zone / "a.wav", b"12")
    assert arrived(arrivals) == []
    assert arrived(arrivals) == ["a.wav"]
    assert arrived(arrivals) == []


def test_what_changes_after_it_was_taken_arrives_again(zone):
    arrivals = Arrivals(zone)
    folder = put_release(zone / "album", "a.wav")
    assert arrived(arrivals) == ["album"]
    put(folder / "resources" / "late.wav")
    assert arrived(arrivals) == ["album"]


def test_a_zone_that_is_gone_may_come_back(zone):
    arrivals = Arrivals(zone)
    zone.rmdir()
    assert arrived(arrivals) == []
    put_release(zone / "album", "a.wav")
    assert arrived(arrivals) == ["album"]


def test_what_is_no_sound_is_left_alone_and_named(zone):
    for name in ("Makefile", "a.pyc", "core", "deep/b.bin"):
        put(zone / name, "#!/bin/sh\n")
    put(zone / "broken.mp3", "no sound, but it says so")
    others = []

    refs = list(discover(zone, left_alone=others.append))

    assert [ref.sounds for ref in refs] == [("broken.mp3",)]
    assert others == ["Makefile", "a.pyc", "core", "deep/b.bin"]


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (b"fLaC", True),
        (b"\xff\xfb\x90\x00", True),  # MPEG 1 layer 3, 128 kbit/s, 44.1 kHz
        (b"\xff\xf1\x50\x80", True),  # ADTS
        (b"\x00\x00\x00\x20ftypM4A ", True),
        (b"\xff\xd8\xff\xe0", False),  # JPEG
        (b"\xff\xff\xff\xff", True),  # no known head: the listener says what it is
        (b"\x7fELF", False),
        (b"Dear all, ", False),
        (b"", False),
    ],
)
def test_an_unknown_name_is_tried_unless_its_first_bytes_say_otherwise(zone, head, is_one):
    (zone / "take1").write_bytes(head + (bytes(100) if is_one else b""))

    assert bool(list(discover(zone))) is is_one


def test_a_name_that_is_not_utf8_is_refused_and_can_be_written_down(zone):
    for name in (b"song\xff.wav", b"note\xfe.xml", b"folder\xff"):
        odd = os.fsencode(zone) + b"/" + name
        Path(os.fsdecode(odd)).mkdir() if name == b"folder\xff" else Path(os.fsdecode(odd)).write_bytes(b"RIFF")

    refused = [pair for ref in discover(zone) for pair in ref.refused]

    assert sorted(refused) == [
        (rf"{name}", "its name is not UTF-8") for name in (r"folder\xff", r"note\xfe.xml", r"song\xff.wav")
    ]
    with pytest.raises(InvalidInput, match=r"song\\xff.wav is not UTF-8"):
        list(discover(zone / os.fsdecode(b"song\xff.wav")))


def test_folders_without_end_are_refused_at_a_depth(zone):
    deepest = zone.joinpath(*["d"] * 200)
    place = os.open(zone, os.O_RDONLY)
    for _ in range(200):
        os.mkdir("d", dir_fd=place)
        place, last = os.open("d", os.O_RDONLY, dir_fd=place), place
        os.close(last)
    os.close(place)

    (ref,) = discover(zone)

    assert "folders deep" in ref.refused[0][1]
    assert str(deepest).startswith(ref.root)
    assert [f.refused for f in package_files(zone)] == [ref.refused[0][1]]


def test_a_file_that_vanishes_while_it_is_looked_at_stops_nothing(zone, monkeypatch):
    put(zone / "a.wav")
    put(zone / "b.wav")
    scandir = os.scandir

    def vanishing(folder):
        entries = list(scandir(folder))
        (zone / "a.wav").unlink(missing_ok=True)
        return entries

    monkeypatch.setattr(os, "scandir", vanishing)

    sounds = [s for ref in discover(zone) for s in ref.sounds]

    assert "b.wav" in sounds


@pytest.mark.parametrize("marker", ["vain/.complete", "vain/BatchComplete_1.xml", "vain.complete"])
@pytest.mark.parametrize("content", [[], ["m.xml/x.txt"], ["cover.jpg"], ["~$labels.xlsx"]])
def test_a_complete_folder_without_anything_is_told_of(zone, marker, content):
    """Its sender waits for an answer; a folder that nobody calls complete may still be filled."""
    (zone / "vain").mkdir()
    for name in content:
        put(zone / "vain" / name, b"\x00")
    assert list(discover(zone, is_zone=True)) == []

    put(zone / marker, b"")
    (ref,) = discover(zone, is_zone=True)
    delivery = read_delivery(ref)

    assert (ref.path, ref.is_folder, ref.messages) == ("vain", True, ())
    assert [entry.intake.kind for entry in delivery.entries] == [SubjectKind.DELIVERY]
    assert [(f.rule, f.subject) for f in delivery.findings] == [("PKG-010", ref.marker)]


@pytest.mark.parametrize(
    ("files", "read", "heard"),
    [
        (["labels.xlsx"], ("labels.xlsx",), 0),
        (["labels.csv"], ("labels.csv",), 0),
        (["labels.xlsx", "a.wav"], ("labels.xlsx",), 1),
        (["songs.csv", "a.wav"], None, 1),  # a list of songs beside songs is no message
    ],
)
def test_a_table_that_is_none_is_not_passed_over_in_a_complete_folder(zone, files, read, heard):
    for name in [*files, ".complete"]:
        put(zone / "rel" / name, b"\xff\x00no table")

    refs = list(discover(zone, is_zone=True))

    assert [ref.messages for ref in refs if ref.layout is Layout.SUBMISSION] == ([read] if read else [])
    assert len([ref for ref in refs if ref.layout is Layout.AUDIO]) == heard
    assert all(f.rule in {"PKG-010", "PKG-014"} for ref in refs for f in read_delivery(ref).findings)
    assert sum(len(read_delivery(ref).findings) for ref in refs) == (1 if read else 0)
