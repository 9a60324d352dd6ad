"""The browser of the browser tests; `python -m tests.chromium` fails where there is none."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, TimeoutError, sync_playwright

NewPage = Callable[..., Page]

NAMES = ("chromium", "chromium-browser", "google-chrome")

# The pages are our own, so they need no sandbox, and the browser has nobody else to talk to.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

QUIET = 250  # ms without a change after which a page counts as settled

# Resolves once the script has ended, nothing is stale and nothing has changed for a while.
_SETTLED = """
([quiet, limit]) => new Promise((resolve, reject) => {
  const began = performance.now();
  let since = null;
  const look = () => {
    const app = document.querySelector("[data-testid=stApp]");
    const idle = app?.dataset.testScriptState === "notRunning"
      && app.dataset.testConnectionState === "CONNECTED"
      && !document.querySelector("[data-stale=true], [data-testid=stSkeleton]");
    const now = performance.now();
    since = idle ? since ?? now : null;
    if (since !== null && now - since > quiet) resolve();
    else if (now - began > limit) reject(new Error("the app did not settle"));
    else setTimeout(look, 20);
  };
  look();
})
"""


def executable() -> str | None:
    """The path of the distribution's Chromium, else of Playwright's, else None."""
    # Ubuntu's `chromium-browser` may be a stub that only asks for a snap, so each has to answer.
    found = [path for name in NAMES if (path := shutil.which(name)) and _answers(path)]
    if found:
        return found[0]
    with sync_playwright() as playwright:
        bundled = playwright.chromium.executable_path
    return bundled if Path(bundled).is_file() else None


def visit(page: Page, address: str) -> None:
    """Open an address of the app and wait until it is drawn."""
    page.goto(address)
    settled(page)


def settled(page: Page, *, timeout: float = 60) -> None:
    """Wait, for at most `timeout` seconds, until Streamlit has nothing left to do."""
    page.evaluate(_SETTLED, [QUIET, timeout * 1000])


def until(page: Page, holds: str, argument: Any = None, *, timeout: float = 30) -> None:
    """Wait, for at most `timeout` seconds, until a script's function or expression is true.

    Asked again and again from outside: Playwright's own `wait_for_function` evaluates a string
    within the page, which the app's pages forbid.
    """
    deadline = time.monotonic() + timeout
    while not page.evaluate(holds, argument):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout} s: {holds}")
        page.wait_for_timeout(50)


def _answers(path: str) -> bool:
    asked = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    return asked.returncode == 0


if __name__ == "__main__":
    sys.exit(None if executable() else "No Chromium found")
