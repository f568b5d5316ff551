"""What a screen reader is given: names, headings, landmarks, what is said after each step, in Chromium's tree."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from fixtures_browser import Server, seed_all, serving
from fixtures_pages import opened, until, until_ready
from playwright.sync_api import expect

from api.services import cases
from api.services.access import Actor, Role
from api.settings import Settings

pytestmark = pytest.mark.browser

SAID = "document.querySelector('[data-said]')"  # put in once more after the page is there, so that it is heard
CASE = """
- main:
  - article:
    - heading /Harbour Lights/ [level=1]
    - button "Take"
    - link "Next"
    - region /reasons? to look/:
      - heading [level=2]
      - list:
        - listitem:
          - heading /high Declared human/ [level=3]
        - listitem
        - listitem:
          - heading /medium Sounds like another/ [level=3]
          - list:
            - listitem:
              - button /Play 0:08.0:20/
    - region "Sound":
      - heading "Sound" [level=2]
      - img /Spectrogram/
      - slider "Position in the recording"
      - button "Play"
      - button "Evidence 1/2"
      - button "A/B"
      - button "Zoom out"
      - button "Zoom in"
      - slider "Volume"
    - region "Four layers":
      - heading "Four layers" [level=2]
      - region /Declared/:
        - heading [level=3]
      - region /Found/:
        - heading [level=3]
      - region /Heard/:
        - heading [level=3]
      - region /Known/:
        - heading [level=3]
    - region "What was declared"
    - region /Findings of the rules/
    - region "History"
    - region "Decide":
      - heading "Decide" [level=2]
      - group "Action":
        - radio "Approve Goes live as declared."
        - radio "Ask Waits until the label answers."
        - radio "Label Goes live, labelled as AI."
        - radio "Demote Goes live, not recommended."
        - radio "Remove Does not go live."
      - textbox "Reason"
      - list "Common reasons"
      - textbox "Note for colleagues not sent"
      - button "Decide and open the next"
"""


@pytest.fixture(scope="module")
def careful(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose decisions can be undone."""
    home = tmp_path_factory.mktemp("spoken") / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    with serving(Settings(home=home)) as running:
        seed_all(running, plain=1)
        running.link("ben")
        yield running


def spoken(page) -> str:
    """What the page says of what was done, once it is said."""
    until(page, f"Boolean({SAID})")
    assert page.evaluate(f"{SAID}.role") == "status"
    return str(page.evaluate(f"{SAID}.textContent"))


def test_the_case_page_is_a_page_without_a_screen(browser, careful: Server):
    with opened(browser, careful, f"/console/cases/{careful.case_id()}") as page:
        until_ready(page, "Harbour Lights")
        expect(page.locator("body")).to_match_aria_snapshot(CASE)
        assert page.get_by_role("button", name="Take").get_attribute("aria-keyshortcuts") == "c"
        levels = [int(one) for one in re.findall(r"heading .*\[level=(\d)\]", page.locator("body").aria_snapshot())]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert (
            page.locator("[data-time]").evaluate("(one) => one.closest('output, [role=status], [aria-live]')") is None
        )


def test_what_was_done_is_said_and_the_focus_is_where_one_goes_on(browser, careful: Server):
    """A decision, its undoing, and a conflict: each is a new page, of which nobody would hear without being told."""
    case_id = careful.case_id()
    with opened(browser, careful, f"/console/cases/{case_id}") as page:
        until_ready(page, "Harbour Lights")
        for key in ("a", "1", "Control+Enter"):
            page.keyboard.press(key)
        page.wait_for_url(f"**/cases/*?done={case_id}")
        assert spoken(page) == "Approve: “Harbour Lights”."
        page.keyboard.press("u")
        page.wait_for_url(f"**/cases/{case_id}")  # the address says it no longer
        until_ready(page, "Harbour Lights")
        assert spoken(page) == "The decision is taken back: the case is open again."

        page.keyboard.press("x")
        page.get_by_label("Reason", exact=True).fill("It is a copy.")
        ben = Actor("ben", Role.MODERATOR)
        version = cases.view(careful.database, ben, case_id).case.version
        cases.claim(careful.database, ben, case_id, expected_version=version)
        page.keyboard.press("Control+Enter")  # its statement has places to fill in besides
        page.get_by_role("alert").get_by_text("Nothing was done: ben took the case, at 20").wait_for()
        until(page, "document.activeElement.matches('.notice-problem')")
        assert page.get_by_label("Reason typed, not sent").input_value() == "It is a copy."


def test_what_is_wrong_in_the_form_takes_the_focus(browser, careful: Server):
    with opened(browser, careful, f"/console/cases/{careful.case_id('rec_1')}") as page:
        until_ready(page, "Field Study 1")
        page.keyboard.press("a")
        page.keyboard.press("Control+Enter")
        page.locator("[data-problems]").wait_for()
        until(page, "document.activeElement.matches('[data-problems]')")
        assert page.get_by_role("alert").get_by_role("link").all_inner_texts() == [
            "Reason: Give a reason of 3 to 5,000 characters."
        ]
