"""The script that fetches test material: what it keeps of a package, and that no sound is listed twice."""

import importlib.util
import shutil
import zipfile
from pathlib import Path

import pytest
from sounds import music, noise, write

SCRIPT = Path(__file__).parents[2] / "scripts" / "fetch_tracks.py"
LIST = SCRIPT.with_name("track_packages.txt")


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("fetch_tracks", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_music_is_taken_out_of_zip_archives(script, tmp_path):
    write(tmp_path / "long.wav", noise(3))
    with zipfile.ZipFile(tmp_path / "data.pk3", "w") as archive:
        archive.write(tmp_path / "long.wav", "music/theme.wav")
        archive.writestr("music/beep.wav", b"short")
        archive.writestr("readme.txt", b"x" * 200_000)
    script._open_archives(tmp_path)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["theme.wav"]


def test_a_file_that_comes_twice_is_listed_once(script, tmp_path):
    for package in ("b", "a"):
        (tmp_path / "tracks" / package).mkdir(parents=True)
    write(tmp_path / "tracks" / "a" / "one.wav", music(6, 1))
    shutil.copy(tmp_path / "tracks" / "a" / "one.wav", tmp_path / "tracks" / "b" / "again.wav")
    write(tmp_path / "tracks" / "b" / "two.wav", music(6, 2))
    write(tmp_path / "tracks" / "b" / "jingle.wav", music(2, 3))
    rows, left_out = script._sorted_out(tmp_path / "tracks", 5, {"a": "set", "b": "reported"})
    assert [(row[0], row[3]) for row in rows] == [("tracks/a/one.wav", "set"), ("tracks/b/two.wav", "reported")]
    assert left_out == [("tracks/b/again.wav", "tracks/a/one.wav")]


def test_the_list_names_each_package_once_and_its_half(script):
    halves = script._halves()
    names = [line for line in LIST.read_text().splitlines() if not line.startswith("#")]
    assert len(names) == len(halves) > 100
    assert not any(" " in package or not package for package in halves)
    assert set(halves.values()) == {"set", "reported"}


def test_modules_are_played_into_files_where_there_is_a_player(script, tmp_path, monkeypatch):
    (tmp_path / "theme.xm").write_bytes(b"notes")
    (tmp_path / "theme.txt").write_bytes(b"words")
    monkeypatch.setattr(script.shutil, "which", lambda name: None)
    script._render_modules(tmp_path)
    player = tmp_path / "player"
    player.write_text('#!/bin/sh\nfor last; do :; done\necho "$@" > "$last.flac"\n')
    player.chmod(0o755)
    monkeypatch.setattr(script.shutil, "which", lambda name: str(player))
    script._render_modules(tmp_path)
    assert "--render" in (tmp_path / "theme.xm.flac").read_text()
    assert not (tmp_path / "theme.txt.flac").exists()
