"""Take the pictures of the console that the README shows, from a demonstration of its own.

Run it by ``make screenshots``; it needs Chromium (Debian's package, or LINER_CHROMIUM).
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

IMAGES = Path(__file__).parent / "images"
CASE = "Streetlight Lullaby"  # a near-copy: it has evidence to hear and a recording to compare with
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
LARGEST_BYTES = 300_000
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def main() -> None:
    """Serve a fresh demonstration, look at it, end it."""
    chromium = os.environ.get("LINER_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("There is no Chromium. Install Debian's `chromium`, or set LINER_CHROMIUM.")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        command = [Path(sys.executable).with_name("liner"), "demo", "--home", Path(home) / "demo"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:  # noqa: S603 - our own command
            try:
                with playwright.chromium.launch(executable_path=chromium, args=list(FLAGS)) as browser:
                    take_all(browser, sign_in_link(demo))
            finally:
                demo.terminate()


def sign_in_link(demo: subprocess.Popen[str]) -> str:
    """Read what the demonstration says until it names the one-time link."""
    for line in demo.stdout or ():
        link = re.search(r"https?://\S+/console/sign-in\?token=\S+", line)
        if link:
            return link[0]
    sys.exit("The demonstration ended without a sign-in link.")


def take_all(browser: Browser, link: str) -> None:
    """Sign in once and take every picture."""
    page = browser.new_page(viewport=DESKTOP)
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Queue", level=1).wait_for()
    save(page, "queue-desktop")
    open_case(page)
    save(page, "case-desktop")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(500)
    save(page, "case-dark")
    take_phone(browser, page.url, page.context.storage_state())


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
    """Write a picture, small enough for a repository."""
    path = IMAGES / f"{name}.png"
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > LARGEST_BYTES:
        sys.exit(f"{path} has {path.stat().st_size:,} bytes; pictures stay below {LARGEST_BYTES:,}.")


if __name__ == "__main__":
    main()
