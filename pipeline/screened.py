"""What comes out of `pipeline.screen.Screen`: screenings, and dead letters for what failed."""

import traceback
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.errors import LinerError
from schemas.screening import Screening, derived_id


@dataclass(frozen=True, slots=True)
class Screened:
    """One finished screening and the fingerprint that the lake keeps beside it.

    Attributes
    ----------
    is_heard_before
        Whether it was only judged again: the fingerprint that the lake has stands.
    """

    screening: Screening
    fingerprint: bytes | None = None
    is_heard_before: bool = False


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something that a stage could not work on.

    Attributes
    ----------
    stage, path, cause
        Where it failed, on which file or delivery, and why, as a sentence.
    detail
        The traceback of an error that nobody foresaw; empty for a named one.
    subject_id
        The recording or screening that it was about, as far as known.
    """

    id: str
    stage: str
    path: str
    cause: str
    detail: str
    happened_at: datetime
    subject_id: str = ""


def dead_letter(stage: str, path: str, error: BaseException, *, subject_id: str = "") -> DeadLetter:
    """Describe a failure: a named error by its sentence, any other by its type and text."""
    is_named = isinstance(error, LinerError)
    cause = error.message if isinstance(error, LinerError) else f"{type(error).__name__}: {error}"
    return DeadLetter(
        id=derived_id("ded", stage, path, subject_id, cause),
        stage=stage,
        path=path,
        cause=cause,
        detail="" if is_named else "".join(traceback.format_exception(error)),
        happened_at=datetime.now(UTC),
        subject_id=subject_id,
    )
