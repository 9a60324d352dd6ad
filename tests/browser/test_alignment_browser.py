"""The page on cross-attention as a reader meets it."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, visit

ALIGNMENT = "canvas[aria-label^='Cross-attention, Decoder self-attention']"


def parameters(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_the_alignment_grows_step_by_step_and_a_row_leads_to_its_step(page: Page) -> None:
    visit(page, "/alignment?word=six&measure=agree")
    expect(page.get_by_text("Step 5: after")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_text("Step 2: after")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=30_000)  # at its end
    settled(page)
    expect(page.get_by_text("Step 5: after")).to_be_visible()
    page.locator(ALIGNMENT).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Step 2: after")).to_be_visible()
    settled(page)
    assert parameters(page)["step"] == ["2"]


def test_another_word_is_spelled_whole_and_nonsense_named(page: Page) -> None:
    visit(page, "/alignment?step=2&measure=agree")
    box = page.get_by_label("Word", exact=True)
    box.fill("psychology")
    box.press("Enter")
    settled(page)
    assert parameters(page)["word"] == ["psychology"]
    assert "step" not in parameters(page)
    box.fill("骑士")
    box.press("Enter")
    settled(page)
    expect(page.get_by_role("alert")).to_contain_text("no symbol for 骑 士")
    expect(box).to_have_value("骑士")


def test_an_example_is_taken_once_and_the_readers_word_stays(page: Page) -> None:
    visit(page, "/alignment?measure=agree")
    examples = page.locator(".st-key-example")
    example = examples.get_by_role("button").or_(examples.get_by_role("radio")).last
    example.click()
    settled(page)
    taken = page.get_by_label("Word").input_value()
    assert taken == example.inner_text().strip()
    page.get_by_label("Word").fill("six")
    page.get_by_label("Word").press("Enter")
    settled(page)
    page.get_by_text("beam search").first.click()
    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_label("Word")).to_have_value("six")
    example.click()  # again
    expect(page.get_by_label("Word")).to_have_value(taken)


def test_it_fits_a_narrow_dark_screen(new_page: NewPage) -> None:
    page = new_page(390, "dark")
    visit(page, "/alignment?lang=zh&word=antidisestablishmentarian&measure=agree&search=beam")
    expect(page.get_by_role("heading", name="交叉注意力", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_role("alert").count() == 0
