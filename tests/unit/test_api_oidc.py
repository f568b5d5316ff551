"""Signing in through a real provider on the loopback interface, and what is refused on the way."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fixtures_api import Api
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr

from api.services import clock, oidc, oidc_roles
from api.services.access import Role
from api.settings import Settings
from schemas.errors import InvalidInput, NotAllowed, NotSignedIn

HTML = {"accept": "text/html"}
ROLES = "mods=moderator, chiefs=senior, root=admin, labels=label"
TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def provider():
    command = [sys.executable, "-W", "ignore", str(TESTS / "oidc_provider.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


@pytest.fixture
def api(sqlite_template, tmp_path, provider):
    home = tmp_path / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    more = {"oidc_client_secret": SecretStr("secret"), "oidc_roles": ROLES, "public_url": "http://liner.test"}
    made = Api(Settings(home=home, oidc_issuer=provider, oidc_client_id="liner", rate_per_address=0, **more))
    yield made
    made.db.close()


def person(provider, sub, **claims):
    assert httpx.put(f"{provider}/users/{sub}", json=claims, trust_env=False).status_code == 204


def leave(api):
    """Go to the provider; gives the browser and the address that it is sent to."""
    browser = api.client(**HTML)
    answer = browser.get("/console/sign-in/provider")
    assert answer.status_code == 303, answer.text
    return browser, answer.headers["location"]


def come_back(browser, url, sub):
    """Say who one is at the provider, and follow it back."""
    answer = httpx.post(url, data={"sub": sub}, trust_env=False)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == "http://liner.test/console/sign-in/callback"
    return browser.get(f"{back.path}?{back.query}")


def sign_in(api, sub):
    browser, url = leave(api)
    return browser, come_back(browser, url, sub)


def test_a_moderator_signs_in_works_and_signs_out(api, provider):
    person(provider, "u-1", preferred_username="Mona", groups=["mods"])

    browser, answer = sign_in(api, "u-1")

    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    assert browser.get("/v1/me").json()["name"] == "Mona"
    page = browser.get("/console")
    assert page.status_code == 200
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    out = browser.post("/console/sign-out", data={"csrf_token": token})
    assert out.headers["location"] == "/console/sign-in?out=1"
    assert f"{provider}/oauth2/end_session?client_id=liner" in browser.get(out.headers["location"]).text
    assert browser.get("/v1/me").status_code == 401


def test_the_request_carries_state_nonce_and_a_hashed_verifier(api):
    _, url = leave(api)
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert min(len(query[name]) for name in ("state", "nonce", "code_challenge")) >= 43


def test_the_provider_says_what_one_may_do_each_time_anew(api, provider):
    person(provider, "u-2", preferred_username="Rita", groups=["mods", "chiefs"])
    browser, _ = sign_in(api, "u-2")
    assert browser.get("/v1/me").json()["role"] == "senior"

    person(provider, "u-2", preferred_username="Somebody else", groups=["mods"])
    again, _ = sign_in(api, "u-2")

    assert (again.get("/v1/me").json()["name"], again.get("/v1/me").json()["role"]) == ("Rita", "moderator")
    assert browser.get("/v1/me").json()["role"] == "moderator"


def test_a_label_comes_to_its_own_portal(api, provider):
    person(provider, "u-3", preferred_username="nova-anna", groups=["labels"], liner_account="nova")
    browser, answer = sign_in(api, "u-3")
    assert answer.headers["location"] == "/portal"
    assert browser.get("/v1/me").json()["account"] == "nova"

    person(provider, "u-4", preferred_username="nobody", groups=["labels"])
    _, answer = sign_in(api, "u-4")
    assert answer.status_code == 403
    assert "which label you are of" in answer.text


def test_who_has_no_role_gets_a_page_that_says_what_to_do(api, provider):
    person(provider, "u-5", preferred_username="guest", groups=["guests"])

    _, answer = sign_in(api, "u-5")

    assert answer.status_code == 403
    assert "none of your groups has a role here" in answer.text
    assert "LINER_OIDC_ROLES" in answer.text


def test_nobody_takes_over_a_name_until_an_administrator_says_so(api, provider):
    person(provider, "u-6", preferred_username="mia", groups=["mods"])
    _, answer = sign_in(api, "u-6")
    assert answer.status_code == 403
    assert "liner keys join mia --subject u-6" in answer.text

    oidc.join(api.db, api.settings, "mia", "u-6")
    browser, _ = sign_in(api, "u-6")
    assert browser.get("/v1/me").json()["name"] == "mia"


def test_who_was_revoked_stays_out(api, provider):
    person(provider, "u-7", preferred_username="gone", groups=["mods"])
    browser, _ = sign_in(api, "u-7")
    api.admin.delete("/v1/keys/gone")

    assert browser.get("/v1/me").status_code == 401
    assert sign_in(api, "u-7")[1].status_code == 403


def test_a_state_is_good_once_in_the_browser_that_began(api, provider):
    person(provider, "u-8", preferred_username="olga", groups=["mods"])
    browser, url = leave(api)
    stranger = api.client(**HTML)
    refused = come_back(stranger, url, "u-8")
    assert refused.status_code == 401
    assert "not begun in this browser" in refused.text
    assert come_back(browser, url, "u-8").status_code == 401  # it was used up by the attempt

    browser, url = leave(api)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(minutes=11))
        assert come_back(browser, url, "u-8").status_code == 401


def test_another_verifier_than_the_one_that_began_is_refused(api, provider, monkeypatch):
    person(provider, "u-9", preferred_username="pia", groups=["mods"])
    browser, url = leave(api)
    exchange = oidc._exchange
    monkeypatch.setattr(oidc, "_exchange", lambda s, p, c, _: exchange(s, p, c, "another"))

    assert come_back(browser, url, "u-9").status_code == 401


@pytest.mark.parametrize(
    "query", ["", "error=access_denied&state=x", "code=x&state=%00", "code=x&state=y", "error=<b>"]
)
def test_whatever_comes_back_is_answered_with_a_page(api, query):
    answer = api.client(**HTML).get(f"/console/sign-in/callback?{query}")

    assert answer.status_code == 401
    assert "Sign in again" in answer.text
    assert "<b>" not in answer.text


def test_a_provider_that_is_away_is_named_as_such(api, provider):
    away = api.settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    with pytest.raises(NotSignedIn, match="gave no answer"):
        oidc.begin(api.db, away)
    with pytest.raises(NotSignedIn, match="another name"):
        oidc.discover(api.settings.model_copy(update={"oidc_issuer": f"{provider}/"}))


KEY, OTHER = RSAKey.generate_key(2048, {"kid": "1"}), RSAKey.generate_key(2048, {"kid": "1"})
GOOD = {"iss": "https://id.test", "aud": "liner", "sub": "u", "nonce": "n"}


def token(key=KEY, alg="RS256", **changes):
    now = int(datetime.now(UTC).timestamp())
    claims = {**GOOD, "iat": now, "exp": now + 300, **changes}
    return jwt.encode(
        {"alg": alg, "kid": "1"}, {k: v for k, v in claims.items() if v is not None}, key, algorithms=[alg]
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.test"},
        {"aud": "somebody"},
        {"aud": ["liner", "somebody"]},
        {"nonce": "m"},
        {"nonce": None},
        {"sub": None},
        {"exp": None},
        {"exp": 1},
        {"key": OTHER},
        {"key": OctKey.import_key("x" * 32), "alg": "HS256"},
    ],
)
def test_an_id_token_that_is_wrong_in_one_thing_is_refused(monkeypatch, wrong):
    monkeypatch.setattr(oidc, "_get", lambda _: {"keys": [KEY.as_dict(private=False)]})
    given = Settings(oidc_issuer="https://id.test", oidc_client_id="liner")
    of = oidc.Provider("https://id.test", "", "", "https://id.test/jwks", "", secret_in_body=False)

    assert oidc.validate(given, of, token(), "n")["sub"] == "u"
    with pytest.raises(NotSignedIn):
        oidc.validate(given, of, token(**wrong), "n")
    for text in ("", "a.b.c", token().rpartition(".")[0] + "."):
        with pytest.raises(NotSignedIn):
            oidc.validate(given, of, text, "n")


def test_groups_become_the_highest_role_and_mistakes_are_named():
    given = Settings(oidc_roles=ROLES)
    assert oidc_roles.role_of(given, {"groups": ["mods", "root", 7]}) is Role.ADMIN
    assert oidc_roles.role_of(given, {"groups": "labels"}) is Role.LABEL
    for claims in ({}, {"groups": None}, {"groups": {"mods": 1}.keys() and ["x"]}):
        with pytest.raises(NotAllowed):
            oidc_roles.role_of(given, claims)
    for text in ("mods", "mods=king", "=admin", "x=service"):
        with pytest.raises(InvalidInput):
            oidc_roles.roles(text)
