"""Rules of the PKG group on files: those that a message names and those that arrived.

Source: DDEX ERN-C-SFTP 1.6 (clauses 7.2, 8.1), ERN 4.3 File, and house rules.
Inputs: `schemas.package.Package` where a folder is needed, `schemas.release.Message` where the
message alone is enough, `schemas.evidence.Evidence` for the hash of a file that was opened.
"""

import posixpath
import re
from collections.abc import Iterator

from schemas.errors import UnsafePath
from schemas.evidence import Evidence
from schemas.findings import Location, Severity
from schemas.package import PICTURE_SUFFIXES, SOUND_SUFFIXES, Layout, Package, resolve
from schemas.release import FileReference, Message, Resource
from schemas.rules.registry import Hit, Scope, rule
from schemas.rules.words import name_of, resources_of

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
SFTP = "DDEX ERN-C-SFTP 1.6"
WEAK_HASHES = frozenset({"MD2", "MD4", "MD5", "SHA1", "CRC32", "CRC"})


def _file_references(message: Message) -> Iterator[tuple[Resource, FileReference]]:
    for resource in resources_of(message):
        for file in resource.files:
            yield resource, file


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
    present = {f.path for f in package.files}
    alone = present <= {m.path for m in package.messages}
    if package.layout is Layout.MESSAGE or (package.layout is Layout.SUBMISSION and alone):
        return
    for message in package.messages:
        for resource, file in _file_references(message):
            try:
                path = resolve(message.path, file.uri, present)
            except UnsafePath:
                continue  # PKG-009 says so
            if path not in present:
                yield Hit(f"{file.uri} is not in the delivery.", file.at, name_of(resource), file.uri)


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
                yield Hit(error.message, reference.at, name_of(resource), reference.uri)
