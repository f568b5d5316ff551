"""The files of a backup: what labels attached to appeals, each with its hash, beside the tables that name them."""

import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from sqlalchemy import Connection

from schemas.base import Model
from schemas.errors import InvalidInput

FOLDER = "attachments"
CHUNK = 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9_]{1,100}/[A-Za-z0-9_]{1,100}")  # appeal and attachment: both names are liner's own


class FileBackup(Model):
    """One file of a backup: its length in bytes, and its SHA-256."""

    size: int
    sha256: str


def save(
    archive: zipfile.ZipFile, connection: Connection, folder: Path
) -> tuple[dict[str, FileBackup], tuple[str, ...]]:
    """Add every attachment that the tables name.

    Returns
    -------
    tuple
        The files by name, and the names of those that are not there or not what they were when they came.
    """
    saved: dict[str, FileBackup] = {}
    lost: list[str] = []
    for name, sha256 in _named(connection):
        path = folder / name
        if not path.is_file():
            lost.append(name)
            continue
        saved[name] = _copy_in(archive, path, name)
        if saved[name].sha256 != sha256:
            lost.append(name)
    return saved, tuple(lost)


def refuse_damage(archive: zipfile.ZipFile, files: Mapping[str, FileBackup], path: Path) -> None:
    """Compare every file of a backup with its hash before anything is restored.

    Raises
    ------
    InvalidInput
        A file is missing, was changed, or has a name that is none of ours.
    """
    for name, expected in files.items():
        if not NAME.fullmatch(name):
            raise InvalidInput(f"{path} holds a file with a foreign name.", mend="Take another copy of it.")
        try:
            with archive.open(_inside(name)) as file:
                is_whole = _digest(file) == expected.sha256
        except (KeyError, zipfile.BadZipFile) as error:
            raise InvalidInput(f"{path} is damaged.", mend="Take another copy of it.") from error
        if not is_whole:
            raise InvalidInput(f"{path} was changed after it was made.", mend="Take another copy of it.")


def restore(archive: zipfile.ZipFile, files: Mapping[str, FileBackup], folder: Path) -> None:
    """Put the files back; one that is there already has to be the same.

    Raises
    ------
    InvalidInput
        Another file stands in the way, or the folder cannot be written.
    """
    for name, expected in files.items():
        target = folder / name
        try:
            if target.is_file():
                with target.open("rb") as there:
                    if _digest(there) != expected.sha256:
                        raise InvalidInput(
                            f"{target} is another file.", mend="Set LINER_ATTACHMENTS to an empty folder."
                        )
                continue
            _copy_out(archive, name, target)
        except OSError as error:
            raise InvalidInput(
                f"{folder} cannot be written: {error.strerror}.", mend="Set LINER_ATTACHMENTS to another folder."
            ) from error


def _named(connection: Connection) -> Iterator[tuple[str, str]]:
    if not sa.inspect(connection).has_table("appeal_attachment"):
        return  # a schema of before
    query = sa.text("SELECT appeal_id, id, sha256 FROM appeal_attachment ORDER BY id")
    for appeal_id, attachment_id, sha256 in connection.execute(query):
        yield f"{appeal_id}/{attachment_id}", sha256


def _copy_in(archive: zipfile.ZipFile, path: Path, name: str) -> FileBackup:
    about = zipfile.ZipInfo.from_file(path, _inside(name))  # stored as it is: sound does not get smaller
    size, digest = 0, hashlib.sha256()
    with path.open("rb") as source, archive.open(about, "w", force_zip64=True) as target:
        while chunk := source.read(CHUNK):
            target.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return FileBackup(size=size, sha256=digest.hexdigest())


def _copy_out(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{target.name}.part")
    with archive.open(_inside(name)) as source, aside.open("wb") as copy:
        while chunk := source.read(CHUNK):
            copy.write(chunk)
    aside.replace(target)


def _digest(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # a member of an archive reads, too


def _inside(name: str) -> str:
    return f"{FOLDER}/{name}"
