"""A long measurement is stopped in the middle of its work, and the page goes on being of use."""

import re
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from tests.chromium import settled, visit

# Each head of 30 layers of a language model switched off alone takes far longer than a click.
TEXT = "The keys to the old cabinet are lost, so the museum cannot open it. " * 10
STOPPED = re.compile(r"Stopped after (\d+) of (\d+) steps\.")
PATIENCE = 60_000


def test_the_ablation_map_of_a_large_model_is_stopped_in_the_middle(page: Page) -> None:
    page.goto(f"/heads?{urlencode({'model': 'smollm2', 'text': TEXT})}")
    # Streamlit has a button of this name too, which ends a run and leaves the work to the next.
    page.locator(".st-key-ablation_map_stop button").click(timeout=PATIENCE)
    stopped = page.get_by_text(STOPPED)
    expect(stopped).to_be_visible(timeout=PATIENCE)
    settled(page)
    said = stopped.inner_text()
    found = STOPPED.search(said)
    assert found is not None
    done, total = map(int, found.groups())
    assert 0 < done < total
    page.wait_for_timeout(1500)
    assert stopped.inner_text() == said  # nobody works on

    page.get_by_role("radio", name="Q6").click()
    expect(page.get_by_role("heading", name="Q6 · Why does each head")).to_be_visible()
    visit(page, "/lab?model=bert-tiny")
    expect(page.locator(".st-key-viewer canvas").first).to_be_visible()
