"""Revisit: look again at what was screened before an earlier copy of it was known.

Recordings are screened in any order. If the copy comes first, it sees nothing, and the original, which sees the
copy, is no copy. So Compare notes such recordings, and when there is time their known layer is made anew, and with
it their findings and flags; nobody has to listen again. The result does not depend on the order of screening.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from pipeline.catalogue import Catalogue
from pipeline.compare import Comparer
from pipeline.keep import Keeper
from pipeline.lake import Lake
from pipeline.progress import progress_of
from pipeline.screen import Heard, Job, make_screening
from pipeline.screened import Screened
from schemas.evidence import Evidence
from schemas.rules import RULES, Scope
from schemas.screening import Known, Screening, derived_id

BATCH = 200
ROUNDS = 8  # who takes over a star moves those around it, who move theirs; three rounds is the most that was seen


def revisit(job: Job, *, delivers: bool) -> None:
    """Judge again what `Catalogue.ask_revisit` noted, and keep and count what changed."""
    with contextlib.closing(Catalogue(Path(job.lake))) as catalogue:
        for _ in range(ROUNDS):
            waiting = list(catalogue.revisits().items())
            if not waiting:
                break
            _look_again(job, waiting, catalogue, delivers=delivers)
        catalogue.bring_home()


def _look_again(job: Job, waiting: list[tuple[str, int]], catalogue: Catalogue, *, delivers: bool) -> None:
    with contextlib.closing(Keeper(Path(job.lake), delivers=delivers)) as keeper:
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            for before, after in _judged_again(job, [key for key, _ in batch], catalogue):
                keeper.keep(after)
                progress_of(job.run_id).count_changed(before, after.screening)
            keeper.flush()
            catalogue.revisited(batch)


def _judged_again(job: Job, recording_keys: list[str], catalogue: Catalogue) -> Iterator[tuple[Screening, Screened]]:
    comparer = Comparer(catalogue)
    for recording_key in recording_keys:
        comparer.known(recording_key)  # the earliest first, so that each finds its centre settled
    for screening in Lake(Path(job.lake)).screenings_of(recording_keys, job.versions.key):
        sound = catalogue.sound(screening.intake.recording_key)
        audio = screening.found.audio
        if sound is None or audio is None or audio.signal_hash != sound.signal_hash:
            continue  # an older delivery of the recording, with another sound
        known = as_on_arrival(screening, comparer.known(sound.recording_key))
        if known != screening.known:
            yield screening, Screened(with_known(screening, known, job), sound.fingerprint)


def as_on_arrival(screening: Screening, known: Known) -> Known:
    """Keep what only an arrival knows: its sender's past, and the sound that the recording had before."""
    before = screening.known
    own = tuple(one for one in before.namesakes or () if one.recording_key == screening.intake.recording_key)
    past = {"sender": before.sender, "resemblances": before.resemblances}
    return known.model_copy(update={**past, "namesakes": (*own, *(known.namesakes or ()))})


def with_known(screening: Screening, known: Known, job: Job) -> Screening:
    """Judge a screening again with another known layer; nobody has to listen again."""
    kept = tuple(f for f in screening.findings if RULES[f.rule].scope is not Scope.RECORDING)
    intake = screening.intake.model_copy(update={"findings": kept})
    evidence = Evidence(intake=intake, found=screening.found, heard=screening.heard, known=known)
    again = make_screening(Heard(evidence, models=screening.versions.models), job)
    digest = hashlib.sha256(known.model_dump_json().encode()).hexdigest()
    return again.model_copy(update={"id": derived_id("scr", again.id, digest)})
