"""Validate: the rules of the package and message scopes, each finding given to whom it concerns."""

from collections import defaultdict
from collections.abc import Iterator

from pipeline.read import Delivery, Entry
from schemas.findings import Finding
from schemas.package import Package
from schemas.release import Message, SoundRecording
from schemas.rules import Scope, run
from schemas.screening import Intake

Owner = tuple[str | None, str | None]  # message (or sound file) and resource reference; None for all of them


def validate(delivery: Delivery) -> Iterator[Intake]:
    """Yield the delivery's intakes, each with every finding about it, its release or the whole delivery."""
    by_owner: dict[Owner, list[Finding]] = defaultdict(list)
    owners = _Owners(delivery)
    for finding in delivery_findings(delivery):
        for owner in owners.of(finding):
            by_owner[owner].append(finding)
    for entry in delivery.entries:
        found = [f for owner in _owners_of(entry) for f in by_owner.get(owner, ())]
        yield entry.intake.model_copy(update={"findings": tuple(dict.fromkeys((*entry.intake.findings, *found)))})


def delivery_findings(delivery: Delivery) -> Iterator[Finding]:
    """State everything that is known about a delivery before anybody listens."""
    yield from delivery.findings
    yield from run(Scope.PACKAGE, delivery.package)
    for message in delivery.package.messages:
        yield from run(Scope.MESSAGE, message)


def _owners_of(entry: Entry) -> tuple[Owner, ...]:
    return ((None, None), (entry.path, None), *([(entry.path, entry.reference)] if entry.reference else []))


class _Owners:
    """Tells by a finding's path, subject and XPath which messages and recordings it concerns."""

    def __init__(self, delivery: Delivery) -> None:
        self._package: Package = delivery.package
        self._messages = {m.path: m for m in delivery.package.messages}
        self._paths = {entry.path for entry in delivery.entries} | set(self._messages)
        self._folders: dict[str, list[str]] = defaultdict(list)
        for path in self._paths:
            self._folders[path.rpartition("/")[0]].append(path)

    def of(self, finding: Finding) -> list[Owner]:
        path = finding.location.path
        if path in self._messages:
            reference = _recording_of(finding, self._messages[path])
            return [(path, reference)]
        if path in self._paths:
            return [(path, None)]
        return [(message, None) for message in self._beside(path)] or [(None, None)]

    def _beside(self, path: str) -> list[str]:
        """Messages of the release folder that a file lies in; none for a file of the batch itself."""
        folder = path.rpartition("/")[0]
        while folder:
            if folder in self._folders:
                return self._folders[folder]
            folder = folder.rpartition("/")[0]
        return []


def _recording_of(finding: Finding, message: Message) -> str | None:
    for recording in message.sound_recordings:
        if finding.subject and finding.subject in (recording.isrc, recording.reference):
            return recording.reference
    return next((r.reference for r in message.sound_recordings if _is_inside(finding, r)), None)


def _is_inside(finding: Finding, recording: SoundRecording) -> bool:
    own, where = recording.at.xpath, finding.location.xpath
    return bool(own and where and (where == own or where.startswith(f"{own}/")))
