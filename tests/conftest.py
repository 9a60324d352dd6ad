"""The running app and the browser that the browser tests share."""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
import torch
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests import chromium
from tests.chromium import NewPage
from tests.server import serving
from ui import gradual

# On a cold deep link Streamlit first looks for its server below the page's address, in vain.
PROBE = re.compile(r"/_stcore/(health|host-config)$")


@pytest.fixture
def one_core() -> Iterator[None]:
    """Tensor work on one core: on matrices as small as those of the trainings, threads mostly wait
    for each other, the longer the busier the machine is."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def stepwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at a long measurement takes one step of it, and none is known from before."""

    def step(survey: gradual.Survey, _until: float, _tell: object) -> None:
        if not survey.ended:
            place = survey.ask()
            place.wait()
            survey.leave(place)

    gradual._results.clear()
    gradual._OPEN.clear()
    monkeypatch.setattr(gradual, "_advance", step)


@pytest.fixture(scope="session")
def app_url() -> Iterator[str]:
    """The address of the real app, started for this test session."""
    with serving("ui.serve") as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; a test session without one fails."""
    path = chromium.executable()
    if path is None:
        pytest.fail("The browser tests need Chromium: `make browser` installs it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(chromium.ARGUMENTS), timeout=60_000
        )
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser, app_url: str) -> Iterator[NewPage]:
    """Open pages of a given width and colour scheme, each a reader of its own.

    When the test ends, an error in any of their consoles fails it.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Page:
        context = browser.new_context(
            base_url=app_url, viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", hear)
        return page

    def hear(said: ConsoleMessage) -> None:
        if said.type == "error" and not PROBE.search(said.location["url"]):
            errors.append(f"{said.text} {said.location['url']}")

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """One page, as wide as a laptop's screen, in the light theme."""
    return new_page()
