"""A label in a real browser: an upload that survives a reload; the form that measures a file and previews."""

import hashlib
import wave

import numpy as np
import pytest
from fixtures_browser import Server, plain_case, write_tune
from fixtures_pages import opened, shoot, until

from api.public import QueueFilters
from api.public_appeals import AppealFilters
from api.services import appeals, cases
from api.services.access import PIPELINE, Actor, Role
from schemas.cases import Action, StatementOfReasons
from schemas.review import load_rules

pytestmark = pytest.mark.browser
NOVA = {"name": "nova", "role": Role.LABEL}


def test_an_upload_goes_on_after_a_reload(browser, server_at_once: Server, tmp_path):
    big = tmp_path / "big.wav"
    with wave.open(str(big), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(np.random.default_rng(1).integers(-9000, 9000, 6_000_000).astype("<i2").tobytes())
    with opened(browser, server_at_once, "/portal", **NOVA) as page:
        page.get_by_role("button", name="New delivery").click()
        draft = page.url.rpartition("/")[2]
        line = page.context.new_cdp_session(page)
        line.send("Network.enable")
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_500_000}
        line.send("Network.emulateNetworkConditions", slow)
        page.get_by_label("Choose files").set_input_files(big)
        until(page, "document.querySelector('progress')?.value > 0.2")
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Go on").wait_for()
        page.on("dialog", lambda dialog: dialog.accept())  # the page asks before it is left
        line.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
        page.reload()

        assert page.get_by_text("% here").is_visible()
        sent = []
        page.on("request", lambda one: sent.append(one.headers["upload-offset"]) if one.method == "PATCH" else None)
        page.get_by_label("Choose files").set_input_files(big)
        page.get_by_text("% here").wait_for(state="detached")

        assert int(sent[0]) > 0  # what was here is not sent again
        place = server_at_once.settings.landing / "accounts" / "nova" / f".draft-{draft}" / "resources" / "big.wav"
        assert place.read_bytes() == big.read_bytes()


def test_the_form_measures_a_file_and_previews(browser, server_at_once: Server, tmp_path):
    write_tune(tmp_path / "harbour.wav", seconds=4.0)
    with opened(browser, server_at_once, "/portal/disclosure", **NOVA) as page:
        for label, value in (("Name of the label", "Nova"), ("Title", "Tide"), ("Artist", "Ada")):
            page.get_by_label(label).first.fill(value)
        recording = page.locator("[data-recording='0']")
        recording.get_by_label("Title").fill("Tide")
        recording.locator("[data-pick]").set_input_files(str(tmp_path / "harbour.wav"))
        until(page, "document.querySelector('#r0_hash').value.length === 64")
        assert recording.get_by_label("Length in seconds").input_value() == "4.00"
        recording.get_by_role("radiogroup", name="Instruments").get_by_label("AI alone").check()
        recording.get_by_role("radiogroup", name="Vocals").get_by_label("a person", exact=True).check()
        page.get_by_role("button", name="Preview and check").click()
        page.get_by_text("AI credits: StudioMusician").wait_for()


def test_a_creator_appeals_by_a_link_of_the_console_and_attaches_a_proof_that_resumes(
    browser, server_at_once: Server, tmp_path
):
    server = server_at_once
    proof = tmp_path / "voice.wav"
    write_tune(proof, seconds=60.0)
    tune = server.settings.landing / "accounts" / "nova" / "dlv_1" / "harbour.wav"
    write_tune(tune, seconds=4.0)
    made = plain_case(1, tune)
    server.seed(made.model_copy(update={"intake": made.intake.model_copy(update={"account": "nova"})}))
    (case,) = cases.queue(server.database, PIPELINE, QueueFilters()).cases
    statement = StatementOfReasons(facts="A clone.", ground="Terms 4.2", explanation="No licence.")
    cases.decide(
        server.database, Actor("ben", Role.MODERATOR), case.id, action=Action.REMOVE, reason="Cloned.",
        statement=statement, rules=load_rules("at-once"), expected_version=case.version,
    )  # fmt: skip
    with opened(browser, server, f"/console/cases/{case.id}") as page:
        page.get_by_text("A creator wrote to us").click()
        page.get_by_label("The creator's name").fill("Ada Brandt")
        page.get_by_role("button", name="Make a link").click()
        link = page.locator("main code").inner_text().partition("/creator/")[2]
    with opened(browser, server, f"/creator/{link}", name="nobody") as page:
        page.get_by_label("Why is the decision wrong?").fill("It is my own voice, here it is alone.")
        page.get_by_role("button", name="Appeal as Ada Brandt").click()
        line = page.context.new_cdp_session(page)
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1_000_000}
        line.send("Network.emulateNetworkConditions", slow)
        page.get_by_label("Choose files").set_input_files(proof)
        until(page, "document.querySelector('progress')")
        page.get_by_role("button", name="Pause").click()
        page.on("dialog", lambda dialog: dialog.accept())
        line.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
        page.reload()
        begun = []
        page.on("request", lambda one: begun.append(one.method) if "/uploads" in one.url else None)
        page.get_by_label("Choose files").set_input_files(proof)
        page.get_by_text("voice.wav").filter(has_text="SHA-256").wait_for()

        assert "POST" not in begun  # the file goes on where it stopped
        shoot(page, "creator-proofs")
    (filed,) = appeals.every(server.database, PIPELINE, AppealFilters()).appeals
    (kept,) = appeals.view(server.database, PIPELINE, filed.id).attachments
    assert kept.sha256 == hashlib.sha256(proof.read_bytes()).hexdigest()
