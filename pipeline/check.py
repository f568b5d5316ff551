"""Check: everything that can be said about deliveries without a catalogue, a policy or a run.

The same walk, readers and rules as in a scan, without Beam: `liner check` must answer at once.
Nothing is written anywhere.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from classifiers.listener import Listener
from pipeline.artwork import Gallery
from pipeline.landing import DeliveryRef, discover
from pipeline.read import Delivery, Entry, read_delivery
from pipeline.validate import delivery_findings
from schemas.ern.xsd import SchemaFolder
from schemas.errors import AudioLimitExceeded, AudioUnreadable, InvalidInput, LinerError
from schemas.evidence import Evidence
from schemas.findings import Finding, Location
from schemas.package import Layout, Package
from schemas.profile import Profile
from schemas.release import Message, MessageKind, Party
from schemas.report import CheckedMessage, CheckedParty, CheckedProfile, CheckedRecording, CheckReport
from schemas.rules import Scope, ask, finding, run
from schemas.screening import Found, Intake, SubjectKind


def check_paths(
    paths: Sequence[Path], *, listen: bool = True, profile: Profile | None = None, xsd: SchemaFolder | None = None
) -> CheckReport:
    """Check messages, folders and sound files.

    Parameters
    ----------
    paths
        Messages, release or batch folders, submissions, sound files, or folders that hold any of these.
    listen
        Whether to open the sound files for their facts and provenance (never for signals).
    profile
        What rules weigh, and which platform's TGT rule is asked; None for the rules' own severities.
    xsd
        DDEX's schemas to compare messages with; None for the reader's own checks alone.

    Returns
    -------
    CheckReport
        In the order of ``paths``; a path that is not there is in ``unusable``.
    """
    return CheckReport.join(check_each(paths, listen=listen, profile=profile, xsd=xsd))


def check_each(
    paths: Sequence[Path], *, listen: bool = True, profile: Profile | None = None, xsd: SchemaFolder | None = None
) -> Iterator[CheckReport]:
    """Check as `check_paths` does, one report for each delivery as soon as it is ready."""
    with contextlib.closing(Listener()) as listener:  # its child starts with the first sound file
        ears = _Ears(listener) if listen else None
        for path in paths:
            yield from _check_path(path, ears, profile, xsd)


class _Ears:
    """Opens sound files and pictures for facts and provenance, never for signals."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.gallery = Gallery(listener.look)

    def hear(self, intake: Intake) -> Found:
        """Find what a recording's sound file carries; nothing where it has none."""
        if not intake.audio_uri:
            return Found()
        files = intake.recording.files if intake.recording else ()
        algorithms = tuple(dict.fromkeys(f.hash_sum.algorithm for f in files if f.hash_sum))
        return self._listener.listen(intake.audio_uri, algorithms=algorithms, deep=False).found


def _check_path(
    path: Path, ears: _Ears | None, profile: Profile | None, xsd: SchemaFolder | None
) -> Iterator[CheckReport]:
    empty = True
    left: list[str] = []
    try:
        for ref in discover(path, left_alone=left.append):
            if ref.part == 0:  # shares are for workers; here one reads them all
                empty = False
                yield _Check(path, replace(ref, parts=1), ears, profile, xsd).report()
    except LinerError as error:
        yield _unusable(path, error.message)
        return
    if empty:
        yield _unusable(path, f"{path} holds no message, submission or sound file.")
    yield CheckReport(left_alone=len(left), profile=_named(profile))


def _named(profile: Profile | None) -> CheckedProfile | None:
    return CheckedProfile(id=profile.id, version=str(profile.version)) if profile else None


def _unusable(path: Path, error: str) -> CheckReport:
    return CheckReport(messages=(CheckedMessage(path=str(path), error=error),), unusable=(str(path),))


class _Check:
    """One delivery below the path that the user named."""

    def __init__(
        self, named: Path, ref: DeliveryRef, ears: _Ears | None, profile: Profile | None, xsd: SchemaFolder | None
    ) -> None:
        self._named = named
        self._ref = ref
        self._ears = ears
        self._profile = profile
        self._xsd = xsd

    def report(self) -> CheckReport:
        delivery = read_delivery(self._ref)
        findings = [*delivery_findings(delivery), *(f for e in delivery.entries for f in self._of_entry(e))]
        findings += [*self._of_target(delivery), *self._of_schema(delivery.package)]
        placed = [self._placed(f) for f in dict.fromkeys(findings)]
        placed = self._profile.apply(placed) if self._profile else placed
        placed.sort(key=lambda f: (f.location.path, f.location.line or 0, f.severity.rank, f.rule))
        return CheckReport(messages=tuple(self._messages(delivery, placed)), findings=tuple(placed))

    def _of_target(self, delivery: Delivery) -> Iterator[Finding]:
        if self._profile and self._profile.target:
            for message in delivery.package.messages:
                if not message.is_takedown:  # nothing is offered to the platform
                    yield from ask(self._profile.target, message)

    def _of_schema(self, package: Package) -> Iterator[Finding]:
        manifest = (package.manifest,) if package.manifest else ()
        for message in (*package.messages, *manifest):
            if self._xsd and message.namespace:
                with contextlib.suppress(OSError):  # it was there a moment ago; what was read of it stands
                    yield from self._xsd.findings(Path(self._ref.root, message.path).read_bytes(), message.path)

    def _of_entry(self, entry: Entry) -> Iterator[Finding]:
        intake = entry.intake
        if intake.kind is not SubjectKind.RECORDING:
            return
        found = Found()
        if self._ears:
            try:
                found = self._ears.hear(intake)
            except (AudioUnreadable, InvalidInput) as error:
                rule = "PKG-016" if isinstance(error, AudioLimitExceeded) else "PKG-015"
                at, subject = Location(path=intake.audio_uri or ""), Evidence(intake=intake).subject
                yield finding(rule, error.message, at=at, subject=subject)
            found = self._ears.gallery.hang(intake, found)
        yield from run(Scope.RECORDING, Evidence(intake=intake, found=found))

    def _messages(self, delivery: Delivery, findings: list[Finding]) -> Iterator[CheckedMessage]:
        if self._ref.layout is Layout.AUDIO:
            for entry in delivery.entries:
                yield self._sound(entry, findings)
            return
        package = delivery.package
        read = {m.path: m for m in (*package.messages, *([package.manifest] if package.manifest else []))}
        for path in dict.fromkeys((*self._ref.messages, *read)):
            place = self._path(path)
            if path in read:
                yield _checked(
                    place, read[path], {e.reference: e for e in delivery.entries if e.path == path}, self._path
                )
            else:
                yield self._unread(path, package.manifest, _first(findings, place) or "It cannot be read.")

    def _unread(self, path: str, manifest: Message | None, error: str) -> CheckedMessage:
        """Say of an unreadable message what its batch tells about it: who sent it, and for which release."""
        in_batch = self._ref.layout is Layout.BATCH
        return CheckedMessage(
            path=self._path(path),
            error=error,
            sender=_sender(manifest) if manifest else None,
            recipient=_recipient(manifest) if manifest else None,
            release_id=PurePosixPath(path).parent.name or None if in_batch else None,
        )

    def _sound(self, entry: Entry, findings: list[Finding]) -> CheckedMessage:
        place = self._path(entry.path)
        error = _first([f for f in findings if f.rule in ("PKG-009", "PKG-015", "PKG-016")], place)
        one = CheckedRecording(reference=entry.path, audio=place)
        declared = {one.reference: one.declared}
        return CheckedMessage(path=place, kind=MessageKind.AUDIO, recordings=(one,), declared=declared, error=error)

    def _placed(self, one: Finding) -> Finding:
        """Name the finding's file as the user would."""
        location = one.location.model_copy(update={"path": self._path(one.location.path)})
        return one.model_copy(update={"location": location})

    def _path(self, path: str) -> str:
        absolute = os.path.join(self._ref.root, path)  # noqa: PTH118 - keeps odd names as they are
        relative = os.path.relpath(absolute, os.path.abspath(self._named))  # noqa: PTH100
        return os.path.normpath(os.path.join(self._named, relative))  # noqa: PTH118


def _first(findings: list[Finding], place: str) -> str | None:
    return next((f.message for f in findings if f.location.path == place), None)


def _sender(message: Message) -> CheckedParty | None:
    return _party(message.sender)


def _recipient(message: Message) -> CheckedParty | None:
    return next(filter(None, map(_party, message.recipients)), None)


def _party(party: Party) -> CheckedParty | None:
    ids = sorted((i for i in party.ids if i.value), key=lambda i: i.scheme.upper() != "DPID")
    return CheckedParty(id=ids[0].value, name=party.name) if ids else None


def _checked(
    place: str, message: Message, entries: dict[str | None, Entry], named: Callable[[str], str]
) -> CheckedMessage:
    audio = {ref: entry.intake.audio_uri for ref, entry in entries.items()}
    recordings = tuple(
        CheckedRecording(
            reference=r.reference,
            isrc=r.isrc,
            title=r.title,
            declared=r.disclosure.level,
            audio=named(uri) if (uri := audio.get(r.reference)) else None,
        )
        for r in message.sound_recordings
    )
    return CheckedMessage(
        path=place,
        kind=message.kind,
        ern_version=message.ern_version,
        sender=_sender(message),
        recipient=_recipient(message),
        created_at=message.created_at,
        release_id=message.main_release.key if message.main_release else None,
        release_ids=tuple(dict.fromkeys(r.key for r in message.releases)),
        isrcs=tuple(dict.fromkeys(r.isrc for r in recordings if r.isrc)),
        recordings=recordings,
        declared={r.isrc or r.reference: r.declared for r in recordings},
    )
