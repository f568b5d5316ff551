"""The schema goes forward and back with data in it, on both databases, and old events join the chain."""

import json
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from api.services import audit, keys
from api.store.database import Database, alembic_config, open_database

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
VERSIONS = [revision.revision for revision in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]
STATEMENT = json.dumps({"facts": "F", "ground": "G", "explanation": "E"})


def migrate(database: Database, to: str) -> None:
    """Bring the schema to a version, up or down."""
    config = alembic_config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        script = ScriptDirectory.from_config(config)
        current = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        connection.rollback()
        is_up = VERSIONS.index(to) > VERSIONS.index(current) if current in VERSIONS else True
        assert script.get_revision(to)
        (command.upgrade if is_up else command.downgrade)(config, to)


def start(url: str) -> Database:
    """A database at the first version, with a row in every table of then."""
    database = Database(url)
    config = alembic_config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    fill(database)
    return database


def fill(database: Database) -> None:
    """Put in what a review of the first version left behind; some events are missing, as after a rollback."""
    document = json.dumps({"intake": {"recording": {"isrc": "QZABC2600001"}}})
    rows = {
        "account": {"name": "nova", "created_at": AT},
        "account_dpid": {"dpid": "PADPIDA1", "account": "nova"},
        "api_key": {"id": "key_1", "name": "mia", "prefix": "liner_", "digest": "d", "role": "admin", "created_at": AT},
        "session": {"digest": "s", "key_id": "key_1", "csrf_token": "c", "created_at": AT, "expires_at": AT},
        "sign_in_token": {"digest": "t", "key_id": "key_1", "created_at": AT, "expires_at": AT},
        "audio_root": {"path": "music", "added_at": AT},
        "screening": {
            "id": "scr_1",
            "recording_key": "rec_1",
            "source_key": "b",
            "kind": "recording",
            "account": "nova",
            "sender_id": "",
            "codes": "AID-002",
            "screened_at": AT,
            "received_at": AT,
            "document": document,
        },
        "case": {
            "id": "cas_1",
            "recording_key": "rec_1",
            "account": "nova",
            "kind": "recording",
            "state": "decided",
            "priority": 9,
            "version": 2,
            "screening_id": "scr_1",
            "codes": "AID-002",
            "title": "Été \ufb01n",
            "artist": "A",
            "isrc": "",
            "sender_id": "",
            "sender_name": "",
            "release_key": "",
            "updated_by": "mia",
            "opened_at": AT,
            "updated_at": AT,
        },
        "decision": {
            "id": "dec_1",
            "case_id": "cas_1",
            "case_version": 1,
            "screening_id": "scr_1",
            "action": "label",
            "reason": "R",
            "note": "",
            "policy": "house@1",
            "decided_by": "mia",
            "decided_at": AT,
            "statement": STATEMENT,
        },
    }
    events = [(1, "case.opened", "{}"), (2, "case.claimed", "{}"), (5, "case.decided", '{"decision": "dec_1"}')]
    with database.engine.begin() as connection:
        for table, row in rows.items():
            connection.execute(_table(connection, table).insert(), row)
        for seq, kind, payload in events:
            row = {"seq": seq, "case_id": "cas_1", "kind": kind, "actor": "Mía", "at": AT, "payload": payload}
            connection.execute(_table(connection, "event").insert(), row)


def _table(connection: sa.Connection, name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=connection)


def snapshot(database: Database) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, but for the version."""
    found, tables = {}, sa.MetaData()
    with database.engine.connect() as connection:
        tables.reflect(connection)  # all at once: one by one takes as long as all migrations together
        for name in sorted(set(tables.tables) - {"alembic_version"}):
            table = tables.tables[name]
            rows = [dict(row) for row in connection.execute(table.select().order_by(*table.primary_key)).mappings()]
            found[name] = rows
    return found


def test_every_version_has_a_way_back(empty_database_url):
    """Up and down one step at a time: each version looks and holds what it did before it was left."""
    database = start(empty_database_url)
    seen = {"0001": snapshot(database)}
    for version in VERSIONS[1:]:
        migrate(database, version)
        seen[version] = snapshot(database)

    assert [row["words"] for row in seen[VERSIONS[-1]]["case_text"]] == ["ete fin\na\n"]
    for version in VERSIONS[-2::-1]:
        migrate(database, version)
        assert seen[version] == snapshot(database), version
        migrate(database, VERSIONS[VERSIONS.index(version) + 1])
        migrate(database, version)
        assert seen[version] == snapshot(database), version
    database.close()


def test_the_guards_stand_after_there_and_back(empty_database_url):
    database = start(empty_database_url)
    migrate(database, VERSIONS[-1])
    migrate(database, "0003")
    migrate(database, VERSIONS[-1])

    for change in ("UPDATE event SET actor = 'x'", "DELETE FROM event", "UPDATE decision SET note = 'x'"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.engine.begin() as connection:
            connection.execute(sa.text(change))
    row = {"id": "k", "name": "n", "prefix": "p", "digest": "x", "role": "king", "created_at": AT}
    with pytest.raises(sa.exc.IntegrityError), database.engine.begin() as connection:
        connection.execute(_table(connection, "api_key").insert(), row)
    database.close()


def test_old_events_join_the_chain(empty_database_url):
    start(empty_database_url).close()
    database = open_database(empty_database_url)

    found = audit.verify(database, keys.TERMINAL)

    assert (found.events, found.decisions, found.broken, found.head.seq) == (3, 1, (), 5)
    database.close()


def test_what_an_older_version_cannot_say_becomes_what_is_safe(empty_database_url):
    database = start(empty_database_url)
    migrate(database, "0005")
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE \"case\" SET state = 'second_review'"))
        for role in ("senior", "auditor"):
            row = {"id": role, "name": role, "prefix": "p", "digest": role, "role": role, "created_at": AT}
            connection.execute(_table(connection, "api_key").insert(), row)
    migrate(database, "0004")

    after = snapshot(database)
    assert [row["state"] for row in after["case"]] == ["open"]
    keys_now = {row["name"]: (row["role"], row["revoked_at"] is None) for row in after["api_key"]}
    assert keys_now == {"mia": ("admin", True), "senior": ("moderator", True), "auditor": ("moderator", False)}
    database.close()


def test_going_back_to_nothing_leaves_nothing(empty_database_url):
    database = start(empty_database_url)
    migrate(database, VERSIONS[-1])
    config = alembic_config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    assert set(sa.inspect(database.engine).get_table_names()) == {"alembic_version"}
    database.close()


def test_channels_tell_nobody_any_more_after_going_back(empty_database_url):
    """A webhook that sent cards would send plain messages to Slack, or to a moderator's mailbox."""
    database = start(empty_database_url)
    migrate(database, "0009")
    with database.engine.begin() as connection:
        for hook in ("whk_card", "whk_plain"):
            row = {
                "id": hook,
                "url": "https://hooks.test/x",
                "kinds": "",
                "secret": "s",
                "made_by": "mia",
                "made_at": AT,
            }
            connection.execute(_table(connection, "webhook").insert(), {**row, "removed_why": ""})
        channel = {"webhook_id": "whk_card", "form": "slack", "filter": ""}
        connection.execute(_table(connection, "channel").insert(), channel)
        link = {"team_id": "T1", "user_id": "U1", "key_id": "key_1", "linked_at": AT}
        connection.execute(_table(connection, "chat_link").insert(), link)
        row = {"id": "apv_1", "subject": "case", "subject_id": "cas_1", "version": 2, "holder": "", "used_by": ""}
        connection.execute(_table(connection, "approval").insert(), {**row, "made_at": AT, "expires_at": AT})
    migrate(database, "0008")

    after = {row["id"]: row["removed_why"] for row in snapshot(database)["webhook"]}
    assert after == {"whk_card": "cards and links to approve need a newer liner", "whk_plain": ""}
    migrate(database, "0009")
    assert snapshot(database)["channel"] == snapshot(database)["approval"] == []
    database.close()


def test_links_of_creators_end_and_their_appeals_stay_after_going_back(empty_database_url):
    database = start(empty_database_url)
    migrate(database, "0013")
    with database.engine.begin() as connection:
        row = {"digest": "d", "decision_id": "dec_1", "creator": "Ada", "made_by": "nova", "made_at": AT}
        connection.execute(_table(connection, "creator_link").insert(), {**row, "expires_at": AT})
    before = snapshot(database)["decision"]
    migrate(database, "0012")

    assert "creator_link" not in snapshot(database)
    assert snapshot(database)["decision"] == before
    migrate(database, "0013")
    assert snapshot(database)["creator_link"] == []
    database.close()
