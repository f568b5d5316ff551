"""The five main journeys in a real browser on a real server with PostgreSQL; they leave the documentation's pictures.

With ``LINER_IMAGES`` naming a folder, each journey leaves a picture there (``make screenshots``).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures_browser import Server, contradiction, plain_case, seed_all, serving, write_tune
from fixtures_pages import DESKTOP, OVERFLOW, PHONE, SMALL, World, opened, rows, shoot, until, until_ready
from fixtures_postgresql import NUMBERS, _create

from api.public import QueueFilters
from api.services import cases
from api.services.access import Actor, Role
from api.settings import Settings
from schemas.cases import Action, StatementOfReasons
from schemas.policy import house_text
from schemas.review import load_rules

pytestmark = [pytest.mark.browser, pytest.mark.postgresql]

OWN = "document.querySelector('[data-a]')"
STATEMENT = StatementOfReasons(facts="The voice was cloned.", ground="Terms 4.2", explanation="No licence.")
RECORDING = {
    "title": "Tide Turning",
    "artist": "Ada Brandt",
    "isrc": "QZES72500900",
    "file": "tide.wav",
    "disclosure": {"contains_ai": "none", "contributions": [{"role": "Composer", "agent": "generative_ai"}]},
}
SUBMISSION = {
    "liner": "submission/1",
    "id": "s-2",
    "sender": {"name": "Saltmarsh Records"},
    "release": {"title": "Tide Tables", "artist": "Ada Brandt"},
    "recordings": [RECORDING],
}
DRAFT = (
    house_text().replace('version = "', 'version = "flat sound of ', 1)
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
MIA = Actor("mia", Role.MODERATOR)


@pytest.fixture(scope="module")
def world(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server on PostgreSQL with one case: a journey brings what else it needs."""
    name = f"journeys_{next(NUMBERS)}"
    _create(postgresql, name)
    home = tmp_path_factory.mktemp("journeys") / "home"
    with serving(Settings(home=home, database_url=postgresql.format(name=name))) as running:
        seed_all(running, plain=1)
        yield World(running, {})


def add(server: Server, key: str, title: str, artist: str, *, account: str = "") -> str:
    """Seed a recording of its own for one journey; give its case."""
    path = server.settings.landing / "accounts" / (account or "none") / key / "harbour.wav"
    write_tune(path)
    made = contradiction(path, path) if key.startswith("rec_c") else plain_case(1, path)
    recording = made.intake.recording.model_copy(update={"title": title, "display_artist": artist, "isrc": None})
    intake = made.intake.model_copy(
        update={"recording_key": key, "account": account or None, "recording": recording, "release_key": key}
    )
    server.seed(made.model_copy(update={"id": f"scr_{key}", "intake": intake}))
    wanted = QueueFilters(filter=f'title:"{title}"')
    (case,) = cases.queue(server.database, MIA, wanted).cases
    return case.id


def decided(server: Server, case_id: str) -> str:
    """What the moderator's decision is, published or not yet."""
    found = cases.view(server.database, Actor(name="maya", role=Role.MODERATOR), case_id)
    return str((found.draft or found.decisions[-1]).action)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A message that contradicts itself, and its sound."""
    message, sound = tmp_path / "release.json", tmp_path / "tide.wav"
    message.write_text(json.dumps(SUBMISSION, indent=1))
    write_tune(sound, seconds=4.0)
    return message, sound


def test_a_label_submits_and_corrects(browser, world: World, files):
    with opened(browser, world.server, "/portal", name="nova", role=Role.LABEL) as page:
        page.get_by_role("button", name="New delivery").click()
        page.get_by_label("Choose files").set_input_files(files[0])
        page.get_by_text("AID-002").wait_for()  # seconds after the message, before any sound
        assert page.get_by_text("still to come: tide.wav").is_visible()
        page.get_by_text("AID-002").click()
        shoot(page, "journey-label")
        page.get_by_role("link", name="Correct it here").click()
        page.get_by_text("AID-002").click()
        page.locator("details[open] [data-line]").first.click()
        text = page.get_by_label("release.json")
        assert page.evaluate("document.activeElement.id") == "text"
        text.fill(json.dumps(SUBMISSION, indent=1).replace('"none"', '"partly"'))
        page.get_by_role("button", name="Save and check").click()
        page.get_by_text("Saved and checked").wait_for()
        assert page.get_by_text("AID-002").count() == 0
        page.get_by_role("button", name="Save and go back").click()

        page.get_by_label("Choose files").set_input_files(files[1])
        page.get_by_text("still to come").wait_for(state="detached")
        page.get_by_role("button", name="Send", exact=True).click()
        page.get_by_text("Waits to be listened to.").wait_for()
        assert page.get_by_role("list", name="Tide Turning: Received").is_visible()


def test_a_moderator_clears_a_queue_by_keyboard(browser, world: World):
    easy = ("First Watch", "Second Watch", "Third Watch")
    ids = {title: add(world.server, f"rec_{title.split()[0]}", title, "Night Shift") for title in easy}
    hard = add(world.server, "rec_c_night", "Night Harbour", "Night Shift")
    with opened(browser, world.server, **DESKTOP) as page:
        page.goto(world.server.link("maya"))
        page.get_by_role("button", name="Sign in").click()
        until_ready(page, "Queue")
        page.keyboard.press("f")
        page.keyboard.type("nihgt is no word")
        page.keyboard.press("Enter")
        page.get_by_text("“nihgt” is no word of the filter (column 1)").wait_for()
        page.goto(f"{world.server.address}/console")
        until_ready(page, "Queue")
        page.keyboard.press("f")
        page.keyboard.type('artist:"Night Shift", last week')
        page.keyboard.press("Enter")
        page.wait_for_url("**filter=artist**")
        until_ready(page, "Queue")
        titles = rows(page)
        assert titles[0] == "Night Harbour"
        assert sorted(titles[1:]) == sorted(ids)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        until_ready(page, "Night Harbour")
        page.keyboard.press("e")
        until(page, f"{OWN}.currentTime > 8.2")  # the first evidence begins at second 8
        shoot(page, "journey-moderator", at=".controls")
        page.keyboard.press(" ")
        until(page, f"{OWN}.paused")
        for title in titles:
            until_ready(page, title)
            for key in ("a", "2", "Control+Enter"):  # an easy case: three keys
                page.keyboard.press(key)
        page.get_by_role("heading", name="No case matches").wait_for()
        assert re.search(r"Approve: “(First|Second|Third) Watch”", page.get_by_role("status").first.inner_text())
    assert {decided(world.server, one) for one in (*ids.values(), hard)} == {"approve"}


def test_an_appeal_with_a_stem_is_answered_by_somebody_else(browser, world: World):
    server = world.server
    case_id = add(server, "rec_c_appeal", "Own Voice", "Ada Brandt", account="nova")
    version = cases.view(server.database, MIA, case_id).case.version
    cases.decide(
        server.database, MIA, case_id, action=Action.REMOVE, reason="Cloned.", statement=STATEMENT,
        expected_version=version, rules=load_rules("at-once"),
    )  # fmt: skip
    stem = server.settings.landing / "accounts" / "nova" / "rec_c_appeal" / "harbour.wav"
    with opened(browser, server, f"/portal/cases/{case_id}", name="nova", role=Role.LABEL) as page:
        assert page.get_by_text("The voice was cloned.").is_visible()
        page.get_by_label("Why is the decision wrong?").fill("I sang this myself; here is the voice alone.")
        page.get_by_role("button", name="Appeal").click()
        page.get_by_label("What is it?").select_option("stem")
        with page.expect_navigation():
            page.get_by_label("Choose files").set_input_files(stem)
        page.get_by_role("link", name="harbour.wav").wait_for()
        appeal = page.url
        with opened(browser, server, "/console", name="ben") as reviewer:
            until_ready(reviewer, "Queue")
            reviewer.keyboard.press("g")
            reviewer.get_by_role("link", name="Own Voice").click()
            reviewer.get_by_role("button", name="Measure how much the stems explain").click()
            reviewer.get_by_text("Together the stems explain").wait_for()
            shoot(reviewer, "journey-appeal")
            reviewer.get_by_label("Uphold").press("r")
            reviewer.get_by_label("Reply").fill("The stem lies in the recording to the sample.")
            reviewer.get_by_role("button", name="Answer").click()
            reviewer.get_by_role("heading", name="Given back").wait_for()
        page.goto(appeal)
        assert page.get_by_text("Reversed: the decision no longer applies.").is_visible()
        assert page.get_by_text("no longer under “remove” in Worldwide").is_visible()


def test_a_policy_is_simulated_and_approved(browser, world: World):
    with opened(browser, world.server, "/console/policies", name="sue", role=Role.SENIOR) as author:
        broken = 'severity = "low"\nlayers = ["heard"]\nsignals = [{ signal = "flatness"'
        author.locator("#policy-text").fill(DRAFT.replace(broken, "severity"))
        author.get_by_role("textbox", name="Why").first.fill("Flat sound is missed.")
        author.get_by_role("button", name="Keep the draft").first.click()
        author.get_by_role("alert").get_by_text("Line").first.wait_for()
        assert "Flat sound is missed." in author.get_by_role("textbox", name="Why").first.input_value()
        author.locator("#policy-text").fill(DRAFT)
        author.get_by_role("button", name="Keep the draft").first.click()
        author.get_by_text("AUD-090 is new: Flat sound (low).").wait_for()
        assert author.get_by_text("Who wrote a version does not approve it.").is_visible()
        author.get_by_role("button", name="Simulate the effect").click()
        author.get_by_role("heading", name="The effect on the past").wait_for()
        assert "AUD-090" in author.get_by_role("table").nth(1).inner_text()
        address = author.url
        author.get_by_role("combobox", name="Threshold").select_option("AUD-090 flatness at_least")
        author.get_by_role("textbox", name="Values").fill("0.4 0.5 0.7")
        author.get_by_role("button", name="Show the effect").click()
        author.get_by_role("img", name="Effect of AUD-090").wait_for()
        shoot(author, "journey-policy")
        assert author.get_by_role("button", name="Approve").count() == 0
    with opened(
        browser, world.server, address.removeprefix(world.server.address), name="root", role=Role.ADMIN
    ) as second:
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
        assert "flat sound" not in second.get_by_role("heading", level=1).inner_text()


def test_a_decision_from_a_phone(browser, world: World):
    case_id = add(world.server, "rec_c_phone", "Morning Train", "Ada Brandt")
    with opened(browser, world.server, "/console?filter=title:morning", **PHONE) as page:
        page.get_by_role("link", name="Morning Train").tap()
        until_ready(page, "Morning Train")
        assert not page.evaluate(OVERFLOW)
        assert page.evaluate(SMALL) == []
        page.touchscreen.tap(200, 300)
        page.mouse.wheel(300, 0)  # a swipe decides nothing
        page.get_by_role("navigation", name="Decide").get_by_role("link", name="Ask").tap()
        page.get_by_role("textbox", name="Reason").fill("Please send the stems.")
        shoot(page, "journey-phone")
        page.get_by_role("button", name="Decide and open the next").tap()
        page.get_by_role("heading", name="No case matches").wait_for()
        page.get_by_role("button", name="Undo").tap()
        page.get_by_text("took the decision back").wait_for()
        page.get_by_role("navigation", name="Decide").get_by_role("link", name="Approve").tap()
        page.get_by_role("button", name="The declaration agrees").tap()
        page.get_by_role("button", name="Decide and open the next").tap()
        page.get_by_role("heading", name="No case matches").wait_for()  # after undoing one still works in the filter
        assert page.get_by_text("Approve: “Morning Train”.").is_visible()
    assert decided(world.server, case_id) == "approve"
