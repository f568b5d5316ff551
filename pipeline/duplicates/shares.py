"""Shares of a lake: which Parquet parts one worker reads at a time, and the numbers of the recordings in them.

A recording's number is its row in the lake, over all parts in their order: no worker has to ask another for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from pipeline.duplicates.packing import MAX_RECORDINGS
from pipeline.lake import Lake
from schemas.errors import InvalidInput

SHARE_ROWS = 16_384
BATCH_ROWS = 512
_EPOCH = date(1860, 1, 1).toordinal()  # before the first recording there is
_LAST_DAY = 0xFFFF


@dataclass(frozen=True, slots=True)
class Share:
    """Some parts of the table ``fingerprints``.

    Attributes
    ----------
    parts
        Their paths.
    base
        The number of their first recording.
    rows
        How many recordings they hold.
    """

    index: int
    parts: tuple[str, ...]
    base: int
    rows: int

    def batches(self, *columns: str) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Yield the rows with the number of the first, a few at a time; columns that a part lacks are None."""
        number = self.base
        for path in self.parts:
            with pq.ParquetFile(path) as part:
                held = [name for name in columns if name in part.schema_arrow.names]
                lacking = dict.fromkeys(set(columns) - set(held))
                for batch in part.iter_batches(batch_size=BATCH_ROWS, columns=held):
                    yield number, [{**lacking, **row} for row in batch.to_pylist()]
                    number += batch.num_rows


def shares_of(lake: Path) -> list[Share]:
    """Cut a lake's fingerprints into shares.

    Raises
    ------
    InvalidInput
        The folder is no lake, or holds more recordings than numbers.
    """
    if not (lake / "lake.json").exists():
        raise InvalidInput(f"{lake} is no lake.", mend="Name the folder that `liner scan --lake` wrote.")
    shares: list[Share] = []
    parts: list[str] = []
    base = rows = 0
    for path in Lake(lake).parts("fingerprints"):
        parts.append(str(path))
        rows += pq.read_metadata(path).num_rows
        if rows >= SHARE_ROWS:
            shares.append(Share(len(shares), tuple(parts), base, rows))
            parts, base, rows = [], base + rows, 0
    if rows:
        shares.append(Share(len(shares), tuple(parts), base, rows))
    if base + rows > MAX_RECORDINGS:
        raise InvalidInput(
            f"{lake} holds more than {MAX_RECORDINGS} recordings.", mend="Compare parts of it, by territory or label."
        )
    return shares


def day_of(released: str | None, delivered_at: datetime | None) -> int:
    """Give the number of the day by which the earliest of several copies is known.

    It is the day of the declared release, else of the delivery. Where a release is declared for a day after its
    delivery, the delivery counts: the sound was there by then.

    Examples
    --------
    >>> day_of("2026-01-02", None) - day_of("2026-01-01", None)
    1
    """
    delivered = delivered_at.date().toordinal() if delivered_at else None
    declared = _ordinal(released)
    known = [day for day in (declared, delivered) if day is not None]
    return max(0, min(min(known) - _EPOCH, _LAST_DAY)) if known else _LAST_DAY


def day_text(day: int) -> str:
    """Write a day's number as a date."""
    return date.fromordinal(day + _EPOCH).isoformat() if day < _LAST_DAY else ""


def _ordinal(text: str | None) -> int | None:
    """Read a date of full or lower precision: a year counts as its last day, a month as its."""
    digits = (text or "").strip()[:10]
    for tail in ("", "-28", "-12-28"):
        try:
            return date.fromisoformat(digits + tail).toordinal()
        except ValueError:
            continue
    return None


class About:
    """What each recording's number stands for, looked up in the arrays that Sketch wrote.

    Parameters
    ----------
    shares
        All shares in order.
    paths
        For each the array of `DTYPE`.
    """

    DTYPE = np.dtype([("signal", "<u8"), ("isrc", "<u8"), ("duration_s", "<f4"), ("day", "<u2")])

    def __init__(self, shares: Sequence[Share], paths: Sequence[str]) -> None:
        self._bases = np.array([share.base for share in shares], np.int64)
        self._paths = list(paths)
        self._open: dict[int, npt.NDArray[Any]] = {}
        self.total = shares[-1].base + shares[-1].rows if shares else 0

    def __getitem__(self, numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Look numbers up [shape=(n,)]; the files stay on disk."""
        found = np.zeros(len(numbers), self.DTYPE)
        of = np.searchsorted(self._bases, numbers, "right") - 1
        for index in np.unique(of):
            chosen = of == index
            if index not in self._open:
                self._open[index] = np.load(self._paths[index], mmap_mode="r")
            found[chosen] = self._open[index][numbers[chosen] - self._bases[index]]
        return found

    def ranks(self, numbers: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
        """Give values that sort recordings from the earliest to the latest; they hold the number below the day."""
        days = self[numbers]["day"].astype(np.uint64)
        return np.asarray((days << np.uint64(28)) | numbers.astype(np.uint64), np.uint64)
