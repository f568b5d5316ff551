"""The past of one arrival, read from the lake's index of declarations (`pipeline.history`)."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schemas.disclosure import Level
from schemas.history import PastDeclaration, PastMessage

MAX_LISTED = 200  # of one ISRC, sound or release, the last ones; a person is told of a few
NEVER = ""
DECLARATION = (
    "recording_key, isrc, sender_id, release_key, level, message_id, message_sha256, declared_at, signal_hash, "
    "can_declare, artist, delivery_id"
)
MESSAGE = "sender_id, message_id, message_sha256, release_key, declared_at, is_takedown"
_BEFORE = "(run, turn) < (?, ?)"
_STATED = f"is_takedown = 0 AND {_BEFORE}"

Norms = dict[tuple[str, int], Mapping[Level, int]]
"""Counts of a sender's recordings by level, before a run; they cost a look at all of them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an arrival stands: its run, and its turn within the run."""

    run: int
    turn: str


class LakePast:
    """A `schemas.history.DeclarationHistory` as of one place: what came before it."""

    def __init__(self, db: sqlite3.Connection, place: Place, norms: Norms) -> None:
        self._db = db
        self._place = place
        self._norms = norms

    def of_isrc(self, isrc: str) -> Sequence[PastDeclaration]:
        """List what anybody declared about an ISRC."""
        return self._declarations("isrc", isrc)

    def of_sound(self, signal_hash: str) -> Sequence[PastDeclaration]:
        """List what was declared about recordings with the very same sound."""
        return self._declarations("signal_hash", signal_hash)

    def of_message(self, message_id: str) -> Sequence[PastMessage]:
        """List the messages of an id."""
        return self._messages("message_id", message_id)

    def of_release(self, release_key: str) -> Sequence[PastMessage]:
        """List the messages about a release."""
        return self._messages("release_key", release_key)

    def of_sender(self, sender_id: str) -> Mapping[Level, int]:
        """Count a sender's recordings by level, where the message could declare; earlier runs alone count."""
        key = (sender_id, self._place.run)
        if key not in self._norms:
            stated = "sender_id = ? AND run < ? AND can_declare AND is_takedown = 0"
            counts = f"SELECT level, count(*) FROM declaration WHERE {stated} GROUP BY level"  # noqa: S608
            rows = self._db.execute(counts, key)
            self._norms[key] = Counter({Level(level): count for level, count in rows})
        return self._norms[key]

    def releases_of(self, artist: str, sender_id: str, since: datetime, until: datetime) -> int:
        """Count the releases that a sender sent for an artist in messages made between two moments."""
        query = "SELECT count(DISTINCT release_key) FROM declaration WHERE artist_key = ? AND sender_id = ? "
        within = (artist.casefold(), sender_id, as_text(since), as_text(until), self._place.run, self._place.turn)
        (count,) = self._db.execute(f"{query} AND declared_at BETWEEN ? AND ? AND {_STATED}", within).fetchone()
        return int(count)

    def _declarations(self, column: str, key: str) -> Sequence[PastDeclaration]:
        query = f"SELECT {DECLARATION} FROM declaration WHERE {column} = ? AND {_STATED} "  # noqa: S608
        last = "ORDER BY run DESC, turn DESC LIMIT ?"
        rows = self._db.execute(query + last, (key, self._place.run, self._place.turn, MAX_LISTED)).fetchall()
        return [to_declaration(row) for row in reversed(rows)]

    def _messages(self, column: str, key: str) -> Sequence[PastMessage]:
        query = f"SELECT {MESSAGE} FROM message WHERE {column} = ? AND {_BEFORE} "  # noqa: S608
        last = "ORDER BY run DESC, turn DESC LIMIT ?"
        rows = self._db.execute(query + last, (key, self._place.run, self._place.turn, MAX_LISTED)).fetchall()
        return [to_message(row) for row in reversed(rows)]


def as_text(moment: datetime | None) -> str:
    """Write a time so that it sorts; no time comes first."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else NEVER


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def declaration_row(one: PastDeclaration) -> tuple[object, ...]:
    """Give the values of `DECLARATION`."""
    return (
        one.recording_key,
        one.isrc,
        one.sender_id or "",
        one.release_key or "",
        one.level.value,
        one.message_id,
        one.message_sha256 or "",
        as_text(one.declared_at),
        one.signal_hash,
        one.can_declare,
        one.artist,
        one.delivery_id,
    )


def message_row(one: PastMessage) -> tuple[object, ...]:
    """Give the values of `MESSAGE`; the first four are its key."""
    return (
        one.sender_id or "",
        one.message_id,
        one.message_sha256 or "",
        one.release_key or "",
        as_text(one.declared_at),
        one.is_takedown,
    )


def to_declaration(row: tuple[Any, ...]) -> PastDeclaration:
    """Read the values of `DECLARATION` back."""
    key, isrc, sender, release, level, message_id, sha256, declared_at, signal_hash, can_declare, *rest = row
    artist, delivery_id = rest
    return PastDeclaration(
        recording_key=key,
        isrc=isrc,
        sender_id=sender or None,
        release_key=release or None,
        level=Level(level),
        message_id=message_id,
        message_sha256=sha256 or None,
        declared_at=_moment(declared_at),
        signal_hash=signal_hash,
        can_declare=bool(can_declare),
        artist=artist,
        delivery_id=delivery_id,
    )


def to_message(row: tuple[Any, ...]) -> PastMessage:
    """Read the values of `MESSAGE` back."""
    sender, message_id, sha256, release, declared_at, is_takedown = row
    return PastMessage(
        sender_id=sender or None,
        release_key=release or None,
        message_id=message_id,
        message_sha256=sha256 or None,
        declared_at=_moment(declared_at),
        is_takedown=bool(is_takedown),
    )
