"""Paths that messages name: within the release's folder, or refused with the reason."""

import posixpath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import UnsafePath
from schemas.package import ARCHIVE_SUFFIXES, resolve

PARTS = st.sampled_from(
    ["..", ".", "", "a", "b c.wav", "resources", "/", "\\", "x.zip", "~", "C:", "file:", "%2e%2e", "\0"]
)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("", "names no file"),
        (".", "names no file"),
        ("a\0b.wav", "control characters"),
        ("a\nb.wav", "control characters"),
        ("a\u202eb.wav", "control characters"),
        ("/etc/passwd", "absolute"),
        ("~/a.wav", "absolute"),
        ("C:\\a.wav", "absolute"),
        ("https://example.org/a.wav", "absolute"),
        ("../a.wav", "leaves"),
        ("..", "leaves"),
        ("a/../../b.wav", "leaves"),
        ("a\\..\\..\\b.wav", "leaves"),
        ("songs.ZIP", "archive"),
    ],
)
def test_a_path_is_refused_with_its_reason(uri, why):
    with pytest.raises(UnsafePath, match=why):
        resolve("m.xml", uri)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=40), st.lists(PARTS, max_size=6).map("/".join)))
def test_what_is_not_refused_lies_in_the_folder(uri):
    try:
        path = resolve("m.xml", uri)
    except UnsafePath:
        return
    assert path == posixpath.normpath(path)
    assert path.isprintable()
    assert not path.startswith(("/", "~", "../"))
    assert path not in {"", ".", ".."}
    assert posixpath.splitext(path)[1].lower() not in ARCHIVE_SUFFIXES
