"""Find a Chromium that runs; `python -m tests.chromium` tells which, or fails."""

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")

# A test browser talks to nobody but the app, and needs no sandbox of its own around our own pages.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> str | None:
    """The path of the distribution's Chromium, else of Playwright's, else None."""
    # Ubuntu's `chromium-browser` may be a stub that only asks for a snap, so each has to answer.
    found = [path for name in NAMES if (path := shutil.which(name)) and _answers(path)]
    if found:
        return found[0]
    with sync_playwright() as playwright:
        bundled = playwright.chromium.executable_path
    return bundled if Path(bundled).is_file() else None


def _answers(path: str) -> bool:
    asked = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    return asked.returncode == 0


if __name__ == "__main__":
    sys.exit(None if executable() else "No Chromium found")
