"""The viewer in a real browser: painted, readable, operable, quick, and unharmed."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from charts.colours import DARK, LIGHT, Palette, Ramp
from tests.charts.conftest import Scheme, ViewerPage
from tests.charts.synthetic import ENGLISH, synthetic

TOKENS = 8
NATIVE = synthetic(1, 1, 4, TOKENS, causal=False)[0]
VARIANT = synthetic(2, 1, 4, TOKENS, causal=False)[0]

# Whether two pictures differ, found out within one task: no message of a server can come between.
PRESS_AND_COMPARE = """(canvas, key) => {
    const before = canvas.toDataURL();
    const start = performance.now();
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    const took = performance.now() - start;
    return { changed: canvas.toDataURL() !== before, took };
}"""


def canvas(page: Page) -> Locator:
    return page.locator(".viewer canvas")


def readout(page: Page) -> str:
    return page.locator(".viewer .readout").inner_text().replace("\n", " ")


def pixel(page: Page, x: float, y: float) -> list[int]:
    """The colour at a point of the canvas, in CSS pixels."""
    return canvas(page).evaluate(
        """(canvas, [x, y]) => {
            const ratio = window.devicePixelRatio;
            const { data } = canvas.getContext("2d").getImageData(x * ratio, y * ratio, 1, 1);
            return [...data.slice(0, 3)];
        }""",
        [x, y],
    )


def on_ramp(ramp: Ramp, place: float) -> np.ndarray:
    stops = np.array([[int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in ramp])
    return np.array([np.interp(place * (len(ramp) - 1), range(len(ramp)), c) for c in stops.T])


def parsed(text: str) -> tuple[int, int, list[float]]:
    """Query, key, and the values native, variant, difference of a readout."""
    query, _, key = text.split()[:3]
    numbers = re.findall(r"[+−]?\d[\d.]*(?:e-\d+)?", text.replace("Variant − native", "Difference"))
    return (
        ENGLISH.index(query),
        ENGLISH.index(key),
        [float(number.replace("−", "-")) for number in numbers],
    )


def test_hovering_reads_the_value_whose_colour_is_painted(viewer_page: ViewerPage):
    page = viewer_page(f"tokens={TOKENS}")
    themes: dict[Scheme, Palette] = {"light": LIGHT, "dark": DARK}
    for scheme, palette in themes.items():
        # The theme changes under the picture.
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(300)
        assert pixel(page, 1, 1) == on_ramp(palette.weights_ramp, 0).tolist()
        check_colours(page, palette.weights_ramp)


def check_colours(page: Page, ramp: Ramp) -> None:
    """That what is read under the pointer is what Python sent, and is painted in its colour."""
    box = canvas(page).bounding_box()
    assert box is not None
    seen = set()
    for x, y in ((70, 90), (200, 180), (300, 300), (150, 330), (640, 200)):
        page.mouse.move(box["x"] + x, box["y"] + y)
        i, j, (native, variant, difference) = parsed(readout(page))
        seen.add((i, j))
        assert native == pytest.approx(float(NATIVE[0, i, j]), rel=5e-4)
        assert variant == pytest.approx(float(VARIANT[0, i, j]), rel=5e-4)
        expected = float(VARIANT[0, i, j]) - float(NATIVE[0, i, j])
        assert difference == pytest.approx(expected, rel=5e-4)
        page.mouse.move(box["x"] + x, box["y"] - 40)
        # The legend's upper end: the largest of both, rounded up.
        high = 0.8
        assert 0.6 < max(NATIVE[0].max(), VARIANT[0].max()) <= high
        shown = native if x < 500 else variant
        wanted = on_ramp(ramp, np.sqrt(shown / high))
        assert np.abs(pixel(page, x, y) - wanted).max() <= 3
    assert len(seen) == 5


def test_a_click_reaches_python_and_is_marked(viewer_page: ViewerPage):
    page = viewer_page(f"tokens={TOKENS}")
    before = canvas(page).evaluate("canvas => canvas.toDataURL()")
    canvas(page).click(position={"x": 200, "y": 180})
    i, j, _ = parsed(readout(page))
    expect(page.get_by_text(f"event cell head 0 cell ({i}, {j}) view matrix")).to_be_visible()
    page.mouse.move(5, 5)
    assert canvas(page).evaluate("canvas => canvas.toDataURL()") != before
    assert parsed(readout(page))[:2] == (i, j)
    canvas(page).press("Escape")
    expect(page.get_by_text("event cell head 0 cell None view matrix")).to_be_visible()


def test_a_head_switches_without_the_server_which_then_follows(viewer_page: ViewerPage):
    page = viewer_page(f"tokens={TOKENS}")
    result = canvas(page).evaluate(PRESS_AND_COMPARE, "]")
    assert result["changed"]
    assert result["took"] < 60
    at_once = canvas(page).evaluate("canvas => canvas.toDataURL()")
    expect(page.get_by_text("event head head 1")).to_be_visible()
    assert canvas(page).evaluate("canvas => canvas.toDataURL()") == at_once
    page.get_by_role("toolbar", name="Head").get_by_role("button", name="3").click()
    expect(page.get_by_text("event head head 3")).to_be_visible()
    canvas(page).press("]")
    expect(page.get_by_text("event head head 0")).to_be_visible()


def test_a_long_input_sends_one_head_and_fetches_the_next(viewer_page: ViewerPage):
    page = viewer_page("tokens=300&heads=6")
    expect(page.get_by_text("event None head 0")).to_be_visible()
    first = canvas(page).evaluate("canvas => canvas.toDataURL()")
    page.get_by_role("toolbar", name="Head").get_by_role("button", name="4").click()
    expect(page.get_by_text("event head head 4")).to_be_visible()
    page.wait_for_function(
        """([before]) => {
            const find = (root) => root.querySelector(".viewer canvas")
                ?? [...root.querySelectorAll("*")].map((e) => e.shadowRoot && find(e.shadowRoot))
                    .find(Boolean);
            return find(document).toDataURL() !== before;
        }""",
        arg=[first],
    )


def test_the_keyboard_reads_selects_and_zooms(viewer_page: ViewerPage):
    page = viewer_page(f"tokens={TOKENS}&mask=causal")
    canvas(page).focus()
    assert canvas(page).evaluate("c => getComputedStyle(c).outlineStyle") == "solid"
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert readout(page).startswith("sat → cat")
    assert "sat" in page.locator(".viewer [aria-live]").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_text("event cell head 0 cell (2, 1)")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert "masked" in readout(page)
    whole = canvas(page).evaluate("canvas => canvas.toDataURL()")
    page.keyboard.press("+")
    assert canvas(page).evaluate("canvas => canvas.toDataURL()") != whole
    page.keyboard.press("0")
    assert canvas(page).evaluate("canvas => canvas.toDataURL()") == whole


def test_dragging_zooms_and_a_double_click_shows_all(viewer_page: ViewerPage):
    page = viewer_page("tokens=40")
    box = canvas(page).bounding_box()
    assert box is not None
    page.mouse.move(5, 5)
    whole = canvas(page).evaluate("canvas => canvas.toDataURL()")
    page.mouse.move(box["x"] + 120, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 200, steps=3)
    page.mouse.up()
    page.mouse.move(5, 5)
    assert canvas(page).evaluate("canvas => canvas.toDataURL()") != whole
    expect(page.get_by_text("event None")).to_be_visible()
    page.mouse.dblclick(box["x"] + 200, box["y"] + 200)
    expect(page.get_by_text("event cell")).to_be_visible()
    canvas(page).press("Escape")
    expect(page.get_by_text("cell None")).to_be_visible()
    page.mouse.move(5, 5)
    canvas(page).blur()
    assert canvas(page).evaluate("canvas => canvas.toDataURL()") == whole


def test_the_readout_never_moves_the_picture(viewer_page: ViewerPage):
    page = viewer_page("tokens=14&labels=hostile")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)
        places = []
        for x, y in ((5, 5), (200, 250), (260, 280), (130, 330)):
            page.mouse.move(x, y)
            places.append(canvas(page).bounding_box())
        assert all(place == places[0] for place in places)


def test_hostile_tokens_neither_run_nor_break_out(viewer_page: ViewerPage):
    page = viewer_page("tokens=14&labels=hostile")
    page.locator(".viewer summary").click()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for view in ("Lines", "Matrix"):
            page.get_by_role("button", name=view).click()
            canvas(page).focus()
            for _ in range(14):
                page.keyboard.press("ArrowDown")
            assert page.evaluate("document.body.dataset.owned ?? 'no'") == "no"
            assert page.locator(".viewer script, .viewer img").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator(".viewer tbody tr")).to_have_count(14)
    assert "<script>" in page.locator(".viewer tbody").inner_text()


def test_the_table_names_each_query_s_strongest_key(viewer_page: ViewerPage):
    page = viewer_page(f"tokens={TOKENS}")
    page.locator(".viewer summary").click()
    rows = page.locator(".viewer tbody").get_by_role("row")
    expect(rows).to_have_count(TOKENS)  # filled once the browser has opened it
    for i, row in enumerate(rows.all()):
        cells = row.get_by_role("cell").all_inner_texts()
        best = int(NATIVE[0, i].argmax())
        assert row.get_by_role("rowheader").inner_text() == ENGLISH[i]
        assert cells[0] == ENGLISH[best]
        assert float(cells[1]) == pytest.approx(float(NATIVE[0, i, best]), rel=5e-4)


def test_a_narrow_page_shows_one_panel_behind_buttons(viewer_page: ViewerPage):
    page = viewer_page(f"tokens={TOKENS}", width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    native = canvas(page).evaluate("canvas => canvas.toDataURL()")
    page.get_by_role("button", name="Variant", exact=True).click()
    assert canvas(page).evaluate("canvas => canvas.toDataURL()") != native
    canvas(page).tap(position={"x": 200, "y": 200})
    i, j, _ = parsed(readout(page))
    expect(page.get_by_text(f"event cell head 0 cell ({i}, {j})")).to_be_visible()


def test_two_fingers_zoom_and_one_then_pans(viewer_page: ViewerPage):
    page = viewer_page("tokens=40", width=390)
    canvas(page).scroll_into_view_if_needed()
    box = canvas(page).bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> tuple[int, int]:
        at = [{"x": box["x"] + x, "y": box["y"] + y, "id": n} for n, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
        page.wait_for_timeout(60)
        return parsed(readout(page))[:2]

    touch("touchStart", (180, 200), (220, 240))
    for step in range(1, 6):
        touch("touchMove", (180 - 10 * step, 200 - 10 * step), (220 + 10 * step, 240 + 10 * step))
    touch("touchEnd")
    assert canvas(page).evaluate("c => c.style.touchAction") == "none"
    under = touch("touchStart", (200, 220))
    touch("touchMove", (150, 170))
    # What is zoomed stays under the finger; across the whole of it a cell is only 7 pixels wide.
    moved = touch("touchMove", (130, 150))
    assert np.abs(np.subtract(moved, under)).max() <= 1
    touch("touchEnd")
    expect(page.get_by_text("event None")).to_be_visible()


def test_lines_follow_the_share_and_the_token(viewer_page: ViewerPage):
    page = viewer_page("tokens=40")
    page.get_by_role("button", name="Lines").click()
    expect(page.get_by_text("view lines")).to_be_visible()
    drawn = canvas(page).evaluate("canvas => canvas.toDataURL()")
    page.get_by_label("Weight shown per query").fill("0.3")
    assert canvas(page).evaluate("canvas => canvas.toDataURL()") != drawn
    expect(page.get_by_text("event threshold")).to_be_visible()
    canvas(page).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert readout(page).startswith("cat")
    page.keyboard.press("Enter")
    canvas(page).blur()
    assert readout(page).startswith("cat")


def test_a_sharp_screen_gets_more_pixels(viewer_page: ViewerPage):
    page = viewer_page(f"tokens={TOKENS}", scale=2)
    width, shown = canvas(page).evaluate("c => [c.width, c.getBoundingClientRect().width]")
    assert width == pytest.approx(2 * shown, abs=2)


def test_the_picture_can_be_taken_away(viewer_page: ViewerPage):
    page = viewer_page(f"tokens={TOKENS}")
    with page.expect_download() as started:
        page.get_by_role("button", name="PNG").click()
    assert started.value.suggested_filename == "attention-head-0.png"
    assert started.value.path().read_bytes().startswith(b"\x89PNG")


def test_the_atlas_selects_ablates_and_isolates(viewer_page: ViewerPage):
    page = viewer_page("show=atlas&layers=6&heads=12&tokens=24")
    canvas(page).focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert readout(page).startswith("Layer 2, head 1")
    expect(page.get_by_text("event select selected (2, 1) ablated [(1, 1)]")).to_be_visible()
    page.get_by_role("button", name="Ablate").click()
    canvas(page).focus()
    page.keyboard.press("Enter")
    expect(
        page.get_by_text("event ablate selected (2, 1) ablated [(1, 1), (2, 1)]")
    ).to_be_visible()
    assert "switched off" in readout(page)
    page.get_by_role("button", name="Isolate").click()
    canvas(page).focus()
    page.keyboard.press("Enter")
    others = [(1, 1), *((2, head) for head in range(12) if head != 1)]
    expect(page.get_by_text(f"event isolate selected (2, 1) ablated {others}")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("event isolate selected (2, 1) ablated [(1, 1)]")).to_be_visible()


def test_matrices_read_and_mark(viewer_page: ViewerPage):
    page = viewer_page("show=matrices&tokens=8&mask=causal")
    canvas(page).focus()
    for key in ("]", "]", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert readout(page).startswith("cat → the QKᵀ")
    assert "softmax" in readout(page)  # of the same shape, so it is read together
    expect(page.get_by_text("event True panel 2 cell (1, 0)")).to_be_visible()


def test_leaving_the_page_leaves_nothing_behind(viewer_page: ViewerPage):
    page = viewer_page(f"tokens={TOKENS}&switch=1")
    page.get_by_text("Show the viewer").click()
    expect(page.locator(".viewer")).to_have_count(0)
    page.set_viewport_size({"width": 700, "height": 900})
    page.get_by_text("Show the viewer").click()
    page.locator(".viewer[data-drawn]").wait_for()
    assert page.locator(".viewer").count() == 1
