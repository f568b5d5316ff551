"""The walk over a landing zone: which deliveries lie there, and where their parts are.

Layouts (docs/operations.md): a batch folder with its completion marker, a release folder with a
message and ``resources/``, a single message, a submission, bare audio. Names and kinds of files
decide; only the head of a message is opened, where its folder is in doubt. Symbolic links, archives and
special files are never followed or opened: they are named as refused, and the rule PKG-009 says so.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from pipeline.kinds import SIDE_SUFFIXES, is_sound, is_utf8, refusal, writable
from pipeline.submitted import is_submission, is_submitted_table, words_of
from schemas.errors import InvalidInput
from schemas.package import ARCHIVE_SUFFIXES, SOUND_SUFFIXES, Layout, PackageFile

ACCOUNTS = "accounts"  # <landing>/accounts/<account>/<delivery>: what came through a transport account
SUBMISSION_SUFFIXES = frozenset({".json", ".csv", ".xlsx"})
RESOURCES = "resources"
MARKER = re.compile(r"(BatchComplete.*|.*\.complete)", re.IGNORECASE)
ACKNOWLEDGEMENT = re.compile(r"ACK_.*\.xml", re.IGNORECASE)
BATCH_NAME = re.compile(r"[PMN]_[A-Za-z0-9]+")
FIRST_ALONE = 64  # the first files of a folder travel one by one, so that few files still spread over workers
FILES_PER_REF = 8
SOUNDS_PER_PART = 3
MAX_DEPTH = 128  # parts of a path; what lies deeper is refused: no sender needs it, and the walk must end
TOO_DEEP = f"more than {MAX_DEPTH} folders deep"
MAX_PARTS = 16  # each part reads the delivery's messages again, so there are not many


@dataclass(frozen=True, slots=True)
class DeliveryRef:
    """Where one delivery (or a share of it) lies: a small record that may cross a shuffle.

    Attributes
    ----------
    root
        Absolute folder that the other paths start from.
    path
        The delivery relative to the landing zone: what people see. For bare audio the folder of the
        files, empty for the zone itself.
    messages, sounds
        Relative to ``root``; ``sounds`` only for bare audio.
    refused
        Pairs of a path and why it is not opened; only for bare audio, other layouts are walked when read.
    account
        The transport account that it came through, if any.
    marker
        The completion marker relative to ``root``.
    part, parts
        This share of the recordings, and of how many shares.
    rows
        For a manifest: the spool file, the byte where the rows start, and how many they are.
    """

    root: str
    path: str
    layout: Layout
    messages: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    account: str | None = None
    marker: str | None = None
    part: int = 0
    parts: int = 1
    rows: tuple[str, int, int] | None = None

    @property
    def is_folder(self) -> bool:
        """Whether the delivery is a whole folder; a stream waits for its completion marker."""
        if self.layout is Layout.SUBMISSION:
            return not (len(self.messages) == 1 and self.path.endswith(self.messages[0]))
        return self.layout in (Layout.BATCH, Layout.RELEASE)

    @property
    def files(self) -> tuple[str, ...]:
        """The files of a delivery that is no folder."""
        return self.messages + self.sounds + tuple(path for path, _ in self.refused)


@dataclass(slots=True)
class _Listing:
    """One folder's entries by what they seem to be; names only."""

    folder: Path
    folders: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    sounds: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)
    marker: str | None = None


def discover(
    root: Path, *, is_zone: bool = False, left_alone: Callable[[str], None] | None = None
) -> Iterator[DeliveryRef]:
    """Find the deliveries below a folder, or the one that a file is, in the order of their paths.

    Parameters
    ----------
    root
        A landing zone, a delivery or a file.
    is_zone
        Whether ``root`` is a landing zone for certain: then it is no delivery, whatever lies in it.
    left_alone
        Told the path of each file that neither its name nor its first bytes make a sound, and that is
        no message, table, picture or paper either.

    Raises
    ------
    InvalidInput
        There is nothing at ``root``, it cannot be listed, or its name cannot be written down.
    """
    refuse_odd_name(root)
    place = Path(os.path.abspath(root))  # noqa: PTH100 - unlike resolve, keeps a link to the zone itself as named
    if place.is_file():
        yield _single(place)
        return
    if not place.is_dir():
        raise InvalidInput(f"{root} is neither a file nor a folder.", mend="Name a landing folder, file or manifest.")
    listing = _list(place)
    if not is_zone and _delivery_layout(listing):
        yield from _shares(_folder_ref(listing, place.parent))
    else:
        yield from _walk(place, listing, left_alone)


def refuse_odd_name(root: Path) -> None:
    """Raise `InvalidInput` for a path that is no UTF-8: no result could name it."""
    if not is_utf8(str(root)):
        raise InvalidInput(f"The name {writable(str(root))} is not UTF-8.", mend="Rename the file or folder.")


def package_files(root: Path) -> tuple[PackageFile, ...]:
    """List every file below a delivery's folder with size and time, refused ones with the reason."""
    return tuple(_files_below(root, root))


def package_file(root: Path, relative: str) -> PackageFile:
    """Describe one file; one that is gone has size -1 and the time 0."""
    try:
        status = os.lstat(root / relative)
    except OSError:
        return PackageFile(path=relative, size=-1, modified_ns=0)
    return PackageFile(
        path=writable(relative),
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
        refused=refusal(relative, status.st_mode),
    )


def _files_below(folder: Path, root: Path) -> Iterator[PackageFile]:
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as error:
        name = folder.relative_to(root).as_posix()
        yield PackageFile(path=name, size=0, modified_ns=0, refused=f"cannot be listed ({error.strerror})")
        return
    for entry in entries:
        relative = Path(entry.path).relative_to(root).as_posix()
        if not entry.is_dir(follow_symlinks=False) or not is_utf8(entry.name):
            yield package_file(root, relative)
        elif len(folder.parts) >= MAX_DEPTH:
            yield PackageFile(path=relative, size=0, modified_ns=0, refused=TOO_DEEP)
        else:
            yield from _files_below(Path(entry.path), root)


def _single(file: Path) -> DeliveryRef:
    if file.is_symlink():
        return DeliveryRef(str(file.parent), "", Layout.AUDIO, refused=((file.name, "symbolic link"),))
    suffix = file.suffix.lower()
    if suffix == ".xml":
        return DeliveryRef(str(file.parent), file.name, Layout.MESSAGE, messages=(file.name,))
    if suffix in SUBMISSION_SUFFIXES:  # named by itself, a table is meant as one, whatever stands in its first row
        return DeliveryRef(str(file.parent), file.name, Layout.SUBMISSION, messages=(file.name,))
    if suffix in ARCHIVE_SUFFIXES:
        return DeliveryRef(str(file.parent), "", Layout.AUDIO, refused=((file.name, "archive"),))
    return DeliveryRef(str(file.parent), "", Layout.AUDIO, sounds=(file.name,))


def _list(folder: Path) -> _Listing:
    listing = _Listing(folder)
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as error:
        listing.refused.append((".", f"cannot be listed ({error.strerror})"))
        return listing
    for entry in entries:
        _sort_in(listing, entry)
    beside = {f"{name}.complete" for name in listing.folders}  # those mark a folder in here, not this folder
    listing.marker = next((name for name in listing.markers if name not in beside), None)
    return listing


def _sort_in(listing: _Listing, entry: os.DirEntry[str]) -> None:
    name, suffix = entry.name, PurePosixPath(entry.name).suffix.lower()
    why_not = _why_not(listing, entry)
    if MARKER.fullmatch(name) and entry.is_file(follow_symlinks=False):
        listing.markers.append(name)
    elif name.startswith("."):
        return
    elif why_not is not None:
        listing.refused.append((writable(name), why_not))
    elif entry.is_dir(follow_symlinks=False):
        listing.folders.append(name)
    elif suffix == ".xml" and not ACKNOWLEDGEMENT.fullmatch(name):
        listing.messages.append(name)
    elif suffix == ".json" or is_submitted_table(Path(entry.path)):
        listing.documents.append(name)
    elif is_sound(Path(entry.path)):
        listing.sounds.append(name)
    elif suffix not in SIDE_SUFFIXES:
        listing.others.append(name)


def _why_not(listing: _Listing, entry: os.DirEntry[str]) -> str | None:
    """Say why an entry is not opened, one that vanishes while it is looked at included."""
    try:
        why_not = refusal(entry.name, entry.stat(follow_symlinks=False).st_mode)
        is_deep = len(listing.folder.parts) >= MAX_DEPTH and entry.is_dir(follow_symlinks=False)
    except OSError as error:
        return f"cannot be looked at ({error.strerror})"
    return why_not or (TOO_DEEP if is_deep else None)


def _delivery_layout(listing: _Listing) -> Layout | None:
    """Tell how a folder is laid out; None for a folder that merely holds deliveries."""
    inner = [_list(listing.folder / name) for name in listing.folders]
    has_deliveries = any(i.messages or i.documents for i in inner)
    if has_deliveries and (listing.marker or BATCH_NAME.fullmatch(listing.folder.name)):
        return Layout.BATCH if any(i.messages for i in inner) else None
    messages = listing.messages or [name for name in listing.documents if is_submission(listing.folder / name)]
    own = [i for i in inner if i.folder.name == RESOURCES or (i.sounds and _is_named(i.folder, messages))]
    has_others = any(i.sounds or i.folders for i in inner if i not in own)
    if has_deliveries or has_others or not messages or not (listing.sounds or own or listing.marker):
        return None
    return Layout.RELEASE if listing.messages else Layout.SUBMISSION


def _is_named(folder: Path, messages: list[str]) -> bool:
    """Whether a message beside a folder names files in it: any folder of sounds may lie beside a stray message."""
    return any(f"{folder.name}/".encode() in words_of(folder.parent / name) for name in messages)


def _folder_ref(listing: _Listing, zone: Path) -> DeliveryRef:
    layout = _delivery_layout(listing)
    folder = listing.folder
    if layout is Layout.SUBMISSION:
        messages = [name for name in listing.documents if is_submission(folder / name)]
    elif layout is Layout.RELEASE:
        messages = listing.messages
    else:
        inner = ((name, _list(folder / name)) for name in listing.folders)
        messages = listing.messages + [f"{name}/{m}" for name, one in inner for m in one.messages]
    path, marker = folder.relative_to(zone).as_posix(), _marker_of(listing)
    return DeliveryRef(
        str(folder), path, layout or Layout.AUDIO, tuple(messages), account=_account(path), marker=marker
    )


def _account(path: str) -> str | None:
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == ACCOUNTS else None


def _shares(ref: DeliveryRef) -> Iterator[DeliveryRef]:
    """Split a large delivery, so that every worker gets a share of its recordings."""
    suffixes = (PurePosixPath(f.path).suffix.lower() for f in package_files(Path(ref.root)))
    sounds = sum(suffix in SOUND_SUFFIXES for suffix in suffixes)
    parts = min(MAX_PARTS, max(1, sounds // SOUNDS_PER_PART))
    for part in range(parts):
        yield replace(ref, part=part, parts=parts)


def _walk(zone: Path, listing: _Listing, left_alone: Callable[[str], None] | None) -> Iterator[DeliveryRef]:
    yield from _loose(zone, listing)
    if left_alone:
        for name in listing.others:
            left_alone((listing.folder / name).relative_to(zone).as_posix())
    for name in listing.folders:
        inner = _list(listing.folder / name)
        if _delivery_layout(inner):
            yield from _shares(_folder_ref(inner, zone))
        elif _marker_of(inner):
            yield from _marked(zone, inner, left_alone)
        else:
            yield from _walk(zone, inner, left_alone)


def _marked(zone: Path, listing: _Listing, left_alone: Callable[[str], None] | None) -> Iterator[DeliveryRef]:
    """Walk a folder that is called complete and is no delivery: its sender waits, so it is told what was not found."""
    below = list(_walk(zone, listing, left_alone))
    if all(ref.layout is Layout.AUDIO for ref in below):
        suffixes = {".xlsx"} if below else {".xlsx", ".csv"}  # beside sounds, a CSV may be any list of them
        names = (file.path for file in package_files(listing.folder) if not file.refused)
        tables = tuple(name for name in names if _is_table_here(name, suffixes))
        if tables or not below:
            yield replace(_folder_ref(listing, zone), layout=Layout.SUBMISSION, messages=tables)
    yield from below


def _is_table_here(path: str, suffixes: set[str]) -> bool:
    """Whether a file lies in the folder itself and is called a table; a program's lock file is none."""
    return PurePosixPath(path).suffix.lower() in suffixes and "/" not in path and not path.startswith((".", "~$"))


def _marker_of(listing: _Listing) -> str | None:
    """Find a folder's completion marker, in it or beside it."""
    beside = listing.folder.with_name(f"{listing.folder.name}.complete")
    return listing.marker or (f"../{beside.name}" if beside.is_file() else None)


def _loose(zone: Path, listing: _Listing) -> Iterator[DeliveryRef]:
    root = str(listing.folder)
    prefix = "" if listing.folder == zone else listing.folder.relative_to(zone).as_posix()
    account = _account(f"{prefix}/x")
    for name in listing.messages:
        yield DeliveryRef(root, join(prefix, name), Layout.MESSAGE, (name,), account=account)
    for name in listing.documents:
        if not listing.sounds or is_submission(listing.folder / name):
            yield DeliveryRef(root, join(prefix, name), Layout.SUBMISSION, (name,), account=account)
    for one in listing.refused:
        yield DeliveryRef(root, prefix, Layout.AUDIO, refused=(one,), account=account)
    for chunk in chunked(listing.sounds):
        yield DeliveryRef(root, prefix, Layout.AUDIO, sounds=chunk, account=account)


def join(prefix: str, name: str) -> str:
    """Join two relative paths, either of which may be empty."""
    return f"{prefix}/{name}" if prefix else name


def chunked(names: list[str]) -> Iterator[tuple[str, ...]]:
    """Cut a list into shares: single names first, larger shares after `FIRST_ALONE`."""
    for name in names[:FIRST_ALONE]:
        yield (name,)
    for start in range(FIRST_ALONE, len(names), FILES_PER_REF):
        yield tuple(names[start : start + FILES_PER_REF])
