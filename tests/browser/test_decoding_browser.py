"""The page on decoding as a reader meets it."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.chromium import NewPage, settled

PATIENCE = 180_000  # ms: it measures while it is watched
LIGHT = "tokens=3&width=64&longest=16"


def test_a_text_is_written_and_its_passes_are_drawn(new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"/decoding?{LIGHT}")
    written = page.locator(".written")
    expect(written).to_contain_text("Paris", timeout=PATIENCE)
    # the prompt's five tokens, and two more
    titles = "Without a cache: 18 positions, With a cache: 7 positions, All at once: 7 positions"
    expect(page.locator(f"canvas[aria-label='{titles}']")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("LSTM ÷ one pass")).to_be_visible(timeout=PATIENCE)
    settled(page, timeout=PATIENCE / 1000)
    prompt = page.get_by_role("textbox", name="Prompt")
    prompt.fill("<b>One</b> two")
    prompt.press("Enter")
    # while the page is drawn anew, what stood there before may still stand beside it
    given = written.locator(".given").filter(has_text="<b>One</b> two")
    expect(given).to_have_count(1, timeout=PATIENCE)
    settled(page, timeout=PATIENCE / 1000)
    expect(written.locator(".given")).to_have_text("<b>One</b> two")
    assert parse_qs(urlsplit(page.url).query)["prompt"] == ["<b>One</b> two"]


def test_it_fits_a_narrow_dark_screen(new_page: NewPage) -> None:
    page = new_page(390, "dark")
    page.goto(f"/decoding?{LIGHT}&lang=zh")
    expect(page.get_by_role("heading", name="解码", exact=True)).to_be_visible()
    expect(page.locator(".written")).to_contain_text("Paris", timeout=PATIENCE)
    settled(page, timeout=PATIENCE / 1000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_role("alert").count() == 0
