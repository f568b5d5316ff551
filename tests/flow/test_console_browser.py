"""The console in a real browser: keys, sound, pictures, what is loaded ahead; one page for what changes nothing."""

import re
import time

import pytest
from fixtures_browser import Server
from fixtures_pages import opened, until, until_ready

from api.services.access import Role

pytestmark = pytest.mark.browser

OWN, OTHER = "document.querySelector('[data-a]')", "document.querySelector('[data-b]')"
FULL = """["waveform", "spectrogram", "wave"].every((name) => {
  const canvas = document.querySelector(`[data-${name}]`);
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(pixels.buffer)).size > 3;
})"""


@pytest.fixture(scope="module")
def one_page(browser, shared_server: Server):
    """A signed-in page for all tests of this file that decide nothing."""
    with opened(browser, shared_server) as page:
        yield page


@pytest.fixture
def case_page(one_page, shared_server: Server):
    """The case with everything, opened anew."""
    one_page.goto(f"{shared_server.address}/console/cases/{shared_server.case_id()}")
    until_ready(one_page, "Harbour Lights")
    return one_page


def requests_of(page) -> list[str]:
    """Collect the addresses that a page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def test_typing_is_never_a_command(case_page):
    case_page.keyboard.press("l")
    case_page.keyboard.type("A demo, next x")
    assert case_page.get_by_role("textbox", name="Reason").input_value() == "A demo, next x"
    assert case_page.locator("input[value=label]").is_checked()
    case_page.keyboard.press("Escape")
    case_page.keyboard.press("x")
    assert case_page.locator("input[value=remove]").is_checked()


def test_a_key_opens_what_is_folded_and_the_first_field_waits_for_words(case_page):
    case_page.keyboard.press("p")
    assert case_page.get_by_role("button", name="Put aside").is_visible()
    until(case_page, "document.activeElement.name === 'until'")
    case_page.keyboard.press("Escape")
    case_page.keyboard.press("p")
    assert not case_page.get_by_role("button", name="Put aside").is_visible()


def test_whoever_moves_on_at_once_is_not_fetched_back_to_the_first_field(case_page):
    """A browser tells that something opened only after the next key may have been pressed."""
    case_page.evaluate("""async () => {
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "p", bubbles: true }));
      document.activeElement.form.elements.namedItem("reason").focus();
      await new Promise((resume) => setTimeout(resume, 200));
    }""")
    assert case_page.evaluate("document.activeElement.name") == "reason"
    case_page.keyboard.press("Escape")
    case_page.keyboard.press("p")


def test_a_case_is_handed_over_by_keyboard_alone(browser, server: Server):
    server.link("ben")
    with opened(browser, server, f"/console/cases/{server.case_id()}") as page:
        until_ready(page, "Harbour Lights")
        page.keyboard.press("h")
        until(page, "document.activeElement.name === 'to'")
        page.keyboard.press("Tab")
        page.keyboard.type("Yours: it is Dutch.")
        page.keyboard.press("Enter")
        page.get_by_text("ben holds this case until").first.wait_for()


def test_the_statement_appears_with_what_restricts_and_names_what_is_missing(case_page):
    facts = case_page.get_by_role("textbox", name="Facts (b)")
    case_page.keyboard.press("a")
    assert not facts.is_visible()
    case_page.keyboard.press("Escape")
    case_page.keyboard.press("x")
    assert "PRV-001" in facts.input_value()
    case_page.keyboard.type("A copy.")
    case_page.keyboard.press("Control+Enter")

    case_page.get_by_role("alert").wait_for()
    until(case_page, "document.activeElement.matches('[data-problems]')")
    assert case_page.get_by_role("textbox", name="Reason").input_value() == "A copy."
    assert case_page.get_by_label("Why the facts fall under it").get_attribute("aria-invalid") == "true"


def test_the_other_recording_sounds_at_the_same_place(case_page):
    case_page.get_by_role("button", name="Play 0:08").click()
    until(case_page, f"{OWN}.currentTime > 8.2")
    case_page.keyboard.press("b")
    until(case_page, f"!{OTHER}.paused && {OTHER}.currentTime > 2.1")  # its stretch begins two seconds before

    assert case_page.evaluate(f"{OWN}.paused")
    assert case_page.evaluate(f"{OTHER}.playbackRate") == pytest.approx(1.05)
    assert case_page.evaluate(f"{OTHER}.volume") <= 0.8 * 0.59  # levelled from -9.3 LUFS to -14
    assert re.fullmatch(r"0:(0[89]|1\d)", case_page.locator("[data-time]").inner_text())


def test_the_pictures_are_those_of_the_seconds_that_are_shown(case_page):
    until(case_page, FULL)
    asked = requests_of(case_page)
    case_page.keyboard.press("Shift+Digit1")
    until(case_page, f"{OWN}.currentTime > 8.2")
    case_page.keyboard.press(" ")
    case_page.keyboard.press("+")
    deadline = time.monotonic() + 10
    while not all(_seconds(asked, kind) for kind in ("spectrogram", "/peaks")) and time.monotonic() < deadline:
        case_page.wait_for_timeout(20)
    start_s, end_s = _seconds(asked, "spectrogram")
    assert start_s <= case_page.evaluate(f"{OWN}.currentTime") <= end_s
    assert _seconds(asked, "/peaks") == (start_s, end_s)


def _seconds(asked, kind):
    """The seconds of the last picture of a kind, where they are half of the usual sixteen: what the zoom asked for."""
    found = [re.search(r"start_s=([\d.]+)&end_s=([\d.]+)", url) for url in asked if kind in url]
    start_s, end_s = (float(value) for value in found[-1].groups()) if found else (0.0, 0.0)
    return (start_s, end_s) if end_s - start_s == pytest.approx(8) else ()


def test_what_no_browser_plays_exactly_is_decoded_here(one_page, shared_server: Server):
    one_page.goto(f"{shared_server.address}/console/cases/{shared_server.case_id('rec_1')}")
    until_ready(one_page, "Field Study 1")
    one_page.keyboard.press(" ")  # an MP3 by its facts
    until(one_page, f"{OWN}.currentTime > 0.2")
    assert one_page.evaluate(f"{OWN}.src").startswith("blob:")


def test_help_lists_the_keys_of_the_page(case_page):
    case_page.keyboard.press("?")
    said = case_page.get_by_role("dialog").inner_text()
    for key in ("Approve", "Play the next evidence", "Next case", "Ctrl Enter"):
        assert key in said
    case_page.keyboard.press("x")
    case_page.keyboard.press("Escape")
    assert not case_page.locator("input[value=remove]").is_checked()


def test_the_filter_line_completes_by_tab(one_page, shared_server: Server):
    one_page.goto(f"{shared_server.address}/console")
    until_ready(one_page, "Queue")
    one_page.keyboard.press("f")
    one_page.keyboard.type("late sever")
    one_page.get_by_role("option", name="severity:").wait_for()
    one_page.keyboard.press("Tab")
    assert one_page.locator("#filter-text").input_value() == "late severity:"


def test_the_next_case_is_loaded_ahead_keys_are_ones_own_and_ctrl_k_finds_everything(browser, shared_server: Server):
    with opened(browser, shared_server, "/console/settings", name="kay") as page:
        page.get_by_label("Approve").press("y")
        page.get_by_label("Remind me of a rest").select_option("0")
        page.get_by_label("The loudest that sound may be").select_option("0.4")
        page.get_by_role("button", name="Keep").click()
        page.get_by_text("Your settings are kept.").wait_for()
        asked = requests_of(page)
        page.goto(f"{shared_server.address}/console/cases/{shared_server.case_id()}")
        until_ready(page, "Harbour Lights")
        page.keyboard.press("a")
        assert not page.locator("input[value=approve]").is_checked()
        page.keyboard.press("y")
        assert page.locator("input[value=approve]").is_checked()
        page.keyboard.press("Escape")
        assert page.locator(".action-approve kbd").inner_text() == "y"
        assert page.evaluate(f"{OWN}.volume") <= 0.4 * 0.59

        until(page, "document.documentElement.dataset.warmed === 'yes'")
        ahead = page.evaluate("document.documentElement.dataset.preloaded")
        assert [url for url in asked if ahead in url and "spectrogram" in url]
        assert [url for url in asked if f"{ahead}/excerpt?start_s=0&end_s=24" in url]  # its first evidence, at second 2
        page.keyboard.press("Control+k")
        page.keyboard.type("next ca")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{ahead}")
        until(page, FULL)
        pictures = "performance.getEntriesByType('resource').filter((one) => /peaks|spectrogram/.test(one.name))"
        assert page.evaluate(f"{pictures}.length") >= 3
        assert page.evaluate(f"{pictures}.filter((one) => one.transferSize).length") == 0  # all out of the cache


def test_a_rule_is_recalled_after_a_look_and_figures_open_their_cases(browser, shared_server: Server):
    with opened(browser, shared_server, "/console/recalls", name="sue", role=Role.SENIOR) as page:
        page.get_by_role("combobox", name="What").select_option("rule")
        page.get_by_role("textbox", name="Which").fill("SPM-004")
        page.get_by_role("textbox", name="Why").fill("It takes rain for noise.")
        page.get_by_role("button", name="Show what would happen").click()
        page.get_by_role("heading", name="What would happen: no decision rests on it").wait_for()
        assert page.get_by_role("textbox", name="Which").input_value() == "SPM-004"
        page.goto(f"{shared_server.address}/console/dashboard")
        page.get_by_role("link", name="Backlog").click()
        page.get_by_role("heading", name="Cases that wait", level=1).wait_for()
        assert page.locator("tbody tr").count() == 7


def test_a_case_is_shown_to_be_held_and_many_are_decided_after_a_look(browser, server: Server):
    with opened(browser, server, f"/console/cases/{server.case_id()}") as page:
        until_ready(page, "Harbour Lights")
        page.keyboard.press("c")
        page.get_by_text("You hold this case until").wait_for()
        with opened(browser, server, f"/console/cases/{server.case_id()}", name="ben") as other:
            assert other.get_by_text("maya holds this case until").first.is_visible()
            assert other.locator("form[data-decide]").count() == 0
        page.goto(f"{server.address}/console/batches?code=SPM-004")
        page.locator("select[name=action]").select_option("approve")
        page.get_by_role("textbox", name="Reason").fill("Heard them all.")
        page.get_by_role("button", name="Preview").click()
        assert page.get_by_role("combobox").count() == 5
        page.get_by_role("combobox").first.select_option("leave")
        page.get_by_role("button", name="Decide 5 cases").click()
        page.get_by_text("4 decided, 1 left alone").wait_for()


def test_another_reason_drafts_the_statement_anew_and_keeps_what_was_typed(case_page):
    case_page.keyboard.press("x")
    case_page.keyboard.press("Escape")
    facts, why = (case_page.locator(f"#f-{name}") for name in ("facts", "explanation"))
    facts.fill("My own words.")

    case_page.locator("#f-drafted").select_option("impersonation")

    until(case_page, "document.getElementById('f-explanation').value.includes('{impersonated}')")
    assert facts.input_value() == "My own words."
    why.focus()
    chosen = "(field) => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert why.evaluate(chosen) == "{impersonated}"
