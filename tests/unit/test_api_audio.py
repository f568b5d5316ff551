from datetime import timedelta

import pytest
from fixtures_api import make_screening
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.services import audio, clock, keys

SOUND = bytes(range(200))
ADDRESS = "/v1/recordings/rec_1/audio"


@pytest.fixture
def played(api, tmp_path):
    """Record a screening of a sound file at a path, and ask for it."""

    def play(uri, **headers):
        api.record(make_screening(1, audio_uri=uri))
        return api.moderator.get(ADDRESS, headers=headers)

    (tmp_path / "outside").mkdir()
    for folder in (api.settings.landing, tmp_path / "outside"):
        folder.mkdir(exist_ok=True)
        (folder / "song.wav").write_bytes(SOUND)
    return play


def test_the_landing_zone_is_played(api, played):
    answer = played(str(api.settings.landing / "song.wav"))

    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, SOUND, "audio/wav")
    assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("uri", ["song.wav", "file://{}/song.wav", "./song.wav"])
def test_other_ways_to_name_it(api, played, uri):
    assert played(uri.format(api.settings.landing.resolve())).content == SOUND


def test_a_range_is_answered(api, played):
    answer = played("song.wav", range="bytes=10-19")

    assert (206, SOUND[10:20], "bytes 10-19/200") == (
        answer.status_code,
        answer.content,
        answer.headers["content-range"],
    )


def test_a_range_beyond_the_end_is_refused(played):
    assert played("song.wav", range="bytes=500-").status_code == 416


@pytest.mark.parametrize("uri", ["../outside/song.wav", "{outside}/song.wav", "file://{outside}/song.wav", "link.wav"])
def test_what_lies_outside_is_not_played(api, played, tmp_path, uri):
    (api.settings.landing / "link.wav").symlink_to(tmp_path / "outside" / "song.wav")

    assert played(uri.format(outside=tmp_path / "outside")).status_code == 404


@pytest.mark.parametrize("uri", [None, "", "gone.wav", ".", "s3://bucket/song.wav", "file://host/song.wav", "a\0b"])
def test_what_is_not_there_is_a_problem(played, uri):
    answer = played(uri)

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_named_folder_is_played(api, played, tmp_path):
    audio.register_root(api.db, tmp_path / "outside")
    audio.register_root(api.db, tmp_path / "outside")

    assert played(str(tmp_path / "outside" / "song.wav")).content == SOUND


def test_the_newest_screening_counts_unless_one_is_named(api, played):
    (api.settings.landing / "new.wav").write_bytes(b"new")
    played("song.wav")
    api.record(make_screening(1, take=1, audio_uri="new.wav"))

    assert api.moderator.get(ADDRESS).content == b"new"
    assert api.moderator.get(ADDRESS, params={"screening": "scr_1_0"}).content == SOUND


class TestLinks:
    @pytest.fixture
    def address(self, api, played):
        """A link to a sound, as its path."""
        played("song.wav")
        link = api.moderator.get("/v1/recordings/rec_1/audio-link").json()
        assert link["url"].startswith(api.settings.public_url)
        return link["url"].removeprefix(api.settings.public_url)

    def test_whoever_has_the_link_hears_it_by_range(self, api, address):
        assert api.anonymous.get(address).content == SOUND
        part = api.anonymous.get(address, headers={"range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, SOUND[10:20])
        assert part.headers["cache-control"] == "private, no-store"

    def test_it_ends(self, api, address, monkeypatch):
        later = clock.now() + audio.LINK_LASTS
        monkeypatch.setattr(clock, "now", lambda: later)

        assert api.anonymous.get(address).status_code == 401

    @pytest.mark.parametrize("how", ["revoke", "rotate"])
    def test_it_ends_with_the_key(self, api, address, how):
        if how == "revoke":
            keys.revoke(api.db, keys.TERMINAL, "mia")
        else:
            keys.rotate(api.db, keys.TERMINAL, "mia", overlap=timedelta(hours=1))

        assert api.anonymous.get(address).status_code == 404

    @settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
    @given(place=st.integers(0, 300), letter=st.sampled_from("aZ0-_.="))
    def test_no_letter_of_it_can_be_changed(self, api, address, place, letter):
        token = address.removeprefix(audio.LINK)
        place %= len(token)
        changed = token[:place] + letter + token[place + 1 :]

        if changed != token:
            assert api.anonymous.get(audio.LINK + changed).status_code in {401, 404}

    def test_what_one_may_not_hear_one_cannot_lend(self, api, address):
        assert api.other_label.get("/v1/recordings/rec_1/audio-link").status_code == 404
        assert api.anonymous.get("/v1/recordings/rec_1/audio-link").status_code == 401

    @pytest.mark.parametrize("token", ["", ".", "a.b", "W10.00", "bnVsbA.00", "WyJtaWEiLCAieCIsIDFlOTk5XQ.0", "é.é"])
    def test_nonsense_is_no_link(self, api, token):
        assert api.anonymous.get(f"{audio.LINK}{token}").status_code == 404
