"""Rules of the PKG group on deliveries: whole, in order, and each message only once.

Source: DDEX ERN-C-SFTP 1.6 (clauses 8.3, 8.4), Spotify's delivery guide, and house rules.
Inputs: `schemas.package.Package`; `schemas.release.Message` where the message alone is enough.
What only a reader, a submission or a decoder sees is declared here and raised there.
"""

import posixpath
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from schemas.findings import Location, Severity
from schemas.package import Layout, Package, PackageFile
from schemas.release import Message
from schemas.rules.registry import Hit, Scope, declare, rule
from schemas.rules.words import top_of

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
SFTP = "DDEX ERN-C-SFTP 1.6"
EPOCH = datetime.min.replace(tzinfo=UTC)
CLOCK_SLACK_NS = 2_000_000_000  # some file systems keep times to two seconds
MARKER_NAME = re.compile(r"BatchComplete_[^/]+\.xml")


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
    if package.marker is None:
        yield Hit("The batch has no completion marker.", Location(path="."), package.root)
    for marker in (f for f in package.files if f.path == package.marker):
        yield from _late_files(package, marker)


def _late_files(package: Package, marker: PackageFile) -> Iterator[Hit]:
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
    if manifest is None or package.layout is not Layout.BATCH:
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
        yield Hit("The message calls itself a TestMessage.", top_of(message), message.message_id, message.control_type)


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
    first: dict[tuple[str, str], Message] = {}
    for other in package.messages:
        one = first.setdefault((_sender_of(other), other.message_id), other)
        if not other.message_id or one is other:
            continue
        same = one.sha256 == other.sha256
        what = "with the same bytes" if same else "with different bytes"
        text = f"{one.path} and {other.path} have one MessageId {what}."
        yield Hit(text, top_of(other), one.message_id, one.message_id, INFO if same else None)


def _sender_of(message: Message) -> str:
    return next((i.value for i in message.sender.ids if i.value), message.sender.name)


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
    """Look for messages that another one of the same delivery replaces."""
    newest: dict[str, Message] = {}
    dated = [m for m in package.messages if m.main_release and m.created_at]
    for message in sorted(dated, key=lambda m: (m.created_at or EPOCH, m.path)):
        newest[message.main_release.key if message.main_release else ""] = message
    for old in dated:
        key = old.main_release.key if old.main_release else ""
        new = newest[key]
        if old.created_at != new.created_at:
            yield Hit(f"{new.path} replaces this message of release {key}.", top_of(old), key)


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
