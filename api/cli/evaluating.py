"""What the `liner evaluate` commands that take labelled files share: the group, and its options."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from schemas.errors import InvalidInput

MOST_NAMED = 5
evaluate_app = typer.Typer(no_args_is_help=True, help="Measure a model on labelled files.")


class Format(StrEnum):
    """How figures are written."""

    TEXT = "text"
    JSON = "json"


Root = Annotated[Path, typer.Option(help="The folder that the paths are relative to.")]
Attacks = Annotated[str, typer.Option("--attack", help="For example mp3-64,opus-48,speed+2,pitch-1,noise-20.")]
View = Annotated[str, typer.Option(help="Only rows of this view.")]
ModelName = Annotated[str | None, typer.Option(help="A model of `liner models list`; default: what is in use.")]
Output = Annotated[Format, typer.Option("--format", help="text or json.")]
_Row = TypeVar("_Row")


def of_view(rows: Sequence[tuple[str, _Row]], view: str) -> tuple[_Row, ...]:
    """Choose the rows of a view, all where none is named.

    Parameters
    ----------
    rows
        Each with its view.

    Raises
    ------
    InvalidInput
        No row is left.
    """
    chosen = tuple(row for its_view, row in rows if not view or its_view == view)
    if not chosen:
        raise InvalidInput(f"The manifest has no row of the view {view!r}.")
    return chosen


def tell_missing(paths: Iterable[str], root: Path) -> None:
    """Name the files that are not there before hours are spent on the others.

    Raises
    ------
    InvalidInput
        None of them is.
    """
    named = tuple(paths)
    missing = [path for path in named if not (root / path).is_file()]
    if len(missing) == len(named):
        raise InvalidInput(
            f"None of the {len(named):,} files is there: {root / named[0]}.",
            mend="--root is the folder that the manifest's paths are relative to.",
        )
    if missing:
        told = ", ".join(missing[:MOST_NAMED]) + (", ..." if len(missing) > MOST_NAMED else "")
        typer.echo(f"{len(missing):,} of {len(named):,} files are not there and count as unreadable: {told}", err=True)


def tell_unranked(figures: dict[str, Any]) -> None:
    """Say why there is no ranking where there is none."""
    if figures["auroc"] is None:
        typer.echo("No AUROC: that takes scored files of both kinds.", err=True)
