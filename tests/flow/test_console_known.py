"""The known layer of a case: which seconds are shared, the sound at both, and the picture of matching landmarks."""

import io

import numpy as np
import pytest
from fixtures_browser import Server, contradiction, write_tune
from fixtures_pages import opened, until
from PIL import Image

from api.services.access import Role
from schemas.flags import Span
from schemas.known import Segment

SHARED = np.array([250, 180, 60])


def bright(png: bytes) -> int:
    pixels = np.asarray(Image.open(io.BytesIO(png))).astype(int)
    return int((np.abs(pixels - SHARED).sum(axis=2) == 0).sum())


def page(server: Server) -> str:
    with server.signed_in() as client:
        return client.get(f"/console/cases/{server.case_id()}").text


class TestText:
    def test_the_shared_stretch_is_named_with_what_to_hear_and_see(self, shared_server: Server):
        text = page(shared_server)
        base = f"/console/cases/{shared_server.case_id()}"

        assert "0:12 in common: 0:08\u20130:20 here, 0:08\u20130:21 there." in text
        assert f'href="{base}/excerpt?start_s=8.0&amp;end_s=20.0"' in text
        assert f'href="{base}/matches/1/excerpt?start_s=8.4&amp;end_s=21.0"' in text
        assert f'src="{base}/matches/1/landmarks/1"' in text

    def test_without_the_other_file_there_is_a_sentence_and_no_picture(self, empty_server: Server):
        own = empty_server.settings.landing / "own.wav"
        write_tune(own)
        one = contradiction(own, own)
        match = one.known.matches[0].model_copy(update={"audio_uri": None, "own_share": 0.5, "other_share": 0.25})
        known = one.known.model_copy(update={"matches": (match,)})
        empty_server.seed(one.model_copy(update={"known": known}))
        text = page(empty_server)

        assert "0:08\u20130:20 here" in text
        assert "50\N{NO-BREAK SPACE}% of this recording, 25\N{NO-BREAK SPACE}% of the other." in text
        assert "Its sound is not here to compare" in text
        assert "/landmarks/" not in text


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


def two_stretches(server: Server, *, is_readable: bool = True) -> None:
    own, other = (server.settings.landing / name for name in ("own.wav", "other.wav"))
    write_tune(own, speed=1.05)
    write_tune(other)
    one = contradiction(own, other)
    if not is_readable:
        other.write_bytes(b"no sound at all")
    segments = (
        Segment(own=Span(start_s=2, end_s=8), other=Span(start_s=2.1, end_s=8.4), speed=1.05),
        Segment(own=Span(start_s=12, end_s=20), other=Span(start_s=12.6, end_s=21), speed=1.05, pitch_semitones=0.84),
    )
    match = one.known.matches[0].model_copy(update={"segments": segments, "own_share": 0.6, "other_share": 0.6})
    server.seed(one.model_copy(update={"known": one.known.model_copy(update={"matches": (match,)})}))


@pytest.mark.browser
def test_each_stretch_is_heard_in_both_at_one_tempo_and_drawn_when_it_is_asked_for(browser, empty_server: Server):
    two_stretches(empty_server)
    other, own = "document.querySelector('[data-b]')", "document.querySelector('[data-a]')"
    with opened(browser, empty_server, f"/console/cases/{empty_server.case_id()}") as page:
        page.locator("[data-shared]").nth(1).locator("[data-side=other]").click()
        until(page, f"!{other}.paused && {other}.currentTime > 0")

        assert page.evaluate(f"{other}.playbackRate") == 1.05
        assert page.evaluate(f"{other}.preservesPitch") is False
        # an excerpt begins two seconds before what was asked for: 12.6 lies at second 2
        assert 2 <= page.evaluate(f"{other}.currentTime") < 6
        assert page.locator("[data-ab]").get_attribute("aria-pressed") == "true"

        page.locator("[data-shared]").nth(0).locator("[data-side=own]").click()
        until(page, f"!{own}.paused && {own}.currentTime >= 2")
        assert page.evaluate(f"{other}.paused") is True
        page.locator(".shared summary").first.click()
        until(page, "document.querySelector('[data-landmarks]').naturalWidth === 900")


@pytest.mark.browser
def test_a_sentence_stands_where_a_picture_cannot_be_drawn(browser, empty_server: Server):
    two_stretches(empty_server, is_readable=False)
    with opened(browser, empty_server, f"/console/cases/{empty_server.case_id()}") as page:
        page.locator(".shared summary").first.click()
        page.locator(".shared details .note").first.wait_for()

        assert "other.wav" in page.locator(".shared details .note").first.inner_text()
        assert page.locator(".shared details").first.locator("img").count() == 0
