"""A policy is drafted, simulated, approved by a second person and rolled back, in a real browser."""

import contextlib

import pytest
from test_console_browser import DESKTOP, OVERFLOW, PHONE, SMALL_TARGETS, TIMEOUT_MS, UNNAMED

from api.services.access import Role
from schemas.policy import house_text

pytestmark = pytest.mark.browser
DRAFT = (
    house_text().replace('version = "', 'version = "trial of ', 1)
    + """
[[reason]]
code = "AUD-090"
title = "Flat sound"
explanation = "Nearly no tones."
severity = "low"
layers = ["heard"]
signals = [{ signal = "flatness", at_least = 0.5 }]
"""
)


@contextlib.contextmanager
def signed_in(browser, server, name, role, **kind):
    """A page of a new person; complaints of scripts or of the policy fail the test."""
    complaints: list[str] = []
    context = browser.new_context(**kind)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "ontent Security" in line.text else None)
    page.goto(server.link(name, role))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console")
    page.goto(f"{server.address}/console/policies")
    yield page
    context.close()
    assert complaints == []


def propose(page, text):
    """Draft a policy by its form."""
    page.locator("#policy-text").fill(text)
    page.get_by_role("textbox", name="Why").first.fill("Flat sound is missed.")
    page.get_by_role("button", name="Keep the draft").first.click()


def test_a_policy_is_simulated_and_approved(browser, server):
    with signed_in(browser, server, "sue", Role.SENIOR, viewport=DESKTOP) as author:
        propose(
            author, DRAFT.replace('severity = "low"\nlayers = ["heard"]\nsignals = [{ signal = "flatness"', "severity")
        )
        author.get_by_role("alert").get_by_text("Line").first.wait_for()
        assert "Flat sound is missed." in author.get_by_role("textbox", name="Why").first.input_value()
        author.locator("#policy-text").fill(DRAFT)
        author.get_by_role("button", name="Keep the draft").first.click()
        author.get_by_text("AUD-090 is new: Flat sound (low).").wait_for()
        assert author.get_by_text("Who wrote a version does not approve it.").is_visible()
        author.get_by_role("button", name="Simulate the effect").click()
        author.get_by_role("heading", name="The effect on the past").wait_for()
        assert "AUD-090" in author.get_by_role("table").nth(1).inner_text()
        author.get_by_role("combobox", name="Threshold").select_option("AUD-090 flatness at_least")
        author.get_by_role("textbox", name="Values").fill("0.4 0.5 0.7")
        author.get_by_role("button", name="Show the effect").click()
        author.get_by_role("img", name="Effect of AUD-090").wait_for()
        address = author.url.partition("/thresholds")[0]
        assert author.get_by_role("button", name="Approve").count() == 0

    with signed_in(browser, server, "ada", Role.ADMIN, viewport=DESKTOP) as second:
        second.goto(address)
        second.get_by_role("button", name="Approve: live from now on").click()
        second.get_by_text("Approved by").wait_for()
        assert second.locator(".state-live").inner_text() == "live"
        second.get_by_role("link", name="Policies").first.click()
        second.get_by_text("Roll back", exact=True).click()
        form = second.locator("form[action='/console/policies/roll-back']")
        form.get_by_role("textbox", name="Why").fill("It floods the queue.")
        form.get_by_role("button", name="Put back what was live before").click()
        second.locator(".state-live").wait_for()
        assert second.get_by_role("heading", level=1).inner_text().startswith("house@")
        assert "trial" not in second.get_by_role("heading", level=1).inner_text()


def test_figures_open_their_cases_on_a_phone(browser, server):
    with signed_in(browser, server, "maya", Role.MODERATOR, **PHONE) as page:
        for path in ("/console/dashboard", "/console/policies"):
            page.goto(server.address + path)
            assert not page.evaluate(OVERFLOW), path
            assert page.evaluate(SMALL_TARGETS) == [], path
            assert page.evaluate(UNNAMED) == [], path
        page.goto(server.address + "/console/dashboard")
        page.get_by_role("link", name="Backlog").tap()
        page.get_by_role("heading", name="Cases that wait", level=1).wait_for()
        assert page.locator("tbody tr").count() == 7


def test_a_rule_is_recalled_after_a_look(browser, server):
    with signed_in(browser, server, "sue", Role.SENIOR, viewport=DESKTOP) as page:
        page.goto(server.address + "/console/recalls")
        page.get_by_role("combobox", name="What").select_option("rule")
        page.get_by_role("textbox", name="Which").fill("SPM-004")
        page.get_by_role("textbox", name="Why").fill("It takes rain for noise.")
        page.get_by_role("button", name="Show what would happen").click()
        page.get_by_role("heading", name="What would happen: no decision rests on it").wait_for()
        assert page.get_by_role("textbox", name="Which").input_value() == "SPM-004"
