"""What readers need who do not see the page, or do not use a mouse: every page, in both themes."""

import re
from base64 import b64encode
from itertools import pairwise
from pathlib import Path
from typing import Literal

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, visit
from tests.random_user.controls import SHOWS

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
PATIENCE = 180  # seconds: some pages measure before they rest
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# What Streamlit draws, wherever it draws it, and we cannot mend: the rule, and where it is broken.
STREAMLIT = {
    ("list", "[data-testid=stSidebarNavItems]"),  # sections of links are no items of the list
    ("listitem", "[data-testid=stSidebarNavItems] li"),
    ("color-contrast", "[data-testid=stWidgetLabel][disabled] *"),  # the name of what is disabled
}
# The violations that axe finds, but for those above, each as rule and element.
VIOLATIONS = """
async ([known, rules]) => {
  const report = await axe.run(rules ? { runOnly: rules } : {});
  const found = [];
  for (const { id, nodes } of report.violations) {
    for (const { target, html } of nodes) {
      let root = document;
      let element = null;
      for (const step of target.flat()) {
        element = root.querySelector(step);
        root = element?.shadowRoot ?? root;
      }
      const own = !known.some(([rule, where]) => rule === id && element?.matches(where));
      if (own) found.push(`${id}: ${html.slice(0, 160)}`);
    }
  }
  return found;
}
"""
# Levels of the headings in their order.
OUTLINE = """
() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((one) => Number(one.tagName[1]))
"""
# The pictures that have no name.
NAMELESS = """
pictures => pictures.filter((picture) => !picture.ariaLabel).length
"""


def wrong(page: Page, *rules: str) -> list[str]:
    """What axe finds by these rules, or by all of its own. What is just fading in or out is faint
    for a moment, so whatever is wrong is looked at again."""
    page.evaluate(AXE)
    asked = [[list(one) for one in STREAMLIT], list(rules) or None]
    found = page.evaluate(VIOLATIONS, asked)
    for _ in range(3):
        if not found:
            return []
        page.wait_for_timeout(1000)
        found = page.evaluate(VIOLATIONS, asked)
    return found


def follows(levels: list[int]) -> bool:
    """Whether there is one first heading, and none goes down by more than a level."""
    steps = pairwise(levels)
    return levels[:1] == [1] and levels.count(1) == 1 and all(b <= a + 1 for a, b in steps)


@pytest.mark.parametrize("view", sorted(SHOWS))
def test_nothing_is_wrong_for_those_who_hear_the_page(new_page: NewPage, view: str) -> None:
    page = new_page()
    page.goto(f"/{view.removeprefix('home')}")
    settled(page, timeout=PATIENCE)
    assert wrong(page) == []
    page.emulate_media(color_scheme="dark")  # in which nothing but the colours is another
    settled(page, timeout=PATIENCE)
    assert wrong(page, "color-contrast") == []
    levels = page.evaluate(OUTLINE)
    assert follows(levels), levels
    assert page.locator("[data-testid=stPlotlyChart]").evaluate_all(NAMELESS) == 0
    assert page.locator("[data-testid=stBidiComponentIsolated] canvas").evaluate_all(NAMELESS) == 0
    named = page.locator("[data-testid=stBidiComponentIsolated] button.save")
    names = named.evaluate_all("all => all.map((one) => one.ariaLabel)")
    assert len(set(names)) == len(names), names


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src='data:,'><h3>y</h3>")
    assert {said.partition(":")[0] for said in wrong(page)} == {"image-alt", "heading-order"}


def test_the_outline_skips_no_level() -> None:
    assert follows([1, 2, 3, 2])
    assert not follows([1, 3])
    assert not follows([1, 2, 1])
    assert not follows([])


# What has the focus: what it is, its name, and the place around it.
FOCUSED = """
() => {
  let at = document.activeElement;
  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const drawn = at.matches("[data-testid=stSlider] input") ? at.parentElement.parentElement
    : at.closest("label") ?? at;
  const box = drawn.getBoundingClientRect();
  const left = Math.max(0, box.x - 8);
  const top = Math.max(0, box.y - 8);
  const around = at.getRootNode().host ?? at;
  return {
    tag: at.tagName,
    part: around.closest("[data-testid]")?.dataset.testid ?? "",
    name: (at.ariaLabel || at.innerText || at.title || "").trim(),
    place: { x: left, y: top, width: box.width + 16, height: box.height + 16 },
  };
}
"""
BLUR = """
() => {
  let at = document.activeElement;
  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  at.blur();
}
"""
# How many points of two pictures differ by 3 : 1 or more.
CHANGED = """
async ([before, after]) => {
  const light = async (picture) => {
    const image = new Image();
    image.src = "data:image/png;base64," + picture;
    await image.decode();
    const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
    pen.drawImage(image, 0, 0);
    const { data } = pen.getImageData(0, 0, image.width, image.height);
    const linear = (n) => {
      const share = data[n] / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    return Array.from({ length: data.length / 4 }, (_, n) =>
      0.2126 * linear(4 * n) + 0.7152 * linear(4 * n + 1) + 0.0722 * linear(4 * n + 2));
  };
  const [a, b] = [await light(before), await light(after)];
  return a.filter((one, n) =>
    (Math.max(one, b[n]) + 0.05) / (Math.min(one, b[n]) + 0.05) >= 3).length;
}
"""
# A table and its toolbar are Streamlit's: the frame around the cell stays, the toolbar fades in.
TABLE = ("data-grid-canvas", "stBaseButton-elementToolbar")
LEAST = 40  # points: the line around a small button has more


def contrast(page: Page, place: dict[str, float]) -> int:
    """The points of a place that the focus changes by 3 : 1 or more."""
    pictures = [page.screenshot(clip=place, caret="hide")]  # pyright: ignore[reportArgumentType]
    page.evaluate(BLUR)  # the Tab key goes on from there
    pictures.append(page.screenshot(clip=place, caret="hide"))  # pyright: ignore[reportArgumentType]
    return page.evaluate(CHANGED, [b64encode(one).decode() for one in pictures])


@pytest.mark.parametrize("theme", THEMES)
def test_where_the_keyboard_is_can_be_seen(
    new_page: NewPage, theme: Literal["light", "dark"]
) -> None:
    """Of each kind of control the first that the Tab key comes to."""
    page = new_page(scheme=theme)
    visit(page, "/lab?text=The+cat+sat")
    seen: dict[tuple[str, str], int] = {}
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        kind = focused["part"], focused["tag"]
        if focused["tag"] == "BODY":
            break
        if focused["tag"] == "MAIN" or focused["part"] in TABLE or kind in seen:
            continue
        page.wait_for_timeout(800)  # it scrolls there, and what is shown on focus fades in
        seen[kind] = contrast(page, page.evaluate(FOCUSED)["place"])
    assert {part for part, _ in seen} >= {
        "stSidebarNavLink",
        "stTextAreaRootElement",
        "stSelectbox",
        "stCheckbox",
        "stPopoverButton",
        "stSlider",
        "stBidiComponentIsolated",
    }
    assert {kind: points for kind, points in seen.items() if points < LEAST} == {}


def test_a_row_of_heads_and_a_matrix_are_one_stop_each(page: Page) -> None:
    visit(page, "/lab?text=The+cat+sat&layer=2&head=3")
    heads = page.get_by_role("toolbar", name="Head", exact=True)
    button = heads.get_by_role("button", name="3", exact=True)
    expect(heads.locator("[tabindex='0']")).to_have_count(1)
    button.focus()
    page.keyboard.press("ArrowRight")
    expect(heads.get_by_role("button", name="4", exact=True)).to_be_focused()
    expect(button).to_have_attribute("aria-pressed", "true")  # looked at, not chosen
    page.keyboard.press("End")
    expect(heads.get_by_role("button", name="11", exact=True)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(heads.get_by_role("button", name="0", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    settled(page)
    expect(heads.get_by_role("button", name="0", exact=True)).to_be_focused()
    expect(heads.get_by_role("button", name="0", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["name"] == "PNG: Head 0"
    page.keyboard.press("Tab")
    matrix = page.evaluate(FOCUSED)
    assert matrix["tag"] == "CANVAS"
    assert matrix["name"].startswith("Attention weights of head 0")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED)["name"] == "0"


def test_a_chart_is_told_in_words(page: Page) -> None:
    visit(page, "/lab?section=effect&text=The+cat+sat&scaled=false")
    chart = page.get_by_role("figure", name="1 − cosine of native and variant against Token")
    expect(chart).to_have_accessible_name(re.compile(r"from 0\.\d+ to 0\.\d+$"))


def test_links_of_the_picture_can_be_hit_on_a_phone(new_page: NewPage) -> None:
    page = new_page(390)
    visit(page, "/")
    sizes = page.locator(".open rect").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect()).map((box) => [box.width, box.height])"
    )
    assert min(min(size) for size in sizes) >= 24


def test_columns_of_tables_have_names(page: Page) -> None:
    visit(page, "/tokenizers")
    for table in page.get_by_test_id("stDataFrame").all():
        columns = table.locator("[role=columnheader]")
        expect(columns.first).to_be_attached()  # it comes a moment after the table
        heads = columns.all_inner_texts()
        assert all(head.strip() for head in heads), heads
