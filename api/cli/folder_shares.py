"""The figures of messages as they lie in a folder: every rule but those on sound, and the history among them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from api.cli.shares import ABOUT_MESSAGE, Shares, places
from pipeline.landing import discover
from pipeline.read import read_delivery
from pipeline.validate import validate
from schemas.errors import InvalidInput
from schemas.evidence import Evidence
from schemas.history import Arrival, RememberedHistory, applied_message, declaration_of
from schemas.package import Layout
from schemas.release import SoundRecording
from schemas.rules.history import hold_against_history
from schemas.screening import Intake


def shares_of_messages(path: Path) -> Shares:
    """Count the newest message about each recording below a path.

    Raises
    ------
    InvalidInput
        There is no message that names a recording.
    """
    newest = {one.intake.recording_key: one for one in _in_order(path)}
    if not newest:
        raise InvalidInput(
            f"{path} is no lake and holds no message with recordings.",
            mend="Name the folder that liner scan --lake wrote, or a folder with messages.",
        )
    shares = Shares()
    for one in newest.values():
        one.count(shares)
    return shares


@dataclass(frozen=True, slots=True)
class _Read:
    """One recording of one message, and the rules that it breaks."""

    intake: Intake
    rules: tuple[str, ...]

    def count(self, shares: Shares) -> None:
        recording = self.intake.recording
        if self.intake.is_takedown or recording is None:
            shares.takedowns += 1
            return
        about = {name: getattr(self.intake, name) for name in ABOUT_MESSAGE}
        declared = recording.disclosure
        shares.add(declared.level, places(about, ""), self.rules, can_declare=declared.can_declare)


def _in_order(path: Path) -> Iterator[_Read]:
    """Yield recordings in the order in which their messages were made, each held against those before it."""
    history = RememberedHistory()
    for intake in sorted(_intakes(path), key=_made):
        evidence = Evidence(intake=intake)
        found = (*intake.findings, *hold_against_history(Arrival(evidence, history)))
        history.add_message(applied_message(intake))
        if not intake.is_takedown:
            history.add(declaration_of(evidence))
        yield _Read(intake, tuple(one.rule for one in found))


def _intakes(path: Path) -> Iterator[Intake]:
    for ref in discover(path):
        if ref.part or ref.layout is Layout.AUDIO:
            continue  # shares are for workers; here one reads them all
        for intake in validate(read_delivery(replace(ref, parts=1))):
            if intake.recording is not None:
                yield intake.model_copy(update={"recording": _slim(intake.recording), "metadata": {}})


def _slim(recording: SoundRecording) -> SoundRecording:
    """Keep what is counted and compared: a folder may hold many thousands of recordings."""
    said = recording.disclosure.model_copy(update={"contributions": ()})
    return SoundRecording(
        reference=recording.reference,
        isrc=recording.isrc,
        display_artist=recording.display_artist,
        disclosure=said,
        at=recording.at,
    )


def _made(intake: Intake) -> tuple[float, str, str]:
    made = intake.message_created_at
    return made.timestamp() if made else 0.0, intake.message_id, intake.source_key
