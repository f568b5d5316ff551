"""Parts of messages are light, and otherwise nouns like all others."""

import pickle

import pytest
from pydantic import ValidationError

from schemas.base import Part
from schemas.findings import Location
from schemas.release import SoundRecording

PLACE = Location(path="m.xml", line=3)


def test_a_part_keeps_no_set_of_its_own():
    assert issubclass(Location, Part)
    assert PLACE.__pydantic_fields_set__ is SoundRecording(reference="A1").__pydantic_fields_set__


def test_a_changed_copy_leaves_the_shared_set_alone():
    assert PLACE.model_copy(update={"line": 4}).line == 4
    assert Location(path="m.xml").__pydantic_fields_set__ == set()


def test_parts_are_equal_hashed_written_and_refused_by_their_values():
    same = Location(path="m.xml", line=3, xpath=None)
    assert (PLACE, hash(PLACE)) == (same, hash(same))
    assert Location.model_validate_json(PLACE.model_dump_json()) == PLACE
    assert pickle.loads(pickle.dumps(PLACE)) == PLACE
    with pytest.raises(ValidationError):
        Location(path="m.xml", row=3)
