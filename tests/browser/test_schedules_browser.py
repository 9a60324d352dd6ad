"""Live training in a browser: it runs while the reader looks, survives other pages, goes back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, visit

QUICK = "train_layers=1&train_width=16&train_steps=60&train_batch=8&a_warmup=20"
PLAYING = re.compile(r"Recorded: step \d+ of 240")
PATIENCE = 120_000  # milliseconds


def train(page: Page) -> None:
    page.goto(f"/schedules?{QUICK}")
    expect(page.get_by_text("Not trained yet")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Train it here").click()
    expect(page.get_by_role("button", name="Train anew")).to_be_visible(timeout=PATIENCE)


def test_a_training_goes_on_while_the_reader_is_elsewhere(page: Page) -> None:
    train(page)
    page.get_by_role("link", name="Masks").click()
    expect(page.get_by_role("heading", name="Masks", exact=True)).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Schedules and dropout").click()
    expect(page.get_by_text("Trained: 60 steps")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("heading", name="Evidence")).to_be_visible(timeout=PATIENCE)
    assert "a_warmup=20" in page.url


def test_the_slider_goes_back_to_the_first_step(page: Page) -> None:
    train(page)
    expect(page.get_by_text("Trained: 60 steps")).to_be_visible(timeout=PATIENCE)
    settled(page)
    slider = page.get_by_role("slider").last
    expect(page.get_by_text("after step 60, on a held-out example")).to_be_visible()
    slider.focus()
    slider.press("Home")
    expect(page.get_by_text("after step 0, on a held-out example")).to_be_visible(timeout=PATIENCE)


def test_a_recording_plays_from_its_start_to_its_end(page: Page) -> None:
    page.goto("/schedules")
    expect(page.get_by_text("Recorded: 240 steps")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".st-key-live_attention canvas").first).to_be_visible()
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_text(PLAYING)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Recorded: 240 steps")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("after step 240, on a held-out example")).to_be_visible()


@pytest.mark.parametrize("part", ["schedule", "dropout"])
def test_nothing_is_wider_than_a_telephone(new_page: NewPage, part: str) -> None:
    page = new_page(390, "dark")
    visit(page, f"/schedules?part={part}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
