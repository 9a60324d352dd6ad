"""The lab as a reader meets it: throw a switch, pick a head, open a cell, share the address."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.chromium import NewPage, settled, visit

LAB = "/lab?model=bert-tiny&text=The+capital+of+France+is+%5BMASK%5D+."
SHAPE = re.compile(r"\d+ queries by \d+ keys|\d+ 个查询")


def parameters(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def viewer(page: Page, key: str = "viewer") -> Locator:
    return page.locator(f".st-key-{key}")


def canvas(page: Page, key: str = "viewer") -> Locator:
    return viewer(page, key).locator("canvas").first


def ink(page: Page, key: str = "viewer") -> int:
    """How many different colours the canvas shows: a blank one has a single colour."""
    return canvas(page, key).evaluate(
        """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const seen = new Set();
          for (let i = 0; i < data.length; i += 4) {
            seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
          }
          return seen.size;
        }"""
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pictures_are_drawn_and_fit(
    new_page: NewPage, width: int, scheme: str, language: str
) -> None:
    page = new_page(width, scheme)
    visit(page, f"{LAB}&lang={language}")
    expect(canvas(page)).to_be_visible()
    assert ink(page) > 20
    assert ink(page, "all_heads") > 20
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_switch_changes_picture_numbers_and_address(page: Page) -> None:
    visit(page, f"{LAB}&scaled=true")
    expect(page.get_by_text("Everything is native").first).to_be_visible()
    page.get_by_text("Tie W_K to W_Q").click()
    settled(page)
    assert parameters(page)["tied"] == "true"
    expect(page.get_by_text("W_K := W_Q").first).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").last).to_contain_text("nats")
    page.get_by_role("button", name="Back to native").click()
    settled(page)
    assert "tied" not in parameters(page)
    expect(page.get_by_text("Everything is native").first).to_be_visible()


def test_an_example_is_taken_once_and_the_readers_text_stays(page: Page) -> None:
    visit(page, "/lab?model=bert-tiny")
    page.get_by_text("Fill the gap").click()
    settled(page)
    text = page.locator(".st-key-text textarea")
    expect(text).to_have_value(re.compile(r"\[MASK\]"))
    tied = page.locator(".st-key-tied label").first
    tied.click()
    settled(page)
    text.fill("My own words.")
    text.press("Control+Enter")
    settled(page)
    for _throw in range(2):
        tied.click()
        settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(text).to_have_value("My own words.")
    assert parameters(page)["text"] == "My own words."
    page.get_by_text("Fill the gap").click()  # again
    expect(text).to_have_value(re.compile(r"\[MASK\]"))


def test_quick_changes_all_count(page: Page) -> None:
    visit(page, LAB)
    switches = {name: page.locator(f".st-key-{name} label").first for name in ("scaled", "tied")}
    for name in ("tied", "scaled", "tied", "tied", "scaled", "scaled", "tied", "tied", "tied"):
        switches[name].click()
    settled(page)
    assert switches["scaled"].locator("input").is_checked()
    assert not switches["tied"].locator("input").is_checked()
    found = parameters(page)
    assert found.get("scaled") == "true"
    assert "tied" not in found
    expect(page.get_by_text("Everything is native").first).to_be_visible()


def test_back_and_forward_throw_the_switches(page: Page) -> None:
    visit(page, LAB)
    tied = page.locator(".st-key-tied label").first
    before = page.get_by_test_id("stMetric").all_inner_texts()
    tied.click()
    settled(page)
    assert page.get_by_test_id("stMetric").all_inner_texts() != before
    page.go_back()
    expect(tied.locator("input")).not_to_be_checked()
    settled(page)
    assert page.get_by_test_id("stMetric").all_inner_texts() == before
    page.go_forward()
    expect(tied.locator("input")).to_be_checked()


def test_a_head_switched_off_in_the_atlas_shows_among_the_switches(page: Page) -> None:
    visit(page, LAB)
    viewer(page, "all_heads").get_by_role("radio", name="Ablate").or_(
        viewer(page, "all_heads").get_by_role("button", name="Ablate")
    ).first.click()
    canvas(page, "all_heads").focus()
    page.keyboard.press("Enter")
    settled(page)
    switched_off = parameters(page)["ablated"]
    page.get_by_role("button", name="Layers, heads").click()
    expect(page.locator(".st-key-ablated")).to_contain_text(switched_off)


def test_a_head_picked_in_the_strip_and_in_the_atlas(page: Page) -> None:
    visit(page, LAB)
    viewer(page).get_by_role("radio", name="1", exact=True).or_(
        viewer(page).get_by_role("button", name="1", exact=True)
    ).first.click()
    settled(page)
    assert parameters(page)["head"] == "1"
    expect(page.get_by_text("Layer 1, head 1").first).to_be_visible()
    thumbnails = canvas(page, "all_heads")
    thumbnails.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    settled(page)
    assert parameters(page)["layer"] == "0"


def test_a_click_opens_the_arithmetic_of_a_cell(page: Page) -> None:
    visit(page, LAB)
    expect(page.get_by_text("The cell that changed most")).to_be_visible()
    picture = canvas(page)
    picture.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    settled(page)
    cell = parameters(page)["cell"]
    query, key = map(int, cell.split("."))
    expect(page.get_by_text(f"(query {query})")).to_contain_text(f"(key {key})")
    expect(page.get_by_text("The cell that changed most")).to_have_count(0)


def test_a_feature_of_the_cell_can_be_marked(page: Page) -> None:
    visit(page, LAB)
    canvas(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    settled(page)
    opened = parameters(page)["cell"]
    features = canvas(page, "cell_vectors")
    features.scroll_into_view_if_needed()
    features.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert parameters(page)["cell"] == opened


def test_a_shared_address_shows_the_same_state(new_page: NewPage) -> None:
    address = f"{LAB}&layer=0&head=1&norm=rms&section=effect&view=lines&cell=3.1&atlas=difference"
    first, second = new_page(), new_page(390)
    visit(first, address)
    visit(second, first.url)
    assert parameters(first) == parameters(second)
    for page in (first, second):
        expect(page.get_by_text("Norm: RMSNorm").first).to_be_visible()
        expect(page.get_by_text("Layer 0, head 1").first).to_be_visible()
        expect(page.get_by_text("KL(native ‖ variant)").first).to_be_visible()


def test_the_language_changes_and_the_state_stays(page: Page) -> None:
    visit(page, f"{LAB}&norm=rms&layer=0")
    page.get_by_text("中文").first.click()
    settled(page)
    expect(page.get_by_role("heading", name="注意力实验台", exact=True)).to_be_visible()
    found = parameters(page)
    assert found["lang"] == "zh"
    assert (found["norm"], found["layer"]) == ("rms", "0")
    assert found["text"] == "The capital of France is [MASK] ."


def test_hostile_tokens_run_nowhere(page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"executed: {dialog.message}"))
    text = "%3Cscript%3Ealert(1)%3C/script%3E%20%3Cimg%20src=x%20onerror=alert(2)%3E"
    for section in ("cell", "pipeline", "effect", "evidence", "norms", "takeaway"):
        visit(page, f"/lab?model=bert-tiny&text={text}&section={section}")
        assert page.locator("img[src=x]").count() == 0
    assert ink(page) > 20
