"""A real browser, and pages in it that are signed in; what a script or the content policy complains about fails."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from chromium import FLAGS, chromium_path
from fixtures_browser import Server, serving
from fixtures_postgresql import NUMBERS, _create
from furnished import furnish

from api.services.access import Role
from api.settings import Settings

TIMEOUT_MS = 20_000
DESKTOP = {"viewport": {"width": 1280, "height": 860}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
OVERFLOW = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SMALL = """
[...document.querySelectorAll("a.button, .tabs a, .thumb a, button, select, summary, input")]
  .filter((one) => !["hidden", "radio", "checkbox"].includes(one.type))
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest(".unseen"))
  .filter((one) => one.getBoundingClientRect().height < 43.5).map((one) => one.outerHTML.slice(0, 90))
"""


@dataclass(frozen=True)
class World:
    """A server with something of every kind in it, and the ids of it all."""

    server: Server
    ids: dict[str, str]

    def at(self, path: str) -> str:
        """The address of a page, its parts filled in."""
        return self.server.address + path.format(**self.ids)


@pytest.fixture(scope="module")
def world(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A furnished server on PostgreSQL, decisions with their time to undo, for all tests of a file."""
    name = f"world_{next(NUMBERS)}"
    _create(postgresql, name)
    home = tmp_path_factory.mktemp("world") / "home"
    with serving(Settings(home=home, database_url=postgresql.format(name=name), webhook_private=True)) as running:
        yield World(running, furnish(running))


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; the test skips where there is none."""
    path = chromium_path()
    if path is None:
        pytest.skip("needs Chromium; install Debian's `chromium`, or set LINER_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@contextlib.contextmanager
def opened(browser, server: Server, path: str = "", *, name: str = "maya", role: Role = Role.MODERATOR, **kind):
    """Give a page of a person with a session, at ``path`` where one is named; complaints fail the test."""
    complaints: list[str] = []
    context = browser.new_context(**(kind or DESKTOP))
    cookie, value = server.cookie(name, role)
    context.add_cookies([{"name": cookie, "value": value, "url": server.address, "sameSite": "Lax"}])
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "ontent Security" in line.text else None)
    if path:
        page.goto(server.address + path)
    yield page
    context.close()
    assert complaints == []


def until(page, condition: str) -> None:
    """Wait for a condition from outside the page, whose policy forbids to evaluate strings within."""
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"never came true: {condition}"
        page.wait_for_timeout(20)


def until_ready(page, heading: str) -> None:
    """Wait for a page, and for the scripts that make its keys work."""
    page.get_by_role("heading", name=heading, level=1).first.wait_for()
    until(page, "document.querySelector('[data-key-list]')?.children.length > 0")


def rows(page) -> list[str]:
    """Give the titles in the queue."""
    return page.locator("[data-row]").all_inner_texts()


def shoot(page, name: str, *, at: str = "") -> None:
    """Keep a picture for the documentation, where LINER_IMAGES names a folder for them; ``at`` is brought into view."""
    folder = os.environ.get("LINER_IMAGES")
    if not folder:
        return
    if at:
        page.locator(at).first.evaluate("(one) => one.scrollIntoView({ block: 'end' })")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=Path(folder) / f"{name}.png")
