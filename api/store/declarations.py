"""Declarations: rows in, the nouns of `schemas.history` out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_
from sqlmodel import Session, col, select

from api.services.access import Actor, Role
from api.store import bulk
from api.store.cases import visible
from api.tables import DeclarationRow
from schemas.disclosure import Level
from schemas.history import PastDeclaration, PastMessage

MAX_LISTED = 200  # of one ISRC, sound or release, the last ones


def add(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    """Insert what is not stored yet; the same message again is the same row."""
    made = {str(row["id"]): row for row in rows}
    if not made:
        return
    for known in session.exec(select(DeclarationRow.id).where(bulk.among(session, DeclarationRow.id, made))):
        del made[known]
    bulk.insert(session, DeclarationRow, list(made.values()))


def of_isrc(session: Session, actor: Actor, isrc: str) -> list[DeclarationRow]:
    """Read the last declarations about an ISRC that are the actor's to see, in the order of their making."""
    if actor.role is not Role.LABEL:
        return list(session.scalars(_OF_ISRC, {"of": isrc}))[::-1]
    return _last(session, select(DeclarationRow).where(col(DeclarationRow.isrc) == isrc, _visible(actor)))


@dataclass(frozen=True, slots=True)
class StoreHistory:
    """A `schemas.history.DeclarationHistory` of what the store keeps and an actor may see, before one declaration.

    Attributes
    ----------
    known
        What was read already: all that was declared about these ISRCs before, as far as the actor may see it.
    """

    session: Session
    actor: Actor
    before: DeclarationRow
    known: Mapping[str, Sequence[PastDeclaration]] = field(default_factory=dict)

    def of_isrc(self, isrc: str) -> Sequence[PastDeclaration]:
        """List what anybody declared about an ISRC."""
        return self.known[isrc] if isrc in self.known else self._declarations(col(DeclarationRow.isrc) == isrc)

    def of_sound(self, signal_hash: str) -> Sequence[PastDeclaration]:
        """List what was declared about recordings with the very same sound."""
        return self._declarations(col(DeclarationRow.signal_hash) == signal_hash)

    def of_message(self, message_id: str) -> Sequence[PastMessage]:
        """List the messages of an id, whoever sent them."""
        return self._messages(col(DeclarationRow.message_id) == message_id)

    def of_release(self, release_key: str) -> Sequence[PastMessage]:
        """List the messages about a release, whoever sent them."""
        return self._messages(col(DeclarationRow.release_key) == release_key)

    def of_sender(self, sender_id: str) -> Mapping[Level, int]:
        """Count a sender's recordings by level, where the message could declare."""
        query = (
            select(DeclarationRow.level, func.count())
            .where(
                col(DeclarationRow.sender_id) == sender_id,
                col(DeclarationRow.can_declare),
                col(DeclarationRow.is_takedown).is_(False),
                self._earlier(),
            )
            .group_by(col(DeclarationRow.level))
        )
        return Counter({Level(level): count for level, count in self.session.exec(query)})

    def releases_of(self, artist: str, sender_id: str, since: datetime, until: datetime) -> int:
        """Count the releases that a sender sent for an artist in messages made between two moments."""
        query = select(func.count(func.distinct(col(DeclarationRow.release_key)))).where(
            func.lower(col(DeclarationRow.artist)) == artist.lower(),
            col(DeclarationRow.sender_id) == sender_id,
            col(DeclarationRow.release_key) != "",
            col(DeclarationRow.declared_at).between(since, until),
            self._earlier(),
        )
        return self.session.exec(query).one()

    def _declarations(self, condition: ColumnElement[bool]) -> Sequence[PastDeclaration]:
        return [to_past(row) for row in self._rows(and_(condition, col(DeclarationRow.is_takedown).is_(False)))]

    def _messages(self, condition: ColumnElement[bool]) -> Sequence[PastMessage]:
        return list(dict.fromkeys(to_message(row) for row in self._rows(condition)))

    def _rows(self, condition: ColumnElement[bool]) -> list[DeclarationRow]:
        return _last(self.session, select(DeclarationRow).where(condition, self._earlier()))

    def _earlier(self) -> ColumnElement[bool]:
        made_at, key = col(DeclarationRow.made_at), col(DeclarationRow.id)
        own = self.before
        before = or_(made_at < own.made_at, and_(made_at == own.made_at, key < own.id))
        return and_(before, _visible(self.actor))


def to_past(row: DeclarationRow) -> PastDeclaration:
    """Turn a row into what the rules know of a declaration."""
    return PastDeclaration(
        recording_key=row.recording_key,
        isrc=row.isrc or None,
        sender_id=row.sender_id or None,
        release_key=row.release_key or None,
        level=Level(row.level),
        message_id=row.message_id,
        message_sha256=row.message_sha256 or None,
        declared_at=row.declared_at,
        signal_hash=row.signal_hash,
        can_declare=row.can_declare,
        artist=row.artist,
    )


def to_message(row: DeclarationRow) -> PastMessage:
    """Turn a row into what the rules know of its message."""
    return PastMessage(
        sender_id=row.sender_id or None,
        release_key=row.release_key or None,
        message_id=row.message_id,
        message_sha256=row.message_sha256 or None,
        declared_at=row.declared_at,
        is_takedown=row.is_takedown,
    )


def _visible(actor: Actor) -> ColumnElement[bool]:
    return visible(actor, DeclarationRow.account, DeclarationRow.sender_id)


def _last(session: Session, query: Any) -> list[DeclarationRow]:
    return list(session.exec(_newest(query)))[::-1]


def _newest(query: Any) -> Any:
    return query.order_by(col(DeclarationRow.made_at).desc(), col(DeclarationRow.id).desc()).limit(MAX_LISTED)


_OF_ISRC = _newest(select(DeclarationRow).where(col(DeclarationRow.isrc) == bindparam("of")))  # built once
