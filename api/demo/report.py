"""The demonstration's table: what was flagged and why, from the lake's screenings alone."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from schemas.flags import Flag, FlagSeverity
from schemas.screening import Screening, SubjectKind

WIDTH = 100  # columns: fits a terminal beside an editor, and a code block on a web page

_STYLES = {FlagSeverity.HIGH: "bold red", FlagSeverity.MEDIUM: "yellow", FlagSeverity.LOW: "cyan"}


def read_screenings(lake: Path) -> list[Screening]:
    """Read the newest screening of each recording from the lake, in the order of arrival."""
    newest: dict[str, Screening] = {}
    for part in sorted((lake / "screenings").glob("*.parquet")):
        for text in pq.read_table(part, columns=["screening"]).column(0).to_pylist():
            screening = Screening.model_validate_json(text)
            known = newest.get(screening.intake.recording_key)
            if known is None or known.screened_at <= screening.screened_at:
                newest[screening.intake.recording_key] = screening
    return sorted(newest.values(), key=_arrival)


def _arrival(screening: Screening) -> tuple[str, str, str]:
    intake = screening.intake
    reference = intake.recording.reference if intake.recording else ""
    return (intake.delivery_path, intake.message_path or "", reference)


def flag_table(screenings: Iterable[Screening], width: int = WIDTH) -> Group:
    """Lay out the screenings by sender: recording, declaration, flags with code, title and reason.

    Parameters
    ----------
    screenings
        In the order of `read_screenings`.
    width
        Columns of the terminal; more than `WIDTH` are not used.
    """
    width = min(width, WIDTH)
    head = _table(width)
    head.add_row("Recording", "Declared", "Flags, and why", style="dim")
    blocks: list[RenderableType] = ["", head]
    for sender, group in groupby(screenings, key=attrgetter("intake.sender_name")):
        table = _table(width)
        for screening in group:
            table.add_row(_names(screening), _declared(screening), _outcome(screening))
        blocks += [Text(sender or "unknown sender", style="bold underline"), table, ""]
    return Group(*blocks)


def _table(width: int) -> Table:
    table = Table(box=None, width=width, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(width=26)
    table.add_column(width=10)
    table.add_column(ratio=1)
    return table


def _names(screening: Screening) -> Text:
    recording = screening.intake.recording
    names = Text(screening.intake.title)
    if recording and recording.display_artist:
        names.append(f"\n{recording.display_artist}", style="dim")
    return names


def _declared(screening: Screening) -> Text:
    if screening.intake.kind is not SubjectKind.RECORDING:
        return Text("-", style="dim")
    return Text(screening.declared.level.value)


def _outcome(screening: Screening) -> Text | Group:
    if not screening.flags:
        return Text("clean", style="green")
    return Group(*_lines(screening.flags))


def _lines(flags: tuple[Flag, ...]) -> Iterator[Text]:
    for flag in flags:
        head = Text.from_markup(f"[{_STYLES[flag.severity]}]{flag.severity.value:<6} {flag.code}[/]")
        yield head.append(f"  {flag.title}")
        yield Text.from_markup(f"[dim]{escape(flag.explanation)}[/]")


def totals(screenings: Iterable[Screening]) -> str:
    """Say in one line how many recordings there are, and how many a person should look at."""
    all_of_them = list(screenings)
    flagged = [screening for screening in all_of_them if screening.flags]
    deliveries = len({screening.intake.delivery_id for screening in all_of_them})
    return (
        f"{len(all_of_them)} recordings in {deliveries} deliveries: "
        f"{len(all_of_them) - len(flagged)} clean, {len(flagged)} for a person to look at."
    )
