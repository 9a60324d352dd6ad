"""The policy under which a browser runs the pages: they do all that they do, and nobody else's page
shows them."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import NewPage, settled, until, visit
from tests.server import serving
from ui.navigation import PAGES

# Hears what the policy forbade, whoever wrote it into the console.
LISTEN = """
window.forbidden = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.forbidden.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.mark.parametrize("key", PAGES)
def test_no_page_does_what_the_policy_forbids(new_page: NewPage, key: str) -> None:
    page = new_page()
    page.add_init_script(LISTEN)
    visit(page, "/" if key == "home" else f"/{key}")
    assert page.evaluate("window.forbidden") == []


def test_the_policy_is_in_force(browser: Browser, app_url: str) -> None:
    context = browser.new_context(base_url=app_url)
    page = context.new_page()
    page.add_init_script(LISTEN)
    visit(page, "/")
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", "<img src='https://evil.test/i.png'>");
          fetch("https://evil.test/").catch(() => {});
        }"""
    )
    until(page, "window.forbidden.length === 3")
    assert page.evaluate("window.ran") is None
    context.close()


def test_files_can_be_taken_away(page: Page) -> None:
    visit(page, "/lab")
    button = page.get_by_test_id("stDownloadButton").first
    if not button.is_visible():
        page.get_by_text("Take it away").first.click()
        settled(page)
    with page.expect_download() as download:
        button.get_by_role("button").click()
    assert download.value.path().stat().st_size > 0


@contextmanager
def site() -> Iterator[str]:
    """Another site, whose pages show in a frame the address that follows their "?"."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown = self.path.partition("?")[2]
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<iframe src='{shown}' width=1000 height=800></iframe>".encode())

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def test_another_site_shows_the_app_only_where_it_is_named(browser: Browser, app_url: str) -> None:
    with site() as other, serving("ui.serve", "--allow-embed", other) as willing:
        context = browser.new_context()
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{other}/?{willing}/masks")
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", level=1)).to_be_visible(timeout=90_000)
        assert not [text for text in said if "Content Security Policy" in text]
        page.goto(f"{other}/?{app_url}/masks")
        page.wait_for_timeout(3000)
        assert frame.get_by_test_id("stApp").count() == 0
        assert [text for text in said if "frame-ancestors" in text]
        context.close()
