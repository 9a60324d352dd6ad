"""One session across pages, which share some names of their settings."""

from playwright.sync_api import Page, expect

from tests.chromium import settled, visit

TOUR = ("Positions", "Tokenizers", "Attention lab", "Feed-forward network", "Residual connections")


def test_settings_of_one_page_never_break_another(page: Page) -> None:
    visit(page, "/residual")
    for title in TOUR:
        page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible(timeout=30_000)
        settled(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
