import json

import httpx
import pytest
from fixtures_api import make_screening

from pipeline.deliver import Courier, OverHttp, ReviewClient, is_for_review, parcel_of
from pipeline.outbox import Outbox
from schemas.errors import ReviewUnreachable


class Review:
    """A review API made of answers: a status, an error, or ``ok``; the last one repeats."""

    def __init__(self, *script, refuses=(), limit=1000):
        self.script = list(script) or ["ok"]
        self.refuses = set(refuses)
        self.limit = limit
        self.batches = []
        self.pauses = []

    def __call__(self):
        return httpx.Client(transport=httpx.MockTransport(self._answer), base_url="http://review.test")

    def _answer(self, request):
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, httpx.Response):
            return step
        ids = [one["id"] for one in json.loads(request.content)["screenings"]]
        if len(ids) > self.limit:
            return httpx.Response(413)
        self.batches.append(ids)
        results = [{"id": i, "status": "refused" if i in self.refuses else "created", "problem": "no"} for i in ids]
        return httpx.Response(200, json={"results": results})

    def courier(self, lake):
        return Courier(lake, self, sleep=self.pauses.append)


@pytest.fixture
def lake(tmp_path):
    outbox = Outbox(tmp_path)
    for number in range(1, 4):
        outbox.put(parcel_of(make_screening(number, "AID-002")))
    outbox.close()
    return tmp_path


def waiting(lake):
    return [parcel.id for parcel in Outbox(lake).take(1000)]


def test_everything_is_delivered_once(lake):
    review = Review()
    courier = review.courier(lake)

    assert courier.deliver() == {"created": 3}
    assert courier.deliver_all() == ({}, [])
    assert review.batches == [["scr_1_0", "scr_2_0", "scr_3_0"]]
    assert waiting(lake) == []


@pytest.mark.parametrize(
    "trouble", [httpx.ConnectError("refused"), httpx.Response(503), httpx.Response(429), httpx.ReadTimeout("slow")]
)
def test_trouble_that_passes_is_waited_out(lake, trouble):
    review = Review(trouble, trouble, "ok")

    outcomes, letters = review.courier(lake).deliver_all()

    assert (outcomes, letters) == ({"created": 3}, [])
    assert len(review.pauses) == 2
    assert review.pauses[0] < review.pauses[1] * 2.01


def test_the_api_says_how_long_to_wait(lake):
    review = Review(httpx.Response(429, headers={"Retry-After": "7"}), "ok")

    review.courier(lake).deliver_all()

    assert review.pauses == [7.0]


def test_what_cannot_be_delivered_stays_and_is_named(lake):
    outcomes, letters = Review(httpx.ConnectError("down")).courier(lake).deliver_all()

    assert outcomes == {}
    assert [(one.stage, one.subject_id) for one in letters] == [("deliver", f"scr_{n}_0") for n in (1, 2, 3)]
    assert "could not be reached in 5 tries" in letters[0].cause
    assert len(waiting(lake)) == 3
    assert Review().courier(lake).deliver_all() == ({"created": 3}, [])


def test_a_refused_screening_does_not_hold_up_the_others(lake):
    review = Review(refuses={"scr_2_0"})

    outcomes, letters = review.courier(lake).deliver_all()

    assert outcomes == {"created": 2, "refused": 1}
    assert [(one.subject_id, one.cause) for one in letters] == [("scr_2_0", "no")]
    assert waiting(lake) == ["scr_2_0"]


def test_while_screening_goes_on_a_refused_one_is_not_sent_again_and_again(lake):
    review = Review(refuses={"scr_2_0"})
    courier = review.courier(lake)

    courier.deliver()
    courier.deliver()
    courier.deliver_all()

    assert review.batches[1:] == [["scr_2_0"]]


def test_after_a_failure_screening_is_not_held_up(lake):
    review = Review(httpx.ConnectError("down"))
    courier = review.courier(lake)

    courier.deliver()
    pauses = len(review.pauses)
    courier.deliver()

    assert len(review.pauses) == pauses == 1


def test_a_batch_that_is_too_large_is_halved(lake):
    review = Review(limit=1)

    assert review.courier(lake).deliver_all() == ({"created": 3}, [])
    assert sorted(map(len, review.batches)) == [1, 1, 1]


def test_one_bad_screening_in_a_batch_is_found_out(lake):
    review = Review(httpx.Response(422, text="bad"), "ok", httpx.Response(422, text="bad"), "ok")

    outcomes, letters = review.courier(lake).deliver_all()

    assert outcomes == {"created": 2, "refused": 1}
    assert [one.subject_id for one in letters] == ["scr_2_0"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_said_at_once(lake, status):
    review = Review(httpx.Response(status))

    _, letters = review.courier(lake).deliver_all()

    assert "does not accept the key" in letters[0].cause
    assert review.pauses == []


@pytest.mark.parametrize("body", ["<html>", '{"results": [{}]}', "[]"])
def test_an_answer_in_another_form_is_said(body):
    client = Review(httpx.Response(200, text=body))()

    with pytest.raises(ReviewUnreachable, match="not in its form"):
        list(ReviewClient(client).post([parcel_of(make_screening(1))]))


def test_a_bare_catalogue_sends_only_what_is_flagged():
    assert not is_for_review(make_screening(1))
    assert is_for_review(make_screening(1, "AUD-001"))
    assert is_for_review(make_screening(1, message_path="m.xml"))


def test_a_client_over_the_network_carries_its_key():
    with OverHttp("http://review.test", "secret")() as client:
        assert client.headers["Authorization"] == "Bearer secret"
        assert client.base_url == "http://review.test"
