"""The page on the encoder layer as a reader meets it."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, visit


def test_the_arrow_keys_step_through_the_layer(page: Page) -> None:
    visit(page, "/encoder?model=bert-tiny&layer=0")
    expect(page.get_by_role("heading", name="s = x + a")).to_be_visible()
    page.get_by_role("slider", name="Stage").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="y = LayerNorm(s)")).to_be_visible()
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["stage"] == ["3"]


def test_every_part_fits_a_narrow_dark_screen(new_page: NewPage) -> None:
    page = new_page(390, "dark")
    for part in ("layer", "stack", "lens"):
        visit(page, f"/encoder?model=bert-tiny&lang=zh&part={part}")
        expect(page.get_by_role("heading", name="编码器层", exact=True)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.get_by_role("alert").count() == 0
