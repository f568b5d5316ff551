"""No barrier that axe-core knows on any page, light and dark, on a desktop and a phone; and nothing that jumps."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from fixtures_browser import Server

from api.public_queues import QueueSet, ViewCreate
from api.services import queues
from api.services.access import Actor, Role

pytestmark = pytest.mark.browser

DESKTOP = {"viewport": {"width": 1280, "height": 860}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
KINDS = {"light": DESKTOP, "dark": {**DESKTOP, "color_scheme": "dark"}, "phone": {**PHONE, "color_scheme": "dark"}}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
CONSOLE = (
    "/console",
    "/console?filter=rule:SPM+undeclred",
    "/console/views",
    "/console/routing",
    "/console/settings",
    "/console/batches",
    "/console/appeals",
    "/console/samples/next",
    "/console/cases/{case}",
    "/console/cases/{case}?action=remove",
)
PORTAL = ("/portal", "/portal/appeals", "/portal/disclosure", "/portal/webhooks")
SHIFT = """new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((one) => { if (!one.hadRecentInput) sum += one.value; }))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 400);
})"""
TWICE = """
[...document.querySelectorAll("[data-key]")].map((one) => one.dataset.key)
  .filter((key, at, all) => all.indexOf(key) !== at)
"""
OVERFLOW = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SMALL = """
[...document.querySelectorAll("a.button, .tabs a, button, select, summary, .thumb a, input")]
  .filter((one) => !["hidden", "radio", "checkbox"].includes(one.type))
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest(".unseen"))
  .filter((one) => one.getBoundingClientRect().height < 43.5).map((one) => one.outerHTML.slice(0, 90))
"""


@pytest.fixture(scope="module")
def furnished(shared_server: Server) -> Server:
    """A server with queues and views besides its cases."""
    senior = Actor(name="sue", role=Role.SENIOR)
    queues.put(shared_server.database, senior, "urgent", QueueSet(title="Urgent", sla_hours=4))
    queues.save_view(shared_server.database, senior, ViewCreate(name="Noise", filter="rule:SPM"))
    return shared_server


def serious(page) -> list[str]:
    """Name what axe-core finds serious."""
    violations = Axe().run(page, options=OPTIONS).response["violations"]
    grave = [one for one in violations if one["impact"] in {"serious", "critical"}]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in grave]


def walk(browser, server: Server, kind: str, *, name: str, role: Role, pages) -> list[str]:
    """Open pages one after the other; tell every barrier, jump, overflow and target that is too small."""
    found: list[str] = []
    context = browser.new_context(**KINDS[kind])
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(server.link(name, role))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("networkidle")
    for path in pages:
        page.goto(server.address + path.format(case=server.case_id()))
        page.wait_for_load_state("networkidle")
        shift = page.evaluate(SHIFT)
        found += [f"{path} jumps by {shift:.3f}"] if shift > 0.02 else []
        found += [f"{path} is cut off"] if page.evaluate(OVERFLOW) else []
        found += [f"{path} small: {one}" for one in page.evaluate(SMALL)] if kind == "phone" else []
        found += [f"{path} key {key} twice" for key in page.evaluate(TWICE)]
        found += [f"{path} {one}" for one in serious(page)]
    context.close()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_of_the_console_has_a_barrier(browser, furnished: Server, kind: str):
    assert walk(browser, furnished, kind, name="sue", role=Role.SENIOR, pages=CONSOLE) == []


def test_what_opens_by_key_has_no_barrier_either(browser, furnished: Server):
    context = browser.new_context(**KINDS["dark"])
    page = context.new_page()
    page.goto(furnished.link("sue", Role.SENIOR))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Control+k")
    page.get_by_role("option", name="Go to Batches").wait_for()
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    page.keyboard.type("late sever")
    page.get_by_role("option", name="severity:").wait_for()
    assert serious(page) == []
    page.keyboard.press("Tab")
    assert page.locator("#filter-text").input_value() == "late severity:"
    context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_of_the_portal_has_a_barrier(browser, furnished: Server, kind: str):
    assert walk(browser, furnished, kind, name="nova", role=Role.LABEL, pages=PORTAL) == []
