"""The page about masks as a reader uses it."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, visit


def parameters(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_what_is_hidden_and_rolled_is_in_the_address(new_page: NewPage) -> None:
    page = new_page()
    visit(page, "/masks?q=20")
    page.get_by_text("Hide it behind [MASK]").click()
    settled(page)
    page.get_by_role("button", name="Roll again").click()
    settled(page)
    assert {"hide": ["false"], "seed": ["1"]}.items() <= parameters(page).items()

    other = new_page()
    visit(other, page.url)
    expect(other.get_by_label("Hide it behind [MASK]")).not_to_be_checked()
    expect(other.get_by_role("spinbutton", name="Seed")).to_have_value("1")


def test_a_head_of_the_map_opens_below_it(page: Page) -> None:
    visit(page, "/masks?model=bert-tiny&layer=0&head=0")
    page.get_by_role("application", name="share of real tokens' attention").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Layer 1, head 1", exact=True)).to_be_visible()
    settled(page)
    assert parameters(page)["layer"] == ["1"]
    assert parameters(page)["head"] == ["1"]


def test_fits_a_phone_in_the_dark_in_chinese(new_page: NewPage) -> None:
    page = new_page(390, "dark")
    for question in ("q=5&model=bert-tiny", "q=16&causal_model=bert-tiny", "q=20"):
        visit(page, f"/masks?lang=zh&{question}")
        expect(page.get_by_role("heading", name="掩码", exact=True)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
