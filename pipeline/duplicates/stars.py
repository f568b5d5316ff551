"""Stars: links to clusters around the earliest recording, in one pass and with a byte for each recording.

Recordings are taken from the earliest to the latest. One that is the same as a whole as an earlier centre belongs to
the earliest such centre; any other is a centre itself. So nobody belongs to a cluster through a third recording: two
tracks of a medley, or two users of a sample, stay apart. Both recordings of a whole link are covered to more than a
half, so any two members of one star share part of the centre's sound.
"""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.duplicates import packing
from pipeline.duplicates.verify import WHOLE_SHARE

CHUNK_LINKS = 2_000_000
MEMBER = np.dtype([("number", "<u4"), ("centre", "<u4")])


def stars(links: Sequence[str], twins_path: str, total: int, scratch: Path) -> str:
    """Assign members to centres.

    Parameters
    ----------
    links
        Files of `LINK`, each sorted by the later recording's rank.
    total
        Recordings in the lake.

    Returns
    -------
    str
        File of `MEMBER`, by number; a centre is its own member, and twins go where their first one goes.
    """
    centre_of = np.memmap(scratch / "centres.bin", np.uint32, "w+", shape=(max(total, 1),))  # 0: no link; else + 1
    for chunk in _in_order(links):
        _assign(chunk, centre_of)
    for start, stop in packing.chunks(total, CHUNK_LINKS):  # the twins' own firsts are known only now
        packing.save(scratch / f"members-{start:012}.npy", _members(centre_of, start, stop, twins_path))
    parts = [str(scratch / f"members-{start:012}.npy") for start, _ in packing.chunks(total, CHUNK_LINKS)]
    return packing.save(scratch / "members.npy", packing.joined(parts, MEMBER))


def _in_order(paths: Sequence[str]) -> Iterator[npt.NDArray[Any]]:
    """Merge sorted files; a chunk ends between two recordings."""
    files = [np.load(path, mmap_mode="r") for path in sorted(paths)]
    sampled = [file["later"][:: max(1, CHUNK_LINKS // (4 * max(1, len(files))))] for file in files if len(file)]
    if not sampled:
        return
    marks = np.sort(np.concatenate(sampled))
    total = sum(len(file) for file in files)
    cuts = np.unique(marks[:: max(1, len(marks) * CHUNK_LINKS // max(total, 1))])[1:]
    places = [np.zeros(len(files), np.int64)]
    places += [np.array([np.searchsorted(file["later"], cut) for file in files]) for cut in cuts]
    places.append(np.array([len(file) for file in files]))
    for low, high in itertools.pairwise(places):
        chunk = np.concatenate([file[a:b] for file, a, b in zip(files, low, high, strict=True)])
        yield chunk[np.argsort(chunk["later"], kind="stable")]


def _assign(chunk: npt.NDArray[Any], centre_of: npt.NDArray[Any]) -> None:
    is_whole = np.minimum(chunk["own_share"], chunk["other_share"]) >= WHOLE_SHARE
    whole = chunk[is_whole]
    whole = whole[np.lexsort((whole["earlier"], whole["later"]))]
    later, earlier = packing.posting_numbers(whole["later"]), packing.posting_numbers(whole["earlier"])
    done = -1
    for own, other in zip(later.tolist(), earlier.tolist(), strict=True):
        if own == done:
            continue
        if centre_of[other] in (0, other + 1):  # nobody's member so far: the earliest of its links that is a centre
            centre_of[other] = other + 1
            centre_of[own] = other + 1
            done = own


def _members(centre_of: npt.NDArray[Any], start: int, stop: int, twins_path: str) -> npt.NDArray[Any]:
    twins: npt.NDArray[Any] = np.load(twins_path, mmap_mode="r")
    low, high = np.searchsorted(twins["number"], [start, stop])
    own_twins = np.asarray(twins[low:high])
    centres = np.array(centre_of[start:stop], np.int64)
    of_first = np.array(centre_of[own_twins["first"]], np.int64)
    centres[own_twins["number"] - start] = np.where(of_first > 0, of_first, own_twins["first"].astype(np.int64) + 1)
    firsts = np.unique(np.asarray(twins["first"]))
    firsts = firsts[(firsts >= start) & (firsts < stop)]
    alone = firsts[centres[firsts - start] == 0]
    centres[alone - start] = alone.astype(np.int64) + 1  # a sound whose only copies are its twins
    places = np.flatnonzero(centres)
    found = np.zeros(len(places), MEMBER)
    found["number"], found["centre"] = places + start, centres[places] - 1
    return found
