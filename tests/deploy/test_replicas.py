"""Two replicas behind nginx: the address is the state, so either can go on where the other died."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import Browser, Page, expect

from tests.chromium import settled, visit
from tests.nginx import proxying
from tests.server import Server, server
from tests.strangers import ask, keeping_tabs, knock

TEXT = "The lighthouse keeper counted seven ships before the storm."
BACK_WITHIN = 60_000  # ms: Streamlit's page waits longer between each two tries


def sessions(replica: Server) -> int:
    """The sessions that a replica holds: each has an event loop, besides the server's own."""
    links = (link.readlink().name for link in Path(f"/proc/{replica.process.pid}/fd").iterdir())
    return sum(name == "anon_inode:[eventpoll]" for name in links) - 1


@contextmanager
def two_behind_nginx(folder: Path, *options: str) -> Iterator[tuple[str, Server, Server]]:
    """The address of nginx, and the two replicas behind it, started with these options."""
    with server("ui.serve", *options) as one, server("ui.serve", *options) as other:
        places = [urlparse(replica.url).netloc for replica in (one, other)]
        with proxying(places, folder) as url:
            yield url, one, other


def shown(page: Page) -> tuple[str, list[str], dict[str, list[str]]]:
    """What the reader has on the page: text, the effect in figures, and the address."""
    settled(page)
    return (
        page.get_by_label("Text", exact=True).input_value(),
        page.get_by_test_id("stMetric").all_inner_texts(),
        parse_qs(urlparse(page.url).query),
    )


def test_a_reader_goes_on_when_a_replica_dies(browser: Browser, tmp_path: Path) -> None:
    with two_behind_nginx(tmp_path) as (url, one, other):
        context = browser.new_context(base_url=url)
        page = context.new_page()
        visit(page, "/lab?scaled=true&ablated=1.2+3.4&temperature=2.0")
        page.get_by_label("Text", exact=True).fill(TEXT)
        page.get_by_label("Text", exact=True).press("Control+Enter")
        settled(page)
        page.get_by_text("Tie W_K to W_Q").click()
        settled(page)
        before = shown(page)
        assert before[0] == TEXT
        assert before[2]["tied"] == ["true"]
        assert len(before[1]) == 3

        dying, staying = sorted((one, other), key=sessions, reverse=True)
        assert (sessions(dying), sessions(staying)) == (1, 0)
        dying.process.kill()
        dying.process.wait()
        app = page.get_by_test_id("stApp")
        expect(app).not_to_have_attribute("data-test-connection-state", "CONNECTED")
        expect(app).to_have_attribute(
            "data-test-connection-state", "CONNECTED", timeout=BACK_WITHIN
        )
        assert shown(page) == before
        assert sessions(staying) == 1

        page.get_by_text("Tie W_K to W_Q").click()
        expect(page).not_to_have_url(re.compile("tied"), timeout=30_000)
        assert shown(page)[1] != before[1]
        # One number per browser, which keeps it on a replica as long as that lives.
        (kept,) = [c for c in context.cookies() if c.get("name") == "reader"]
        assert kept.get("httpOnly")
        context.close()


def test_nginx_lets_in_what_readers_need_and_nothing_else(tmp_path: Path) -> None:
    with two_behind_nginx(tmp_path, "--allowed-host", "lab.example.org") as (url, _one, _other):
        site, page = "lab.example.org", "https://lab.example.org"
        status, headers, _said = ask(url, "/lab", host=site)
        assert status == 200
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert ask(url, "/_stcore/health", host=site)[0] == 200
        assert ask(url, "/_stcore/host-config", host=site)[0] == 200
        assert knock(url, host=site, origin=page) == 101
        assert knock(url, host=site, origin="https://evil.test") == 403
        assert knock(url, host="evil.test", origin="https://evil.test") == 403
        status, _headers, said = ask(url, "/lab", host="evil.test")
        assert status == 400 and "--allowed-host" in said
        for path in (
            "/_stcore/metrics",
            "/_stcore/upload_file/a/b",
            "/_stcore/agent/mcp",
            "/_stcore",
            "/component/a/b",
            "/auth/login",
            "/oauth2callback",
            "/app/static/x",
        ):
            # by nginx itself: the app's answer would be a sentence of its own
            for method in ("GET", "PUT", "POST", "DELETE"):
                status, _headers, said = ask(url, path, method=method, host=site)
                assert status == 404 and "<center>nginx</center>" in said, (method, path)
        assert ask(url, "/lab", method="PUT", host=site)[0] == 403
        long = {"Content-Length": "2000"}
        assert ask(url, "/lab", method="POST", host=site, headers=long)[0] in (403, 413)


def test_a_replica_that_is_full_says_so_through_nginx(tmp_path: Path) -> None:
    with two_behind_nginx(tmp_path, "--most-sessions", "1") as (url, one, other):
        with keeping_tabs(one.url, other.url):
            for _ in range(4):
                status, headers, said = ask(url, "/lab")
                assert status == 503 and headers["refresh"] == "30"
                assert len(said.splitlines()) == 2
        assert ask(url, "/lab")[0] == 200
