"""Two replicas behind nginx: the address is the state, so either can go on where the other died."""

import re
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import Browser, Page, expect

from tests.chromium import settled, visit
from tests.nginx import proxying
from tests.server import Server, server

TEXT = "The lighthouse keeper counted seven ships before the storm."
BACK_WITHIN = 60_000  # ms: Streamlit's page waits longer between each two tries


def sessions(replica: Server) -> int:
    """The sessions that a replica holds a web socket with."""
    with urllib.request.urlopen(f"{replica.url}/_stcore/metrics", timeout=5) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("active_sessions"):
                return int(float(line.split()[-1]))
    raise AssertionError("the metrics tell no active sessions")


def shown(page: Page) -> tuple[str, list[str], dict[str, list[str]]]:
    """What the reader has on the page: text, the effect in figures, and the address."""
    settled(page)
    return (
        page.get_by_label("Text", exact=True).input_value(),
        page.get_by_test_id("stMetric").all_inner_texts(),
        parse_qs(urlparse(page.url).query),
    )


def test_a_reader_goes_on_when_a_replica_dies(browser: Browser, tmp_path: Path) -> None:
    with server("ui.serve") as one, server("ui.serve") as other:
        replicas = {urlparse(replica.url).netloc: replica for replica in (one, other)}
        with proxying(list(replicas), tmp_path) as url:
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
