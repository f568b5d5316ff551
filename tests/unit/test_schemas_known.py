"""What a match says: which seconds are which, also of several stretches, and how much of each recording that is."""

from types import SimpleNamespace

import pytest
from prints import row
from rule_cases.making import evidence

from api.services.access import Actor, Role
from api.services.redaction import screening_for
from pipeline.sound import MAX_SEGMENTS, Sound, alike, same
from schemas.flags import Span
from schemas.known import Known, Match, MatchKind, Segment
from schemas.policy import house_policy, judge
from schemas.screening import Screening, Versions


def segment(own, other, length=20.0, **more):
    spans = {"own": Span(start_s=own, end_s=own + length), "other": Span(start_s=other, end_s=other + length)}
    return Segment(**spans, **more)


def match(*segments, **more):
    first = segments[0] if segments else segment(430, 30)
    about = {"recording_key": "rec_2", "title": "Lantern Street", "display_artist": "The Moorings", "score": 50, **more}
    return Match(kind=MatchKind.FINGERPRINT, own=first.own, other=first.other, segments=segments, **about)


def test_a_loop_is_named_with_its_seconds_in_both_and_how_much_of_each_that_is():
    told = match(segment(430, 30), own_share=0.1, other_share=1 / 3, isrc="QZABC2600099").describe()

    assert told == (
        "20 s of this (7:10-7:30) are 0:30-0:50 of \u201cLantern Street\u201d by The Moorings (QZABC2600099). "
        "That is 10% of this recording and 33% of the other."
    )


def test_several_stretches_are_told_up_to_three():
    two = match(segment(0, 90), segment(60, 10)).describe()
    five = match(*(segment(60 * n, 10) for n in range(5))).describe()

    assert two.startswith("20 s of this (0:00-0:20) are 1:30-1:50, 20 s (1:00-1:20) are 0:10-0:30 of ")
    assert "(2:00-2:20) are 0:10-0:30 and 2 more stretches are others of " in five
    assert "3:00" not in five


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"speed": 1.05, "pitch_semitones": 0.84}, "by The Moorings, played at 1.050x, +0.8 semitones."),
        ({"listed": "spam", "reason": "farm"}, "It is on the list spam: farm."),
        ({"title": "", "display_artist": ""}, "of a recording without a title."),
        ({"own_share": 0.001, "other_share": 1.0}, "less than 1% of this recording and 100% of the other"),
    ],
)
def test_what_else_is_known_is_said(more, says):
    assert says in match(segment(0, 0), **more).describe()


def test_long_stretches_have_minutes_and_hours():
    told = match(segment(3600, 0, 200.0)).describe()

    assert told.startswith("3 min 20 s of this (1:00:00-1:03:20) are 0:00-3:20 of ")


def test_a_copy_whose_seconds_are_not_known_has_none():
    whole = Span(start_s=0, end_s=float("inf"))
    one = Match(kind=MatchKind.FINGERPRINT, recording_key="rec_2", title="A", own=whole, other=whole, score=0)

    assert one.describe() == "This has the sound of \u201cA\u201d."


def test_a_match_that_was_kept_before_there_were_segments_is_read():
    kept = match(speed=1.1).model_dump(mode="json")
    del kept["segments"]

    (shared,) = Match.model_validate(kept).shared

    assert (shared.own.start_s, shared.other.start_s, shared.speed) == (430, 30, 1.1)


def laid_on(*segments):
    first = segments[0]
    return SimpleNamespace(
        own=first.own, other=first.other, segments=segments, score=90.0, speed=first.speed, pitch_semitones=0.0,
        own_coverage=0.2, other_coverage=0.4,
    )  # fmt: skip


def test_what_an_alignment_shares_is_kept_in_order_of_the_recording_and_bounded():
    own, other = (Sound.of_row(row(n, None, 300)) for n in (1, 2))
    few = alike(own, other, laid_on(segment(60, 10, speed=1.1), segment(0, 90)))
    many = alike(own, other, laid_on(*(segment(1000 - n, n) for n in range(100))))

    assert [(one.own.start_s, one.other.start_s, one.speed) for one in few.segments] == [(0, 90, 1.0), (60, 10, 1.1)]
    assert (few.own_share, few.other_share) == (0.2, 0.4)
    assert [one.own.start_s for one in many.segments] == [1000 - n for n in range(MAX_SEGMENTS)][::-1]


def test_equal_sound_is_one_segment_of_all_of_it():
    (whole,) = same(MatchKind.SAME_SIGNAL, *(Sound.of_row(row(n, None, 300)) for n in (1, 2))).segments

    assert (whole.own, whole.other) == (Span(start_s=0, end_s=300),) * 2


def test_a_flag_names_each_stretch_and_leads_to_it():
    one = match(segment(430, 30), segment(500, 90), own_share=0.1, other_share=0.3, sender_id="OTHER")
    (flag,) = judge(evidence().model_copy(update={"known": Known(matches=(one,))}), (), house_policy())

    assert one.describe() in flag.explanation
    assert [span.start_s for span in flag.spans] == [430, 500]


def test_a_label_sees_the_seconds_but_not_whose_file_it_is():
    one = match(segment(430, 30), sender_id="OTHER", audio_uri="accounts/other/x.wav")
    about = evidence()
    screening = Screening(
        id="scr_1", versions=Versions(engine="e", policy="p"), intake=about.intake, known=Known(matches=(one,)),
        screened_at="2026-11-22T12:00:00Z", declared=about.intake.recording.disclosure,
    )  # fmt: skip
    seen = screening_for(screening, Actor(name="nova", role=Role.LABEL, account="nova"))

    (match_seen,) = seen.known.matches
    assert match_seen.segments == one.segments
    told = seen.model_dump_json()
    assert not any(hidden in told for hidden in ("OTHER", "accounts/other", "rec_2"))
