"""What `liner explain` says of a file, line by line, and what it draws."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.explaining import evidence_of, is_met, lines, read_lake, stretch, weighed
from api.cli.reporting import plain
from schemas.evidence import Evidence
from schemas.flags import Layer, Span
from schemas.policy import Policy, Reason, house_policy

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from classifiers.listener import Listener
    from classifiers.listening import Listening
    from classifiers.synthetic.score import SyntheticScore, WindowScore

PICTURE_S = 15 * 60.0  # a picture shows the first quarter of an hour
PLOT = (1020, 240)
WHOLE_SHARE = 0.9  # what is everywhere and no reason to look needs no lane on the time line
_UNIT = re.compile(r"_(share|s|hz|db|lu|lufs|bpm)$")
TOP_HZ = 20_000.0
_Lanes = tuple[dict[str, tuple[Span, ...]], int]
NO_NUMBER = "Decoder traces: no answer. {sentence}"


def told(file: Path, *, picture: Path | None, lake: Path | None, policy: Policy | None, as_json: bool) -> Iterator[str]:
    """Listen to a file, draw it where a picture is wanted, and say what was heard and what it would meet."""
    from classifiers.listener import Listener
    from classifiers.models import active
    from classifiers.synthetic.model import SyntheticModel

    known, used = read_lake(lake), (policy or house_policy()).reasons
    of_sound = tuple(reason for reason in used if reason.signals and Layer.HEARD in reason.layers)
    model = SyntheticModel.in_use(active.read_pointer().names)
    with Listener() as listener:
        listening = listener.listen(str(file))
        audio, traces = listening.found.audio, listening.heard.traces
        codec = audio.codec if audio else ""
        score = model.score_traces(traces, codec=codec) if traces and model.reads(traces) else None
        evidence, reasons = evidence_of(file, listening, known), weighed(used)
        if picture:
            picture.write_bytes(_drawn(file, listening, score, listener, _lanes(evidence, of_sound)))
    if as_json:
        yield json.dumps(_as_dict(listening, score, evidence, reasons), indent=1)
        return
    yield from _lines(file, listening, score)
    yield from lines(evidence, reasons, has_lake=known is not None)
    if picture:
        yield f"\nPicture: {picture}"


def _lines(file: Path, listening: "Listening", score: "SyntheticScore | None") -> Iterator[str]:
    yield f"{plain(file.name)}: {_facts(listening)}"
    yield from listening.found.audio.damage if listening.found.audio else ()
    yield f"\n{_verdict(listening, score)}"
    for window in score.windows if score else ():
        yield f"  {stretch(window.start_s, window.end_s)}  {window.words}"
    if score and score.windows:
        yield f"  {_in_words(score)}"
    yield _functional(listening)


def _functional(listening: "Listening") -> str:
    """Say whether it is noise, speech or a steady tone instead of music, or why nothing is said."""
    heard = listening.heard
    kinds = {s.name.removeprefix("functional_"): s for s in heard.signals if s.name.startswith("functional_")}
    if kinds:
        shares = ", ".join(f"{kind} {signal.value:.2f}" for kind, signal in kinds.items())
        model = next(iter(kinds.values())).model
        return f"\nNoise, speech or tone instead of music ({model}): {shares}; 0.9 and up counts."
    why = next((one.sentence for one in heard.abstained if one.name == "functional"), "It was not measured.")
    return f"\nNoise, speech or tone instead of music: no answer. {why}"


def _facts(listening: "Listening") -> str:
    audio = listening.found.audio
    if audio is None:
        return "nothing decoded"
    is_told = audio.duration_s >= 1  # of less, a header makes most of the bytes
    rate = f" {audio.bit_rate_bps / 1000:.0f} kb/s" if audio.bit_rate_bps and is_told else ""
    length = stretch(0, audio.duration_s).partition("-")[2]
    channels = {1: "mono", 2: "stereo"}.get(audio.channels, f"{audio.channels} channels")
    return f"{length}, {audio.codec}{rate}, {audio.sample_rate_hz / 1000:g} kHz, {channels}"


def _verdict(listening: "Listening", score: "SyntheticScore | None") -> str:
    abstained = next((a for a in listening.heard.abstained if a.name == "synthetic_probability"), None)
    if score is None or score.probability is None or score.interval is None:
        return NO_NUMBER.format(sentence=abstained.sentence if abstained else "")
    kind = f" of the kind {score.group.replace(':', ' ')}" if score.group else ""
    low, high = (_share(end) for end in score.interval)
    return (
        f"Decoder traces ({score.model}): probability {_share(score.probability)} at even odds ({low} to {high}); "
        f"{score.false_positive_rate:.1%} of held-out human tracks{kind} score as high."
    )


def _share(probability: float) -> str:
    """Write a probability; nothing that was fitted to so few sources is certain."""
    return "over 0.99" if probability > 0.99 else "under 0.01" if probability < 0.01 else f"{probability:.2f}"


def _in_words(score: "SyntheticScore") -> str:
    from classifiers.poster import WORDS

    count = len(score.windows)
    means = {name: sum(w.contributions[name] for w in score.windows) / count for name in WORDS}
    most, least = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
    found = f"Most for a neural decoder speaks the {WORDS[most]} ({means[most]:+.1f})" if means[most] > 0 else ""
    other = f"most against it the {WORDS[least]} ({means[least]:+.1f})" if means[least] < 0 else "nothing against it"
    return f"{found}, {other}." if found else f"Nothing speaks for a neural decoder; {other}."


def _drawn(
    file: Path,
    listening: "Listening",
    score: "SyntheticScore | None",
    listener: "Listener",
    lanes: _Lanes,
) -> bytes:
    from classifiers.poster import Poster

    audio = listening.found.audio
    assert audio is not None  # noqa: S101 - the listener refuses what it cannot decode
    shown_s, top_hz = min(audio.duration_s, PICTURE_S), min(TOP_HZ, audio.sample_rate_hz / 2)
    spectrogram = listener.spectrogram_png(str(file), 0, shown_s, width=PLOT[0], height=PLOT[1], max_hz=top_hz)
    windows = score.windows if score else ()
    poster = Poster(
        title=file.name,
        lines=(_facts(listening), _verdict(listening, score)),
        duration_s=shown_s,
        spectrogram=spectrogram,
        top_hz=top_hz,
        windows=windows,
        lanes=lanes[0],
        raised=lanes[1],
    )
    if poster.clearest is None:
        return poster.png()
    levels = _levels(listener, file, poster.clearest)
    return replace(poster, levels_db=levels).png()


def _lanes(evidence: Evidence, reasons: tuple[Reason, ...]) -> _Lanes:
    """List the stretches behind reasons that are met, then those of which there is some; give how many are met."""
    audio = evidence.found.audio
    most_s = WHOLE_SHARE * audio.duration_s if audio else 0.0
    heard = {one.name: one for one in evidence.heard.signals if one.spans}
    met: dict[str, tuple[Span, ...]] = {}
    rest: dict[str, tuple[Span, ...]] = {}
    for reason in (reason for reason in reasons if not reason.is_estimate):
        is_raised = is_met(reason, evidence)
        for condition in reason.signals:
            signal = heard.get(condition.signal)
            if signal is None or condition.at_least is None or not signal.value:
                continue  # what speaks for a reason by its absence is nowhere
            words = _UNIT.sub("", signal.name).replace("_", " ")
            if is_raised:
                met.setdefault(f"{reason.code} {words}", signal.spans)
            elif sum(span.end_s - span.start_s for span in signal.spans) < most_s:
                rest.setdefault(words, signal.spans)
    return {**met, **rest}, len(met)


def _levels(listener: "Listener", file: Path, window: "WindowScore") -> "npt.NDArray[np.float32]":
    """Measure the spectrum of one window again, from an excerpt that the listener cuts."""
    import soundfile

    from classifiers.synthetic.features import extract
    from classifiers.synthetic.windows import to_analysis

    cut = io.BytesIO(listener.excerpt(str(file), window.start_s, window.end_s))
    samples, rate = soundfile.read(cut, dtype="float32", always_2d=True)
    return extract(to_analysis(samples.mean(axis=1), rate)).levels_db


def _as_dict(
    listening: "Listening", score: "SyntheticScore | None", evidence: Evidence, reasons: tuple[Reason, ...]
) -> dict[str, Any]:
    heard, sender = listening.heard, evidence.known.sender
    synthetic = None
    if score is not None:
        synthetic = {
            "model": score.model,
            "probability": score.probability,
            "interval": score.interval,
            "false_positive_share": score.false_positive_rate,
            "group": score.group,
            "abstention": score.abstention,
            "score": score.logit,
            "windows": [
                {
                    "start_s": window.start_s,
                    "end_s": window.end_s,
                    "score": window.logit,
                    "contributions": window.contributions,
                    "lines_hz": [line.spacing_hz for line in window.lines],
                }
                for window in score.windows
            ],
        }
    return {
        "found": listening.found.model_dump(mode="json"),
        "signals": [signal.model_dump(mode="json") for signal in heard.signals],
        "abstained": [one.model_dump(mode="json") for one in heard.abstained],
        "synthetic": synthetic,
        "fused": [one.model_dump(mode="json") for one in evidence.fused],
        "sender": sender.model_dump(mode="json") if sender else None,
        "reasons": [reason.code for reason in reasons if is_met(reason, evidence)],
    }
