"""Validate: the rules of the package and message scopes, each finding given to whom it concerns.

A message that only withdraws is looked at as a message: nobody asks for its files or its declarations.
"""

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.read import Delivery, Entry
from schemas.ern.xsd import SchemaFolder, schema_folder
from schemas.errors import InvalidInput
from schemas.findings import Finding
from schemas.package import Package
from schemas.profile import Profile
from schemas.release import Message, SoundRecording
from schemas.rules import RULES, Scope, ask, run
from schemas.screening import Intake

OF_TAKEDOWNS = ("PKG", "XSD", "IDN")
OF_FILES = frozenset({"PKG-004", "PKG-006", "PKG-007"})

Owner = tuple[str | None, str | None]  # message (or sound file) and resource reference; None for all of them


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What messages are measured with besides the rules; small, so that it can travel to any worker.

    Attributes
    ----------
    schemas
        Folder of DDEX's schemas; each process compiles them once. None for the reader's own checks alone.
    profile
        What rules weigh, and which platform's TGT rule is asked; None for the rules' own severities.
    """

    schemas: Path | None = None
    profile: Profile | None = None

    @property
    def folder(self) -> SchemaFolder | None:
        """The schemas, compiled as far as messages asked for them."""
        return schema_folder(self.schemas) if self.schemas else None

    def weigh(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """Give findings the profile's severities; doing it twice changes nothing."""
        return tuple(self.profile.apply(findings)) if self.profile else findings


def profile_ref(profile: Profile | None) -> str:
    """Name a profile with its version and content, as a policy is named; empty for none."""
    if profile is None:
        return ""
    digest = hashlib.sha256(profile.model_dump_json().encode()).hexdigest()[:12]
    return f"{profile.id}@{profile.version}+{digest}"


def schemas_ref(folder: Path | None) -> str:
    """Name a folder of schemas by its content; empty for none.

    Raises
    ------
    InvalidInput
        The folder cannot be read.
    """
    if folder is None:
        return ""
    digest = hashlib.sha256()
    try:
        for path in sorted(p for p in folder.rglob("*") if p.suffix in {".xsd", ".xsl", ".sch"} and p.is_file()):
            digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be read: {error.strerror}.", mend="Name a readable folder.") from error
    return f"ddex+{digest.hexdigest()[:12]}"


def validate(delivery: Delivery, yardstick: Yardstick = Yardstick()) -> Iterator[Intake]:
    """Yield the delivery's intakes, each with every finding about it, its release or the whole delivery."""
    by_owner: dict[Owner, list[Finding]] = defaultdict(list)
    owners = _Owners(delivery)
    for finding in (*delivery_findings(delivery), *measured(delivery, yardstick)):
        for owner in owners.of(finding):
            by_owner[owner].append(finding)
    for entry in delivery.entries:
        found = [f for owner in _owners_of(entry) for f in by_owner.get(owner, ())]
        yield entry.intake.model_copy(update={"findings": tuple(dict.fromkeys((*entry.intake.findings, *found)))})


def delivery_findings(delivery: Delivery) -> Iterator[Finding]:
    """State everything that is known about a delivery before anybody listens."""
    yield from delivery.findings
    withdrawing = {message.path for message in delivery.package.messages if message.is_takedown}
    for one in _of_rules(delivery.package):
        if one.location.path not in withdrawing or _concerns_takedowns(one):
            yield one


def _of_rules(package: Package) -> Iterator[Finding]:
    yield from run(Scope.PACKAGE, package)
    for message in package.messages:
        yield from run(Scope.MESSAGE, message)


def _concerns_takedowns(one: Finding) -> bool:
    return RULES[one.rule].group in OF_TAKEDOWNS and one.rule not in OF_FILES


def measured(delivery: Delivery, yardstick: Yardstick) -> Iterator[Finding]:
    """Compare a delivery's messages with DDEX's schemas, and ask the rule of the profile's platform."""
    package, folder, profile = delivery.package, yardstick.folder, yardstick.profile
    if profile and profile.target:
        for message in package.messages:
            if not message.is_takedown:
                yield from ask(profile.target, message)
    for message in (*package.messages, *((package.manifest,) if package.manifest else ())):
        if folder and message.namespace:
            with contextlib.suppress(OSError):  # it was there a moment ago; what was read of it stands
                yield from folder.findings(Path(package.root, message.path).read_bytes(), message.path)


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
