"""The normalization page as a reader meets it."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, visit

Q12 = "/normalization?model=bert-tiny"
Q13 = "/normalization?q=13"

TRAINED = 2  # charts of the models that were trained this way


def value_of(page: Page, label: str) -> str:
    metric = page.get_by_test_id("stMetric").filter(has_text=label).first
    return metric.get_by_test_id("stMetricValue").inner_text()


@pytest.mark.parametrize(
    ("address", "charts", "width", "scheme", "language"),
    [
        (Q12, 4 + TRAINED, 390, "dark", "zh"),
        (f"{Q12}&look=features", 1 + TRAINED, 390, "light", "en"),
        (Q13, 3 + TRAINED, 390, "light", "zh"),
    ],
)
def test_every_look_is_drawn_and_fits(
    new_page: NewPage, address: str, charts: int, width: int, scheme: str, language: str
) -> None:
    page = new_page(width, scheme)
    visit(page, f"{address}&lang={language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(charts)


def test_a_sentence_changes_and_only_batchnorm_tells(page: Page) -> None:
    visit(page, Q12)
    assert value_of(page, "LayerNorm") == "0"
    moved = value_of(page, "BatchNorm")
    assert float(moved) > 0
    box = page.get_by_label("Sentence 3 becomes")
    box.fill("Go.")
    box.press("Enter")
    expect(page.get_by_test_id("stMetric").filter(has_text="BatchNorm").first).not_to_contain_text(
        moved
    )
    settled(page)
    assert value_of(page, "LayerNorm") == "0"
    assert parse_qs(urlsplit(page.url).query)["becomes"] == ["Go."]
    page.get_by_role("radio", name="Q13").click()
    settled(page)
    expect(page.get_by_role("heading", name="Q13 · What does BatchNorm do?")).to_be_visible()
