"""A long text on the lab's page: read with a bar, seen by tiles, opened cell by cell."""

from playwright.sync_api import Page, expect

from tests.browser.test_lab_browser import canvas, ink, parameters
from tests.chromium import settled

LENGTH = 530
TEXT = "+".join(["the", "old", "cat"] * LENGTH)[: 4 * LENGTH - 1]
LAB = f"/lab?model=smollm2&scaled=true&text={TEXT}"


def test_a_long_text_is_read_seen_by_tiles_and_opened(page: Page) -> None:
    page.goto(LAB)
    bar = page.get_by_text("Reading the text, native")
    expect(bar).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped after")).to_be_visible(timeout=60_000)
    expect(page.locator(".st-key-tiles")).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(canvas(page, "tiles")).to_be_visible(timeout=120_000)
    settled(page)
    assert ink(page, "tiles") > 20
    assert ink(page, "all_heads") > 20
    expect(page.get_by_text("Lines are drawn for texts of up to 512 tokens")).to_be_visible()
    picture = canvas(page, "tiles")
    readout = page.locator(".st-key-tiles .readout")
    picture.focus()
    picture.press("ArrowDown")
    expect(readout).to_contain_text("each the largest of 2 × 2 cells")
    picture.press("Enter")  # comes closer
    expect(readout).not_to_contain_text("each the largest", timeout=20_000)
    for _ in range(3):
        picture.press("ArrowDown")
    picture.press("Enter")  # opens the cell
    expect(page.get_by_text("(query 3)")).to_contain_text("(key 0)", timeout=20_000)
    settled(page)
    assert parameters(page)["cell"] == "3.0"
    page.locator(".st-key-tiles").get_by_role("button", name="4", exact=True).click()
    expect(page.get_by_text("Layer 2, head 4").first).to_be_visible(timeout=20_000)
    assert parameters(page)["head"] == "4"
