"""Read: a delivery's folder becomes a `Package` and one `Intake` for each recording.

Nothing is lost: a message that cannot be read, or that names no recording, and a file that may not be
opened become an intake of kind ``delivery``, which reaches a person like any other. No audio byte is read
here; what a second run skips by is made of paths, sizes, times and the message's hash.
"""

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.landing import DeliveryRef, join, package_file, package_files
from pipeline.lookups import Lookups, stamp
from pipeline.manifest import PATH_COLUMNS, Row, audio_of, spooled
from pipeline.storage import is_remote, local_path
from schemas.disclosure import Disclosure, Level
from schemas.ern import read_message
from schemas.errors import InvalidIdentifier, UnsafePath
from schemas.findings import Finding, Location
from schemas.identifiers import parse_isrc
from schemas.package import Layout, Package, PackageFile
from schemas.reading import Reading
from schemas.release import Message, MessageKind, Party, Release, SoundRecording
from schemas.rules import finding
from schemas.screening import Intake, SubjectKind, derived_id, recording_key
from schemas.submission import read_submission, read_table, read_workbook

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
NOTHING_HERE = "The folder is marked as complete, and holds no message, submission or sound file."
_KNOWN_COLUMNS = frozenset({*PATH_COLUMNS, "isrc", "title", "artist", "sender", "release", "label", "duration"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One intake and what it stands for in its package.

    Attributes
    ----------
    path
        Its message, or the sound file where there is none, relative to the package's root.
    reference
        The resource reference inside the message; None for an intake about a whole delivery.
    """

    intake: Intake
    path: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as read: its folder and messages, its intakes, and what its readers found."""

    package: Package
    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...] = ()


def read_delivery(ref: DeliveryRef) -> Delivery:
    """Read one delivery, or this reference's share of its recordings."""
    if ref.rows:
        return _read_rows(ref, ref.rows)
    if ref.layout is Layout.AUDIO:
        return _read_audio(ref)
    return _read_messages(ref)


def delivery_id(ref: DeliveryRef) -> str:
    """Name a delivery: by account and path, for bare audio by its folder."""
    place = ref.root if ref.layout is Layout.AUDIO else ref.path
    return derived_id("dlv", ref.account, place)


# --- messages and submissions


def _read_messages(ref: DeliveryRef) -> Delivery:
    root = Path(ref.root)
    files = package_files(root) if ref.is_folder else tuple(package_file(root, name) for name in ref.messages)
    readings = [_read_one(root, name) for name in ref.messages] or [_unreadable(ref.marker or "", NOTHING_HERE)]
    if ref.marker and ref.layout is Layout.BATCH and ref.marker.lower().endswith(".xml"):
        readings += [r for r in [_read_one(root, ref.marker)] if r.message and r.message.kind is MessageKind.MANIFEST]
    messages = [r.message for r in readings if r.message]
    package = Package(
        root=ref.root,
        layout=ref.layout,
        files=files,
        marker=ref.marker,
        messages=tuple(m for m in messages if m.kind is not MessageKind.MANIFEST),
        manifest=next((m for m in messages if m.kind is MessageKind.MANIFEST), None),
    )
    entries = _message_entries(ref, package, readings)
    return Delivery(package, tuple(entries), tuple(f for r in readings for f in r.findings))


def _read_one(root: Path, name: str) -> Reading:
    try:
        with (root / name).open("rb") as stream:
            is_large = os.fstat(stream.fileno()).st_size > MAX_MESSAGE_BYTES  # asked first: a sparse file is soon large
            data = b"" if is_large else stream.read(MAX_MESSAGE_BYTES + 1)
    except OSError as error:
        return _unreadable(name, f"{name} cannot be opened: {error.strerror}.")
    if is_large or len(data) > MAX_MESSAGE_BYTES:
        return _unreadable(name, f"{name} is larger than {MAX_MESSAGE_BYTES >> 20} MB.")
    readers = {".json": read_submission, ".csv": read_table, ".xlsx": read_workbook}
    return readers.get(Path(name).suffix.lower(), read_message)(data, name)


def _unreadable(name: str, message: str) -> Reading:
    return Reading(message=None, findings=(finding("PKG-010", message, at=Location(path=name), subject=name),))


def _message_entries(ref: DeliveryRef, package: Package, readings: list[Reading]) -> Iterator[Entry]:
    number = 0
    for name, reading in zip(ref.messages or (ref.marker or "",), readings, strict=False):
        message = reading.message
        if message is not None and message.kind is MessageKind.MANIFEST and ref.layout is Layout.BATCH:
            continue  # it lists the batch's messages; on its own it is a message without recordings
        if message is None or not message.sound_recordings:
            if ref.part == 0:
                yield Entry(_delivery_intake(ref, package, name, message), name)
            continue
        lookups = Lookups(package, message)
        for recording in message.sound_recordings:
            if number % ref.parts == ref.part:
                yield Entry(_recording_intake(ref, message, recording, lookups), name, recording.reference)
            number += 1


def _delivery_intake(ref: DeliveryRef, package: Package, name: str, message: Message | None) -> Intake:
    listed = "\n".join(f"{f.path} {f.size} {f.modified_ns} {f.refused}" for f in package.files)
    key = derived_id("rec", "delivery", ref.account, join(ref.path, name))
    about = _about_message(message) | _about_main_release(message) if message else {}
    return Intake.model_validate(
        {
            **_about_delivery(ref),
            **about,
            "kind": SubjectKind.DELIVERY,
            "recording_key": key,
            "source_key": derived_id("src", ref.path, name, listed, message.sha256 if message else None),
            "message_path": name,
        }
    )


def _recording_intake(ref: DeliveryRef, message: Message, recording: SoundRecording, lookups: Lookups) -> Intake:
    release = lookups.release_of(recording)
    audio, artwork = lookups.audio_of(recording), lookups.artwork_of(release)
    stamps = stamp(audio), *lookups.stamps_of(artwork)
    sender = _party_id(message.sender) or message.sender.name or None
    return Intake.model_validate(
        {
            **_about_delivery(ref),
            **_about_message(message),
            **_about_release(release, lookups),
            "recording_key": recording_key(
                sender=sender,
                isrc=recording.isrc,
                release=release.known_as if release else None,
                reference=recording.reference,
                uri=join(ref.path, f"{message.path}#{recording.reference}"),
            ),
            "source_key": derived_id("src", ref.path, message.sha256, recording.reference, *stamps),
            "recording": recording,
            "artwork": artwork,
            "audio_uri": str(Path(ref.root, audio.path)) if audio and not message.is_takedown else None,
        }
    )


def _about_delivery(ref: DeliveryRef) -> dict[str, object]:
    return {"delivery_id": delivery_id(ref), "delivery_path": ref.path, "account": ref.account}


def _about_message(message: Message) -> dict[str, object]:
    return {
        "sender_id": _party_id(message.sender),
        "sender_name": message.sender.name,
        "message_id": message.message_id,
        "message_path": message.path,
        "message_sha256": message.sha256,
        "message_created_at": _aware(message.created_at),
        "ern_version": message.ern_version,
        "is_takedown": message.is_takedown,
    }


def _about_main_release(message: Message) -> dict[str, object]:
    release = message.main_release
    return {"release_key": release.known_as, "release_title": release.title} if release else {}


def _about_release(release: Release | None, lookups: Lookups) -> dict[str, object]:
    if release is None:
        return {}
    return {
        "release_key": release.known_as,
        "release_title": release.title,
        "release_date": release.release_date,
        "label": release.label,
        "territories": lookups.territories_of(release),
    }


def _aware(moment: datetime | None) -> datetime | None:
    """Read a time without a zone as UTC, so that messages can be put in order."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _party_id(party: Party) -> str | None:
    ids = sorted(party.ids, key=lambda i: i.scheme.upper() != "DPID")
    return next((i.value for i in ids if i.value), None)


# --- bare audio


def _read_audio(ref: DeliveryRef) -> Delivery:
    root = Path(ref.root)
    refused = [PackageFile(path=p, size=0, modified_ns=0, refused=why) for p, why in ref.refused]
    sounds = [package_file(root, name) for name in ref.sounds]
    package = Package(root=ref.root, layout=ref.layout, files=(*sounds, *refused))
    return Delivery(package, tuple(Entry(_audio_intake(ref, file), file.path) for file in package.files))


def _audio_intake(ref: DeliveryRef, file: PackageFile) -> Intake:
    uri = str(Path(ref.root, file.path))
    return Intake(
        kind=SubjectKind.DELIVERY if file.refused else SubjectKind.RECORDING,
        recording_key=recording_key(sender=None, isrc=None, release=None, reference=None, uri=uri),
        source_key=derived_id("src", uri, str(file.size), str(file.modified_ns), file.refused),
        delivery_id=delivery_id(ref),
        delivery_path=join(ref.path, file.path),
        account=ref.account,
        audio_uri=None if file.refused else uri,
    )


# --- manifests


def _read_rows(ref: DeliveryRef, rows: tuple[str, int, int]) -> Delivery:
    package = Package(root=ref.root, layout=ref.layout)
    return Delivery(package, tuple(Entry(_row_intake(ref, row), audio_of(row)) for row in spooled(rows)))


def _row_intake(ref: DeliveryRef, row: Row) -> Intake:
    named = audio_of(row)
    uri, stamp, findings = _locate(ref, named)
    recording = _row_recording(row, named)
    digest = hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()
    return Intake(
        recording_key=recording_key(
            sender=row.get("sender"),
            isrc=recording.isrc,
            release=None,
            reference=None,
            uri=uri or f"{ref.path}#{named}",
        ),
        source_key=derived_id("src", uri, stamp, digest),
        delivery_id=delivery_id(ref),
        delivery_path=ref.path,
        sender_id=row.get("sender"),
        release_key=row.get("release"),
        label=row.get("label", ""),
        recording=recording,
        audio_uri=uri,
        metadata={name: value for name, value in row.items() if name not in _KNOWN_COLUMNS},
        findings=findings,
    )


def _locate(ref: DeliveryRef, named: str) -> tuple[str | None, str | None, tuple[Finding, ...]]:
    """Find a row's audio: its URI, a stamp that changes with the bytes, and what is wrong with it."""
    at = Location(path=ref.path)
    if is_remote(named):
        return named, None, ()
    try:
        path = os.path.join(ref.root, local_path(named)) if named else ""  # noqa: PTH118 - keeps odd names as they are
        status = os.stat(path)  # noqa: PTH116
        if os.path.isfile(path):  # noqa: PTH113
            return path, f"{status.st_size} {status.st_mtime_ns}", ()
        problem = finding("PKG-004", f"{named} is not a plain file.", at=at, subject=named, value=named)
    except UnsafePath as error:
        problem = finding("PKG-009", error.message, at=at, subject=named, value=named)
    except (OSError, ValueError):
        what = f"{named} is not there." if named else "The row names no audio."
        problem = finding("PKG-004", what, at=at, subject=named, value=named)
    return None, None, (problem,)


def _row_recording(row: Row, named: str) -> SoundRecording:
    isrc = row.get("isrc")
    with contextlib.suppress(InvalidIdentifier):  # kept as written; the rules of the IDN group look at it
        isrc = parse_isrc(isrc) if isrc else None
    return SoundRecording(
        reference=named,
        isrc=isrc,
        title=row.get("title", ""),
        display_artist=row.get("artist", ""),
        duration_s=_seconds(row.get("duration", "")),
        disclosure=_row_disclosure(row.get("contains_ai")),
    )


def _row_disclosure(text: str | None) -> Disclosure:
    if text is None:
        return Disclosure()
    level = {level.value: level for level in Level}.get(text.strip().lower(), Level.UNDECLARED)
    return Disclosure(level=level, text=text, can_declare=True)


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
