"""Where files of a delivery may go, and what clients tell about them, whatever they say."""

import base64
import contextlib
from pathlib import PurePosixPath

from hypothesis import given, settings
from hypothesis import strategies as st

from api.services.draft_folder import MAX_DEPTH, place_name
from api.tus import _metadata
from schemas.errors import InvalidInput, UnsafePath

PARTS = st.sampled_from(
    ["..", ".", "", "a", "b c.wav", "resources", "REL1", "m.xml", "/", "\\", "x.zip", "CON", "\u202e"]
)
PATHS = st.one_of(st.text(max_size=60), st.lists(PARTS, max_size=6).map("/".join))


@settings(deadline=None, max_examples=300)
@given(PATHS)
def test_every_place_lies_within_the_delivery_or_is_refused(name):
    try:
        place = place_name(name)
    except UnsafePath:
        return
    path = PurePosixPath(place)
    assert not path.is_absolute()
    assert not {"..", "."} & set(path.parts)
    assert 1 <= len(path.parts) <= MAX_DEPTH
    assert not any(part.startswith(".") for part in path.parts)
    assert place_name(place) == place  # what a delivery holds can be named again


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(["filename", "draft", "kind", "x"]), st.text(max_size=40)))
def test_what_a_client_tells_is_read_back(told):
    text = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())

    assert {name: value for name, value in _metadata(text).items() if name} == told


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80))
def test_what_cannot_be_read_is_refused_in_words(text):
    with contextlib.suppress(InvalidInput):
        assert isinstance(_metadata(text), dict)
