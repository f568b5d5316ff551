"""A draft's hidden folder beside its account's deliveries: where it is, what may lie in it, what does."""

from pathlib import Path, PurePosixPath

from sqlmodel import Session

from api.public_uploads import DraftFile
from api.services import clock, deliveries, precheck
from api.services.access import Actor
from api.services.filenames import RESOURCES, safe_name
from api.settings import Settings
from api.tables import DeliveryDraftRow
from schemas.errors import NotFound, UnsafePath
from schemas.package import ARCHIVE_SUFFIXES

HIDDEN = ".draft-"
PARTS = ".parts"  # the files on their way, in the draft's folder or the appeal's
MAX_DEPTH = 4  # batch, release, resources, file


def locked(session: Session, actor: Actor, draft_id: str) -> DeliveryDraftRow:
    """Read a draft that is the actor's and was not sent."""
    row = session.get(DeliveryDraftRow, draft_id)
    if row is None or row.delivery_id is not None or not actor.sees(account=row.account, sender_id=""):
        raise NotFound(f"There is no draft {draft_id[:80]}.", mend="It may have been sent; see your deliveries.")
    return row


def touch(session: Session, draft_id: str) -> None:
    """Note that something was added."""
    row = session.get(DeliveryDraftRow, draft_id)
    if row is not None:
        row.updated_at = clock.now()
        session.add(row)


def folder_of(settings: Settings, account: str, draft_id: str) -> Path:
    """Name the hidden folder of a draft."""
    return settings.landing / deliveries.ACCOUNTS / account / f"{HIDDEN}{draft_id}"


def place_name(name: str) -> str:
    """Give the place of a file within a delivery: as sent, or in ``resources/`` where it came alone.

    Raises
    ------
    UnsafePath
        The name begins at a root; a part of it is none on every machine, is an archive, or lies too deep.
    """
    if name.startswith(("/", "\\")):
        raise UnsafePath(f"{name[:80]!a} is an absolute path.", mend="Name the file as it lies in the delivery.")
    parts = [safe_name(part) for part in name.replace("\\", "/").split("/") if part not in {"", "."}]
    if not 1 <= len(parts) <= MAX_DEPTH:
        raise UnsafePath(f"{name[:80]!a} names no file of a delivery.", mend="Use a release folder and resources/.")
    if PurePosixPath(parts[-1]).suffix.lower() in ARCHIVE_SUFFIXES:
        raise UnsafePath(f"{parts[-1][:80]!a} is an archive.", mend="Unpack it and add the files.")
    is_loose = len(parts) == 1 and not is_small(parts[0])
    return "/".join([RESOURCES, *parts] if is_loose else parts)


def is_small(name: str) -> bool:
    """Whether a file is a message or marker, and not sound."""
    return precheck.is_message(name) or precheck.is_marker(name)


def files_of(folder: Path) -> list[DraftFile]:
    """List the whole files below a folder, hidden ones left out, by name."""
    found = []
    for place in sorted(folder.rglob("*")):
        relative = place.relative_to(folder).as_posix()
        if place.is_file() and not any(part.startswith(".") for part in relative.split("/")):
            size = place.stat().st_size
            found.append(DraftFile(name=relative, size=size, received=size))
    return found
