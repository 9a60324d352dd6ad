"""The viewer's demo page, served for this test session, and tabs on it."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from charts.viewer.component import bundle
from tests.server import serving

Scheme = Literal["light", "dark"]
ViewerPage = Callable[..., Page]
Evaluate = Callable[..., Any]


@pytest.fixture(scope="session")
def viewer_url() -> Iterator[str]:
    """The address of the demo page."""
    demo = "tests/charts/viewer_demo.py"
    with serving("streamlit", "run", demo, "--server.headless", "true") as url:
        yield url


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
    exports = "export { from_codec, from_agreed, from_lines, from_text, from_colour, from_atlas, "
    exports += "from_axes };"

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
