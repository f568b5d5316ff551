import pytest
import sqlalchemy
from fixtures_api import make_screening
from pydantic import ValidationError
from rule_cases.making import facts

from api.public import QueueFilters
from api.services import audit, cases, keys
from api.services.access import PIPELINE, Actor, Role
from api.services.screenings import case_id_of, record, record_json
from schemas.cases import Action, CaseState
from schemas.errors import NotAllowed
from schemas.flags import FlagSeverity
from schemas.review import AT_ONCE

MIA = Actor(name="mia", role=Role.MODERATOR)


def put(db, *screenings):
    return record(db, PIPELINE, [one.model_dump(mode="json") for one in screenings])


def see(db, number=1, account=""):
    return cases.view(db, MIA, case_id_of(f"rec_{number}", account))


def kinds(db, number=1):
    return [event.kind for event in see(db, number).events]


def close(db, action=Action.APPROVE):
    case = see(db).case
    return cases.decide(
        db, MIA, case.id, action=action, reason="Heard it.", expected_version=case.version, rules=AT_ONCE
    )


def test_flags_open_a_case(db):
    (result,) = put(db, make_screening(1, "AID-002", "AUD-001"))

    case = see(db).case
    assert result.status == "created"
    assert case.id == result.case_id
    assert case.codes == ("AID-002", "AUD-001")
    assert (case.severity, case.priority) == (FlagSeverity.HIGH, 12)
    assert (case.title, case.artist, case.isrc) == ("Song 1", "Ada", "QZABC2600001")
    assert kinds(db) == ["screening.recorded", "case.opened"]


def test_no_flags_no_case(db):
    (result,) = put(db, make_screening(1))

    assert (result.status, result.case_id) == ("created", None)
    assert cases.queue(db, MIA, QueueFilters(state=None)).total == 0


def test_sending_again_changes_nothing(db):
    put(db, make_screening(1, "AID-002"))
    before = see(db)

    (result,) = put(db, make_screening(1, "AID-002"))

    assert ("unchanged", before.case.id) == (result.status, result.case_id)
    assert before == see(db)


def test_twice_in_one_batch_is_once(db):
    first, second = put(db, make_screening(1, "AID-002"), make_screening(1, "AID-002"))

    assert (first.status, second.status) == ("created", "unchanged")


def test_two_screenings_of_one_recording_in_a_batch_make_one_case(db):
    put(db, make_screening(1, "AID-002"), make_screening(1, "AUD-001", take=1))

    assert see(db).case.codes == ("AUD-001",)
    assert see(db).case.version == 2


def test_one_bad_item_refuses_no_other(db):
    good, bad = make_screening(1, "AID-002"), {"id": "scr_bad", "flags": 5}
    nul = make_screening(3).model_copy(update={"id": "scr\0"})

    results = record(db, PIPELINE, [5, bad, good.model_dump(mode="json"), nul.model_dump(mode="json")])

    assert [one.status for one in results] == ["refused", "refused", "created", "refused"]
    assert [None, "scr_bad", good.id, "scr\0"] == [one.id for one in results]
    assert "versions" in results[1].problem.detail


def test_what_the_database_refuses_costs_no_other_item(db, monkeypatch):
    from api.services import ingest as service

    really = service.columns

    def spoil(screening):
        return really(screening) | ({"kind": "album"} if screening.id == "scr_2_0" else {})

    monkeypatch.setattr(service, "columns", spoil)

    results = put(db, make_screening(1, "AID-002"), make_screening(2, "AID-002"), make_screening(3))

    assert [one.status for one in results] == ["created", "refused", "created"]


def test_text_that_no_column_takes_is_kept_all_the_same(db):
    screening = make_screening(1, "AID-002", sender_name="No\0va" + "x" * 5000)

    put(db, screening)

    assert screening == see(db).screening
    assert "No\N{REPLACEMENT CHARACTER}va" in see(db).case.sender_name


def test_a_newer_screening_updates_an_open_case(db):
    put(db, make_screening(1, "AID-002"))

    put(db, make_screening(1, "AID-002", "AUD-001", take=1))

    about = see(db)
    assert (about.case.state, about.case.version) == (CaseState.OPEN, 2)
    assert about.screening.id == "scr_1_1"
    assert about.events[-1].payload["added"] == ["AUD-001"]


def test_an_older_screening_changes_no_case(db):
    put(db, make_screening(1, "AID-002", take=5))
    before = see(db).case

    (result,) = put(db, make_screening(1, "AUD-001", take=1))

    assert result.status == "created"
    assert before == see(db).case


def test_the_same_reasons_leave_a_decided_case_decided(db):
    put(db, make_screening(1, "AID-002"))
    close(db)

    put(db, make_screening(1, "AID-002", take=1, source="bytes-2"))

    assert CaseState.DECIDED is see(db).case.state


def test_other_reasons_reopen_a_decided_case_and_say_which(db):
    put(db, make_screening(1, "AID-002"))
    close(db)

    put(db, make_screening(1, "AUD-001", take=1))

    about = see(db)
    assert CaseState.OPEN is about.case.state
    assert about.events[-1].kind == "case.reopened"
    assert (about.events[-1].payload["added"], about.events[-1].payload["gone"]) == (["AUD-001"], ["AID-002"])
    assert Action.APPROVE is about.case.decision.action


def test_a_clean_screening_keeps_a_decided_case_closed(db):
    put(db, make_screening(1, "AID-002"))
    close(db)

    put(db, make_screening(1, take=1))

    about = see(db)
    assert (about.case.state, about.case.codes) == (CaseState.DECIDED, ())
    assert about.events[-1].payload["gone"] == ["AID-002"]


@pytest.mark.parametrize(("source", "state"), [("bytes-1", CaseState.WAITING), ("bytes-2", CaseState.OPEN)])
def test_a_new_delivery_answers_a_waiting_case_and_a_new_run_does_not(db, source, state):
    put(db, make_screening(1, "AID-002"))
    close(db, Action.ASK)

    put(db, make_screening(1, "AID-002", take=1, source=source))

    assert state is see(db).case.state


def test_the_same_bytes_in_another_place_are_no_answer(db):
    first = with_bytes(make_screening(1, "AID-002", source="here"), "m1", "a1")
    put(db, first)
    close(db, Action.ASK)

    put(db, with_bytes(make_screening(1, "AID-002", take=1, source="there"), "m1", "a1"))
    assert see(db).case.state is CaseState.WAITING

    put(db, with_bytes(make_screening(1, "AID-002", take=2, source="elsewhere"), "m2", "a1"))
    assert see(db).case.state is CaseState.OPEN


def with_bytes(screening, message, sound):
    """Say which bytes a screening was made of."""
    intake = screening.intake.model_copy(update={"message_sha256": message})
    found = screening.found.model_copy(update={"audio": facts(sha256=sound)})
    return screening.model_copy(update={"intake": intake, "found": found})


def test_another_account_that_names_the_same_sender_gets_a_case_of_its_own(db):
    put(db, make_screening(1, "AID-002", account="nova"))
    before = see(db, account="nova")

    put(db, make_screening(1, "AUD-001", take=1, account="mole"))

    assert before == see(db, account="nova")
    assert see(db, account="mole").case.codes == ("AUD-001",)


def test_a_batch_costs_statements_by_the_table_not_by_the_screening(db):
    asked = []
    sqlalchemy.event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    def statements(start, number):
        asked.clear()
        results = put(db, *(make_screening(start + n, "AID-002", sender_id=f"P{start + n}") for n in range(number)))
        assert {one.status for one in results} == {"created"}
        return len(asked)

    statements(0, 2)
    few, many = statements(10, 2), statements(100, 60)

    assert few == many <= 25


def test_a_batch_as_bytes_is_read_item_by_item_where_one_is_wrong(db):
    good = [make_screening(n, "AID-002").model_dump_json() for n in (1, 2)]
    half = make_screening(3).model_dump_json().replace("Song 3", "\\ud800")
    bodies = [f'{{"screenings": [{good[0]}]}}', f'{{"screenings": [{good[0]}, {half}, 5, {good[1]}]}}']

    first, second = (record_json(db, PIPELINE, body.encode()) for body in bodies)

    assert [one.status for one in first] == ["created"]
    assert [one.status for one in second] == ["unchanged", "refused", "refused", "created"]
    assert see(db, 2).screening == make_screening(2, "AID-002")
    with pytest.raises(ValidationError):
        record_json(db, PIPELINE, b'{"screenings": [')


def test_screenings_of_one_recording_keep_their_order_among_others(db):
    ids = [one.id for one in put(db, *(make_screening(n, "AID-002", take=take) for take in range(3) for n in (1, 2)))]

    assert ids == [f"scr_{n}_{take}" for take in range(3) for n in (1, 2)]
    assert [see(db, n).case.version for n in (1, 2)] == [3, 3]
    assert [see(db, n).screening.id for n in (1, 2)] == ["scr_1_2", "scr_2_2"]
    assert audit.verify(db, keys.TERMINAL).broken == ()


@pytest.mark.parametrize("role", [Role.LABEL, Role.MODERATOR])
def test_people_send_no_screenings(db, role):
    with pytest.raises(NotAllowed):
        record(db, Actor(name="x", role=role, account="nova"), [])
