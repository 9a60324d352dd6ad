"""A long measurement is stopped in the middle of its work, and the page goes on being of use."""

import re
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

from tests.chromium import settled, until, visit

# Each head of 30 layers of a language model switched off alone takes far longer than a click.
TEXT = "The keys to the old cabinet are lost, so the museum cannot open it. " * 10
STOPPED = re.compile(r"Stopped after (\d+) of (\d+) steps\.")
PATIENCE = 60_000
# The bar beside Stop has left its start: at least one step is done.
BEGUN = """
() => document.querySelector(".st-key-ablation_map_stop")
  && [...document.querySelectorAll("[role=progressbar]")]
  .some((bar) => Number(bar.getAttribute("aria-valuenow")) > 0)
"""


def steps_until_stopped(page: Page) -> tuple[int, int]:
    """Wait for the words that the work is stopped: the steps done, and all of them."""
    stopped = page.get_by_text(STOPPED)
    expect(stopped).to_be_visible(timeout=PATIENCE)
    settled(page)
    found = STOPPED.search(stopped.inner_text())
    assert found is not None
    return int(found[1]), int(found[2])


def left(button: Locator) -> float:
    box = button.bounding_box()
    assert box is not None
    return box["x"]


def test_the_ablation_map_of_a_large_model_is_stopped_in_the_middle(page: Page) -> None:
    page.goto(f"/heads?{urlencode({'model': 'smollm2', 'text': TEXT})}")
    until(page, BEGUN, timeout=PATIENCE / 1000)
    # Streamlit has a button of this name too, which ends a run and leaves the work to the next.
    page.locator(".st-key-ablation_map_stop button").click(timeout=PATIENCE)
    done, total = steps_until_stopped(page)
    assert 0 < done < total
    page.wait_for_timeout(1500)
    assert steps_until_stopped(page) == (done, total)  # nobody works on

    # A press on a button that moves is no click: Stop stands where Go on stood, and stays.
    go_on = page.locator(".st-key-ablation_map_go_on button")
    stop = page.locator(".st-key-ablation_map_stop button")
    stood = left(go_on)
    go_on.click()
    expect(stop).to_be_visible(timeout=PATIENCE)
    assert left(stop) == stood
    stop.click()
    again, _total = steps_until_stopped(page)
    assert done <= again < total

    page.get_by_role("radio", name="Q6").click()
    expect(page.get_by_role("heading", name="Q6 · Why does each head")).to_be_visible()
    visit(page, "/lab?model=bert-tiny")
    expect(page.locator(".st-key-viewer canvas").first).to_be_visible()
