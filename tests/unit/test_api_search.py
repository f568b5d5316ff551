"""Finding cases by text: the same on both databases, whether few match or many."""

import pytest
from fixtures_api import make_screening

from api.public import QueueFilters
from api.services import cases
from api.services.access import PIPELINE, Actor, Role
from api.services.screenings import case_id_of, record
from api.store import search
from schemas.release import SoundRecording

MIA = Actor(name="mia", role=Role.MODERATOR)
NAMES = {
    1: ("Harbour Lights", "Ada"),
    2: ("Él Puerto", "BEYONCÉ"),
    3: ("Straße im Regen", "Søren"),
    4: ("100 % real_ity", "Ada"),
    5: ("雨の歌", "Kōji"),
    6: ("Ístanbul", "İpek"),
}


def put(db, number, title, artist, take=0):
    recording = SoundRecording(reference="A1", title=title, isrc=f"QZABC26{number:05}", display_artist=artist)
    made = make_screening(number, "AID-002", take=take, recording=recording)
    record(db, PIPELINE, [made.model_dump(mode="json")])


@pytest.fixture
def filled(db):
    for number, names in NAMES.items():
        put(db, number, *names)
    return db


def found(db, **asked):
    listed = cases.queue(db, MIA, QueueFilters(**asked))
    ids = {case_id_of(f"rec_{number}", ""): number for number in NAMES}
    assert listed.total == len(listed.cases)
    return {ids[case.id] for case in listed.cases}


@pytest.mark.parametrize("most", [search.MOST, 0])
def test_text_is_found_as_part_of_words_whatever_the_accents(filled, monkeypatch, most):
    monkeypatch.setattr(search, "MOST", most)  # with 0 no case is named first: all are looked through
    own = case_id_of("rec_3", "")
    wanted = {
        "harbour": {1},
        "ARBOUR LIGHT": {1},
        "el puerto": {2},
        "beyonce": {2},
        "strasse": {3},
        "STRASSE": {3},
        "100 %": {4},
        "l_i": {4},
        "_a": set(),
        "%": {4},
        "歌": {5},
        "abc": {1, 2, 3, 4, 5, 6},
        "QZABC2600005": {5},
        "istanbul": {6},
        "ipek": {6},
        own: {3},
        own[:12]: {3},
        own[4:]: set(),
        "s": {1, 3, 6},
        "nothing of that": set(),
        "a\0b": set(),
    }

    assert {text: found(filled, q=text) for text in wanted} == wanted
    assert found(filled, filter='text:"harbour",beyonce') == {1, 2}
    assert found(filled, filter="-text:ada") == {2, 3, 5, 6}
    assert found(filled, filter="artist:ada title:harbour") == {1}
    assert found(filled, filter="artist:ada", q="real") == {4}


def test_a_case_is_found_by_what_it_is_called_now(filled):
    put(filled, 1, "Other Lamps", "Ada", take=1)

    assert (found(filled, q="harbour"), found(filled, q="lamps")) == (set(), {1})
