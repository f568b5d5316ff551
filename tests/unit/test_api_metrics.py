"""The figures for Prometheus: an answer at once, from what was counted in the background while somebody asks."""

import time

from api.metrics import ASKED_S, RESTS, Review
from api.services import dashboards


class Time:
    now = 0.0

    def __call__(self):
        return self.now


def read(review):
    return {one.name: one.samples[0].value for one in review.collect() if one.samples}


def wait_until(condition):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def counting(monkeypatch):
    counted = []

    def gauges(_db):
        counted.append(1)
        return [("liner_deciders", (), float(len(counted)))]

    monkeypatch.setattr(dashboards, "gauges", gauges)
    return counted


def test_without_a_service_every_question_counts(monkeypatch):
    counting(monkeypatch)
    review = Review(None)

    assert [read(review)["liner_deciders"] for _ in range(3)] == [1, 2, 3]


def test_in_a_service_questions_count_nothing_and_say_how_old_the_figures_are(monkeypatch):
    counted, clock = counting(monkeypatch), Time()
    review = Review(None, now=clock)
    with review.running(every_s=1000):
        read(review)
        clock.now = 12.0

        assert [read(review)["liner_deciders"] for _ in range(3)] == [1, 1, 1]
        assert len(counted) == 1
        assert read(review)["liner_figures_age_seconds"] == 12.0
    assert read(review)["liner_deciders"] == 2


def test_nobody_counts_while_nobody_asks(monkeypatch):
    counted, clock = counting(monkeypatch), Time()
    review = Review(None, now=clock)
    with review.running(every_s=0.001):
        time.sleep(0.05)
        assert not counted
        read(review)
        wait_until(lambda: len(counted) > 3)
        clock.now += ASKED_S + 1
        time.sleep(0.05)
        before = len(counted)
        time.sleep(0.05)

        assert len(counted) == before
        assert read(review)["liner_figures_age_seconds"] == 0.0  # too old to be shown: counted now
        wait_until(lambda: len(counted) > before + 3)


def test_counting_that_takes_long_is_done_less_often(monkeypatch):
    clock, waited = Time(), []

    def gauges(_db):
        clock.now += 3.0
        return []

    class Stop:
        def is_set(self):
            return len(waited) == 2

        def wait(self, seconds):
            waited.append(seconds)

    monkeypatch.setattr(dashboards, "gauges", gauges)
    review = Review(None, now=clock)
    read(review)
    review._work(Stop(), every_s=30.0)

    assert waited == [RESTS * 3.0] * 2
