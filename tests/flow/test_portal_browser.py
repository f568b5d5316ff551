"""A label in a real browser: submit and correct; an upload that survives a reload; appeal and reversal."""

import json
import wave

import numpy as np
import pytest
from fixtures_browser import Server, contradiction, write_tune
from test_console_browser import OVERFLOW, TIMEOUT_MS, UNNAMED, until

from api.public_keys import KeyCreate
from api.services import cases, keys, sessions
from api.services.access import Actor, Role
from schemas.cases import Action, StatementOfReasons
from schemas.review import load_rules

pytestmark = pytest.mark.browser

STATEMENT = StatementOfReasons(facts="The voice was cloned.", ground="Terms 4.2", explanation="No licence.")
SUBMISSION = {
    "liner": "submission/1",
    "id": "s-1",
    "sender": {"name": "Saltmarsh Records"},
    "release": {"title": "Tide Tables", "artist": "Ada Brandt"},
    "recordings": [
        {
            "title": "Harbour Lights",
            "artist": "Ada Brandt",
            "file": "harbour.wav",
            "disclosure": {"contains_ai": "none", "contributions": [{"role": "Composer", "agent": "generative_ai"}]},
        }
    ],
}
WIDE = """
[...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 120))
"""
SIZES = ({"width": 1280, "height": 900}, {"width": 390, "height": 844})


def opened(browser, server: Server, name: str, role: Role, *, size=SIZES[0]):
    """Sign in through the link; what a script or the policy complains about is kept with the page."""
    from datetime import timedelta

    known = {key.name for key in keys.every(server.database, keys.TERMINAL)}
    if name not in known:
        account = "nova" if role is Role.LABEL else None
        keys.create(server.database, keys.TERMINAL, KeyCreate(name=name, role=role, account=account))
    token = sessions.link_token(server.database, name, valid_for=timedelta(minutes=5))
    context = browser.new_context(viewport=size)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda line: page.complaints.append(line.text) if "ontent Security" in line.text else None)
    page.goto(f"{server.address}/console/sign-in?token={token}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/portal" if role is Role.LABEL else "**/console")
    return page


def close(page):
    assert page.complaints == []
    page.context.close()


def choose(page, *files):
    page.get_by_label("Choose files").set_input_files([str(file) for file in files])


@pytest.fixture
def files(tmp_path):
    """A message that contradicts itself, and its sound."""
    message = tmp_path / "release.json"
    message.write_text(json.dumps(SUBMISSION, indent=1))
    write_tune(tmp_path / "harbour.wav", seconds=4.0)
    return message, tmp_path / "harbour.wav"


def test_a_label_submits_and_corrects(browser, server_at_once: Server, files):
    page = opened(browser, server_at_once, "nova", Role.LABEL)
    page.get_by_role("button", name="New delivery").click()
    choose(page, files[0])
    page.get_by_text("AID-002").wait_for()  # seconds after the message, before any sound
    assert page.get_by_text("still to come: harbour.wav").is_visible()
    assert page.evaluate(UNNAMED) == []

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

    choose(page, files[1])
    page.get_by_text("still to come").wait_for(state="detached")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Waits to be listened to.").wait_for()
    assert page.get_by_role("list", name="Harbour Lights: Received").is_visible()
    close(page)


def test_an_upload_goes_on_after_a_reload(browser, server_at_once: Server, tmp_path):
    big = tmp_path / "big.wav"
    with wave.open(str(big), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(np.random.default_rng(1).integers(-9000, 9000, 6_000_000).astype("<i2").tobytes())
    page = opened(browser, server_at_once, "nova", Role.LABEL)
    page.get_by_role("button", name="New delivery").click()
    draft = page.url.rpartition("/")[2]
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_500_000}
    line.send("Network.emulateNetworkConditions", slow)
    choose(page, big)
    until(page, "document.querySelector('progress')?.value > 0.2")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    page.on("dialog", lambda dialog: dialog.accept())  # the page asks before it is left
    line.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    page.reload()

    assert page.get_by_text("% here").is_visible()
    sent = []
    page.on("request", lambda one: sent.append(one.headers["upload-offset"]) if one.method == "PATCH" else None)
    choose(page, big)
    page.get_by_text("% here").wait_for(state="detached")

    assert int(sent[0]) > 0  # what was here is not sent again
    place = server_at_once.settings.landing / "accounts" / "nova" / f".draft-{draft}" / "resources" / "big.wav"
    assert place.read_bytes() == big.read_bytes()
    close(page)


def test_an_appeal_with_a_stem_is_answered_by_somebody_else(browser, server_at_once: Server):
    server = server_at_once
    tune = server.settings.landing / "accounts" / "nova" / "dlv_1" / "harbour.wav"
    write_tune(tune)
    screening = contradiction(tune, tune)
    server.seed(screening.model_copy(update={"intake": screening.intake.model_copy(update={"account": "nova"})}))
    mia = Actor("mia", Role.MODERATOR)
    (case,) = cases.queue(server.database, mia, cases.QueueFilters()).cases
    cases.decide(
        server.database, mia, case.id, action=Action.REMOVE, reason="Cloned.", statement=STATEMENT,
        expected_version=case.version, rules=load_rules("at-once"),
    )  # fmt: skip

    page = opened(browser, server, "nova", Role.LABEL)
    page.goto(f"{server.address}/portal/cases/{case.id}")
    assert page.get_by_text("The voice was cloned.").is_visible()
    page.get_by_label("Why is the decision wrong?").fill("I sang this myself; here is the voice alone.")
    page.get_by_role("button", name="Appeal").click()
    page.get_by_label("What is it?").select_option("stem")
    with page.expect_navigation():
        choose(page, tune)
    page.get_by_role("link", name="harbour.wav").wait_for()
    appeal = page.url.rpartition("/")[2]

    reviewer = opened(browser, server, "ben", Role.MODERATOR)
    reviewer.keyboard.press("g")
    reviewer.get_by_role("link", name="Harbour Lights").click()
    reviewer.get_by_role("button", name="Measure how much the stems explain").click()
    reviewer.get_by_text("Together the stems explain").wait_for()
    assert not reviewer.evaluate(OVERFLOW)
    reviewer.get_by_label("Uphold").press("r")
    reviewer.get_by_label("Reply").fill("The stem lies in the recording to the sample.")
    reviewer.get_by_role("button", name="Answer").click()
    reviewer.get_by_role("heading", name="Given back").wait_for()
    close(reviewer)

    page.goto(f"{server.address}/portal/appeals/{appeal}")
    assert page.get_by_text("Reversed: the decision no longer applies.").is_visible()
    assert page.get_by_text("no longer under “remove” in Worldwide").is_visible()
    close(page)


@pytest.mark.parametrize("size", SIZES, ids=("desk", "phone"))
def test_every_page_fits_and_names_its_fields(browser, server_at_once: Server, files, size):
    page = opened(browser, server_at_once, "nova", Role.LABEL, size=size)
    for path in ("/portal", "/portal/disclosure", "/portal/appeals", "/portal/webhooks"):
        page.goto(server_at_once.address + path)
        assert not page.evaluate(OVERFLOW), path
        assert page.evaluate(UNNAMED) == [], path
    page.goto(f"{server_at_once.address}/portal")
    page.get_by_role("button", name="New delivery").click()
    choose(page, files[0])
    page.get_by_text("AID-002").wait_for()
    assert not page.evaluate(OVERFLOW), page.evaluate(WIDE)
    close(page)


def test_the_form_measures_a_file_and_previews(browser, server_at_once: Server, files):
    page = opened(browser, server_at_once, "nova", Role.LABEL)
    page.goto(f"{server_at_once.address}/portal/disclosure")
    for label, value in (("Name of the label", "Nova"), ("Title", "Tide"), ("Artist", "Ada")):
        page.get_by_label(label).first.fill(value)
    recording = page.locator("[data-recording='0']")
    recording.get_by_label("Title").fill("Tide")
    recording.locator("[data-pick]").set_input_files(str(files[1]))
    until(page, "document.querySelector('#r0_hash').value.length === 64")
    assert recording.get_by_label("Length in seconds").input_value() == "4.00"
    recording.get_by_role("radiogroup", name="Instruments").get_by_label("AI alone").check()
    recording.get_by_role("radiogroup", name="Vocals").get_by_label("a person", exact=True).check()
    page.get_by_role("button", name="Preview and check").click()
    page.get_by_text("AI credits: StudioMusician").wait_for()
    close(page)
