"""Where Chromium is, and how it is started: for the tests and for the documentation's pictures."""

import os
import shutil

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> str | None:
    """Where Debian's Chromium is, or what LINER_CHROMIUM names."""
    return os.environ.get("LINER_CHROMIUM") or shutil.which("chromium")
