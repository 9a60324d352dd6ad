"""The page on the feed-forward network as a reader meets it."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, until, visit


def test_a_click_on_a_cell_picks_its_neuron(page: Page) -> None:
    visit(page, "/feed_forward?model=bert-tiny&layer=0")
    before = parse_qs(urlsplit(page.url).query)["neuron"]
    page.locator("canvas[aria-label='Activation of each neuron on each token']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    until(page, "old => !location.search.includes('neuron=' + old)", before[0])
    settled(page)
    picked = parse_qs(urlsplit(page.url).query)["neuron"][0]
    expect(page.get_by_text(f"Neuron {picked} of layer 0")).to_be_visible()


def test_every_part_fits_a_narrow_dark_screen(new_page: NewPage) -> None:
    page = new_page(390, "dark")
    for part in ("neurons", "curves", "positions", "shares"):
        visit(page, f"/feed_forward?model=bert-tiny&lang=zh&part={part}")
        expect(page.get_by_role("heading", name="前馈网络", exact=True)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.get_by_role("alert").count() == 0
