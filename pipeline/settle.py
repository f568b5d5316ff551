"""Settle: hold against their past again what was read before something earlier, and close the run.

Messages are read in any order, and a run's findings must not depend on it. So `pipeline.history` marks what was
judged before its past was complete; when there is time, its HIS rules are asked again and the policy with them.
Nobody has to listen again. Afterwards the run is closed: what it declared comes before all that is still to come,
and the senders' records of the run are held against its own arrivals (`pipeline.hindsight`).
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.hindsight import look_back
from pipeline.history import LakeHistory
from pipeline.keep import Keeper
from pipeline.lake import Lake
from pipeline.past import LakePast
from pipeline.progress import progress_of
from pipeline.screen import Job, held, with_findings
from pipeline.screened import Screened
from pipeline.senders import SenderIndex
from schemas.evidence import Evidence
from schemas.rules import RULES, Scope
from schemas.screening import Screening

BATCH = 200


def settle(job: Job, *, delivers: bool) -> None:
    """Judge again what is marked, keep and count what changed, and close the run."""
    lake = Path(job.lake)
    with contextlib.closing(LakeHistory(lake)) as history:
        marked = history.marked()
        if marked:
            with contextlib.closing(Keeper(lake, delivers=delivers)) as keeper:
                for start in range(0, len(marked), BATCH):
                    _settle(_Batch(job, history, marked[start : start + BATCH]), keeper)
        history.settle()
    with contextlib.closing(SenderIndex(lake)) as senders:
        senders.close_run()
        look_back(job, senders, delivers=delivers)


@dataclass(frozen=True, slots=True)
class _Batch:
    job: Job
    history: LakeHistory
    source_keys: list[str]


def _settle(batch: _Batch, keeper: Keeper) -> None:
    done = []
    for screening in Lake(Path(batch.job.lake)).newest_of(batch.source_keys):
        past = batch.history.past_of(screening.intake.source_key)
        done.append(screening.intake.source_key)
        for after in _judged_again(screening, past, batch.job) if past else ():
            keeper.keep(Screened(after, is_heard_before=True))
            progress_of(batch.job.run_id).count_changed(screening, after)
    keeper.flush()
    batch.history.unmark(done)


def _judged_again(screening: Screening, past: LakePast, job: Job) -> Iterator[Screening]:
    """Give the screening with the findings of its whole past; none where they are the same."""
    kept = tuple(f for f in screening.findings if RULES[f.rule].scope is not Scope.HISTORY)
    intake = screening.intake.model_copy(update={"findings": kept})
    evidence = Evidence(intake=intake, found=screening.found, heard=screening.heard, known=screening.known)
    findings = tuple(dict.fromkeys((*kept, *held(evidence, past, job))))
    if set(findings) != set(screening.findings):
        yield with_findings(screening, findings, job)
