"""What a policy may ask of a sender's record."""

import pytest

from schemas.senders import MEASURES, SenderRecord

RECORD = SenderRecord(sender="PADPIDA1", until="2026-11-23", releases=40, past_releases=7, burst_ratio=9.5)


def test_every_measure_can_be_asked_for():
    asked = {name: RECORD.measure(f"sender_{name}") for name in MEASURES}

    assert (asked["releases"], asked["burst_ratio"], asked["upheld_share"]) == (40.0, 9.5, None)


@pytest.mark.parametrize("name", ["releases", "past_releases", "sender_past_releases", "sender_sender", "sender_", "x"])
def test_nothing_else_is_a_measure(name):
    assert RECORD.measure(name) is None
