import tomllib
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_cases.making import Level, evidence, facts, message, recording

from schemas.errors import InvalidPolicy
from schemas.findings import Severity
from schemas.flags import FlagSeverity, Layer, Span
from schemas.policy import MAX_SPANS, Policy, house_policy, judge, parse_policy
from schemas.rules import RULES, Scope, finding, run
from schemas.screening import Heard, Known, Match, MatchKind, Signal

HEAD = '[policy]\nid = "p"\nversion = "1"\ndescription = "d"\n'
REASON = '[[reason]]\ncode = "AUD-001"\ntitle = "t"\nexplanation = "e"\nseverity = "low"\nlayers = ["heard"]\n'


def policy(*triggers):
    return parse_policy(HEAD + "".join(f"{REASON}{trigger}\n" for trigger in triggers))


def heard(one=None, **values):
    signals = tuple(Signal(name=name, value=value, model="m") for name, value in values.items())
    return (one or evidence()).model_copy(update={"heard": Heard(signals=signals)})


def match(kind=MatchKind.FINGERPRINT, **more):
    span = Span(start_s=0, end_s=30)
    about = {"recording_key": "rec_2", "isrc": "QZABC2600099", "sender_id": "OTHER", "score": 50, **more}
    return Match(kind=kind, own=span, other=span, **about)


def known(*matches):
    return evidence().model_copy(update={"known": Known(matches=matches)})


def codes(one, *findings):
    return [flag.code for flag in judge(one, findings, house_policy())]


def severities(one, *findings):
    return {flag.code: flag.severity for flag in judge(one, findings, house_policy())}


# --- the form


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = ", "is not TOML"),
        (HEAD + REASON, "give exactly one of finding, signals, match"),
        (HEAD + REASON + 'finding = "AID-001"\nsignals = [{ signal = "x", at_least = 1 }]', "exactly one"),
        (HEAD + REASON + 'signals = [{ signal = "x" }]', "neither at_least nor at_most"),
        (HEAD + REASON.replace("AUD-001", "noise"), "reason.0.code|reasons.0.code"),
        (HEAD + REASON.replace('"low"', '"grave"') + 'finding = "AID-001"', "severity"),
        (HEAD + REASON + 'finding = "AID-001"\nfindnig = "x"', "findnig"),
        ("", "id"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(text, problem):
    with pytest.raises(InvalidPolicy, match=problem) as refusal:
        parse_policy(text, path="mine.toml")

    assert "mine.toml" in refusal.value.message
    assert refusal.value.mend


def test_an_edited_policy_is_another_policy():
    one, other = policy('finding = "AID-001"'), policy('finding = "AID-002"')

    assert one.ref.startswith("p@1+")
    assert one.ref != other.ref


# --- the judge


def test_limits_include_their_ends_and_all_conditions_must_hold():
    both = policy('signals = [{ signal = "a", at_least = 1.0 }, { signal = "b", at_most = 2.0 }]')

    assert judge(heard(a=1.0, b=2.0), (), both)
    assert not judge(heard(a=0.99, b=2.0), (), both)
    assert not judge(heard(a=1.0, b=2.01), (), both)


def test_a_signal_that_was_not_measured_meets_no_limit():
    assert not judge(heard(), (), policy('signals = [{ signal = "a", at_most = 1.0 }]'))


def test_a_flag_names_what_was_measured_and_where_to_listen():
    spans = tuple(Span(start_s=i, end_s=i + 1) for i in range(20))
    one = evidence().model_copy(
        update={"heard": Heard(signals=(Signal(name="a", value=0.97, model="m", spans=spans),))}
    )

    (flag,) = judge(one, (), policy('signals = [{ signal = "a", at_least = 0.95 }]'))

    assert (flag.signal, flag.value, flag.threshold) == ("a", 0.97, 0.95)
    assert "a 0.97" in flag.explanation
    assert flag.spans == spans[:MAX_SPANS]


def test_an_info_finding_never_raises_a_flag():
    one = policy('finding = "PRV-005"')

    assert not judge(evidence(), (finding("PRV-005", "Seen.", severity=Severity.INFO),), one)
    assert judge(evidence(), (finding("PRV-005", "Seen."),), one)


def test_what_the_reason_says_already_is_not_said_again():
    said = "The recording does not say whether it contains AI."
    seen = (finding("AID-001", said), finding("AID-001", "Track 2 neither."))

    (flag,) = (one for one in judge(evidence(), seen, house_policy()) if one.code == "AID-001")

    assert flag.explanation.count("does not say") == 1
    assert flag.explanation.endswith("Track 2 neither.")


def test_a_reason_may_be_meant_for_some_levels_codecs_and_rates_only():
    lossless = policy('finding = "AID-001"\ncodecs = ["flac"]\nmin_sample_rate_hz = 44100')
    denied = policy('finding = "AID-001"\ndeclared = ["none"]')
    seen = (finding("AID-001", "Seen."),)

    assert judge(evidence(audio=facts(codec="flac")), seen, lossless)
    assert not judge(evidence(audio=facts(codec="mp3")), seen, lossless)
    assert not judge(evidence(audio=facts(codec="flac", sample_rate_hz=32000)), seen, lossless)
    assert judge(evidence(recording(Level.NONE)), seen, denied)
    assert not judge(evidence(recording(Level.ALL)), seen, denied)


def test_of_two_reasons_with_one_code_the_gravest_is_raised():
    flags = judge(known(match(), match(sender_id="PADPIDA202401120D9")), (), house_policy())

    assert [(f.code, f.severity) for f in flags] == [("SPM-004", FlagSeverity.HIGH)]


@pytest.mark.parametrize("sender", ["PADPIDA202401120D9", None])
def test_a_copy_of_ones_own_or_of_nobody_known_is_medium(sender):
    assert severities(known(match(sender_id=sender))) == {"SPM-004": FlagSeverity.MEDIUM}


def test_flags_come_gravest_first_and_equal_inputs_give_equal_flags():
    findings = tuple(finding(rule, "Seen.") for rule in ("AID-001", "PRV-001", "AID-004"))
    one = heard(clipping_share=0.5)

    assert codes(one, *findings) == ["PRV-001", "AID-004", "AID-001", "AUD-004"]
    assert judge(one, findings, house_policy()) == judge(one, findings[::-1], house_policy())


# --- the house policy


def test_the_house_policy_names_rules_that_exist():
    house = house_policy()

    assert {r.finding for r in house.reasons if r.finding} <= set(RULES)
    assert all(r.explanation.endswith(".") and r.layers for r in house.reasons)


def test_a_single_measurement_is_never_above_medium():
    single = [r for r in house_policy().reasons if r.layers == (Layer.HEARD,)]

    assert single
    assert all(r.severity is not FlagSeverity.HIGH for r in single)


def test_two_layers_against_each_other_are_high():
    assert severities(evidence(), finding("PRV-001", "Seen."))["PRV-001"] is FlagSeverity.HIGH
    assert severities(evidence(recording(Level.NONE)), finding("PRV-005", "Seen."))["PRV-005"] is FlagSeverity.HIGH
    assert severities(known(match(MatchKind.SAME_SIGNAL)))["SPM-003"] is FlagSeverity.HIGH


def test_a_tag_on_an_undeclared_recording_is_medium():
    one = evidence(recording(Level.UNDECLARED))

    assert severities(one, finding("PRV-005", "Seen."))["PRV-005"] is FlagSeverity.MEDIUM


def test_undeclared_raises_a_flag_only_where_the_version_can_declare():
    def flagged(version):
        one = message(recording(Level.UNDECLARED), version=version)
        return codes(evidence(one.sound_recordings[0]), *run(Scope.MESSAGE, one))

    assert flagged("4.3.2") == ["AID-001"]
    assert flagged("4.3") == []
    assert flagged("3.8.2") == []


@pytest.mark.parametrize(
    ("matches", "expected"),
    [
        ((match(),), ["SPM-004"]),
        ((match(MatchKind.SAME_SIGNAL),), ["SPM-003"]),
        ((match(isrc="QZABC2600001"),), []),  # the same ISRC again: a redelivery
        ((match(is_earlier=False),), []),  # the first one is not the copy
        ((), []),
    ],
)
def test_copies(matches, expected):
    assert codes(known(*matches)) == expected


def test_two_files_of_nothing_or_of_a_moment_are_no_copies():
    same = match(MatchKind.SAME_SIGNAL)
    moment = same.model_copy(update={"own": Span(start_s=0, end_s=1.5)})
    silent = known(same).model_copy(update={"heard": heard(silence_share=1.0).heard})
    quiet = known(same).model_copy(update={"heard": heard(silence_share=0.5).heard})

    assert codes(known(moment)) == []
    assert "SPM-003" not in codes(silent)
    assert codes(quiet) == ["SPM-003"]


def test_a_copy_says_what_it_is_a_copy_of():
    (flag,) = judge(known(match(title="Tide", display_artist="Bo", speed=1.05, pitch_semitones=1)), (), house_policy())

    assert "“Tide” by Bo (QZABC2600099), played at 1.050x, +1.0 semitones" in flag.explanation
    assert flag.spans == (Span(start_s=0, end_s=30),)


NOISE = {"flatness": 0.56, "onset_rate_hz": 0.0, "loudness_range_lu": 0.1, "silence_share": 0.0}
CUT = {"cutoff_drop_db": 62.0, "silence_share": 0.0}
LOOP = {"repetition_share": 0.99, "repetition_lag_s": 2.0, "duration_s": 70.0}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"silence_share": 1.0}, ["AUD-001"]),
        ({"silence_share": 0.5}, []),
        (NOISE, ["AUD-002"]),
        ({**NOISE, "flatness": 0.38}, ["AUD-002"]),  # pink noise
        ({**NOISE, "flatness": 0.21}, []),  # the noisiest human music of the reference set
        ({**NOISE, "onset_rate_hz": 2.0}, []),
        (LOOP, ["AUD-003"]),
        ({**LOOP, "repetition_share": 0.55}, []),
        ({**LOOP, "duration_s": 20.0}, []),
        ({"clipping_share": 0.1}, ["AUD-004"]),
        ({"clipping_share": 0.0035}, []),
        ({"clipped_peaks_hz": 5.0}, ["AUD-004"]),
        ({"clipped_peaks_hz": 1.2, "clipping_share": 0.0035}, []),
        ({"clipped_peaks_hz": 5.0, "clipping_share": 0.1}, ["AUD-004"]),
        ({**CUT, "cutoff_hz": 16730.0}, ["AUD-005"]),
        ({**CUT, "cutoff_hz": 18820.0}, ["AUD-005"]),
        ({**CUT, "cutoff_hz": 20030.0}, []),  # a converter, or 320 kb/s
        ({**CUT, "cutoff_hz": 9970.0}, []),  # a filter of the music's own
        ({**CUT, "cutoff_hz": 16000.0, "cutoff_drop_db": 21.0}, []),
        ({"bandwidth_hz": 16000.0, "silence_share": 0.0}, []),  # an old recording: it ends, but not at once
    ],
)
def test_heard_reasons(values, expected):
    assert codes(heard(**values)) == expected


def test_a_cut_off_says_nothing_of_a_lossy_file():
    lossy = evidence(audio=facts(codec="mp3"))

    assert codes(heard(lossy, **CUT, cutoff_hz=16000.0)) == []


ESTIMATE = {"false_positive_share": 0.004, "synthetic_probability": 0.97}
AI_FILE, AI_CREDIT = finding("PRV-005", "A tag of a generator."), finding("AID-002", "AI is credited.")


def estimated(level=Level.NONE, **values):
    return heard(evidence(recording(level)), **(values or ESTIMATE))


@pytest.mark.parametrize("level", [Level.NONE, Level.UNDECLARED])
def test_an_estimate_alone_is_low_whatever_it_says(level):
    (flag,) = judge(estimated(level), (), house_policy())

    assert (flag.code, flag.severity) == ("AUD-006", FlagSeverity.LOW)
    assert (Layer.DECLARED in flag.layers) == (level is Level.NONE)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({**ESTIMATE, "false_positive_share": 0.02}, ["AUD-006"]),
        ({**ESTIMATE, "false_positive_share": 0.03}, []),
        ({"false_positive_share": 0.004}, []),  # the model abstained
        ({"synthetic_probability": 0.97}, []),  # how often human music is as high is not known
        ({**ESTIMATE, "synthetic_probability": 0.3}, []),
    ],
)
def test_an_estimate_counts_where_human_music_is_seldom_as_high_and_the_model_did_not_abstain(values, expected):
    assert codes(estimated(**values)) == expected


@pytest.mark.parametrize("level", [Level.ALL, Level.PARTLY])
def test_what_is_declared_is_no_offence(level):
    assert codes(estimated(level)) == []


@pytest.mark.parametrize(
    ("level", "found", "severity"),
    [
        (Level.NONE, AI_FILE, FlagSeverity.HIGH),
        (Level.UNDECLARED, AI_FILE, FlagSeverity.HIGH),
        (Level.NONE, AI_CREDIT, FlagSeverity.HIGH),
        (Level.UNDECLARED, AI_CREDIT, FlagSeverity.LOW),
        (Level.NONE, finding("SPM-001", "Thirty-second tracks."), FlagSeverity.MEDIUM),
        (Level.UNDECLARED, finding("SPM-006", "A look-alike name."), FlagSeverity.MEDIUM),
        (Level.NONE, finding("IDN-014", "Another length."), FlagSeverity.LOW),  # nothing to do with it
    ],
)
def test_an_estimate_is_graver_beside_another_kind_of_evidence(level, found, severity):
    assert severities(estimated(level), found)["AUD-006"] is severity


def test_a_senders_figures_are_another_kind_of_evidence_than_the_sound():
    burst = {"sender_burst_ratio": 9, "sender_releases": 40, "sender_new_artist_share": 0.9}

    assert severities(estimated(**ESTIMATE, **burst))["AUD-006"] is FlagSeverity.MEDIUM


def test_a_grave_estimate_names_the_other_evidence_and_its_layer():
    flag = next(flag for flag in judge(estimated(), (AI_FILE,), house_policy()) if flag.code == "AUD-006")

    assert "Beside it: PRV-005 Declared human, generator's tag." in flag.explanation
    assert set(flag.layers) == {Layer.DECLARED, Layer.HEARD, Layer.FOUND}


@given(
    rate=st.floats(0, 1),
    probability=st.one_of(st.none(), st.floats(0, 1)),
    level=st.sampled_from(list(Level)),
    rules=st.sets(st.sampled_from(["PRV-005", "AID-002", "SPM-001", "IDN-014"])),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_estimate_is_ever_grave_on_its_own(rate, probability, level, rules):
    values = {"false_positive_share": rate}
    if probability is not None:
        values["synthetic_probability"] = probability
    flags = judge(estimated(level, **values), tuple(finding(rule, "Seen.") for rule in rules), house_policy())

    for flag in flags:
        if flag.code == "AUD-006" and flag.severity is not FlagSeverity.LOW:
            assert probability is not None
            assert "Beside it: " in flag.explanation


@pytest.mark.parametrize(
    ("severity", "trigger", "problem"),
    [
        ("high", 'signals = [{ signal = "flatness", at_least = 0.3 }]', "high needs a second kind of evidence"),
        ("medium", 'signals = [{ signal = "synthetic_probability", at_least = 0.9 }]', "medium needs a second kind"),
        ("medium", 'finding = "AID-001"\nbeside = ["XXX-001"]', "XXX-001 is no code of another kind"),
        ("medium", 'finding = "AID-001"\nbeside = ["AUD-001"]', "AUD-001 is no code of another kind"),
    ],
)
def test_a_policy_that_lets_sound_alone_be_grave_is_refused(severity, trigger, problem):
    with pytest.raises(InvalidPolicy, match=problem):
        parse_policy(HEAD + REASON.replace('"low"', f'"{severity}"') + trigger)


def test_noise_is_functional_audio_and_never_called_spam():
    (flag,) = judge(heard(**NOISE), (), house_policy())

    assert flag.severity is FlagSeverity.LOW
    assert "not spam" in flag.explanation


def test_the_file_that_ships_is_the_policy_that_is_used():
    text = resources.files("schemas").joinpath("policies/house.toml").read_text("utf-8")

    assert isinstance(house_policy(), Policy)
    assert len(tomllib.loads(text)["reason"]) == len(house_policy().reasons)
