"""The console in a real browser: a moderator's morning by keyboard, and on a phone."""

import time

import pytest
from fixtures_browser import Server

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
OVERFLOW = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SMALL_TARGETS = """
[...document.querySelectorAll("a.button, button, select, summary, .thumb a, input:not([type=hidden], [type=radio])")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest(".unseen"))
  .filter((one) => one.getBoundingClientRect().height < 43.5)
  .map((one) => one.outerHTML.slice(0, 90))
"""
UNNAMED = """
[...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
  .filter((one) => !one.labels?.length && !one.getAttribute("aria-label")).map((one) => one.outerHTML.slice(0, 90))
"""
DESKTOP = {"width": 1280, "height": 860}
TIMEOUT_MS = 15_000
OWN, OTHER = "document.querySelector('[data-a]')", "document.querySelector('[data-b]')"


@pytest.fixture
def page(browser, shared_server: Server):
    """A signed-in page on a desktop, for tests that decide nothing."""
    yield from opened(browser, shared_server, viewport=DESKTOP)


@pytest.fixture
def desk(browser, server: Server):
    """A signed-in page on a desktop with a queue of its own."""
    yield from opened(browser, server, viewport=DESKTOP)


@pytest.fixture
def phone(browser, server: Server):
    """A signed-in page on a phone with a queue of its own."""
    yield from opened(browser, server, **PHONE)


def opened(browser, server: Server, **kind):
    """Sign in through the link and give the page; what a script or the policy complains about fails the test."""
    complaints: list[str] = []
    context = browser.new_context(**kind)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "ontent Security" in line.text else None)
    page.goto(server.link("maya"))
    page.get_by_role("button", name="Sign in").click()
    until_ready(page, "Queue")
    yield page
    context.close()
    assert complaints == []


def until(page, condition: str) -> None:
    """Wait for a condition from outside the page, whose policy forbids to evaluate strings within."""
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"never came true: {condition}"
        page.wait_for_timeout(40)


def until_ready(page, heading: str) -> None:
    """Wait for a page, and for the scripts that make its keys work."""
    page.get_by_role("heading", name=heading, level=1).wait_for()
    until(page, "document.querySelector('[data-key-list]').children.length > 0")


def open_case(page, title: str) -> None:
    """Open a case from the queue."""
    page.get_by_role("link", name=title).click()
    until_ready(page, title)


def rows(page) -> list[str]:
    """Give the titles in the queue."""
    return page.locator("[data-row]").all_inner_texts()


def test_a_morning_by_keyboard(desk):
    before = rows(desk)
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    until_ready(desk, "Harbour Lights")

    desk.keyboard.press("e")
    until(desk, f"{OWN}.currentTime > 8.2")  # the first evidence begins at second 8
    desk.keyboard.press(" ")
    until(desk, f"{OWN}.paused")

    desk.keyboard.press("a")
    desk.keyboard.press("2")
    assert desk.get_by_role("textbox", name="Reason").input_value().startswith("Checked by ear")
    desk.keyboard.press("Control+Enter")
    until_ready(desk, "Field Study")
    assert "Approve: “Harbour Lights”." in desk.get_by_role("status").first.inner_text()

    desk.keyboard.press("q")
    until_ready(desk, "Queue")
    assert rows(desk) == before[1:]


def test_typing_is_never_a_command(page):
    open_case(page, "Harbour Lights")
    page.keyboard.press("l")
    page.keyboard.type("A demo, next x")
    assert page.get_by_role("textbox", name="Reason").input_value() == "A demo, next x"
    assert page.locator("input[value=label]").is_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    assert page.locator("input[value=remove]").is_checked()


def test_the_statement_appears_with_what_restricts_and_names_what_is_missing(page):
    open_case(page, "Harbour Lights")
    facts = page.get_by_role("textbox", name="Facts (b)")
    page.keyboard.press("a")
    assert not facts.is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    assert "PRV-001" in facts.input_value()
    page.keyboard.type("A copy.")
    page.keyboard.press("Control+Enter")

    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.matches('[data-problems]')")
    assert page.get_by_role("textbox", name="Reason").input_value() == "A copy."
    assert page.get_by_label("Why the facts fall under it").get_attribute("aria-invalid") == "true"


def test_the_other_recording_sounds_at_the_same_place(page):
    open_case(page, "Harbour Lights")
    page.get_by_role("button", name="Play 0:08").click()
    until(page, f"{OWN}.currentTime > 8.2")
    page.keyboard.press("b")
    until(page, f"!{OTHER}.paused && {OTHER}.currentTime > 2.1")  # its stretch begins two seconds before

    assert page.evaluate(f"{OWN}.paused")
    assert page.evaluate(f"{OTHER}.playbackRate") == pytest.approx(1.05)
    assert page.evaluate(f"{OTHER}.volume") <= 0.8 * 0.59  # levelled from -9.3 LUFS to -14
    assert page.locator("[data-time]").inner_text() in {"0:08", "0:09", "0:10", "0:11"}


def test_pictures_stand_for_the_sound(page):
    open_case(page, "Field Study 1")
    drawn = """["waveform", "spectrogram"].every((name) => {
      const canvas = document.querySelector(`[data-${name}]`);
      const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      return new Set(new Uint32Array(pixels.buffer)).size > 8;
    })"""
    until(page, drawn)
    page.keyboard.press(" ")  # an MP3 by its facts: decoded on the server
    until(page, f"{OWN}.currentTime > 0.2")
    assert page.evaluate(f"{OWN}.src").startswith("blob:")


def test_help_lists_the_keys_of_the_page(page):
    open_case(page, "Harbour Lights")
    page.keyboard.press("?")
    said = page.get_by_role("dialog").inner_text()
    for key in ("Approve", "Play the next evidence", "Next case", "Ctrl Enter"):
        assert key in said
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    assert not page.locator("input[value=remove]").is_checked()


def test_every_field_has_a_name(page):
    for name in ("", "Harbour Lights"):
        if name:
            open_case(page, name)
        assert page.evaluate(UNNAMED) == []


def test_a_case_is_decided_by_thumb(phone):
    assert not phone.evaluate(OVERFLOW)
    assert phone.evaluate(SMALL_TARGETS) == []
    phone.get_by_role("link", name="Harbour Lights").tap()
    until_ready(phone, "Harbour Lights")
    assert not phone.evaluate(OVERFLOW)
    phone.get_by_role("navigation", name="Decide").get_by_role("link", name="Approve").tap()
    assert phone.evaluate(SMALL_TARGETS) == []
    phone.get_by_role("button", name="The declaration agrees").tap()
    phone.get_by_role("button", name="Decide and open the next").tap()
    phone.get_by_role("heading", name="Field Study").wait_for()


def test_nothing_is_cut_off_at_twice_the_size(browser, shared_server: Server):
    for page in opened(browser, shared_server, viewport={"width": 640, "height": 430}, device_scale_factor=2):
        assert not page.evaluate(OVERFLOW)
        open_case(page, "Harbour Lights")
        page.get_by_role("heading", name="Harbour Lights", level=1).wait_for()
        assert not page.evaluate(OVERFLOW)
