"""What the console says, and in what order; its colours; its form, field by field."""

import doctest
import re
from datetime import UTC, datetime, timedelta

import pytest
from fixtures_browser import VERSIONS, contradiction, intake, plain_case, write_tune
from hypothesis import given, settings
from hypothesis import strategies as st

from api.console.forms import FormErrors, read_decide_form
from api.console.pages import ASSETS
from api.console.views import case, words
from api.console.views.case import is_playable, levelled
from api.console.views.decide import decide_view
from api.console.views.flags import all_spans, flag_views
from api.console.views.layers import layer_views
from api.console.views.signs import signs_views
from classifiers.spam.model import SpamScore
from schemas import reasons
from schemas.cases import Action
from schemas.copies import Cluster, Copy, Namesake, Relation
from schemas.disclosure import Disclosure, Level
from schemas.flags import Flag, FlagSeverity, Layer, Span
from schemas.known import Segment
from schemas.screening import (
    AudioFacts,
    Found,
    Heard,
    Known,
    Manifest,
    Match,
    MatchKind,
    ProvenanceState,
    Screening,
    Signal,
)
from schemas.senders import Likeness, Resemblance, SenderRecord

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
COMPLETE = {
    "version": "3",
    "action": "remove",
    "reason": "A copy.",
    "facts": "It is one.",
    "ground": "Terms 4",
    "explanation": "Copies are not allowed.",
    "territories": "Brazil, , Norway",
    "redress": "Appeal.",
}


@pytest.fixture
def tune(tmp_path):
    """A second of sound."""
    path = tmp_path / "a.wav"
    write_tune(path, seconds=1)
    return path


def screening(**layers) -> Screening:
    """A screening with these layers and nothing else."""
    about = intake("Song", "Ada", "QZABC2600001", "rec_1", None)
    return Screening(id="scr", versions=VERSIONS, screened_at=NOW, intake=about, **layers)


def said(**layers) -> dict[str, str]:
    """What each column says in its headline and sentence."""
    return {view.layer: f"{view.headline}. {view.sentence}" for view in layer_views(screening(**layers))}


class TestLayers:
    @pytest.mark.parametrize(
        ("declared", "words_said"),
        [
            (Disclosure(can_declare=True), "not the same as “none”"),
            (Disclosure(can_declare=False), "no place to declare AI"),
            (Disclosure(can_declare=True, text="Maybe"), "“Maybe”, which is no allowed value"),
            (Disclosure(level=Level.NONE), "states that no generative AI was used"),
            (Disclosure(level=Level.ALL), "entirely with generative AI"),
        ],
    )
    def test_four_kinds_of_silence_and_speech_are_kept_apart(self, declared, words_said):
        assert words_said in said(declared=declared)["declared"]

    def test_what_is_absent_says_so(self):
        told = said()

        assert "nothing is known of what it carries" in told["found"]
        assert "not the same as nothing heard" in told["heard"]
        assert "was not compared" in told["known"]

    def test_compared_without_a_match_is_not_uncompared(self):
        assert "No other recording" in said(known=Known(matches=()))["known"]

    @pytest.mark.parametrize("state", ProvenanceState)
    def test_states_of_a_manifest_read_differently(self, state):
        others = [said(found=Found(manifest=Manifest(state=one)))["found"] for one in ProvenanceState if one != state]

        assert said(found=Found(manifest=Manifest(state=state)))["found"] not in others

    def test_signals_that_raise_a_flag_come_first(self, tune):
        heard = layer_views(contradiction(tune, tune))[2]

        assert heard.rows[0].term == "Cutoff"
        assert heard.rows[0].note == "raises AUD-007"
        assert heard.rows[0].value == "10040\N{NO-BREAK SPACE}Hz"

    def test_what_raises_nothing_opens_on_demand_and_nothing_is_lost(self, tune):
        found = contradiction(tune, tune)
        heard = layer_views(found)[2]

        assert {row.note for row in heard.more} == {""}
        assert len(heard.rows) + len(heard.more) == len(found.heard.signals) + len(found.heard.abstained)
        assert heard.more

    def test_nothing_measured_shows_no_rows(self):
        assert layer_views(screening(heard=Heard()))[2].rows == ()


def known_rows(known: Known, flags=()) -> dict[str, str]:
    """What the known column says, by its terms."""
    column = layer_views(screening(known=known, flags=flags))[3]
    return {row.term: f"{row.value} | {row.note}" for row in column.rows}


class TestKnown:
    def test_a_sender_is_held_against_its_own_past(self):
        record = SenderRecord(
            sender="S1", until="2026-11-22", known_days=400, releases=42, usual_releases=6, burst_ratio=7,
            flagged_share=0.5, usual_flagged_share=0.25,
        )  # fmt: skip
        flag = Flag(
            code="SPM-020", severity=FlagSeverity.LOW, title="Burst of releases", explanation="", layers=(Layer.KNOWN,),
            signal="sender_burst_ratio", value=7,
        )  # fmt: skip
        said = known_rows(Known(sender=record), (flag,))

        assert said["Sender"] == "30 days to 2026-11-22 | Known for 400 days; compared with its own year before."
        assert said["Releases"] == "42, 7 times its usual month | usually 6; raises SPM-020"
        assert said["Flagged"] == "50\N{NO-BREAK SPACE}% | usually 25\N{NO-BREAK SPACE}%"
        assert "With a sound it already has" not in said  # not counted is not zero

    def test_a_young_sender_has_no_usual_month(self):
        said = known_rows(Known(sender=SenderRecord(sender="S1", until="2026-11-22", known_days=9, releases=3)))

        assert "too short a past" in said["Sender"]
        assert said["Releases"] == "3 | "

    @pytest.mark.parametrize(
        ("found", "expected"),
        [
            (Resemblance(kind=Likeness.LOOK_ALIKE, name="Аdele", other="Adele"), "“Аdele” is written like “Adele”"),  # noqa: RUF001
            (Resemblance(kind=Likeness.IN_TITLE, name="x", other="Adele", senders=3), "not credited | 3 senders"),
        ],
    )
    def test_names_that_recall_others_are_told(self, found, expected):
        assert expected in " ".join(known_rows(Known(resemblances=(found,))).values())

    @pytest.mark.parametrize(
        ("shares", "kind", "how"),
        [
            ((0.95, 0.9), MatchKind.FINGERPRINT, "Same recording"),
            ((0.95, 0.2), MatchKind.FINGERPRINT, "A part of the other recording"),
            ((0.2, 0.95), MatchKind.FINGERPRINT, "Contains the other recording"),
            ((0.2, 0.3), MatchKind.FINGERPRINT, "In part the same recording"),
            ((0, 0), MatchKind.FINGERPRINT, "Same recording"),
            ((1, 1), MatchKind.SAME_SIGNAL, "Identical signal"),
            ((1, 1), MatchKind.SAME_FILE, "Identical file"),
        ],
    )
    def test_a_match_says_how_much_of_each_is_shared(self, shares, kind, how):
        column = layer_views(screening(known=Known(matches=(match(shares, kind),))))[3]

        assert column.headline == how
        assert ("The same sound as" in column.sentence) is (
            how in {"Same recording", "Identical signal", "Identical file"}
        )

    def test_several_stretches_are_counted_and_named_each(self):
        spans = ((2, 8, 1), (20, 30, 5))
        segments = tuple(
            Segment(own=Span(start_s=a, end_s=b), other=Span(start_s=a + c, end_s=b + c)) for a, b, c in spans
        )
        found = match((0.2, 0.3)).model_copy(update={"segments": segments, "relation": Relation.STRANGER})
        (view,) = layer_views(screening(known=Known(matches=(found,))))[3].matches

        assert view.aligned == "2 stretches, 0:16 together"
        assert view.covers == "20\N{NO-BREAK SPACE}% of this recording, 30\N{NO-BREAK SPACE}% of the other."
        assert [one.other for one in view.segments] == [words.stretch(3, 9), words.stretch(25, 35)]
        assert "nothing declared explains the copy" in view.notes[0]

    def test_copies_and_namesakes_are_named(self):
        earliest = Copy(recording_key="rec_0", title="Rain", released_on="2024-01-02")
        copies = tuple(
            Copy(recording_key=f"rec_{n}", title=f"Rain {n}", relation=Relation.STRANGER) for n in range(1, 11)
        )
        cluster = Cluster(id="c", earliest=earliest, size=13, titles=11, artists=1, senders=2, members=copies)
        other = Namesake(recording_key="rec_n", isrc="QZABC2600001", title="Snow", duration_s=61)
        column = layer_views(screening(known=Known(cluster=cluster, namesakes=(other,))))[3]
        said = [row.value for row in column.rows]

        assert "One of 13 recordings of this sound" in said[0]
        assert said[8:10] == ["“Rain 8”, no ISRC", "and 4 more recordings"]
        assert said[-1] == "“Snow”, QZABC2600001, 1:01"


def match(shares, kind=MatchKind.FINGERPRINT) -> Match:
    """A match of which so much is shared."""
    return Match(
        kind=kind, recording_key="rec_other", own=Span(start_s=0, end_s=30), other=Span(start_s=0, end_s=30), score=90,
        own_share=shares[0], other_share=shares[1],
    )  # fmt: skip


class TestSigns:
    def test_what_each_sign_adds_is_said_in_words(self, tune):
        (view,) = signs_views(contradiction(tune, tune))

        assert view.value.endswith(
            "at even odds (81\N{NO-BREAK SPACE}% to 97\N{NO-BREAK SPACE}%), from 2 kinds of evidence"
        )
        assert [(sign.words[:10], sign.added, sign.bar) for sign in view.signs] == [
            ("The sender", "+2.4", 100),
            ("The title ", "+1.2", 50),
        ]
        assert not view.is_flagged

    @pytest.mark.parametrize("note", ["no sign", "", "whatever (+x); (+1.0)"])
    def test_a_note_without_signs_breaks_nothing(self, note):
        fused = (Signal(name="spam_probability", value=0.02, probability=0.02, model="spam-1", note=note),)

        assert signs_views(screening(fused=fused))[0].signs == ()

    def test_what_the_model_writes_is_what_the_page_reads(self):
        score = SpamScore(
            "spam-1", 1.0, 0.7, (0.5, 0.8), 2, (("the title is a run of search words", 0.6), ("x (y)", 0.31))
        )

        (view,) = signs_views(screening(fused=score.signals()))
        assert [(sign.words, sign.added) for sign in view.signs] == [
            ("The title is a run of search words", "+0.6"),
            ("X (y)", "+0.3"),
        ]


class TestFlags:
    def test_spans_are_numbered_through_the_page(self, tune):
        views = flag_views(contradiction(tune, tune).flags)

        assert [span.number for span in all_spans(views)] == [1, 2]
        assert views[0].layers == "declared against found"


class TestPlayer:
    @given(st.floats(-70, 20))
    def test_levelling_only_ever_turns_down(self, loudness):
        assert 0 < levelled(loudness) <= 1
        assert loudness > -14 or levelled(loudness) == 1

    @pytest.mark.parametrize(
        ("container", "codec", "channels", "expected"),
        [
            ("wav", "pcm", 2, True),
            ("flac", "flac", 1, True),
            ("ogg", "flac", 2, False),
            ("mp3", "mp3", 2, False),
            ("aiff", "pcm", 2, False),
            ("wav", "ulaw", 1, False),
            ("wav", "pcm", 6, False),
        ],
    )
    def test_only_formats_with_an_exact_clock_are_played_as_they_are(self, container, codec, channels, expected):
        facts = AudioFacts(
            container=container,
            codec=codec,
            sample_rate_hz=48000,
            channels=channels,
            duration_s=1,
            size=1,
            sha256="",
            signal_hash="",
            decoder="soundfile",
        )
        assert is_playable(facts) is expected


class TestForm:
    def test_a_complete_form(self):
        read = read_decide_form(COMPLETE, NOW)

        assert (read.version, read.action) == (3, Action.REMOVE)
        assert read.statement.territories == ("Brazil", "Norway")
        assert not read.statement.missing()

    @pytest.mark.parametrize("name", ["facts", "ground", "explanation", "territories", "redress", "reason", "action"])
    def test_each_empty_field_is_named(self, name):
        with pytest.raises(FormErrors) as caught:
            read_decide_form(COMPLETE | {name: "  "}, NOW)

        assert list(caught.value.errors) == [name]

    @pytest.mark.parametrize("end", ["2026-11-22", "2026-02-30", "soon", "0001-01-01"])
    def test_an_end_that_cannot_be(self, end):
        with pytest.raises(FormErrors) as caught:
            read_decide_form(COMPLETE | {"ends_at": end}, NOW)

        assert list(caught.value.errors) == ["ends_at"]

    def test_commas_alone_are_no_territory(self):
        with pytest.raises(FormErrors) as caught:
            read_decide_form(COMPLETE | {"territories": ", ,"}, NOW)

        assert list(caught.value.errors) == ["territories"]

    def test_an_approval_carries_no_statement(self):
        assert read_decide_form(COMPLETE | {"action": "approve", "facts": ""}, NOW).statement is None

    @settings(deadline=None, max_examples=60)
    @given(st.dictionaries(st.sampled_from(sorted(COMPLETE)), st.text(max_size=30)))
    def test_whatever_is_sent_is_read_or_named_and_kept(self, typed):
        sent = {**COMPLETE, **typed, "version": "3"}
        errors = {}
        try:
            read = read_decide_form(sent, NOW)
        except FormErrors as wrong:
            errors = wrong.errors
        shown = decide_view(screening(), 3, sent, errors)

        assert errors or read.statement is None or not read.statement.missing()
        assert all(shown.fields[name].value == sent[name] for name in shown.fields if name in sent)
        assert [name for name, field in shown.fields.items() if field.error] == [n for n in shown.fields if n in errors]

    def test_the_statement_is_drafted_from_the_evidence(self, tune):
        case = plain_case(1, tune)
        shown = decide_view(case, 1)

        assert shown.fields["facts"].value == reasons.draft(case)["facts"]
        assert shown.fields["facts"].value.endswith("SPM-004: The sound has no tones that last.")
        assert shown.fields["ground"].value == "House policy of 2026-11-22, SPM-004: Noise"
        assert "{licence}" in shown.fields["explanation"].value
        assert [one.code for one in shown.drafts if one.is_chosen] == ["copied-recording"]

    def test_a_place_that_nobody_filled_in_is_named_at_its_field(self, tune):
        drafted = {name: field.value for name, field in decide_view(plain_case(1, tune), 1).fields.items()}
        sent = {**drafted, "action": "remove", "reason": "A copy.", "version": "1"}

        with pytest.raises(FormErrors) as wrong:
            read_decide_form(sent, NOW)
        assert list(wrong.value.errors) == ["explanation"]
        assert wrong.value.errors["explanation"].endswith("{licence}.")


class TestWords:
    @given(st.timedeltas(timedelta(days=-2), timedelta(days=9000)))
    def test_an_age_is_one_number_and_one_unit(self, age):
        assert re.fullmatch(r"now|\d+ (d|h|min)", words.ago(NOW - age, NOW))

    @pytest.mark.parametrize("module", [words, case])
    def test_examples(self, module):
        assert doctest.testmod(module).failed == 0


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio as WCAG 2.2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class TestColours:
    @pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
    @pytest.mark.parametrize(
        ("text", "ground", "ratio"),
        [
            *(("ink", ground, 7.0) for ground in ("ground", "sheet", "sunk", "high-ground", "medium-ground")),
            *(("soft", ground, 4.5) for ground in ("ground", "sheet", "sunk")),
            *(("accent", ground, 4.5) for ground in ("ground", "sheet")),
            *((name, f"{name}-ground", 4.5) for name in ("high", "medium", "low")),
            *((name, "sheet", 4.5) for name in ("high", "medium", "low")),
            ("on-accent", "accent", 4.5),
            ("strong-line", "sheet", 3.0),
            ("focus", "ground", 3.0),
        ],
    )
    def test_text_and_edges_meet_aa(self, scheme, text, ground, ratio):
        blocks = re.findall(r":root \{([^}]*--ground[^}]*)\}", (ASSETS.static / "console.css").read_text())
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[scheme]))

        assert contrast(colours[text], colours[ground]) >= ratio
