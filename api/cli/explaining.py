"""What `liner explain` weighs beside the decoder's traces: signs added up, the sender's past, the policy's reasons.

A file alone tells nothing of its sender or of the catalogue; the newest screening of the same bytes in a lake does.
"""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import LakeUnusable
from schemas.evidence import Evidence
from schemas.policy import OF_SENDER, Condition, Reason
from schemas.rules import Scope
from schemas.rules import run as run_rules
from schemas.screening import Intake, Screening, Signal

if TYPE_CHECKING:
    from classifiers.listening import Listening

SPAM, KINDS = "spam_probability", "spam_kinds"
NO_PAST = "Of the sender's past a file alone tells nothing; name a lake that has it with --lake."
NOT_COUNTED = "Of the sender's past this lake has counted nothing for it; `liner rejudge` does."


def read_lake(lake: Path | None) -> Path | None:
    """Refuse a folder that is no lake, before anything is listened to; a lake is not made by asking.

    Raises
    ------
    LakeUnusable
        It is none.
    """
    if lake and not (lake / "lake.json").is_file():
        raise LakeUnusable(f"{lake} is no lake.", mend="Name the folder that `liner scan` wrote.")
    return lake


def evidence_of(file: Path, listening: "Listening", lake: Path | None) -> Evidence:
    """Put what was just heard beside what a lake knows of the same bytes.

    Parameters
    ----------
    lake
        Its newest screening of these bytes gives the description and the known layer; None, or none of them, for the
        file alone.
    """
    from classifiers.spam.model import fused

    audio = listening.found.audio
    past = _screened(lake, audio.sha256) if lake and audio else None
    intake = past.intake if past else Intake(
        recording_key=str(file), source_key=str(file), delivery_id="", delivery_path=file.name, audio_uri=str(file)
    )  # fmt: skip
    evidence = Evidence(intake=intake, found=listening.found, heard=listening.heard)
    if past:
        return evidence.model_copy(update={"known": past.known, "fused": past.fused})
    findings = tuple(run_rules(Scope.RECORDING, evidence))
    return evidence.model_copy(update={"fused": fused(evidence, findings)})


def _screened(lake: Path, sha256: str) -> Screening | None:
    import pyarrow.dataset as ds

    from pipeline.lake import Lake
    from pipeline.tables import SCHEMAS

    parts = [str(path) for path in Lake(lake).parts("screenings")]
    wanted = ds.field("audio_sha256") == sha256
    rows = ds.dataset(parts, schema=SCHEMAS["screenings"], format="parquet").to_table(
        columns=["screened_at", "screening"], filter=wanted
    )
    newest = max(rows.to_pylist(), key=lambda row: row["screened_at"], default=None)
    return Screening.model_validate_json(newest["screening"]) if newest else None


def weighed(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Choose what is told of one by one: what is measured or counted, not the model's estimate of the sound."""
    seen: dict[tuple[str, frozenset[str]], Reason] = {}  # of those that differ in limits alone, the first
    for reason in reasons:
        if reason.signals and (not reason.is_estimate or _names(reason) & {SPAM, KINDS}):
            seen.setdefault((reason.code, frozenset(_names(reason))), reason)
    return tuple(seen.values())


def is_met(reason: Reason, evidence: Evidence) -> bool:
    """Whether a reason is meant for such a file, and every limit of it is met by what was measured or counted."""
    values = [(condition, evidence.signal(condition.signal)) for condition in reason.signals]
    return reason.concerns(evidence) and all(
        signal is not None and condition.is_met(signal.value) for condition, signal in values
    )


def lines(evidence: Evidence, reasons: tuple[Reason, ...], *, has_lake: bool) -> Iterator[str]:
    """Tell the policy's reasons: on the sound, on the sender's past, on the signs added up."""
    of_sender = [reason for reason in reasons if not reason.is_of_sound]
    of_signs = [reason for reason in reasons if _names(reason) & {SPAM, KINDS}]
    yield "\nReasons of the policy, on what was measured in the sound:"
    for reason in reasons:
        if reason not in of_sender and reason not in of_signs:
            yield from _reason(reason, evidence)
    if of_sender:
        yield "\nOn what the sender did before:"
        if evidence.known.sender is None:
            yield f"  {NOT_COUNTED if has_lake else NO_PAST}"
        for reason in of_sender if evidence.known.sender else ():
            yield from _reason(reason, evidence)
    yield from _signs(evidence)
    for reason in of_signs:
        yield from _reason(reason, evidence)


def _signs(evidence: Evidence) -> Iterator[str]:
    estimate = evidence.signal(SPAM)
    if estimate is None:
        yield "\nSigns of spam, added up: no estimate."
        return
    low, high = estimate.interval or (math.nan, math.nan)
    count = evidence.signal(KINDS)
    kinds = f", from {count.value:.0f} kind{'' if count.value == 1 else 's'} of evidence" if count else ""
    value = f"{estimate.value:.2f} at even odds ({low:.2f} to {high:.2f})"
    yield f"\nSigns of spam, added up ({estimate.model}): {value}{kinds}."
    for part in filter(None, estimate.note.split("; ")):
        yield f"      {part}"


def _names(reason: Reason) -> set[str]:
    return {condition.signal for condition in reason.signals}


def _reason(reason: Reason, evidence: Evidence) -> Iterator[str]:
    met = is_met(reason, evidence)
    told = ", ".join(_told(condition, evidence.signal(condition.signal)) for condition in reason.signals)
    beside = f"; raised only beside {', '.join(reason.beside)}" if reason.beside else ""
    unmeant = "" if reason.concerns(evidence) else "; not meant for such a file"
    yield f"  {'yes' if met else 'no':4}{reason.code} {reason.title}: {told}{beside}{unmeant}"
    for condition in reason.signals if met else ():
        signal = evidence.signal(condition.signal)
        for span in signal.spans[:3] if signal else ():
            yield f"        {stretch(span.start_s, span.end_s)}  {span.note}".rstrip()


def _told(condition: Condition, signal: Signal | None) -> str:
    missing = "not counted" if condition.signal.startswith(OF_SENDER) else "not measured"
    value = missing if signal is None else f"{signal.value:.0f}" if abs(signal.value) >= 1000 else f"{signal.value:.3g}"
    return f"{condition.signal} {value} {_limit(condition)}"


def _limit(condition: Condition) -> str:
    parts = [f"at least {condition.at_least:g}"] if condition.at_least is not None else []
    parts += [f"at most {condition.at_most:g}"] if condition.at_most is not None else []
    return f"({' and '.join(parts)})"


def stretch(start_s: float, end_s: float) -> str:
    """Write a stretch of a recording to the nearest second, e.g. ``0:41-0:58``."""
    first, last = round(start_s), round(end_s)
    return f"{first // 60}:{first % 60:02d}-{last // 60}:{last % 60:02d}"
