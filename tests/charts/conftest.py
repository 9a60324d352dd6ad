"""The viewer's demo page, served for this test session, and tabs on it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from charts.viewer.component import bundle

ROOT = Path(__file__).parents[2]
START_UP = 60  # seconds

Scheme = Literal["light", "dark"]
ViewerPage = Callable[..., Page]
Evaluate = Callable[..., Any]


@pytest.fixture(scope="session")
def viewer_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the demo page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("viewer") / "log.txt"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "streamlit", "run", "tests/charts/viewer_demo.py"),
                *("--server.port", str(port), "--server.address", "127.0.0.1"),
                *("--server.headless", "true"),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_UP
        while not _answers(url):
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the demo page did not start:\n{log.read_text()}")
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture
def viewer_page(browser: Browser, viewer_url: str) -> Iterator[ViewerPage]:
    """Open the demo page with a query, once its picture is drawn. Console errors fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(
        query: str, *, width: int = 1280, scheme: Scheme = "light", scale: float = 1
    ) -> Page:
        context = browser.new_context(
            base_url=viewer_url,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            device_scale_factor=scale,
            has_touch=width < 600,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(f"/?{query}")
        page.locator(".viewer[data-drawn]").wait_for(timeout=30_000)
        page.evaluate("document.fonts.ready")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def evaluate(browser: Browser) -> Iterator[Evaluate]:
    """Evaluate a function of the viewer's own modules: (viewer, argument) => result."""
    page = browser.new_page()
    exports = "export { from_codec, from_agreed, from_lines, from_text, from_colour, from_atlas };"

    def run(function: str, argument: object = None) -> Any:
        return page.evaluate(
            """async ([source, text, argument]) => {
                const blob = new Blob([source], { type: "text/javascript" });
                const modules = await import(URL.createObjectURL(blob));
                return eval(text)(modules, argument);
            }""",
            [f"{bundle()}\n{exports}", function, argument],
        )

    yield run
    page.close()
