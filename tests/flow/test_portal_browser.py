"""A label in a real browser: an upload that survives a reload; the form that measures a file and previews."""

import wave

import numpy as np
import pytest
from fixtures_browser import Server, write_tune
from fixtures_pages import opened, until

from api.services.access import Role

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
