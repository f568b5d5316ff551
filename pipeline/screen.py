"""Screen: Validate | Listen | Compare | Judge as one composite, the same in batch and stream.

The chain is fused: nothing in it shuffles, groups or waits, so each recording is finished before the
next one starts, and decoded audio never leaves the listener's child process. Errors are data: what
a stage raises becomes a `DeadLetter` that passes through the rest of the chain to the sink.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import apache_beam as beam

from classifiers.listener import Listener
from classifiers.listening import Listening
from classifiers.spam.model import fused
from pipeline.artwork import Gallery
from pipeline.catalogue import Catalogue
from pipeline.compare import Comparer
from pipeline.history import LakeHistory
from pipeline.landing import DeliveryRef
from pipeline.ledger import ledger_of
from pipeline.progress import Progress, progress_of
from pipeline.read import Delivery, read_delivery
from pipeline.screened import DeadLetter, Screened, dead_letter
from pipeline.senders import SenderIndex
from pipeline.sound import Sound
from pipeline.storage import localised
from pipeline.validate import Yardstick, validate
from schemas.disclosure import Disclosure
from schemas.errors import AudioLimitExceeded, AudioUnreadable
from schemas.evidence import Evidence
from schemas.findings import Finding, Location
from schemas.history import Arrival, DeclarationHistory
from schemas.policy import Policy, judge
from schemas.rules import Scope, finding, run
from schemas.rules.history import hold_against_history
from schemas.screening import Found, Intake, Picture, Screening, SubjectKind, Versions, derived_id, screening_id

LOG = logging.getLogger("liner.pipeline")


class Ears(Protocol):
    """What Listen needs of `classifiers.listener.Listener`."""

    def listen(self, path: str, *, algorithms: tuple[str, ...] = ()) -> Listening:
        """Listen to one local file."""

    def look(self, path: str) -> Picture:
        """Look at one local image file."""

    def close(self) -> None:
        """End what runs beside."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one run screens with; small and picklable, so that it can travel to any worker.

    Attributes
    ----------
    run_id
        Names the run's counters and its stop signal in this process.
    lake
        Folder of the Parquet parts and the catalogue.
    ears
        Makes a worker's listener.
    force
        Whether to screen again what the lake already holds.
    yardstick
        The schemas and the profile that messages are measured with.
    spam
        The model that adds signs of spam up; None for the one in use.
    """

    run_id: str
    lake: str
    policy: Policy
    versions: Versions
    ears: Callable[[], Ears] = Listener
    force: bool = False
    yardstick: Yardstick = field(default_factory=Yardstick)
    spam: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """One recording between Listen and Judge."""

    evidence: Evidence
    findings: tuple[Finding, ...] = ()
    fingerprint: bytes | None = None
    models: tuple[str, ...] = ()  # what made it, as the listener says; the job's where nothing was heard


Element = Any  # what travels between the stages: a stage's own input, or a DeadLetter passing through


class StageFn(beam.DoFn):
    """One stage: works on its elements, lets dead letters pass, and stops when the run is stopped."""

    stage = ""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job

    def work(self, element: Element) -> Iterable[Element]:
        """Do the stage's work on one element."""
        raise NotImplementedError

    @property
    def progress(self) -> Progress:
        """The run's counters."""
        return progress_of(self.job.run_id)

    def process(self, element: Element) -> Iterator[Element]:
        """Work on one element; a failure becomes a dead letter, without partial output."""
        if isinstance(element, DeadLetter):
            yield element
            return
        try:
            results = self._results(element)
        except Exception as error:
            path, subject = _names(element)
            LOG.exception("%s failed on %s", self.stage, path)
            yield dead_letter(self.stage, path, error, subject_id=subject)
            return
        yield from results

    def _results(self, element: Element) -> Iterable[Element]:
        return list(self.work(element))


def _names(element: Element) -> tuple[str, str]:
    """Name what a stage was working on, for a person and by its key."""
    match element:
        case DeliveryRef():
            return element.path or element.root, ""
        case Delivery():
            return element.package.root, ""
        case Intake():
            return element.audio_uri or element.delivery_path, element.recording_key
        case Heard():
            return _names(element.evidence.intake)
        case _:
            return type(element).__name__, ""


class ReadFn(StageFn):
    """`DeliveryRef` to `Delivery`."""

    stage = "read"

    def work(self, element: DeliveryRef) -> Iterable[Delivery]:
        """Read one delivery's folder and messages."""
        if self.progress.stopping.is_set():
            return
        yield read_delivery(element)


class ValidateFn(StageFn):
    """`Delivery` to its intakes with findings, without those that the lake already holds."""

    stage = "validate"

    def setup(self) -> None:
        """Read from the lake what need not be done again."""
        job = self.job
        self.ledger = ledger_of(job.run_id, Path(job.lake), job.versions.key, force=job.force)

    def work(self, element: Delivery) -> Iterable[Intake]:
        """Run the rules of the package and message scopes."""
        new = [e for e in element.entries if self.ledger.take(e.intake.source_key)]
        self.progress.count_intakes(len(element.entries), skipped=len(element.entries) - len(new))
        if new:
            yield from validate(replace(element, entries=tuple(new)), self.job.yardstick)


class ListenFn(StageFn):
    """`Intake` to `Heard`: the only stage that costs more than a moment."""

    stage = "listen"

    def setup(self) -> None:
        """Make this worker's listener; its child starts with the first file."""
        self.ears = self.job.ears()
        self.gallery = Gallery(self.ears.look)

    def teardown(self) -> None:
        """End the listener's child."""
        self.ears.close()

    def work(self, element: Intake) -> Iterable[Heard]:
        """Listen to one recording; what cannot be heard is a finding."""
        if self.progress.stopping.is_set():
            return
        if element.audio_uri is None:
            yield Heard(self._unheard(element))
            return
        try:
            yield self._listen(element, element.audio_uri)
        except AudioUnreadable as error:
            self.progress.count_unreadable()
            yield Heard(self._unheard(element), (_why_unheard(element, error),))

    def _unheard(self, intake: Intake) -> Evidence:
        """Keep what the pictures say where there is no sound; of a release that is withdrawn nothing is asked."""
        found = Found() if intake.is_takedown else self.gallery.hang(intake, Found())
        return Evidence(intake=intake, found=found)

    def _listen(self, intake: Intake, uri: str) -> Heard:
        files = intake.recording.files if intake.recording else ()
        algorithms = tuple(dict.fromkeys(f.hash_sum.algorithm for f in files if f.hash_sum))
        with localised(uri) as path:
            listening = self.ears.listen(path, algorithms=algorithms)
        audio = listening.found.audio
        self.progress.count_heard(audio.duration_s if audio else 0.0, listening.cpu_s)
        found = self.gallery.hang(intake, listening.found)
        evidence = Evidence(intake=intake, found=found, heard=listening.heard)
        return Heard(evidence, fingerprint=listening.fingerprint, models=listening.models)


def _why_unheard(intake: Intake, error: AudioUnreadable) -> Finding:
    rule = "PKG-016" if isinstance(error, AudioLimitExceeded) else "PKG-015"
    uri = intake.audio_uri or intake.delivery_path
    return finding(rule, error.message, at=Location(path=uri), subject=Path(uri).name)


class CompareFn(StageFn):
    """`Heard` to `Heard` with what the catalogue knows."""

    stage = "compare"

    def setup(self) -> None:
        """Open the catalogue."""
        self.catalogue = Catalogue(Path(self.job.lake))
        self.comparer = Comparer(self.catalogue)

    def teardown(self) -> None:
        """Close the catalogue."""
        self.catalogue.close()

    def work(self, element: Heard) -> Iterable[Heard]:
        """Add the sound to the catalogue, commit, then look up: the later of two always sees the other."""
        audio = element.evidence.found.audio
        if audio is None:
            yield element
            return
        sound = Sound.of(element.evidence.intake, audio, element.fingerprint)
        known = self.comparer.arrive(sound)
        yield replace(element, evidence=element.evidence.model_copy(update={"known": known}))


class JudgeFn(StageFn):
    """`Heard` to `Screened`: the recording rules, those of the history and the sender's past, then the policy."""

    stage = "judge"

    def setup(self) -> None:
        """Open the declaration history and what the senders did."""
        self.history = LakeHistory(Path(self.job.lake))
        self.senders = SenderIndex(Path(self.job.lake))

    def teardown(self) -> None:
        """Close both."""
        self.history.close()
        self.senders.close()

    def work(self, element: Heard) -> Iterable[Screened]:
        """Make the screening."""
        known = self.senders.known(element.evidence)
        element = replace(element, evidence=element.evidence.model_copy(update={"known": known}))
        screening = make_screening(element, self.job)
        if of_history := held(element.evidence, self.history.arrive(element.evidence), self.job):
            screening = with_findings(screening, tuple(dict.fromkeys((*screening.findings, *of_history))), self.job)
        self.senders.add([screening])
        self.progress.count_screened(screening)
        yield Screened(screening, element.fingerprint)


def make_screening(heard: Heard, job: Job) -> Screening:
    """Run the recording rules and the policy over one recording's layers."""
    evidence, intake = heard.evidence, heard.evidence.intake
    of_recording = run(Scope.RECORDING, evidence) if intake.kind is SubjectKind.RECORDING else ()
    findings = job.yardstick.weigh(tuple(dict.fromkeys((*intake.findings, *heard.findings, *of_recording))))
    evidence = evidence.model_copy(update={"fused": fused(evidence, findings, job.spam)})
    audio = evidence.found.audio
    versions = job.versions.model_copy(update={"models": heard.models or job.versions.models})
    return Screening(
        id=screening_id(intake, audio.sha256 if audio else None, versions),
        versions=versions,
        screened_at=datetime.now(UTC),
        intake=intake.model_copy(update={"findings": ()}),  # all of them stand in the screening itself
        declared=intake.recording.disclosure if intake.recording else Disclosure(),
        found=evidence.found,
        heard=evidence.heard,
        known=evidence.known,
        fused=evidence.fused,
        findings=findings,
        flags=judge(evidence, findings, job.policy),
    )


def held(evidence: Evidence, history: DeclarationHistory, job: Job) -> tuple[Finding, ...]:
    """State what the past says about a recording."""
    return job.yardstick.weigh(tuple(hold_against_history(Arrival(evidence, history))))


def with_findings(screening: Screening, findings: tuple[Finding, ...], job: Job) -> Screening:
    """Put other findings into a screening, judge it anew, and give it another id, as its content is another."""
    evidence = Evidence(intake=screening.intake, found=screening.found, heard=screening.heard, known=screening.known)
    evidence = evidence.model_copy(update={"fused": fused(evidence, findings, job.spam)})
    said = sorted(f"{one.rule} {one.message}" for one in findings)
    return screening.model_copy(
        update={
            "id": derived_id("scr", screening.id, *said),
            "screened_at": datetime.now(UTC),
            "fused": evidence.fused,
            "findings": findings,
            "flags": judge(evidence, findings, job.policy),
        }
    )


class Screen(beam.PTransform):
    """Validate | Listen | Compare | Judge: deliveries in, `Screened` and `DeadLetter` out."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job

    def expand(self, deliveries: beam.PCollection) -> beam.PCollection:
        """Chain the four stages; Beam fuses them."""
        return (
            deliveries
            | "Validate" >> beam.ParDo(ValidateFn(self.job))
            | "Listen" >> beam.ParDo(ListenFn(self.job))
            | "Compare" >> beam.ParDo(CompareFn(self.job))
            | "Judge" >> beam.ParDo(JudgeFn(self.job))
        )
