"""Stems of an appeal beside the recording: measured in the contained listener, kept as evidence, played by stretch."""

from pathlib import Path

from api.services import appeals, attachments, audio
from api.services.access import Actor, require_reviewer
from api.settings import Settings
from api.store import appeals as store
from api.store.database import Database
from classifiers.listener import Listener
from schemas.errors import InvalidTransition, NotFound
from schemas.stems import StemReport

PARTS = ("explained", "residual")


def measure(db: Database, actor: Actor, settings: Settings, ears: Listener, appeal_id: str) -> StemReport:
    """Measure how much of the recording an appeal's stems explain, and keep it with the appeal.

    Raises
    ------
    InvalidTransition
        No stem was attached.
    AudioUnreadable, AudioLimitExceeded
        The recording or all of the stems cannot be read.
    """
    require_reviewer(actor)
    stems = attachments.stems(db, actor, settings, appeal_id)
    if not stems:
        raise InvalidTransition("No stem is attached to this appeal.", mend="The label attaches them.")
    recording = _recording(db, actor, settings, appeal_id)
    report = ears.stem_report(str(recording), [str(one.path) for one in stems], [one.name for one in stems])
    appeals.keep_stems(db, actor, appeal_id, report)
    return report


def excerpt(
    db: Database,
    actor: Actor,
    settings: Settings,
    ears: Listener,
    *,
    appeal_id: str,
    part: str,
    start_s: float,
    end_s: float,
) -> bytes:
    """Play a stretch of what the stems explain, or of what they leave, as WAV; at most a minute."""
    if part not in PARTS:
        raise NotFound(f"There is no part {part[:40]}.", mend="Ask for explained or residual.")
    report = appeals.view(db, actor, appeal_id).stems
    if report is None:
        raise NotFound("The stems were not measured yet.", mend="Measure them first.")
    stems = attachments.stems(db, actor, settings, appeal_id)
    usable = [(one, match) for one, match in zip(stems, report.stems, strict=False) if not match.problem]
    recording = _recording(db, actor, settings, appeal_id)
    paths = [str(one.path) for one, _ in usable]
    return ears.stem_excerpt(str(recording), paths, [match.lag_s for _, match in usable], start_s, end_s, part=part)


def _recording(db: Database, actor: Actor, settings: Settings, appeal_id: str) -> Path:
    with db.read() as session:
        appeal = store.find(session, appeal_id)
        decision = store.decision(session, appeal.decision_id) if appeal else None
    if decision is None:
        raise NotFound(f"There is no appeal {appeal_id[:80]}.")
    return audio.of_screening(db, actor, settings, decision.screening_id)
