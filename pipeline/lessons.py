"""Decisions of moderators as lessons for the spam estimate: the exported labels, with the signs that the lake holds."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from classifiers.spam.cases import Cases
from classifiers.spam.features import COUNT, SIGNS, measure
from pipeline.lake import Lake
from pipeline.rejudge import latest_screenings
from pipeline.senders import sender_of
from schemas.cases import Action
from schemas.errors import InvalidInput
from schemas.evidence import Evidence
from schemas.screening import Screening

COLUMNS = ("recording_key", "action", "flags", "moderators_disagree")
OF_SPAM = "SPM-"
AGAINST = (Action.DEMOTE, Action.REMOVE)  # a label about AI is no word about spam
_UPHELD = next(place for place, sign in enumerate(SIGNS) if sign.name == "upheld")
UNLIKE, DISAGREED, NOT_HERE = "about something else", "people disagree", "not in the lake"


def read_lessons(labels: Path, lake: Path) -> tuple[Cases, Counter[str]]:
    """Join exported labels with the lake's screenings, and count what teaches nothing, by reason.

    Raises
    ------
    InvalidInput
        The file is none of ``liner labels export``.
    """
    left_out: Counter[str] = Counter()
    verdicts: dict[str, bool] = {}
    for row in _rows(labels):
        verdict = _verdict(row)
        if isinstance(verdict, str):
            left_out[verdict] += 1
        else:
            verdicts[row["recording_key"]] = verdict
    found = {
        one.intake.recording_key: one for one in latest_screenings(Lake(lake)) if one.intake.recording_key in verdicts
    }
    left_out[NOT_HERE] += len(verdicts) - len(found)
    kept = sorted(found)
    signs = [_signs(found[key]) for key in kept]
    cases = Cases(
        np.array(signs, dtype=np.float64).reshape(-1, COUNT),
        np.array([verdicts[key] for key in kept], dtype=bool),
        np.array([_sender(found[key]) for key in kept], dtype=np.str_),
    )
    return cases, +left_out


def _rows(labels: Path) -> Iterator[dict[str, Any]]:
    try:
        table = pq.read_table(labels, columns=list(COLUMNS))
    except (OSError, pa.ArrowException, KeyError) as error:
        mend = "`liner labels export` writes one."
        raise InvalidInput(f"{labels} holds no labels: {str(error).splitlines()[0]}", mend=mend) from error
    yield from table.to_pylist()


def _verdict(row: dict[str, Any]) -> bool | str:
    """Whether a label says spam, or why it says nothing about that."""
    if row["moderators_disagree"]:
        return DISAGREED
    if row["action"] == Action.APPROVE:
        return False
    is_of_spam = any(code.startswith(OF_SPAM) for code in row["flags"] or ())
    return True if is_of_spam and row["action"] in AGAINST else UNLIKE


def _signs(screening: Screening) -> tuple[float, ...]:
    """Measure the signs without what moderators said of the sender: a decision must not foretell itself."""
    evidence = Evidence(
        intake=screening.intake, found=screening.found, heard=screening.heard, known=screening.known
    )  # fmt: skip
    values = measure(evidence, screening.findings)
    return (*values[:_UPHELD], 0.0, *values[_UPHELD + 1 :])


def _sender(screening: Screening) -> str:
    return sender_of(screening.intake.account, screening.intake.sender_id) or screening.intake.recording_key
