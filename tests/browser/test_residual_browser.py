"""The page about residual connections as a reader meets it."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, visit

ADDRESS = "/residual?model=bert-tiny&depth=6&d_model=32"


def value_of(page: Page, label: str) -> str:
    metric = page.get_by_test_id("stMetric").filter(has_text=label).first
    return metric.get_by_test_id("stMetricValue").inner_text()


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(390, "dark", "zh"), (1280, "light", "en")]
)
def test_it_is_drawn_and_fits(new_page: NewPage, width: int, scheme: str, language: str) -> None:
    page = new_page(width, scheme)
    visit(page, f"{ADDRESS}&lang={language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(8)  # 2 of trained models


def test_residuals_bring_the_tokens_back_and_the_address_follows(page: Page) -> None:
    visit(page, ADDRESS)
    label = "Tokens differ, after the last layer"
    assert value_of(page, label) == "0 up to rounding"
    page.get_by_role("radio", name="around both", exact=True).click()
    settled(page)
    kept = float(value_of(page, label))
    assert kept > 0.3
    assert parse_qs(urlsplit(page.url).query)["skips"] == ["both"]

    visit(page, page.url)  # shared
    assert float(value_of(page, label)) == kept
