"""The declaration history of the review store: who declared what when, and who may read it."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from fixtures_api import make_flag, make_screening
from rule_cases.making import declared, facts, human, machine

from api.console.pages import page
from api.console.views.history import declaration_views
from api.services import declarations
from api.services.access import PIPELINE, Actor, Role
from api.services.screenings import record
from api.store.database import alembic_config, open_database
from api.store.declarations import StoreHistory
from api.tables import DeclarationRow
from schemas.disclosure import Level
from schemas.errors import NotFound
from schemas.history import DeclarationHistory
from schemas.release import SoundRecording
from schemas.screening import Found

ISRC = "QZABC2600001"
URL = f"/v1/recordings/{ISRC}/declarations"
SUNG = declared(Level.PARTLY, machine("LeadVocalist"), human("Ada", "Lyricist", ai=Level.PARTLY))
HUMAN = declared(Level.NONE, human("Ada", "LeadVocalist", "Lyricist"))
THEIRS = "PADPIDA2014021204H"


def screening(number, disclosure, day, *, isrc=ISRC, sound="s", **intake):
    """The screening of a message that was made on a day of November."""
    recording = SoundRecording(reference="A1", title="Song", isrc=isrc, display_artist="Ada", disclosure=disclosure)
    about = {
        "recording": recording,
        "message_id": f"MSG{number}",
        "message_sha256": str(number),
        "message_created_at": datetime(2026, 11, day, tzinfo=UTC),
        "release_key": "4006381333931",
        "ern_version": "4.3.2",
    }
    one = make_screening(1, take=number, source=f"bytes-{number}", **{**about, **intake})
    return one.model_copy(update={"declared": disclosure, "found": Found(audio=facts(signal_hash=sound))})


def told(client, url=URL):
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return answer.json()["declarations"]


def test_changes_are_told_newest_first(api):
    api.record(screening(1, SUNG, 1), screening(2, HUMAN, 2))

    newest, oldest = told(api.moderator)

    assert (oldest["level"], oldest["changes"], oldest["notes"]) == ("partly", [], [])
    assert newest["changes"] == [
        {"what": "Recording", "before": "partly", "after": "none"},
        {"what": "Vocals", "before": "AI-generated", "after": "human"},
        {"what": "Lyrics", "before": "human, with AI help", "after": "human"},
    ]
    assert [(n["rule"], n["message"]) for n in newest["notes"]] == [
        ("HIS-001", "It is none now and was partly (message MSG1).")
    ]


def test_what_is_no_longer_named_belongs_to_the_rest(api):
    api.record(
        screening(1, SUNG, 1), screening(2, declared(Level.NONE), 2), screening(3, declared(Level.UNDECLARED), 3)
    )

    last, none, _ = told(api.moderator)

    assert {"what": "Vocals", "before": "AI-generated", "after": "human"} in none["changes"]
    assert last["changes"] == [{"what": "Recording", "before": "none", "after": "undeclared"}]


def test_the_order_of_arrival_does_not_matter_and_lateness_is_told(api):
    api.record(screening(2, HUMAN, 2))
    api.record(screening(1, SUNG, 1))

    newest, oldest = told(api.moderator)

    assert [n["rule"] for n in newest["notes"]] == ["HIS-001"]
    assert (newest["came_late"], oldest["came_late"]) == (False, True)


def test_the_same_message_screened_again_is_the_same_declaration(api):
    api.record(screening(1, SUNG, 1))
    again = screening(1, SUNG, 1)
    api.record(again.model_copy(update={"id": "scr_other", "versions": again.versions}))

    assert len(told(api.moderator)) == 1


def test_a_takedown_is_told_and_changes_nothing(api):
    api.record(screening(1, SUNG, 1), screening(2, HUMAN, 2, is_takedown=True), screening(3, SUNG, 3))

    last, takedown, _ = told(api.moderator)

    assert (takedown["is_takedown"], takedown["changes"], takedown["notes"]) == (True, [], [])
    assert last["changes"] == []


def test_a_label_reads_its_own_alone(api):
    api.record(
        screening(1, SUNG, 1, account="nova"),
        screening(2, HUMAN, 2, account="mole", sender_id=THEIRS, recording_key="rec_2"),
    )

    assert [d["message_id"] for d in told(api.moderator)] == ["MSG2", "MSG1"]
    assert [n["rule"] for n in told(api.moderator)[0]["notes"]] == ["HIS-003"]
    assert [d["message_id"] for d in told(api.label)] == ["MSG1"]
    (own,) = told(api.other_label)
    assert (own["message_id"], own["notes"]) == ("MSG2", [])
    assert api.anonymous.get(URL).status_code == 401


@pytest.mark.parametrize(("url", "status"), [("QZABC2600009", 404), ("nonsense", 422)])
def test_what_is_not_there_is_refused(api, url, status):
    assert api.moderator.get(f"/v1/recordings/{url}/declarations").status_code == status


def recorded(db, *screenings):
    results = record(db, PIPELINE, [one.model_dump(mode="json") for one in screenings])
    assert {r.status for r in results} == {"created"}


def test_the_store_answers_as_a_history(db):
    purge = {"recording": None, "kind": "delivery", "is_takedown": True, "recording_key": "rec_9", "release_key": "r9"}
    recorded(
        db,
        screening(1, SUNG, 1),
        screening(2, HUMAN, 2, isrc="QZABC2600002", recording_key="rec_2"),
        screening(3, HUMAN, 3, **purge),
    )

    with db.read() as session:
        later = DeclarationRow(id="dcl", made_at=datetime(2026, 11, 9, tzinfo=UTC))
        history: DeclarationHistory = StoreHistory(session, PIPELINE, later)

        assert [one.message_id for one in history.of_isrc(ISRC)] == ["MSG1"]
        assert {one.isrc for one in history.of_sound("s")} == {ISRC, "QZABC2600002"}
        assert [one.declared_at.day for one in history.of_message("MSG2")] == [2]
        assert [one.is_takedown for one in history.of_release("r9")] == [True]
        assert history.of_sender("PADPIDA2013020802I")[Level.PARTLY] == 1
        days = (datetime(2026, 11, day, tzinfo=UTC) for day in (1, 8))
        assert history.releases_of("ADA", "PADPIDA2013020802I", *days) == 1
        assert not history.of_isrc("QZABC2600009")


def test_a_history_holds_what_its_reader_may_see(db):
    recorded(db, screening(1, SUNG, 1, account="nova"))
    stranger = Actor(name="mole", role=Role.LABEL, account="mole")

    with pytest.raises(NotFound):
        declarations.of_isrc(db, stranger, ISRC)
    assert len(declarations.of_isrc(db, PIPELINE, ISRC).declarations) == 1


def test_the_migration_takes_over_what_is_stored_and_can_be_taken_back(empty_database_url):
    db = open_database(empty_database_url)
    recorded(db, screening(1, SUNG, 1), screening(2, HUMAN, 2))
    recorded(db, make_screening(3, recording=None))
    kept = declarations.of_isrc(db, PIPELINE, ISRC)
    config = alembic_config()

    with db.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
        assert "declaration" not in sa.inspect(connection).get_table_names()
        command.upgrade(config, "head")

    assert declarations.of_isrc(db, PIPELINE, ISRC) == kept
    db.close()


def test_the_case_page_tells_what_was_declared(api):
    entry = "<img src=x onerror=alert(1)>"
    first = screening(1, SUNG, 1, sender_name=entry)
    api.record(first, screening(2, HUMAN, 2).model_copy(update={"flags": (make_flag("AID-002"),)}))
    actor = Actor(name="mia", role=Role.MODERATOR)

    found = declarations.beside(api.db, actor, first)
    newest, oldest = declaration_views(found, datetime(2026, 11, 22, tzinfo=UTC))

    assert newest.changes[0] == ("Recording", "partly", "none")
    assert oldest.words == "Vocals: AI-generated; Lyrics: human, with AI help; Everything else: not declared"
    text = page("case_declarations.html", actor, declarations=(newest, oldest)).body.decode()
    assert "<del>partly</del> <ins>none</ins>" in text
    assert "&lt;img" in text
    assert entry not in text
