"""The known layer of a case: which seconds are shared, the sound at both, and the picture of matching landmarks."""

import io

import numpy as np
import pytest
from fixtures_browser import Server, contradiction, write_tune
from PIL import Image

from api.services.access import Role

SHARED = np.array([250, 180, 60])


def bright(png: bytes) -> int:
    pixels = np.asarray(Image.open(io.BytesIO(png))).astype(int)
    return int((np.abs(pixels - SHARED).sum(axis=2) == 0).sum())


def page(server: Server) -> str:
    with server.signed_in() as client:
        return client.get(f"/console/cases/{server.case_id()}").text


class TestPicture:
    def test_it_shows_what_both_have(self, shared_server: Server):
        path = f"/console/cases/{shared_server.case_id()}/matches/1/landmarks/1"
        with shared_server.signed_in() as client:
            answer = client.get(path)

        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert Image.open(io.BytesIO(answer.content)).size == (900, 420)
        assert bright(answer.content) > 1000
        assert "private" in answer.headers["cache-control"]

    @pytest.mark.parametrize("part", ["matches/2/landmarks/1", "matches/0/landmarks/1", "matches/1/landmarks/2"])
    def test_what_is_not_shared_is_not_drawn(self, shared_server: Server, part: str):
        with shared_server.signed_in() as client:
            assert client.get(f"/console/cases/{shared_server.case_id()}/{part}").status_code == 404

    def test_a_file_that_no_decoder_reads_is_told_in_a_sentence(self, empty_server: Server):
        own, other = (empty_server.settings.landing / name for name in ("own.wav", "other.wav"))
        write_tune(own)
        other.write_bytes(b"no sound at all")
        empty_server.seed(contradiction(own, other))
        with empty_server.signed_in() as client:
            path = f"/console/cases/{empty_server.case_id()}/matches/1/landmarks/1"
            answer = client.get(path, headers={"accept": "*/*"})

        assert 400 <= answer.status_code < 500
        assert "other.wav" in answer.json()["detail"]

    def test_whoever_may_not_hear_the_sound_may_not_see_it(self, empty_server: Server):
        own, other = (empty_server.settings.landing / name for name in ("own.wav", "other.wav"))
        write_tune(own)
        write_tune(other)
        empty_server.seed(contradiction(own, other))
        path = f"/console/cases/{empty_server.case_id()}/matches/1"
        token = empty_server.link("nova", Role.LABEL).partition("token=")[2]
        with empty_server.signed_in() as client:
            client.cookies.clear()
            assert client.get(f"{path}/landmarks/1", headers={"accept": "*/*"}).status_code == 401
            client.post("/console/sign-in", data={"token": token})
            codes = [client.get(f"{path}/{part}").status_code for part in ("landmarks/1", "excerpt?start_s=0&end_s=1")]
        assert codes[0] == codes[1]
        assert codes[0] in (403, 404)
