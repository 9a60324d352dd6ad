"""The longest address that the app writes opens, directly and behind the shipped nginx."""

from pathlib import Path
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, expect

from tests.chromium import settled, visit
from tests.nginx import proxying
from tests.server import server
from ui.url import LONGEST


def test_the_longest_address_opens(browser: Browser, tmp_path: Path) -> None:
    letters = "猫" * ((LONGEST - len("text=&view=compare&")) // 9)
    address = f"/tokenizers?{urlencode({'text': letters, 'view': 'compare'})}"
    assert LONGEST - 9 <= len(urlsplit(address).query) + 1 <= LONGEST
    with server("ui.serve") as replica:
        behind = urlsplit(replica.url).netloc
        with proxying([behind, behind], tmp_path) as proxied:
            for url in (replica.url, proxied):
                context = browser.new_context(base_url=url)
                page = context.new_page()
                visit(page, address)
                box = page.locator(".st-key-text textarea")
                expect(box).to_have_value(letters)
                box.fill(letters + "猫猫")  # longer than any address
                box.press("Control+Enter")
                note = "too long for an address"
                expect(page.get_by_text(note)).to_be_visible(timeout=30_000)
                settled(page)
                assert "text" not in urlsplit(page.url).query
                expect(box).to_have_value(letters + "猫猫")
                page.go_back()
                expect(box).to_have_value(letters)
                page.go_forward()
                expect(box).to_have_value(letters + "猫猫")
                page.reload()
                settled(page)
                expect(page.get_by_text(note)).to_have_count(0)
                context.close()
