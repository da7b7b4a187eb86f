"""The browser of tests and measurements: Debian's Chromium, as root and without anything it would do by itself."""

import shutil

from playwright.sync_api import Browser, Playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
PROGRAM = shutil.which("chromium-headless-shell") or shutil.which("chromium")  # the first draws no windows of its own


def launch(playwright: Playwright) -> Browser:
    """Start a browser; `make .venv/browser` installs it."""
    return playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
