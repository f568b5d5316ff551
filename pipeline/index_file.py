"""What an index of a lake is: one SQLite file, shared by the workers of a machine, made anew where it is missing."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

BUSY_SECONDS = 60.0


class IndexFile:
    """One SQLite file in a lake.

    Parameters
    ----------
    lake
        The lake's folder.

    Attributes
    ----------
    FILE, FORM, TABLES
        Of a subclass: the file's name, the form of its tables as a number, and the statements that make them.
    """

    FILE: ClassVar[str]
    FORM: ClassVar[int]
    TABLES: ClassVar[str]

    def __init__(self, lake: Path) -> None:
        lake.mkdir(parents=True, exist_ok=True)
        # One worker's stages run on one thread at a time, but not always on the same.
        path = lake / self.FILE
        self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(self.TABLES)
        self._db.execute(f"PRAGMA user_version = {self.FORM}")

    @classmethod
    def is_current(cls, lake: Path) -> bool:
        """Whether the file is there, in this form."""
        file = lake / cls.FILE
        if not file.exists():
            return False
        with contextlib.closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as db:
            (form,) = db.execute("PRAGMA user_version").fetchone()
        return bool(form == cls.FORM)

    @classmethod
    def remove(cls, lake: Path) -> None:
        """Take the file away, with what SQLite keeps beside it."""
        for name in (cls.FILE, f"{cls.FILE}-wal", f"{cls.FILE}-shm"):
            (lake / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Write everything or nothing."""
    db.execute("BEGIN IMMEDIATE")  # take the write lock at once: upgrading a read lock could fail
    try:
        yield
    except BaseException:
        db.rollback()
        raise
    db.commit()
