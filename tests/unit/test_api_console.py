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
from schemas.cases import Action
from schemas.disclosure import Disclosure, Level
from schemas.screening import AudioFacts, Found, Heard, Known, Manifest, ProvenanceState, Screening

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

    def test_nothing_measured_shows_no_rows(self):
        assert layer_views(screening(heard=Heard()))[2].rows == ()


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

    def test_facts_and_ground_come_from_the_flags(self, tune):
        shown = decide_view(plain_case(1, tune), 1)

        assert shown.fields["facts"].value == "SPM-004: The sound has no tones that last."
        assert shown.fields["ground"].value == "House policy of 2026-11-22, SPM-004: Noise"
        assert shown.fields["explanation"].value == ""


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
