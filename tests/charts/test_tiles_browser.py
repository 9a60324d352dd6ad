"""A long matrix in a real browser: seen whole, come closer to, moved over, read and chosen from."""

import re

import numpy as np
from playwright.sync_api import Page, expect

from charts.viewer.pooling import pool_blocks
from tests.charts.conftest import ViewerPage
from tests.charts.synthetic import synthetic
from tests.charts.test_viewer_browser import canvas, readout

LENGTH = 600
NATIVE = synthetic(1, 1, 1, LENGTH, causal=True)[0, 0]
VARIANT = synthetic(2, 1, 1, LENGTH, causal=True)[0, 0]
QUERY = f"show=tiles&tokens={LENGTH}&mask=causal"


def numbers(page: Page) -> list[float]:
    """Native, variant and difference of the readout."""
    text = readout(page).split("Native")[1].split("each")[0].replace("Variant − native", "")
    return [float(n.replace("−", "-")) for n in re.findall(r"[+−]?\d[\d.]*(?:e-\d+)?", text)]


def told(page: Page) -> str:
    return page.get_by_text(re.compile("^event")).inner_text()


def window(page: Page) -> np.ndarray:
    """What the server last heard to be shown: from and to, each query and key."""
    found = re.search(r"window \(\((\d+), (\d+)\), \((\d+), (\d+)\)\)", told(page))
    assert found is not None
    return np.array([int(n) for n in found.groups()]).reshape(2, 2)


def test_coming_closer_makes_cells_exact_and_a_click_opens_one(viewer_page: ViewerPage) -> None:
    page = viewer_page(QUERY)
    picture = canvas(page)
    picture.focus()
    picture.press("ArrowDown")  # to the first cell
    assert "each the largest of 2 × 2 cells" in readout(page)
    native, variant, difference = numbers(page)
    for shown, cells in ((native, NATIVE), (variant, VARIANT)):
        assert abs(shown - pool_blocks(cells, (2, 2))[0, 0]) < 0.02
    signed = pool_blocks(VARIANT - NATIVE, (2, 2), signed=True)[0, 0]
    assert abs(difference - signed) < 0.02
    picture.press("Enter")
    expect(page.get_by_text("event window")).to_be_visible()
    assert (window(page) == [[0, 0], [128, 128]]).all()
    expect(page.locator(".viewer .readout")).not_to_contain_text("each the largest")
    found = numbers(page)
    wanted = [NATIVE[0, 0], VARIANT[0, 0], VARIANT[0, 0] - NATIVE[0, 0]]
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-6)
    for _ in range(3):
        picture.press("ArrowDown")
    picture.press("Enter")
    expect(page.get_by_text("event cell head 0 cell (3, 0)")).to_be_visible()
    picture.press("0")
    expect(page.get_by_text("event window")).to_be_visible()
    assert (window(page) == [[0, 0], [LENGTH, LENGTH]]).all()


def test_moving_on_brings_the_next_tile(viewer_page: ViewerPage) -> None:
    page = viewer_page(QUERY)
    box = canvas(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 350)
    page.mouse.down()
    page.mouse.move(box["x"] + 320, box["y"] + 380, steps=4)
    page.mouse.up()
    expect(page.get_by_text("event window")).to_be_visible()
    before = window(page)
    assert (before[1] - before[0]).max() < 80
    page.mouse.wheel(0, 2000)
    expect(page.get_by_text(str(tuple(map(int, before[0]))))).to_have_count(0)
    after = window(page)
    assert after[1, 0] == LENGTH
    assert (after[:, 1] == before[:, 1]).all()
    expect(page.locator(".viewer .readout")).not_to_contain_text("each the largest")


def test_a_masked_cell_says_so_and_the_scale_keeps_still(viewer_page: ViewerPage) -> None:
    page = viewer_page(QUERY, width=390)
    picture = canvas(page)
    picture.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        picture.press(key)
    assert "masked" in readout(page)
    legend = """canvas => {
        const { width, height } = canvas;
        const from = height - 44 * devicePixelRatio;
        return [...canvas.getContext("2d").getImageData(0, from, width, height - from).data]
            .join();
    }"""
    before = picture.evaluate(legend)
    picture.press("Enter")
    expect(page.get_by_text("event window")).to_be_visible()
    page.wait_for_timeout(300)
    assert picture.evaluate(legend) == before
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("toolbar", name="Picture").get_by_role(
        "button", name="Variant", exact=True
    ).click()
    page.get_by_role("toolbar", name="Head").get_by_role("button", name="2").click()
    expect(page.get_by_text("event head head 2")).to_be_visible()
