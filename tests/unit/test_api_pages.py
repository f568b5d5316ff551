"""No page of the console or the portal carries script, style or handler of its own: the policy would refuse it."""

import re
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import pytest
from fixtures_api import make_screening
from fixtures_browser import Server
from furnished import furnish

from api.inprocess import InProcessTransport
from api.main import create_app
from api.permissions import ROUTES
from api.security import CONTENT_POLICY
from api.services.access import Role
from api.settings import Settings
from schemas.review import load_rules

INLINE = re.compile(
    r"<style|\sstyle\s*=|\son\w+\s*=\s*[\"']|<script(?![^>]*\ssrc=)|javascript:|(?:src|href)=[\"']?(?:https?:)?//",
    re.IGNORECASE,
)
OPEN = ("/creator", "/docs", "/console/sign-in", "/console/approve")  # nobody is signed in there
NOT_PAGES = {"/console/filter": "JSON", "/console/sign-in/callback": "leads on, with what the provider sends"}
SOUND = re.compile(r"/(audio|excerpt|peaks|spectrogram)$|/landmarks/|/stems/|/static/")
ASKED = {
    "/console/policies/text": "?ref={ref}",
    "/console/dashboard/cases": "?figure=backlog",
    "/portal/drafts/{draft_id}/message": "?name={name}",
}
OWN = {"/portal/cases/{case_id}": "/portal/cases/{own_case_id}"}
PAGES = sorted(
    path
    for method, _, path in (route.partition(" ") for route in ROUTES)
    if method == "GET" and path.startswith(("/console", "/portal", "/creator", "/docs"))
    if path not in NOT_PAGES and not SOUND.search(path)
)
PARTS = {part for path in PAGES for part in re.findall(r"{(\w+)}", path)}


@pytest.fixture(scope="module")
def world(sqlite_template, tmp_path_factory):
    """An app with something of every kind in it, the ids of it all, and who looks."""
    home = tmp_path_factory.mktemp("pages")
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    settings = Settings(home=home, webhook_private=True)
    app = create_app(settings)
    served = SimpleNamespace(config=SimpleNamespace(app=app))  # what `Server` asks its process for
    server = Server(settings, served, "http://liner.test")
    ids = furnish(server)
    yield server, ids
    server.database.close()


@pytest.fixture(scope="module")
def look(world):
    """Open a page as whoever it is for, as a browser would."""
    server, ids = world
    clients = {}

    def client(name, role):
        if name not in clients:
            transport = InProcessTransport(server.process.config.app, actor=None)
            clients[name] = httpx.Client(transport=transport, base_url=server.address, headers={"accept": "text/html"})
            if name:
                clients[name].cookies.set(*server.cookie(name, role))
        return clients[name]

    def open_page(path):
        who = ("nova", Role.LABEL) if path.startswith("/portal") else ("root", Role.ADMIN)
        address = OWN.get(path, path) + ASKED.get(path, "")
        return client(*(("", None) if path.startswith(OPEN) else who)).get(address.format(**ids))

    return open_page


def test_the_policy_allows_nothing_inline():
    assert "unsafe" not in CONTENT_POLICY
    assert "default-src 'none'" in CONTENT_POLICY


def test_every_part_of_an_address_is_filled(world):
    assert set(world[1]) >= PARTS


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_nothing_inline(look, path):
    answer = look(path)

    leads_on = path.endswith("/next") or path in {"/console/sign-in/provider", "/console/views/{view_id}"}
    assert answer.status_code in ({200, 303, 307, 404, 409} if leads_on else {200}), answer.text[:300]
    assert answer.headers["content-security-policy"] == CONTENT_POLICY
    assert not INLINE.findall(answer.text)


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.SENIOR, Role.ADMIN, Role.AUDITOR])
def test_no_link_of_a_page_leads_to_a_refusal(world, role):
    server, ids = world
    client = httpx.Client(
        transport=InProcessTransport(server.process.config.app, actor=None),
        base_url=server.address,
        headers={"accept": "text/html"},
    )
    client.cookies.set(*server.cookie(f"walks-{role}", role))
    opened = {path: client.get((path + ASKED.get(path, "")).format(**ids)) for path in PAGES if "/console" in path}
    links = {
        urlsplit(link).path: path
        for path, answer in opened.items()
        if answer.status_code == 200
        for link in re.findall(r'href="(/(?:console|v1)[^"#]*)"', answer.text)
        if "/static/" not in link
    }

    refused = {link: path for link, path in links.items() if client.get(link).status_code == 403}

    assert len(links) > 20
    assert not refused


def test_the_page_of_second_opinions_says_what_is_drawn(api):
    """By the rules at once nothing is; by the house's one in twenty."""
    headers = {"accept": "text/html"}
    at_once = api.moderator.get("/console/samples/next", headers=headers).text
    api.app.state.rules = load_rules("house")
    house = api.moderator.get("/console/samples/next", headers=headers).text

    assert "<code>sample_share</code> of the review rules (at-once) is 0" in at_once
    assert "Of published decisions 5 % are drawn" in house


def test_a_case_without_a_flag_says_whether_it_was_drawn_or_its_flags_are_gone(api):
    wanted = {"sample_share": 1, "expected_version": 0}
    assert api.admin.post("/v1/routing", json=wanted).status_code < 300
    drawn, flagged = api.record(make_screening(1), make_screening(2, "AID-002"))
    api.record(make_screening(2, take=1))

    def page(path):
        return api.moderator.get(path, headers={"accept": "text/html"}).text

    assert page("/console").count("no flag now") == 2
    assert "drawn at random" in page(f"/console/cases/{drawn['case_id']}")
    assert "raises no flag any more" in page(f"/console/cases/{flagged['case_id']}")


@pytest.mark.parametrize(
    "path", ["/console/cases/none", "/console/recalls/none", "/portal/cases/none", "/creator/none", "/console/none"]
)
def test_a_page_that_is_not_there_has_nothing_inline_either(look, path):
    answer = look(path)

    assert answer.status_code == 404
    assert answer.headers["content-security-policy"] == CONTENT_POLICY
    assert not INLINE.findall(answer.text)


@pytest.mark.parametrize(
    "bad", ["<script>x()</script>", '<p style="a">', "<p onclick='x()'>", "<a href=javascript:x()>", '<img src="//x">']
)
def test_what_would_be_inline_is_seen(bad):
    assert INLINE.search(bad)
