"""Rules of the PKG group: the delivery is whole, safe to open and what its message says.

Source: DDEX ERN-C-SFTP 1.6 (clauses 7.2, 8.1-8.4), Spotify's delivery guide, and house rules.
Inputs: `schemas.package.Package` where a folder is needed, `schemas.release.Message` where the
message alone is enough, `schemas.evidence.Evidence` for the hash of a decoded file. What only a
reader, a submission or a decoder sees is declared here and raised there.
"""

import posixpath
import re
from collections.abc import Iterator
from itertools import combinations

from schemas.errors import UnsafePath
from schemas.evidence import Evidence
from schemas.findings import Location, Severity
from schemas.package import PICTURE_SUFFIXES, SOUND_SUFFIXES, Layout, Package, resolve
from schemas.release import FileReference, Message, Resource
from schemas.rules.registry import Hit, Scope, declare, rule

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
SFTP = "DDEX ERN-C-SFTP 1.6"
CLOCK_SLACK_NS = 2_000_000_000  # some file systems keep times to two seconds
WEAK_HASHES = frozenset({"MD2", "MD4", "MD5", "SHA1", "CRC32", "CRC"})
MARKER_NAME = re.compile(r"BatchComplete_[^/]+\.xml")


def _resources(message: Message) -> tuple[Resource, ...]:
    return message.sound_recordings + message.images


def _file_references(message: Message) -> Iterator[tuple[Resource, FileReference]]:
    for resource in _resources(message):
        for file in resource.files:
            yield resource, file


@rule(
    "PKG-001",
    ERROR,
    "Completion marker missing or older than a file",
    why="The marker says that everything has arrived. Without it a recipient waits, or takes half a delivery.",
    source=f"{SFTP}, clause 8.4",
    mend="Upload BatchComplete_<BatchId>.xml last, after every message and media file.",
    scope=Scope.PACKAGE,
)
def marker_is_last(package: Package) -> Iterator[Hit]:
    """Look for the marker of a batch, and for files that came after it."""
    if package.layout is not Layout.BATCH:
        return
    marker = next((f for f in package.files if f.path == package.marker), None)
    if marker is None:
        yield Hit("The batch has no completion marker.", Location(path="."), package.root)
        return
    late = [f.path for f in package.files if f.modified_ns > marker.modified_ns + CLOCK_SLACK_NS]
    if late:  # a copy may reorder times, so this alone rejects nothing
        message = f"{len(late)} file(s) are newer than the completion marker, first {late[0]}."
        yield Hit(message, Location(path=marker.path), marker.path, severity=WARNING)


@rule(
    "PKG-002",
    WARNING,
    "Completion marker empty or oddly named",
    why="Spotify refuses an empty marker, and some recipients look for the exact name.",
    source=f"{SFTP}, clause 8.4; Spotify delivery guide (2026-04)",
    mend="Name it BatchComplete_<BatchId>.xml and put the batch's ManifestMessage in it.",
    scope=Scope.PACKAGE,
)
def marker_is_well_formed(package: Package) -> Iterator[Hit]:
    """Look at the marker's size and name."""
    for marker in (f for f in package.files if f.path == package.marker):
        at = Location(path=marker.path)
        if marker.size == 0:
            yield Hit("The completion marker is empty.", at, marker.path)
        if not MARKER_NAME.fullmatch(posixpath.basename(marker.path)):
            yield Hit("The completion marker is not named BatchComplete_<BatchId>.xml.", at, marker.path, marker.path)


@rule(
    "PKG-003",
    ERROR,
    "Manifest and messages differ",
    why="A message that the manifest names and the batch lacks is a lost release.",
    source=f"{SFTP}, clause 8.3 (ManifestMessage)",
    mend="Send the missing message, or write the manifest from what the batch holds.",
    scope=Scope.PACKAGE,
    file_status="ErnMissing",
)
def manifest_matches_messages(package: Package) -> Iterator[Hit]:
    """Compare the manifest's lines and count with the files of the batch."""
    manifest = package.manifest
    if manifest is None:
        return
    at = Location(path=manifest.path)
    paths = [f.path for f in package.files]
    for line in manifest.batch:
        if not any(_same_tail(line.url, path) for path in paths):
            where = line.at if line.at.path else at
            yield Hit(f"The manifest names {line.url}, which is not in the batch.", where, line.url, line.url)
    for message in package.messages:
        if manifest.batch and not any(_same_tail(line.url, message.path) for line in manifest.batch):
            yield Hit(f"The manifest does not name {message.path}.", at, message.path)
    if manifest.batch_count is not None and manifest.batch_count != len(manifest.batch):
        message_text = f"The manifest counts {manifest.batch_count} messages and lists {len(manifest.batch)}."
        yield Hit(message_text, at, manifest.path, str(manifest.batch_count))


def _same_tail(one: str, other: str) -> bool:
    """Whether two paths mean the same file, where one may start at a higher folder."""
    shorter, longer = sorted(([p for p in path.split("/") if p not in ("", ".")] for path in (one, other)), key=len)
    return bool(shorter) and longer[-len(shorter) :] == shorter


@rule(
    "PKG-004",
    ERROR,
    "File named in the message is missing",
    why="Nothing can be heard, compared or published of a recording whose file did not arrive.",
    source=f"{SFTP}, clauses 7.2 and 8.1",
    mend="Deliver the file at the path that the message names, relative to the message.",
    scope=Scope.PACKAGE,
    file_status="ResourceMissing",
)
def files_are_present(package: Package) -> Iterator[Hit]:
    """Look for every file that a message names; a message alone has no folder to look in."""
    if package.layout is Layout.MESSAGE:
        return
    present = {f.path for f in package.files}
    for message in package.messages:
        for resource, file in _file_references(message):
            try:
                path = resolve(message.path, file.uri, present)
            except UnsafePath:
                continue  # PKG-009 says so
            if path not in present:
                yield Hit(f"{file.uri} is not in the delivery.", file.at, _subject(resource), file.uri)


def _subject(resource: Resource) -> str:
    return getattr(resource, "isrc", None) or resource.reference


@rule(
    "PKG-005",
    ERROR,
    "Hash of the file differs from the message",
    why="The file is not the one that the message describes: it was damaged or exchanged on the way.",
    source=f"{SFTP}, ErncFileStatus; ERN 4.3 File/HashSum",
    mend="Deliver the file again, or state the hash of the file that you deliver.",
    scope=Scope.RECORDING,
    file_status="SignatureOrHashSumWrongOrMissing",
)
def hash_matches(evidence: Evidence) -> Iterator[Hit]:
    """Compare the declared hash with the file's, in the algorithms that were computed."""
    audio, recording = evidence.found.audio, evidence.intake.recording
    if audio is None or recording is None:
        return
    seen = {plain_algorithm(name): value.lower() for name, value in audio.hash_sums.items()} | {"SHA256": audio.sha256}
    declared = [f.hash_sum for f in recording.files if f.hash_sum and names_file(evidence, f)]
    for one in declared:
        actual = seen.get(plain_algorithm(one.algorithm))
        if actual is not None and actual != one.value.strip().lower():
            message = f"The message says {one.algorithm} {one.value.strip()}, the file has {actual}."
            yield Hit(message, one.at if one.at.path else evidence.at, evidence.subject, one.value)


def plain_algorithm(name: str) -> str:
    """Write an algorithm's name without dashes: ``SHA-256``, ``sha256`` and ``SHA2-256`` are one."""
    plain = re.sub(r"[^A-Z0-9]", "", name.upper())
    return {"SHA2256": "SHA256", "SHA2512": "SHA512", "SHA01": "SHA1"}.get(plain, plain)


def names_file(evidence: Evidence, file: FileReference) -> bool:
    """Whether a file reference is the one that was opened: a recording may come in several encodings."""
    recording = evidence.intake.recording
    if recording is None or len(recording.files) == 1:
        return recording is not None
    return posixpath.basename(file.uri) == posixpath.basename(evidence.intake.audio_uri or "")


@rule(
    "PKG-006",
    WARNING,
    "No hash given",
    why="Without a hash nobody can tell a damaged or exchanged file from the right one.",
    source=f"{SFTP}; ERN 4.3 File/HashSum (optional)",
    mend="Give each file a HashSum, SHA-256 if you can choose.",
    scope=Scope.MESSAGE,
)
def hash_is_given(message: Message) -> Iterator[Hit]:
    """Count files without a hash; one finding for the message, at the first of them."""
    files = [file for _, file in _file_references(message)]
    bare = [file for file in files if file.hash_sum is None]
    if bare:
        yield Hit(
            f"{len(bare)} of {len(files)} files have no hash, first {bare[0].uri}.", bare[0].at, message.message_id
        )


@rule(
    "PKG-007",
    INFO,
    "Only a weak hash",
    why="MD5, SHA-1 and CRC find damage, but not an exchange on purpose.",
    source="house; MD5 is what the industry sends today",
    mend="Nothing has to be done; SHA-256 would be stronger.",
    scope=Scope.MESSAGE,
)
def hash_is_strong(message: Message) -> Iterator[Hit]:
    """Count files whose only hash is weak; one finding for the message."""
    hashes = [f.hash_sum for _, f in _file_references(message) if f.hash_sum]
    weak = [h for h in hashes if plain_algorithm(h.algorithm) in WEAK_HASHES]
    if weak:
        text = f"{len(weak)} of {len(hashes)} hashes are {weak[0].algorithm}."
        yield Hit(text, weak[0].at, message.message_id, weak[0].algorithm)


@rule(
    "PKG-008",
    WARNING,
    "File present but not referenced",
    why="A sound file or picture that no message names is either a mistake or the missing half of a reference.",
    source="house",
    mend="Reference the file in the message, or leave it out.",
    scope=Scope.PACKAGE,
)
def files_are_referenced(package: Package) -> Iterator[Hit]:
    """Look for sound files and pictures that no message names."""
    if package.layout not in (Layout.BATCH, Layout.RELEASE) or not package.messages:
        return
    present = {f.path for f in package.files}
    named: set[str] = set()
    for message in package.messages:
        for _, file in _file_references(message):
            try:
                named.add(resolve(message.path, file.uri, present))
            except UnsafePath:
                continue  # PKG-009 says so
    for path in sorted(present - named):
        if posixpath.splitext(path)[1].lower() in SOUND_SUFFIXES | PICTURE_SUFFIXES:
            yield Hit(f"No message names {path}.", Location(path=path), path)


@rule(
    "PKG-009",
    ERROR,
    "Path leaves the release folder, is absolute, a link or an archive",
    why="Such a path would open a file that does not belong to the delivery, perhaps another sender's.",
    source="house",
    mend="Put the plain file into the release folder and name it by a relative path.",
    scope=Scope.PACKAGE,
    file_status="ResourceMissing",
)
def paths_are_safe(package: Package) -> Iterator[Hit]:
    """Look at what the walk refused and at the paths that messages name."""
    for file in package.files:
        if file.refused:
            yield Hit(f"{file.path} is not opened: {file.refused}.", Location(path=file.path), file.path)
    for message in package.messages:
        for resource, reference in _file_references(message):
            try:
                resolve(message.path, reference.uri)
            except UnsafePath as error:
                yield Hit(error.message, reference.at, _subject(resource), reference.uri)


declare(
    "PKG-010",
    ERROR,
    "Message is not readable",
    why="What cannot be parsed safely is not read at all; nothing in it counts as delivered.",
    source="XML 1.0; house limits on size and depth; no DTD, no entities",
    mend="Send well-formed XML (or JSON) without DTD and entities, within the limits that the finding names.",
    file_status="NewReleaseMessageInvalid",
)


@rule(
    "PKG-011",
    WARNING,
    "Test message",
    why="A test message in a live feed is refused, or worse: published.",
    source="ERN MessageControlType",
    mend="Send a LiveMessage, or send the test to the recipient's test feed.",
    scope=Scope.MESSAGE,
)
def message_is_live(message: Message) -> Iterator[Hit]:
    """Look for a TestMessage; which feed it came through is for the reader of the finding to know."""
    if message.control_type == "TestMessage":
        where = Location(path=message.path)
        yield Hit("The message calls itself a TestMessage.", where, message.message_id, message.control_type)


@rule(
    "PKG-012",
    ERROR,
    "MessageId used twice",
    why="A recipient keeps one message per id; the second one is lost or overwrites the first.",
    source="ERN MessageHeader/MessageId; house",
    mend="Give every message its own MessageId.",
    scope=Scope.PACKAGE,
    file_status="NewReleaseMessageInvalid",
)
def message_ids_differ(package: Package) -> Iterator[Hit]:
    """Look for two messages of the delivery with one id; equal bytes are only a repetition."""
    for one, other in combinations(package.messages, 2):
        if one.message_id and (one.sender.ids, one.message_id) == (other.sender.ids, other.message_id):
            same = one.sha256 == other.sha256
            what = "with the same bytes" if same else "with different bytes"
            text = f"{one.path} and {other.path} have one MessageId {what}."
            yield Hit(text, Location(path=other.path), one.message_id, one.message_id, INFO if same else None)


@rule(
    "PKG-013",
    WARNING,
    "Older message for the same release",
    why="Messages replace each other by their creation time; the older one has no effect.",
    source="DDEX knowledge base on UpdateIndicator: key on ReleaseId and MessageCreatedDateTime",
    mend="Send only the newest message of a release.",
    scope=Scope.PACKAGE,
)
def messages_are_newest(package: Package) -> Iterator[Hit]:
    """Look for a message that another one of the same delivery replaces."""
    for one, other in combinations(package.messages, 2):
        first, second = one.main_release, other.main_release
        if not (first and second and one.created_at and other.created_at and first.key == second.key):
            continue
        if one.created_at != other.created_at:
            old, new = sorted((one, other), key=lambda m: str(m.created_at and m.created_at.isoformat()))
            yield Hit(f"{new.path} replaces this message of release {first.key}.", Location(path=old.path), first.key)


declare(
    "PKG-014",
    ERROR,
    "Submission is not valid",
    why="A submission that breaks its form cannot be turned into recordings.",
    source="house: docs/submission.md",
    mend="Correct the field that the finding names.",
    file_status="MetadataMissing",
)
declare(
    "PKG-015",
    ERROR,
    "Audio is unreadable",
    why="No decoder made a signal out of the file, so nobody can hear it.",
    source="house",
    mend="Deliver an intact WAV, FLAC, MP3, AAC, Ogg or Opus file; play it once before you send it.",
    file_status="ResourceCorrupt",
)
declare(
    "PKG-016",
    ERROR,
    "Decoding exceeded its limits",
    why="A file that asks for too much time, memory or length would hold up everybody else's.",
    source="house limits, named in the finding",
    mend="Split or re-encode the file; the limits are settings of the pipeline.",
    file_status="ResourceNotMeetingSpecifications",
)
