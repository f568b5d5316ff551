"""Hindsight: look again at a run's arrivals with the run itself known.

An arrival sees earlier runs alone, so in a sender's first delivery nobody has a record yet, and nobody in it recalls a
name of the same run. When the run is closed each of its arrivals gets the record of its own day and the names of all;
whatever comes of that is the same in whichever order the run was read. Nobody has to listen again. Kept is what
changes flags, findings or the spam estimate, and the first record of a sender where a person will look.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pipeline.keep import Keeper
from pipeline.lake import Lake
from pipeline.progress import progress_of
from pipeline.revisit import with_known
from pipeline.screen import Job
from pipeline.screened import Screened
from pipeline.senders import SenderIndex
from schemas.evidence import Evidence
from schemas.screening import Known, Screening
from schemas.senders import FEWEST


def look_back(job: Job, senders: SenderIndex, *, delivers: bool) -> None:
    """Judge again what waits in the index, keep and count what changed."""
    if not senders.waiting():
        return
    changed: list[Screening] = []
    with contextlib.closing(Keeper(Path(job.lake), delivers=delivers)) as keeper:
        for batch in _waiting(Lake(Path(job.lake)), senders):
            for before in batch:
                after = judged_again(before, senders, job)
                if after is None:
                    continue
                keeper.keep(Screened(after, is_heard_before=True))
                progress_of(job.run_id).count_changed(before, after)
                if [flag.code for flag in after.flags] != [flag.code for flag in before.flags]:
                    changed.append(after)
            keeper.flush()
            senders.looked_at([one.intake.source_key for one in batch])
    senders.add(changed)  # at the end: no record of this run may depend on who was looked at first
    senders.not_found()


def judged_again(before: Screening, senders: SenderIndex, job: Job) -> Screening | None:
    """Give a screening with what is known of its sender by now; None where that says nothing new."""
    evidence = Evidence(intake=before.intake, found=before.found, heard=before.heard, known=before.known)
    known = senders.known(evidence)
    if known == before.known:
        return None
    after = with_known(before, known, job)
    is_other = (after.flags, after.fused) != (before.flags, before.fused)
    is_other |= set(after.findings) != set(before.findings)
    return after if is_other or (after.flags and _is_first_word(known, before.known)) else None


def _is_first_word(known: Known, before: Known) -> bool:
    """Whether there was no record of the sender, and now is one that says something."""
    return before.sender is None and known.sender is not None and known.sender.recordings >= FEWEST


def _waiting(lake: Lake, senders: SenderIndex) -> Iterator[list[Screening]]:
    """Find what waits in the lake, newest parts first, until nothing is left."""
    left = senders.waiting()
    for rows in lake.newest_first():
        wanted = senders.waiting_among([key for key, _ in rows])
        batch = []
        for key, screening in rows:
            if key in wanted:
                wanted.discard(key)  # the first of a key is its newest
                batch.append(Screening.model_validate_json(screening))
        if batch:
            yield batch
            left -= len(batch)
        if left <= 0:
            return
