"""How often the paths that people wait for ask the database: the same for one case as for many."""

import threading
from datetime import timedelta

import pytest
from fixtures_api import Api, make_screening
from sqlalchemy import event, text

from api.services import recent, sessions
from api.services.screenings import case_id_of
from api.settings import Settings

CASE = case_id_of("rec_1", "")
CONTROL = ("BEGIN", "COMMIT", "ROLLBACK")


@pytest.fixture
def house(sqlite_template, tmp_path):
    """The API with the rules that come with liner: a decision is a draft first."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    made = Api(Settings(home=home))
    yield made
    made.db.close()


@pytest.fixture
def sue(house):
    """A senior moderator's browser."""
    link = sessions.link_token(house.db, "sue", valid_for=timedelta(hours=1))
    started = sessions.start(house.db, link, valid_for=timedelta(hours=1))
    return house.client(
        cookie=f"liner_session={started.token}", **{"x-csrf-token": started.actor.csrf_token, "accept": "text/html"}
    )


def put(house, *numbers, take=0, **more):
    house.record(*(make_screening(number, "AID-001", "AUD-002", take=take, **more) for number in numbers))


def touch(house):
    """Take the first case and give it back: it has a version that may have been decided, and events."""
    for path in ("claim", "release"):
        version = house.senior.get(f"/v1/cases/{CASE}").json()["case"]["version"]
        answer = house.senior.post(f"/v1/cases/{CASE}/{path}", json={"expected_version": version})
        assert answer.status_code == 200, answer.text


def asked(house, ask):
    """The statements of a request, asked once before: figures that may be a little old are there then."""
    ask()
    seen = []

    def note(_connection, _cursor, statement, *_):
        if not statement.startswith(CONTROL):
            seen.append(" ".join(statement.split()[:60]))

    event.listen(house.db.engine, "before_cursor_execute", note)
    answer = ask()
    event.remove(house.db.engine, "before_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    return seen


@pytest.mark.parametrize("count", [1, 30])
def test_a_queue_page_takes_as_many_statements_for_many_cases(house, sue, count):
    put(house, *range(1, count + 1))
    touch(house)

    # session and settings; cases, their decisions and flags; their number, their reasons; views
    assert len(asked(house, lambda: sue.get("/console"))) == 7


def test_a_long_queue_is_counted_once_in_a_while(house, sue, monkeypatch):
    for user in ("api.store.cases", "api.services.cases"):
        monkeypatch.setattr(f"{user}.COUNT_LIMIT", 3)
    put(house, *range(1, 6))

    assert len(asked(house, lambda: sue.get("/console"))) == 4


@pytest.mark.parametrize("count", [1, 6])
def test_a_case_page_takes_as_many_statements_with_a_long_past(house, sue, count):
    for take in range(count):
        about = {"message_id": f"M{take}", "message_sha256": f"{take:064}", "release_key": f"rel_{take % 2}"}
        put(house, 1, *range(2, count + 1), take=take, **about)
    touch(house)

    # session; case, screening, decisions, events; declarations; colleagues, release, outcomes
    older = 1 if count > 1 else 0  # what older declarations rest on, all at once
    assert len(asked(house, lambda: sue.get(f"/console/cases/{CASE}"))) == 9 + older


def test_a_decision_takes_few_statements(house, sue):
    put(house, 1, 2)
    bodies = iter((case_id_of("rec_2", ""), CASE))

    def decide():
        body = {"action": "approve", "reason": "Fine as it is.", "expected_version": 1}
        return sue.post(f"/v1/cases/{next(bodies)}/decide", json=body)

    # session; case, screening; draft, case; decisions; the chain's head, event, head; events
    assert len(asked(house, decide)) == 10


class TestRecent:
    def test_a_figure_is_shown_again_then_counted_aside_and_an_old_one_is_nobodys(self, sqlite_db):
        times, counted, is_aside = [0.0], [], []
        figures = recent.Recent[int](now=lambda: times[0])

        def count(_):
            is_aside.append(threading.current_thread() is not threading.main_thread())
            counted.append(len(counted))
            return counted[-1]

        def look_at(now):
            times[0] = now
            found = figures.look(sqlite_db, count)
            finish()
            return found

        assert [look_at(now) for now in (0.0, 14.0)] == [0, 0]
        assert [look_at(now) for now in (16.0, 17.0)] == [0, 1]  # nobody waited for it
        assert look_at(80.0) == 2
        assert is_aside == [False, True, False]

    def test_what_was_forgotten_while_it_was_counted_stays_forgotten(self, sqlite_db):
        times, go_on = [0.0], threading.Event()
        figures = recent.Recent[str](now=lambda: times[0])
        figures.keep(sqlite_db, "before")
        times[0] = 16.0
        assert figures.look(sqlite_db, lambda _: go_on.wait(5) and "late") == "before"

        figures.forget(sqlite_db)
        go_on.set()
        finish()

        assert figures.look(sqlite_db, lambda _: "after") == "after"

    def test_what_is_soon_counted_is_not_kept(self, sqlite_db):
        figures = recent.Recent[int]()

        assert [figures.look(sqlite_db, lambda _, n=n: n, is_kept=lambda n: n > 1) for n in (0, 1, 2, 3)] == [
            0,
            1,
            2,
            2,
        ]

    def test_a_count_that_fails_aside_is_logged_and_the_old_figure_stays(self, sqlite_db, caplog):
        times = [0.0]
        figures = recent.Recent[int](now=lambda: times[0])
        figures.keep(sqlite_db, 7)
        times[0] = 16.0

        assert figures.look(sqlite_db, lambda session: session.execute(text("SELECT nothing"))) == 7
        finish()

        assert figures.look(sqlite_db, lambda _: 8) == 7
        assert "could not be counted anew" in caplog.text

    def test_keys_do_not_pile_up(self, sqlite_db, monkeypatch):
        monkeypatch.setattr(recent, "MOST", 2)
        figures = recent.Recent[int]()
        for key in range(5):
            figures.look(sqlite_db, lambda _, key=key: key, key)

        assert [figures.look(sqlite_db, lambda _: -1, key) for key in range(5)].count(-1) >= 3


def finish():
    """Wait for what is counted aside."""
    for thread in threading.enumerate():
        if thread.name == "liner-count":
            thread.join(5)
