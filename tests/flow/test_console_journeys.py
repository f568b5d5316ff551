"""Whole journeys in a real browser against a real server on PostgreSQL: a queue by keyboard, a decision by thumb."""

import re
import time

import pytest
from fixtures_browser import Server, seed_all, serving
from fixtures_postgresql import NUMBERS, _create
from test_console_browser import DESKTOP, OVERFLOW, OWN, PHONE, SMALL_TARGETS, opened, rows, until, until_ready

from api.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.postgresql]


@pytest.fixture
def server_pg(postgresql: str, tmp_path):
    """A server with a full queue on PostgreSQL, decisions with their time to undo."""
    name = f"journey_{next(NUMBERS)}"
    _create(postgresql, name)
    with serving(Settings(home=tmp_path / "home", database_url=postgresql.format(name=name))) as running:
        seed_all(running, plain=3)
        yield running


def requests_of(page) -> list[str]:
    """Collect the addresses that a page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def decided(server: Server, key: str) -> str:
    """What the moderator's decision is, published or not yet."""
    from api.services import cases
    from api.services.access import Actor, Role

    found = cases.view(server.database, Actor(name="maya", role=Role.MODERATOR), server.case_id(key))
    return (found.draft or found.decisions[-1]).action


def test_a_moderator_clears_a_queue_by_keyboard(browser, server_pg: Server):
    for page in opened(browser, server_pg, viewport=DESKTOP):
        page.keyboard.press("f")
        page.keyboard.type("noise is no word")
        page.keyboard.press("Enter")
        page.get_by_text("“noise” is no word of the filter (column 1)").wait_for()
        page.goto(f"{server_pg.address}/console")
        until_ready(page, "Queue")
        page.keyboard.press("f")
        page.keyboard.type("medium, undeclared, last week")
        page.keyboard.press("Enter")
        page.wait_for_url("**filter=medium**")
        until_ready(page, "Queue")
        titles = rows(page)
        assert sorted(titles) == ["Field Study 1", "Field Study 2", "Field Study 3"]
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        for title in titles:
            until_ready(page, title)
            for key in ("a", "2", "Control+Enter"):  # an easy case: three keys
                page.keyboard.press(key)
        page.get_by_role("heading", name="No case matches").wait_for()
        assert re.search(r"Approve: “Field Study \d”", page.get_by_role("status").first.inner_text())
    assert [decided(server_pg, f"rec_{number}") for number in (1, 2, 3)] == ["approve"] * 3


def test_the_next_case_is_loaded_ahead_keys_are_ones_own_and_ctrl_k_finds_everything(browser, server_pg: Server):
    for page in opened(browser, server_pg, viewport=DESKTOP):
        page.goto(f"{server_pg.address}/console/settings")
        page.get_by_label("Approve").press("y")
        page.get_by_label("Remind me of a rest").select_option("0")
        page.get_by_label("The loudest that sound may be").select_option("0.4")
        page.get_by_role("button", name="Keep").click()
        page.get_by_text("Your settings are kept.").wait_for()
        page.goto(f"{server_pg.address}/console/cases/{server_pg.case_id()}")
        until_ready(page, "Harbour Lights")
        asked = requests_of(page)
        until(page, "document.documentElement.dataset.warmed === 'yes'")
        ahead = page.evaluate("document.documentElement.dataset.preloaded")
        warm = [url for url in asked if ahead in url and "spectrogram" in url]
        assert warm
        page.keyboard.press("a")
        assert not page.locator("input[value=approve]").is_checked()
        page.keyboard.press("y")
        assert page.locator("input[value=approve]").is_checked()
        page.keyboard.press("Escape")
        assert page.locator(".action-approve kbd").inner_text() == "y"
        assert page.evaluate(f"{OWN}.volume") <= 0.4 * 0.59

        page.keyboard.press("Control+k")
        page.keyboard.type("next ca")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{ahead}")
        loaded = page.evaluate(
            "performance.getEntriesByType('resource').filter((one) => one.transferSize === 0).length"
        )
        assert loaded >= 1  # out of the cache


def _span(asked, kind):
    """The seconds of the last picture of a kind that was asked for; what was on its way before the zoom comes first."""
    found = [re.search(r"start_s=([\d.]+)&end_s=([\d.]+)", url) for url in asked if kind in url]
    return tuple(float(value) for value in found[-1].groups()) if found else (0.0, 0.0)


def _is_half(asked, *kinds):
    return all(round(end_s - start_s) == 8 for start_s, end_s in (_span(asked, kind) for kind in kinds))


def test_the_pictures_are_those_of_the_seconds_that_are_shown(browser, server_pg: Server):
    for page in opened(browser, server_pg, viewport=DESKTOP):
        page.goto(f"{server_pg.address}/console/cases/{server_pg.case_id()}")
        until_ready(page, "Harbour Lights")
        page.wait_for_load_state("networkidle")
        asked = requests_of(page)
        page.keyboard.press("Shift+Digit1")
        until(page, f"{OWN}.currentTime > 8.2")
        page.keyboard.press(" ")
        page.keyboard.press("+")
        until(page, "document.querySelector('[data-scope-time]').textContent !== ''")
        deadline = time.monotonic() + 10
        while not _is_half(asked, "spectrogram", "/peaks") and time.monotonic() < deadline:
            page.wait_for_timeout(50)
        start_s, end_s = _span(asked, "spectrogram")
        assert end_s - start_s == pytest.approx(8)  # half of sixteen seconds: only what is visible is computed
        assert start_s <= page.evaluate(f"{OWN}.currentTime") <= end_s
        assert _span(asked, "/peaks") == (start_s, end_s)


def test_a_decision_from_a_phone(browser, server_pg: Server):
    for page in opened(browser, server_pg, **PHONE):
        page.get_by_role("link", name="Harbour Lights").tap()
        until_ready(page, "Harbour Lights")
        assert not page.evaluate(OVERFLOW)
        assert page.evaluate(SMALL_TARGETS) == []
        page.touchscreen.tap(200, 300)
        page.mouse.wheel(300, 0)  # a swipe decides nothing
        page.get_by_role("navigation", name="Decide").get_by_role("link", name="Ask").tap()
        page.get_by_role("textbox", name="Reason").fill("Please send the stems.")
        page.get_by_role("button", name="Decide and open the next").tap()
        page.get_by_role("heading", name="Field Study").wait_for()
        page.get_by_role("button", name="Undo").wait_for()
    assert decided(server_pg, "rec_harbour") == "ask"
