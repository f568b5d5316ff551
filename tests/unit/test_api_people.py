"""Keys, sign-in links and console sessions."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from fixtures_api import START
from pydantic import ValidationError

from api.public_keys import KeyCreate
from api.security import cookie_name
from api.services import clock, keys, sessions
from api.services.access import Actor, Role
from schemas.errors import InvalidInput, NotAllowed, NotFound, NotSignedIn

HOUR = timedelta(hours=1)


@pytest.fixture
def db(sqlite_db):
    return sqlite_db


def make(db, name="mia", role=Role.MODERATOR, **more):
    return keys.create(db, keys.TERMINAL, KeyCreate(name=name, role=role, **more))


def sign_in(db, name="mia"):
    return sessions.start(db, sessions.link_token(db, name, valid_for=HOUR), valid_for=HOUR)


def test_a_key_says_who_holds_it(db):
    issued = make(db, "nova", Role.LABEL, account="nova", dpids=("pa-dpida-1", "PADPIDA1"))

    assert Actor("nova", Role.LABEL, "nova", ("PADPIDA1",)) == keys.authenticate(db, issued.token)


def test_no_token_is_stored(db):
    token = make(db).token
    link = sessions.link_token(db, "mia", valid_for=HOUR)
    cookie = sessions.start(db, link, valid_for=HOUR).token

    with db.read() as session:
        tables = ("api_key", "sign_in_token", "session", "event")
        stored = str([session.execute(sa.text(f"SELECT * FROM {name}")).all() for name in tables])
    assert not [secret for secret in (token, link, cookie) if secret in stored]


def test_a_revoked_key_ends_at_once_with_its_sessions(db):
    token = make(db).token
    cookie = sign_in(db).token

    keys.revoke(db, keys.TERMINAL, "mia")
    keys.revoke(db, keys.TERMINAL, "mia")

    with pytest.raises(NotSignedIn):
        keys.authenticate(db, token)
    with pytest.raises(NotSignedIn):
        sessions.resume(db, cookie)
    with pytest.raises(InvalidInput):
        sessions.link_token(db, "mia", valid_for=HOUR)


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": "mia", "role": "admin"},
        {"name": "x", "role": "label"},
        {"name": "x", "role": "moderator", "account": "nova"},
        {"name": "x", "role": "admin", "dpids": ("PADPIDA1",)},
        {"name": "x", "role": "label", "account": "mole", "dpids": ("PADPIDA1",)},
    ],
)
def test_a_key_that_cannot_be_is_refused_and_leaves_nothing(db, wanted):
    make(db)
    make(db, "nova", Role.LABEL, account="nova", dpids=("PADPIDA1",))

    with pytest.raises(InvalidInput):
        keys.create(db, keys.TERMINAL, KeyCreate.model_validate(wanted))

    assert sorted(key.name for key in keys.every(db, keys.TERMINAL)) == ["mia", "nova"]


@pytest.mark.parametrize("account", ["..", "a/b", "A", "", "a b"])
def test_an_account_that_is_no_folders_name_is_refused(account):
    with pytest.raises(ValidationError):
        KeyCreate(name="x", role=Role.LABEL, account=account)


def test_last_use_is_noted_but_not_on_every_request(db, monkeypatch):
    token = make(db).token
    for seconds in (0, 30, 61):
        monkeypatch.setattr(clock, "now", lambda at=START + timedelta(seconds=seconds): at)
        keys.authenticate(db, token)
        (key,) = keys.every(db, keys.TERMINAL)
        assert START + timedelta(seconds=61 if seconds > 60 else 0) == key.last_used_at


def test_only_administrators_manage_keys(db):
    mia = Actor("mia", Role.MODERATOR)
    for forbidden in (lambda: keys.every(db, mia), lambda: keys.revoke(db, mia, "x")):
        with pytest.raises(NotAllowed):
            forbidden()
    with pytest.raises(NotFound):
        keys.revoke(db, keys.TERMINAL, "nobody")


def test_a_sign_in_link_works_once(db):
    make(db)
    link = sessions.link_token(db, "mia", valid_for=HOUR)

    started = sessions.start(db, link, valid_for=HOUR)

    assert started.actor == sessions.resume(db, started.token)
    with pytest.raises(NotSignedIn):
        sessions.start(db, link, valid_for=HOUR)
    with pytest.raises(NotSignedIn):
        sessions.start(db, "guessed", valid_for=HOUR)


def test_links_and_sessions_end(db, monkeypatch):
    make(db)
    link = sessions.link_token(db, "mia", valid_for=HOUR)
    cookie = sign_in(db).token
    ended = sign_in(db).token
    sessions.end(db, ended)
    with pytest.raises(NotSignedIn):
        sessions.resume(db, ended)

    later = clock.now() + HOUR
    monkeypatch.setattr(clock, "now", lambda: later)

    with pytest.raises(NotSignedIn):
        sessions.start(db, link, valid_for=HOUR)
    with pytest.raises(NotSignedIn):
        sessions.resume(db, cookie)


def test_services_do_not_sign_in(db):
    make(db, "scan", Role.SERVICE)
    assert not keys.has_people(db)
    with pytest.raises(InvalidInput):
        sessions.link_token(db, "scan", valid_for=HOUR)
    with pytest.raises(NotFound):
        sessions.link_token(db, "nobody", valid_for=HOUR)


@pytest.fixture
def browser(api):
    """A client with mia's session cookie, and the session's token."""
    started = sign_in(api.db)
    return api.client(cookie=f"{cookie_name(api.settings)}={started.token}"), started.actor.csrf_token


def test_a_session_reads_with_its_cookie_alone(browser):
    client, _ = browser

    assert client.get("/v1/me").json()["name"] == "mia"


@pytest.mark.parametrize("headers", [{}, {"x-csrf-token": "guessed"}])
def test_a_session_changes_nothing_without_its_token(browser, headers):
    client, _ = browser

    answer = client.post("/v1/cases/cas_1/claim", json={"expected_version": 1}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")


def test_a_session_changes_things_with_its_token(browser):
    client, token = browser

    answer = client.post("/v1/cases/cas_1/claim", json={"expected_version": 1}, headers={"x-csrf-token": token})

    assert answer.json()["code"] == "not-found"


@pytest.mark.parametrize("header", ["Bearer x", "Bearer ", "bearer x", "Basic eDp5", "x"])
def test_a_wrong_key_is_no_key(api, header):
    answer = api.client(authorization=header).get("/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")
    assert answer.headers["www-authenticate"].startswith("Bearer")
