"""The page on heads as a reader meets it."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, visit

GAP = "text=The+capital+of+France+is+%5BMASK%5D+."


def parameters(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_the_map_opens_a_head_in_the_lab(page: Page) -> None:
    visit(page, f"/heads?model=bert-tiny&{GAP}")
    page.locator("canvas[aria-label='KL(native ‖ without), nats']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lab?*")
    settled(page)
    asked = parameters(page)
    assert asked["model"] == ["bert-tiny"]
    assert asked["ablated"] == [f"{asked['layer'][0]}.{asked.get('head', ['0'])[0]}"]
    expect(page.get_by_text("1 heads off")).to_be_visible()


def test_both_questions_fit_a_narrow_dark_screen(new_page: NewPage) -> None:
    page = new_page(390, "dark")
    for address in ("/heads?model=bert-tiny&lang=zh", "/heads?model=bert-tiny&lang=zh&q=6"):
        visit(page, address)
        expect(page.get_by_role("heading", name="多头注意力", exact=True)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.get_by_role("alert").count() == 0
