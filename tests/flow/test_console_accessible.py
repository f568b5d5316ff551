"""Every page of the console and the portal, opened once: no barrier that axe-core knows, in light and dark and on a
phone; nothing that jumps, is cut off at 200 %, is too small for a thumb, has no name, or has one key twice."""

import re

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from fixtures_pages import DESKTOP, OVERFLOW, SMALL, World, opened, until, until_ready

from api.permissions import ROUTES
from api.services.access import Role

pytestmark = [pytest.mark.browser, pytest.mark.postgresql]

STILL = 0.01  # a tenth of what counts as good; a table that arrives in two pieces moves by 0.003
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NO_PAGES = {
    "/console/next": "leads to a case",
    "/console/filter": "JSON for the filter line",
    "/console/sign-in/callback": "leads on",
    "/console/sign-in/provider": "leads to the provider",
    "/console/samples/next": "leads to a sample",
    "/console/views/{view_id}": "leads to the queue",
    "/portal/drafts/{draft_id}/state": "a part of the draft's page",
}
BINARY = re.compile(r"/(audio|excerpt|peaks|spectrogram)$|/landmarks/|/stems/|/static/")
ALSO = (
    "/console?filter=rule:SPM+undeclred",
    "/console?severity=medium",
    "/console/cases/{case_id}?action=remove",
    "/console/dashboard/cases?figure=backlog",
    "/console/policies/text?ref={ref}",
    "/console/sign-in?token=x",
    "/console/cases/none",
)
OWN = {
    "/portal/cases/{case_id}": "/portal/cases/{own_case_id}",
    "/portal/drafts/{draft_id}/message": "/portal/drafts/{draft_id}/message?name={name}",
}
SHIFT = """new Promise((resolve) => {
  let sum = 0;
  const observer = new PerformanceObserver((list) => list.getEntries().forEach((one) => { sum += one.value; }));
  observer.observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(sum))));
})"""
QUIET = (
    "document.readyState === 'complete' && !performance.getEntriesByType('resource').some((one) => !one.responseEnd)"
)
TWICE = """
[...document.querySelectorAll("[data-key]")].map((one) => one.dataset.key)
  .filter((key, at, all) => all.indexOf(key) !== at)
"""
UNNAMED = """
[...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
  .filter((one) => !one.labels?.length && !one.getAttribute("aria-label")).map((one) => one.outerHTML.slice(0, 90))
"""
# what leads from a chart stands as a link in the table below it, too
UNREACHABLE = """
[...document.querySelectorAll("main a[href], main button, main input, main select, main textarea, main summary")]
  .filter((one) => one.type !== "hidden" && !one.disabled && one.tabIndex < 0)
  .filter((one) => !one.classList.contains("unseen") && !one.closest("svg"))
  .map((one) => one.outerHTML.slice(0, 90))
"""
# what axe-core calls color-contrast, of what has no picture behind it, in a hundredth of the time
DIM = """
(() => {
  const parts = (colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
  const ground = (one) => {
    if (!one) return [255, 255, 255, 1];
    const own = parts(getComputedStyle(one).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(one.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const isText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
    && !one.closest("svg, option, :disabled, .unseen, .skip") && one.checkVisibility({ visibilityProperty: true });
  return [...document.querySelectorAll("body *")].filter(isText).filter((one) => {
    const style = getComputedStyle(one);
    const below = ground(one);
    const [weak, strong] = [light(over(parts(style.color), below)), light(below)].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    return strong / weak < (isLarge ? 3 : 4.5);
  }).map((one) => one.outerHTML.slice(0, 90));
})()"""

STOP = """(() => {
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const isSeen = box.width > 0 && box.bottom > 0 && box.top < innerHeight
    && (getComputedStyle(one).outlineStyle !== "none" || one.matches(".action input"));
  if (one === document.body) return null;
  const name = one.type === "radio" ? one.value : one.name || one.innerText || one.ariaLabel || one.tagName;
  return [name.replace(/\\s+/g, " ").trim(), isSeen];
})()"""


def pages(start: str) -> list[str]:
    """Name the pages below an address, by the table of routes."""
    listed = (route.removeprefix("GET ") for route in ROUTES if route.startswith(f"GET {start}"))
    plain = [path for path in listed if path not in NO_PAGES and not BINARY.search(path)]
    if start == "/console":
        return [path for path in plain if path != "/console/policies/text"] + list(ALSO)
    return [OWN.get(path, path) for path in plain]


CONSOLE, PORTAL = pages("/console"), pages("/portal") + pages("/creator")


class Looker:
    """A page that is looked at in both schemes and three sizes without being loaded again."""

    def __init__(self, page) -> None:
        self.page = page

    def look(self, address: str, path: str) -> list[str]:
        """Open a page; tell every barrier, jump, overflow, small target, nameless field and double key."""
        self.page.goto(address)
        until(self.page, QUIET)
        shift = self.page.evaluate(SHIFT)
        found = [f"jumps by {shift:.3f}"] if shift > STILL else []
        found += [f"key {key} twice" for key in self.page.evaluate(TWICE)]
        found += [f"no name: {one}" for one in self.page.evaluate(UNNAMED)]
        found += [f"not reached by Tab: {one}" for one in self.page.evaluate(UNREACHABLE)]
        self.page.evaluate(AXE_SCRIPT)
        found += self.serious("light")
        self.page.emulate_media(color_scheme="dark")
        found += [f"dim in the dark: {one}" for one in self.page.evaluate(DIM)]
        self.page.set_viewport_size({"width": 640, "height": 430})  # a screen of 1280 by 860 at 200 %
        found += ["cut off at 200 %"] if self.page.evaluate(OVERFLOW) else []
        self.page.set_viewport_size({"width": 390, "height": 844})
        found += ["cut off on a phone"] if self.page.evaluate(OVERFLOW) else []
        found += [f"small: {one}" for one in self.page.evaluate(SMALL)]
        found += [f"dim on a phone in the dark: {one}" for one in self.page.evaluate(DIM)]
        found += self.serious("phone", "target-size", "scrollable-region-focusable")
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 1280, "height": 860})
        return [f"{path}: {one}" for one in found]

    def serious(self, where: str, *rules: str) -> list[str]:
        """Name what axe-core finds serious or critical, by all rules or some."""
        only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
        options = {"runOnly": only, "resultTypes": ["violations"], "preload": False}
        violations = self.page.evaluate("(options) => axe.run(options).then((found) => found.violations)", options)
        grave = [one for one in violations if one["impact"] in {"serious", "critical"}]
        return [f"{where} {one['id']}: {one['nodes'][0]['html'][:120]}" for one in grave]


@pytest.mark.parametrize(
    ("name", "role", "paths"),
    [("root", Role.ADMIN, CONSOLE[: len(CONSOLE) // 2]), ("sue", Role.SENIOR, CONSOLE[len(CONSOLE) // 2 :]),
     ("nova", Role.LABEL, PORTAL)],
    ids=("console", "console-2", "portal"),
)  # fmt: skip
def test_no_page_has_a_barrier(browser, world: World, name: str, role: Role, paths: list[str]):
    with opened(browser, world.server, name=name, role=role, reduced_motion="reduce", **DESKTOP) as page:
        looker = Looker(page)
        assert "\n".join(one for path in paths for one in looker.look(world.at(path), path)) == ""


def test_what_opens_by_key_has_no_barrier_either(browser, world: World):
    with opened(browser, world.server, "/console", color_scheme="dark", reduced_motion="reduce", **DESKTOP) as page:
        until_ready(page, "Queue")
        page.evaluate(AXE_SCRIPT)
        looker = Looker(page)
        page.keyboard.press("Control+k")
        page.get_by_role("option", name="Go to Batches").wait_for()
        found = looker.serious("palette")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        page.get_by_role("dialog").wait_for()
        found += looker.serious("help")
        page.keyboard.press("Escape")
        page.keyboard.press("f")
        page.keyboard.type("late sever")
        page.get_by_role("option", name="severity:").wait_for()
        assert found + looker.serious("completion") == []


GROUND = "(one) => getComputedStyle(one).backgroundColor"


def test_colours_of_a_persons_own_still_show_what_is_chosen(browser, world: World):
    """Forced colours take every ground away; what is chosen keeps one that the rest has not."""
    path = world.at("/console/cases/{case_id}").removeprefix(world.server.address)
    with opened(browser, world.server, path, forced_colors="active", **DESKTOP) as page:
        until_ready(page, "Harbour Lights")
        page.keyboard.press("Control+k")
        options = page.locator("dialog [role=option]")
        options.first.wait_for()
        assert options.nth(0).evaluate(GROUND) != options.nth(1).evaluate(GROUND)
        page.keyboard.press("Escape")
        page.keyboard.press("b")
        page.locator("[data-ab][aria-pressed=true]").wait_for()
        page.mouse.move(0, 0)
        others = page.locator(".controls .button:not([data-ab])").first
        assert page.locator("[data-ab]").evaluate(GROUND) != others.evaluate(GROUND)
        assert page.locator(".sign-bar").first.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
        assert page.locator(".scope").evaluate(GROUND) == "rgb(18, 17, 15)"  # its pictures are drawn for the dark
        assert page.locator("[data-ab] kbd").evaluate(GROUND) == "rgba(0, 0, 0, 0)"  # its letter is seen


def test_the_whole_way_is_gone_by_tab(browser, world: World):
    """From the top of the queue into a case and through its form, by Tab and Enter, each stop visible."""
    with opened(browser, world.server, world.at("/console/cases/{case_id}").removeprefix(world.server.address)) as page:
        until_ready(page, "Harbour Lights")
        stops = []
        page.keyboard.press("Tab")
        while stop := page.evaluate(STOP):
            stops.append(stop)
            page.keyboard.press("Tab")
        assert stops[0][0] == "Skip to the content"
        said = [name for name, _ in stops]
        assert {"Take c", "Play space", "approve", "reason", "Decide and open the next Ctrl Enter"} <= set(said)
        assert [name for name, is_seen in stops if not is_seen] == []
