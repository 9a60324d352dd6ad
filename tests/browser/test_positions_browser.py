"""The positions page as a reader meets it: drawn, clicked, shared."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, visit

FAST = "model=bert-tiny&table_model=bert-tiny"

TRAINED = 2  # charts of the models that were trained this way


def parameters(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def value_of(page: Page, label: str) -> str:
    metric = page.get_by_test_id("stMetric").filter(has_text=label)
    return metric.get_by_test_id("stMetricValue").inner_text()


@pytest.mark.parametrize(
    ("address", "charts", "width", "scheme", "language"),
    [
        ("q=9", 3 + TRAINED, 390, "dark", "zh"),
        ("q=10", 6 + TRAINED + 1, 390, "light", "en"),
        ("q=10&scheme_view=switch", 1 + TRAINED + 1, 1280, "dark", "zh"),
        ("q=8", 3 + TRAINED, 390, "dark", "zh"),
    ],
)
def test_every_question_is_drawn_and_fits(
    new_page: NewPage, address: str, charts: int, width: int, scheme: str, language: str
) -> None:
    page = new_page(width, scheme)
    visit(page, f"/positions?{address}&{FAST}&lang={language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(charts)
    for chart in page.get_by_test_id("stPlotlyChart").all():
        box = chart.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width


def test_a_click_on_the_table_picks_a_wave(page: Page) -> None:
    visit(page, "/positions?q=9")
    assert value_of(page, "Feature 8 repeats every") == "19.87"
    picture = page.locator(".viewer canvas")
    box = picture.bounding_box()
    assert box is not None
    picture.click(position={"x": 0.8 * box["width"], "y": 0.3 * box["height"]})
    expect(page.get_by_text("Feature 8 repeats every")).to_have_count(0, timeout=20_000)
    settled(page)
    asked = parameters(page)
    assert int(asked["feature"]) > 32


def test_views_are_one_click_apart_and_the_address_follows(page: Page) -> None:
    visit(page, f"/positions?{FAST}")
    page.get_by_role("radio", name="Q10").click()
    settled(page)
    page.get_by_role("radio", name="RoPE in the plane").click()
    settled(page)
    first = value_of(page, "q·k at 12 and 5")
    assert first == value_of(page, "q·k at 62 and 55")
    assert parameters(page)["scheme_view"] == "rope"

    visit(page, page.url)  # shared
    assert value_of(page, "q·k at 12 and 5") == first
