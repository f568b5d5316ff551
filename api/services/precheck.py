"""What can be said of a delivery at once: the readers and the rules of messages and packages, in this process.

The same rules as in a scan, over the same nouns; only sound is not opened. That is seconds, not minutes, so that a
label mends its message while the audio is still on its way.
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from api.public_uploads import CheckedItem
from schemas.ern import read_message
from schemas.errors import UnsafePath
from schemas.evidence import Evidence
from schemas.findings import Finding, Location
from schemas.package import Layout, Package, PackageFile, resolve
from schemas.reading import Reading
from schemas.release import Message, MessageKind, SoundRecording
from schemas.rules import Scope, finding, run
from schemas.screening import Intake
from schemas.submission import read_submission, read_table, read_workbook

MESSAGE_SUFFIXES = frozenset({".xml", ".json", ".csv", ".xlsx"})
SUBMISSION_SUFFIXES = MESSAGE_SUFFIXES - {".xml"}
MARKER = "BatchComplete"
MAX_FINDINGS = 500
MAX_MESSAGE_BYTES = 64 * 2**20
_READERS = {".json": read_submission, ".csv": read_table, ".xlsx": read_workbook}


def is_message(name: str) -> bool:
    """Whether a file of a delivery is read as a message."""
    path = PurePosixPath(name)
    return path.suffix.lower() in MESSAGE_SUFFIXES and not is_marker(name)


def is_marker(name: str) -> bool:
    """Whether a file says that a batch is complete."""
    return PurePosixPath(name).name.lower().startswith(MARKER.lower())


def findings_of(folder: Path, names: list[str], delivery_id: str) -> tuple[tuple[Finding, ...], list[CheckedItem]]:
    """Run everything that needs no sound.

    Parameters
    ----------
    folder
        Where the delivery's whole files are.
    names
        Those files, relative to the folder.
    delivery_id
        What the delivery is called, for findings about it as a whole.
    """
    readings = {name: _read(folder, name) for name in names if is_message(name)}
    package = _package(folder, names, readings, delivery_id)
    found = [f for reading in readings.values() for f in reading.findings]
    found += run(Scope.PACKAGE, package)
    for message in package.messages:
        found += run(Scope.MESSAGE, message)
        for recording in message.sound_recordings:
            found += run(Scope.RECORDING, Evidence(intake=_intake(message, recording, delivery_id)))
    unique = sorted(
        dict.fromkeys(found), key=lambda f: (f.severity.rank, f.location.path, f.location.line or 0, f.rule)
    )
    return tuple(unique[:MAX_FINDINGS]), list(_items(package))


def _read(folder: Path, name: str) -> Reading:
    try:
        with (folder / name).open("rb") as stream:
            data = stream.read(MAX_MESSAGE_BYTES + 1)
    except OSError as error:
        return _unreadable(name, f"{name} cannot be opened: {error.strerror}.")
    if len(data) > MAX_MESSAGE_BYTES:
        return _unreadable(name, f"{name} is larger than {MAX_MESSAGE_BYTES >> 20} MB.")
    return _READERS.get(PurePosixPath(name).suffix.lower(), read_message)(data, name)


def _unreadable(name: str, text: str) -> Reading:
    return Reading(findings=(finding("PKG-010", text, at=Location(path=name), subject=name),))


def _package(folder: Path, names: list[str], readings: dict[str, Reading], delivery_id: str) -> Package:
    files = [_file(folder, name) for name in names]
    last = max((file.modified_ns for file in files), default=0)
    marker = next((name for name in names if is_marker(name)), f"{MARKER}_{delivery_id}.xml")
    if marker not in names:  # it is written when the delivery is sent
        files.append(PackageFile(path=marker, size=1, modified_ns=last))
    messages = tuple(r.message for r in readings.values() if r.message and r.message.kind is not MessageKind.MANIFEST)
    return Package(
        root=delivery_id, layout=_layout(list(readings)), files=tuple(files), marker=marker, messages=messages
    )


def _file(folder: Path, name: str) -> PackageFile:
    status = os.stat(folder / name)  # noqa: PTH116
    return PackageFile(path=name, size=status.st_size, modified_ns=status.st_mtime_ns)


def _layout(messages: list[str]) -> Layout:
    if any("/" in name for name in messages):
        return Layout.BATCH
    is_submission = any(PurePosixPath(name).suffix.lower() in SUBMISSION_SUFFIXES for name in messages)
    return Layout.SUBMISSION if is_submission else Layout.RELEASE


def _intake(message: Message, recording: SoundRecording, delivery_id: str) -> Intake:
    release = message.main_release
    return Intake(
        recording_key=recording.reference,
        source_key=message.sha256,
        delivery_id=delivery_id,
        delivery_path=delivery_id,
        sender_name=message.sender.name,
        message_id=message.message_id,
        message_path=message.path,
        ern_version=message.ern_version,
        release_key=release.known_as if release else None,
        release_title=release.title if release else "",
        recording=recording,
    )


def _items(package: Package) -> Iterator[CheckedItem]:
    present = {file.path for file in package.files}
    for message in package.messages:
        for one in message.sound_recordings:
            file = _named_file(message, one, present)
            yield CheckedItem(
                message=message.path,
                reference=one.reference,
                isrc=one.isrc,
                title=one.title,
                artist=one.display_artist,
                declared=one.disclosure.level,
                file=file,
                is_here=file in present,
            )


def _named_file(message: Message, recording: SoundRecording, present: set[str]) -> str | None:
    for reference in recording.files:
        try:
            return resolve(message.path, reference.uri, present)
        except UnsafePath:
            continue  # PKG-009 says so
    return None
