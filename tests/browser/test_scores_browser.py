"""The scores page as a reader meets it: three questions, drawn and shared."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import NewPage, settled, visit

Q2 = "/scores?model=bert-tiny&layer=1&head=0"
Q3 = "/scores?q=3&model=bert-tiny&layer=1&head=0&longest=128&widest=64"
Q4 = "/scores?q=4&model=bert-tiny"

TRAINED = 2  # charts of the models that were trained this way


def parameters(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def value_of(page: Page, label: str) -> str:
    metric = page.get_by_test_id("stMetric").filter(has_text=label)
    return metric.get_by_test_id("stMetricValue").inner_text()


@pytest.mark.parametrize(
    ("address", "charts", "width", "scheme", "language"),
    [
        (Q2, 3 + TRAINED, 390, "dark", "zh"),
        (Q3, 5 + TRAINED, 390, "light", "en"),
        (Q4, 5 + TRAINED, 1280, "dark", "zh"),
    ],
)
def test_every_question_is_drawn_and_fits(
    new_page: NewPage, address: str, charts: int, width: int, scheme: str, language: str
) -> None:
    page = new_page(width, scheme)
    visit(page, f"{address}&lang={language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(charts)
    for chart in page.get_by_test_id("stPlotlyChart").all():
        box = chart.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width


def test_questions_are_one_click_apart_and_the_address_follows(page: Page) -> None:
    visit(page, Q2)
    assert value_of(page, "Asymmetry of raw scores, tied") == "0"
    page.get_by_role("radio", name="Q4").click()
    settled(page)
    expect(page.get_by_role("heading", name="Q4 · Why divide by")).to_be_visible()
    assert parameters(page)["q"] == "4"
    page.get_by_role("radio", name="a number", exact=True).click()
    settled(page)
    assert float(value_of(page, "Variance of the scores")) == pytest.approx(4, rel=0.2)  # 256 / 8²

    visit(page, page.url)  # shared
    assert page.get_by_role("radio", name="a number", exact=True).is_checked()
    assert float(value_of(page, "Variance of the scores")) == pytest.approx(4, rel=0.2)
