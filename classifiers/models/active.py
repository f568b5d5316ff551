"""Which models are in use: a pointer file in the user's registry folder, with its history.

Without one the shipped models are in use. The folder is ``LINER_REGISTRY``, else ``models`` in ``LINER_HOME``.
Importable without numpy: the process that pins versions does not score.
"""

import os
import uuid
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from schemas.base import Model
from schemas.errors import InvalidInput, NotFound

POINTER = "active.json"
SHIPPED = Path(__file__).parent
CARD, CALIBRATIONS = "card.json", "calibrations"
SYNTHETIC, CALIBRATION = "synthetic", "synthetic-calibration"
SPAM = "spam"
DEFAULTS = {SYNTHETIC: "synthetic-4", SPAM: "spam-1"}


class Promotion(Model):
    """One change of what is in use: when, and all names by kind after it."""

    at: datetime
    names: dict[str, str]


class Pointer(Model):
    """What is in use.

    Attributes
    ----------
    stack
        All names by kind, after each promotion that still holds; the last one counts.
    history
        Every change, roll-backs too, oldest first.
    """

    stack: tuple[dict[str, str], ...] = ()
    history: tuple[Promotion, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """The names in use by kind; shipped models where nothing was promoted."""
        return {**DEFAULTS, **(self.stack[-1] if self.stack else {})}


def registry_folder() -> Path:
    """Name the user's registry folder; it need not exist."""
    home = Path(os.environ.get("LINER_HOME") or ".liner")
    return Path(os.environ.get("LINER_REGISTRY") or home / "models").expanduser()


def model_folder(name: str, registry: Path | None = None) -> Path:
    """Find the registry folder that holds a model: the shipped one first, so that its names stay its own.

    Raises
    ------
    NotFound
        Neither has it.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise NotFound(f"{name!r} is no model's name.", mend="`liner models list` names them.")
    for folder in (SHIPPED, registry or registry_folder()):
        if (folder / name / CARD).is_file():
            return folder
    raise NotFound(f"There is no model {name!r}.", mend="`liner models list` names them.")


def calibration_path(name: str, registry: Path | None = None) -> Path:
    """Name the file of a calibration, which must exist.

    Raises
    ------
    NotFound
        It does not.
    """
    path = (registry or registry_folder()) / CALIBRATIONS / f"{Path(name).name}.json"
    if not path.is_file():
        raise NotFound(f"There is no calibration {name!r}.", mend="`liner models calibrate` makes one.")
    return path


def read_pointer(registry: Path | None = None) -> Pointer:
    """Read what is in use.

    Raises
    ------
    InvalidInput
        The pointer file is broken.
    """
    path = (registry or registry_folder()) / POINTER
    try:
        return Pointer.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Pointer()
    except (OSError, ValidationError) as error:
        raise InvalidInput(
            f"{path} does not say which models are in use.", mend="Delete it to use the shipped ones, and promote anew."
        ) from error


def promote(names: dict[str, str], registry: Path | None = None) -> Pointer:
    """Put models into use, by kind; of kinds that are not named the shipped one counts."""
    before = read_pointer(registry)
    return _changed(before, (*before.stack, names), registry)


def rollback(registry: Path | None = None) -> Pointer:
    """Put back into use what was before the last promotion; the history keeps both.

    Raises
    ------
    InvalidInput
        Nothing is promoted.
    """
    before = read_pointer(registry)
    if not before.stack:
        raise InvalidInput("Nothing is promoted, so there is nothing to roll back.")
    return _changed(before, before.stack[:-1], registry)


@cache
def names_in_use() -> dict[str, str]:
    """Give the names in use when this process first asked: what a listener's child loads and reports."""
    return read_pointer().names


def pins(names: dict[str, str], registry: Path | None = None) -> tuple[str, ...]:
    """Name what scores, for a screening to pin: ``synthetic-4``, or with a calibration ``synthetic-1+cal-...``.

    Raises
    ------
    NotFound, InvalidInput
        What the pointer names is not there.
    """
    model_folder(names[SYNTHETIC], registry)
    calibration = names.get(CALIBRATION)
    if calibration:
        calibration_path(calibration, registry)
    return (ref(names[SYNTHETIC], calibration),)


def ref(model: str, calibration: str | None = None) -> str:
    """Join a model's name and its calibration's."""
    return f"{model}+{calibration}" if calibration else model


def _changed(before: Pointer, stack: tuple[dict[str, str], ...], registry: Path | None) -> Pointer:
    promotion = Promotion(at=datetime.now(UTC), names=stack[-1] if stack else {})
    after = Pointer(stack=stack, history=(*before.history, promotion))
    folder = registry or registry_folder()
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{POINTER}.{uuid.uuid4().hex[:8]}.tmp"
    aside.write_text(after.model_dump_json(indent=1) + "\n", encoding="utf-8")
    aside.replace(folder / POINTER)  # a reader sees the old or the new one, never half of one
    return after
