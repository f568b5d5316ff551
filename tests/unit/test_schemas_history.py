"""A message beside those applied before it, and what a history remembers."""

import pytest
from rule_cases.history import ALL, BEFORE, LATER, NONE, OURS, THEIRS, arrival, past, takedown

from schemas.history import RememberedHistory, declaration_of, message_of
from schemas.rules import finding
from schemas.rules.history import MAX_NAMED, hold_against_history


def rules(one):
    return [f.rule for f in hold_against_history(one)]


def test_a_message_id_that_was_used_for_other_bytes_is_an_error():
    (one,) = hold_against_history(arrival(NONE, past(message_id="MSG2")))

    assert (one.rule, one.value, one.location.path) == ("PKG-012", "MSG2", "m.xml")


@pytest.mark.parametrize(
    "before",
    [
        past(message_id="MSG2", message_sha256="2"),  # the same bytes: nothing happens
        past(message_id="MSG2", message_sha256=None),
        past(message_id="MSG2", sender_id=THEIRS),
        past(message_id="MSG1"),
    ],
)
def test_a_message_id_that_was_not_used_says_nothing(before):
    assert not rules(arrival(NONE, before))


def test_a_message_older_than_the_one_applied_is_told():
    (one,) = hold_against_history(arrival(NONE, past(declared_at=LATER)))

    assert one.rule == "PKG-013"
    assert "2026-03-01 00:00 UTC (message MSG1)" in one.message


@pytest.mark.parametrize(
    "before",
    [
        past(declared_at=BEFORE),
        past(declared_at=None),
        past(declared_at=LATER, sender_id=THEIRS),
        past(declared_at=LATER, release_key="other"),
    ],
)
def test_a_message_that_nothing_newer_replaced_says_nothing(before):
    assert not rules(arrival(NONE, before))


def test_a_finding_names_both_declarations():
    (one,) = hold_against_history(arrival(NONE, past(ALL)))

    assert one.message == "It is none now and was all (message MSG1)."
    assert (one.subject, one.value) == ("QZABC2600001", "none")


def test_an_arrival_becomes_the_past_of_the_next():
    first = arrival(ALL, message_created_at=BEFORE, message_sha256="1", message_id="MSG1")

    second = arrival(NONE, declaration_of(first.evidence))

    assert rules(second) == ["HIS-001"]


def test_a_history_answers_by_isrc_sound_message_and_release():
    one = past(signal_hash="s")
    history = RememberedHistory([one, past(isrc=None, message_id="", release_key=None)])

    assert [list(a) for a in (history.of_isrc("QZABC2600001"), history.of_sound("s"))] == [[one], [one]]
    assert [list(a) for a in (history.of_message("MSG1"), history.of_release("4006381333931"))] == [
        [message_of(one)]
    ] * 2
    assert history.of_sender(OURS) == {NONE: 2}
    assert not history.of_isrc("absent")


def test_what_is_said_of_one_delivery_is_not_said_again():
    said = (finding("PKG-012", "Twice in this delivery."), finding("PKG-013", "Replaced in this delivery."))

    assert not rules(arrival(NONE, past(message_id="MSG2", declared_at=LATER), findings=said))


def test_a_message_older_than_a_takedown_says_so():
    (one,) = hold_against_history(arrival(NONE, takedown(declared_at=LATER)))

    assert one.message.startswith("A takedown of 2026-03-01 00:00 UTC (message MSG9) was applied")


def test_a_takedown_is_held_against_messages_alone():
    assert rules(arrival(NONE, past(ALL, declared_at=LATER), is_takedown=True)) == ["PKG-013"]


def test_without_a_date_the_last_arrival_is_replaced():
    assert rules(arrival(NONE, past(ALL, declared_at=LATER), message_created_at=None)) == ["HIS-001"]


def test_a_finding_tells_nothing_of_another_senders_messages():
    theirs = {"sender_id": THEIRS, "signal_hash": "s", "message_id": "SECRET"}
    found = hold_against_history(arrival(NONE, past(ALL, **theirs), past(ALL, isrc="QZABC2600009", **theirs)))

    messages = [f.message for f in found]
    assert len(messages) == 2
    assert all("from another sender" in m and THEIRS not in m and "SECRET" not in m for m in messages)


def test_few_of_many_copies_are_named():
    copies = (past(isrc=f"QZABC27{n:05}", signal_hash="s") for n in range(99))

    assert rules(arrival(NONE, *copies)) == ["HIS-004"] * MAX_NAMED
