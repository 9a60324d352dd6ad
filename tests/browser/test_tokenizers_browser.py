"""The tokenizers' page for a reader: walk the merges, share the address, paste too much."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, visit

HOSTILE = '<img src=x onerror=alert(1)> "onmouseover=alert(2) <b>bold</b> &amp; </span>'


def parameters(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_walk_the_merges_and_share_the_address(new_page: NewPage) -> None:
    page = new_page()
    visit(page, "/tokenizers?step=3&merges=100")
    corpus = page.locator(".pieces").first
    before = corpus.inner_text()
    page.get_by_role("button", name="One on").click()
    settled(page)
    assert parameters(page) == {"step": "4", "merges": "100"}
    assert corpus.inner_text() != before
    page.get_by_role("button", name="One back").click()
    settled(page)
    assert corpus.inner_text() == before
    small = new_page(390, "dark")
    visit(small, f"{page.url}&lang=zh")
    expect(small.locator(".pieces .new").first).to_be_visible()
    assert small.evaluate("document.documentElement.scrollWidth") <= 390


def test_one_piece_has_one_colour_and_tells_its_bytes(page: Page) -> None:
    visit(page, "/tokenizers?view=compare&text=" + quote("the the cat, the the"))
    own = page.locator(".pieces").first.locator(".piece")
    expect(own).to_have_count(6)
    grounds = own.evaluate_all("all => all.map(one => getComputedStyle(one).backgroundColor)")
    assert grounds[0] == grounds[1] == grounds[4] != grounds[2]
    assert "74 68 65" in (own.first.get_attribute("title") or "")


def test_hostile_pieces_stay_text(page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"executed: {dialog.message}"))
    for view in ("train", "encode", "compare"):
        text = quote(HOSTILE)
        visit(
            page,
            f"/tokenizers?view={view}&corpus=own&own={text}&text={text}&word={text}&alphabet=bytes",
        )
        assert page.locator("img[src=x]").count() == 0
        assert page.locator(".pieces b, .pieces [onmouseover]").count() == 0
        assert "<" in page.locator(".pieces").first.inner_text()


def test_too_long_a_paste_is_refused_and_kept(page: Page) -> None:
    visit(page, "/tokenizers?corpus=own")
    box = page.get_by_label("Your own text").last
    box.evaluate(
        """box => {
          const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set;
          set.call(box, "ten bytes ".repeat(120_000));
          box.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    box.press("Control+Enter")
    expect(page.get_by_text("1,200,000 characters")).to_be_visible(timeout=30_000)
    assert box.evaluate("box => box.value.length") == 1_200_000
    assert "own" not in parameters(page)
