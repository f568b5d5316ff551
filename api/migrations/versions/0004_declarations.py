"""Declarations: what each message declared, and what the screenings of before remember of it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

AT = sa.DateTime(timezone=True)
BATCH = 500
LIMIT = 500
INDEXES = (
    ("isrc", "made_at", "id"),
    ("signal_hash", "made_at"),
    ("release_key", "made_at"),
    ("message_id",),
    ("sender_id", "made_at"),
    ("screening_id",),
)


def upgrade() -> None:
    """Change the schema, and take over what is stored already."""
    texts = ("recording_key", "isrc", "account", "sender_id", "sender_name", "release_key", "release_title", "artist")
    table = op.create_table(
        "declaration",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("can_declare", sa.Boolean(), nullable=False),
        sa.Column("is_takedown", sa.Boolean(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("message_sha256", sa.String(), nullable=False),
        sa.Column("declared_at", AT, nullable=True),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("received_at", AT, nullable=False),
        sa.Column("signal_hash", sa.String(), nullable=True),
        sa.Column("disclosure", sa.Text(), nullable=False),
        sa.CheckConstraint("level IN ('undeclared', 'none', 'partly', 'all')", name="ck_declaration_level"),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name="fk_declaration_screening_id"),
        sa.PrimaryKeyConstraint("id", name="pk_declaration"),
    )
    for columns in INDEXES:
        op.create_index(f"ix_declaration_{'_'.join(columns)}", "declaration", list(columns))
    seen: set[str] = set()
    for rows in _stored():
        new = {row["id"]: row for row in rows if row["id"] not in seen}
        seen.update(new)
        if new:
            op.bulk_insert(table, list(new.values()))


def downgrade() -> None:
    """Change it back; the screenings still hold what was declared."""
    op.drop_table("declaration")


def _stored() -> Iterator[list[dict[str, Any]]]:
    """Read the screenings, some at a time."""
    screening = sa.table(
        "screening", *(sa.column(n) for n in ("id", "account", "sender_id", "isrc", "document")),
        sa.column("received_at", AT),
    )  # fmt: skip
    connection, place = op.get_bind(), ""
    while True:  # by key: an open cursor would hold all of them in memory
        query = sa.select(screening).where(screening.c.id > place).order_by(screening.c.id).limit(BATCH)
        found = connection.execute(query).mappings().all()
        if not found:
            return
        place = found[-1]["id"]
        yield [row for one in found if (row := _row(dict(one)))]


def _row(stored: Mapping[str, Any]) -> dict[str, Any] | None:
    document = json.loads(stored["document"])
    intake, declared = document["intake"], document.get("declared")
    recording = intake.get("recording")
    if recording is None or declared is None:
        return None
    audio = document.get("found", {}).get("audio") or {}
    received, made = _utc(stored["received_at"]), _utc(intake.get("message_created_at"))
    release, sha256 = intake.get("release_key") or "", intake.get("message_sha256") or ""
    identity = sha256 or intake["source_key"]
    return {
        "id": _derived(stored["account"], intake["recording_key"], release, identity),
        "screening_id": stored["id"],
        "recording_key": intake["recording_key"],
        "isrc": stored["isrc"],
        "account": stored["account"],
        "sender_id": stored["sender_id"],
        "sender_name": _plain(intake.get("sender_name")),
        "release_key": _plain(release),
        "release_title": _plain(intake.get("release_title")),
        "artist": _plain(recording.get("display_artist")),
        "level": declared["level"],
        "can_declare": declared["can_declare"],
        "is_takedown": False,
        "message_id": _plain(intake.get("message_id")),
        "message_sha256": _plain(sha256),
        "declared_at": made,
        "made_at": made or received,
        "received_at": received,
        "signal_hash": audio.get("signal_hash"),
        "disclosure": json.dumps(declared),
    }


def _derived(*parts: str) -> str:
    """Derive the id as the service does (`schemas.screening.derived_id`), whatever becomes of that."""
    return f"dcl_{hashlib.sha256(chr(31).join(f'={part}' for part in parts).encode()).hexdigest()[:32]}"


def _plain(text: str | None) -> str:
    return (text or "").replace("\0", "")[:LIMIT]


def _utc(value: datetime | str | None) -> datetime | None:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
