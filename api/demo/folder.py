"""The demonstration's folder: made, known again by its mark, and never somebody else's."""

import shutil
from pathlib import Path

from schemas.errors import InvalidInput

MARK = "DEMONSTRATION"
_TEXT = "Written by `liner demo`. Everything in this folder is invented and may be removed.\n"


def prepare(home: Path, *, fresh: bool) -> None:
    """Make the folder, or take an earlier demonstration's; with ``fresh`` empty it first.

    Raises
    ------
    InvalidInput
        The folder cannot be made, or holds something that no demonstration wrote.
    """
    mark = home / MARK
    try:
        if home.exists() and not mark.is_file() and (not home.is_dir() or any(home.iterdir())):
            raise InvalidInput(f"{home} is not a demonstration.", mend="Choose an empty or new folder with --home.")
        if fresh and home.exists():
            shutil.rmtree(home)
        home.mkdir(parents=True, exist_ok=True)
        mark.write_text(_TEXT, "utf-8")
    except OSError as error:
        raise InvalidInput(
            f"The folder {home} cannot be used: {error.strerror}.", mend="Choose a writable folder with --home."
        ) from error
