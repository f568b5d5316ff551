"""Describe: who the recordings of stars, links and equal ISRCs are, as the lake knows them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.duplicates import packing
from pipeline.duplicates.shares import Share
from pipeline.duplicates.stars import MEMBER
from schemas.disclosure import Level

KEY = np.dtype([("number", "<u4"), ("key", "S64")])
ROW_GROUP = 4096
SCHEMA = pa.schema(
    [
        ("number", pa.uint32()),
        ("centre", pa.uint32()),
        ("rank", pa.uint64()),
        ("recording_key", pa.string()),
        ("isrc", pa.string()),
        ("title", pa.string()),
        ("display_artist", pa.string()),
        ("sender_id", pa.string()),
        ("rights_holder", pa.string()),
        ("declared_level", pa.string()),
        ("duration_s", pa.float64()),
        ("signal_hash", pa.string()),
        ("audio_uri", pa.string()),
    ]
)
_COLUMNS = [name for name in SCHEMA.names if name not in ("number", "centre", "rank")]


@dataclass(frozen=True, slots=True)
class Described:
    """What Describe wrote for a share: members by centre, then other namesakes; and the keys of all that are linked."""

    members: str
    keys: str
    index: int


def describe(share: Share, members: str, linked: npt.NDArray[Any], apart: npt.NDArray[Any], about: str) -> Described:
    """Take from a share what is known of its members, namesakes and linked recordings; write it beside ``about``.

    Parameters
    ----------
    linked, apart
        The numbers of those of its recordings that have links, and of those that have namesakes [shape=(n,)].
    """
    own = _own_members(members, share)
    named = np.union1d(own["number"], apart)
    wanted = np.union1d(named, linked)
    days = np.load(about, mmap_mode="r")["day"]
    rows: list[dict[str, Any]] = []
    keys = np.zeros(len(wanted), KEY)
    for place, (number, row) in enumerate(_rows(share, wanted)):
        keys[place] = (number, row["recording_key"].encode())
        if _place(named, number) is not None:
            at = _place(own["number"], number)
            rank = (int(days[number - share.base]) << packing.NUMBER_BITS) | number
            rows.append(_described(row, number, rank, None if at is None else int(own["centre"][at])))
    rows.sort(key=lambda row: (row["centre"] is None, row["centre"], row["rank"]))
    target = Path(about).with_name(f"described-{share.index:06}.parquet")
    aside = target.with_name(f".{target.name}.tmp")
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), aside, row_group_size=ROW_GROUP)
    aside.replace(target)
    return Described(str(target), packing.save(target.with_name(f"names-{share.index:06}.npy"), keys), share.index)


def _described(row: dict[str, Any], number: int, rank: int, centre: int | None) -> dict[str, Any]:
    """Complete a row of the lake; parts of older versions lack some columns."""
    level = row["declared_level"] or Level.UNDECLARED.value
    texts = {"title": row["title"] or "", "display_artist": row["display_artist"] or ""}
    return {**row, **texts, "number": number, "centre": centre, "rank": rank, "declared_level": level}


def _place(numbers: npt.NDArray[Any], number: int) -> int | None:
    at = int(np.searchsorted(numbers, number))
    return at if at < len(numbers) and numbers[at] == number else None


def _own_members(path: str, share: Share) -> npt.NDArray[Any]:
    every = np.load(path, mmap_mode="r")
    low, high = np.searchsorted(every["number"], [share.base, share.base + share.rows])
    return np.asarray(every[low:high], MEMBER)


def _rows(share: Share, wanted: npt.NDArray[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    if not len(wanted):
        return
    for first, rows in share.batches(*_COLUMNS):
        for number in wanted[np.searchsorted(wanted, first) : np.searchsorted(wanted, first + len(rows))].tolist():
            yield number, rows[number - first]


class Keys:
    """The recording keys of all linked recordings, by number."""

    def __init__(self, described: Sequence[Described]) -> None:
        self._files = [np.load(one.keys, mmap_mode="r") for one in sorted(described, key=lambda d: d.index)]
        self._ends = [int(file["number"][-1]) if len(file) else -1 for file in self._files]

    def __getitem__(self, numbers: npt.NDArray[Any]) -> list[str]:
        """Look numbers up [shape=(n,)]."""
        found = np.zeros(len(numbers), KEY["key"])
        for file in self._files:
            if len(file):
                is_here = (numbers >= file["number"][0]) & (numbers <= file["number"][-1])
                found[is_here] = file["key"][np.searchsorted(file["number"], numbers[is_here])]
        return [key.decode() for key in found.tolist()]
