"""Take the pictures that the documentation shows: of a demonstration of its own, and of the five journeys' tests.

Run it by ``make screenshots``, which lets it find ``tests/chromium.py``; it needs Chromium (Debian's package, or
LINER_CHROMIUM) and, for the journeys, the server programs of PostgreSQL.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from chromium import FLAGS, chromium_path
from PIL import Image
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

IMAGES = Path(__file__).parent / "images"
JOURNEYS = Path(__file__).parents[1] / "tests" / "flow" / "test_journeys.py"
CASE = "Streetlight Lullaby"  # a near-copy: it has evidence to hear and a recording to compare with
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
LARGEST_BYTES = 300_000
DISCLOSED = {
    "sender": "Saltmarsh Records",
    "release_title": "Tide Tables",
    "release_artist": "Ada Brandt",
    "r0_title": "Harbour Lights",
    "r0_isrc": "GXF3D2400001",
    "r0_file": "harbour-lights.wav",
    "r0_VOCALS_name": "Ada Brandt",
    "r0_LYRICS_name": "Ada Brandt",
}


def main() -> None:
    """Serve a fresh demonstration, look at it, end it."""
    chromium = chromium_path()
    if chromium is None:
        sys.exit("There is no Chromium. Install Debian's `chromium`, or set LINER_CHROMIUM.")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        command = [Path(sys.executable).with_name("liner"), "demo", "--home", Path(home) / "demo"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:  # noqa: S603 - our own command
            try:
                with playwright.chromium.launch(executable_path=chromium, args=list(FLAGS)) as browser:
                    link = sign_in_link(demo)
                    take_all(browser, link)
                    take_portal(browser, label_link(Path(home) / "demo", link))
            finally:
                demo.terminate()
    take_journeys()


def take_journeys() -> None:
    """Run the tests of the journeys, which leave a picture each."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-P", "-m", "pytest", "-n", "0", "-q", str(JOURNEYS)]
        subprocess.run(command, env={**os.environ, "LINER_IMAGES": folder}, check=True)  # noqa: S603 - our own command
        for picture in sorted(Path(folder).glob("*.png")):
            keep(picture.read_bytes(), picture.stem)


def sign_in_link(demo: subprocess.Popen[str]) -> str:
    """Read what the demonstration says until it names the one-time link."""
    for line in demo.stdout or ():
        link = re.search(r"https?://\S+/console/sign-in\?token=\S+", line)
        if link:
            return link[0]
    sys.exit("The demonstration ended without a sign-in link.")


def label_link(home: Path, link: str) -> str:
    """Make a label on the running demonstration, and its own sign-in link."""
    liner = Path(sys.executable).with_name("liner")
    settings = {**os.environ, "LINER_HOME": str(home), "LINER_PUBLIC_URL": link.partition("/console")[0]}
    for command in (("create", "saltmarsh", "--role", "label", "--account", "saltmarsh"), ("link", "saltmarsh")):
        done = subprocess.run(  # noqa: S603 - our own command
            [liner, "keys", *command], env=settings, check=True, capture_output=True, text=True
        )
    return done.stdout.strip()


def take_portal(browser: Browser, link: str) -> None:
    """Look at the disclosure form's preview."""
    page = browser.new_page(viewport=DESKTOP)
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{link.partition('/console')[0]}/portal/disclosure")
    for name, value in DISCLOSED.items():
        page.locator(f"#{name}").fill(value)
    for part, made in (
        ("VOCALS", "person"),
        ("LYRICS", "helped"),
        ("COMPOSITION", "person"),
        ("INSTRUMENTS", "machine"),
    ):
        page.locator(f"input[name=r0_{part}][value={made}]").check()
    page.get_by_role("button", name="Preview and check").click()
    page.get_by_text("AI credits").wait_for()
    save(page, "portal-disclosure")


def take_all(browser: Browser, link: str) -> None:
    """Sign in once and take every picture."""
    page = browser.new_page(viewport=DESKTOP)
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Queue", level=1).wait_for()
    save(page, "queue-desktop")
    take_filter(page)
    take_routing(page)
    page.get_by_role("link", name="Queue", exact=True).click()
    open_case(page)
    save(page, "case-desktop")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(500)
    save(page, "case-dark")
    take_phone(browser, page.url, page.context.storage_state())


def take_filter(page: Page) -> None:
    """Type a filter: what it means is told below, what could follow is listed."""
    page.keyboard.press("f")
    page.keyboard.type("undeclared, last week, severity:")
    page.get_by_role("option").first.wait_for()
    page.wait_for_timeout(300)
    save(page, "queue-filter")
    page.keyboard.press("Escape")


def take_routing(page: Page) -> None:
    """Try routing rules out; nothing is put in force."""
    page.get_by_role("link", name="Routing").click()
    page.get_by_label("One a line").fill("rule:DUP -> main\nundeclared -> main")
    page.get_by_role("button", name="See where cases would go").click()
    page.get_by_text("Nothing is changed yet").wait_for()
    save(page, "routing-desktop")


def take_phone(browser: Browser, address: str, state: StorageState) -> None:
    """Look at the same case on a phone, at the player."""
    context = browser.new_context(
        viewport=PHONE, is_mobile=True, has_touch=True, device_scale_factor=2, storage_state=state
    )
    page = context.new_page()
    page.goto(address)
    wait_for_pictures(page)
    save(page, "case-phone")


def open_case(page: Page) -> None:
    """Open the case from the queue and wait until it is drawn."""
    page.get_by_role("link", name=CASE).click()
    page.get_by_role("heading", name=CASE, level=1).wait_for()
    wait_for_pictures(page)


def wait_for_pictures(page: Page) -> None:
    """Wait until nothing is on its way any more: waveform and spectrogram are there."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)


def save(page: Page, name: str) -> None:
    """Keep what the page shows."""
    keep(page.screenshot(), name)


def keep(shot: bytes, name: str) -> None:
    """Write a picture, small enough for a repository."""
    path = IMAGES / f"{name}.png"
    picture = Image.open(io.BytesIO(shot))
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > LARGEST_BYTES:
        sys.exit(f"{path} has {path.stat().st_size:,} bytes; pictures stay below {LARGEST_BYTES:,}.")


if __name__ == "__main__":
    main()
