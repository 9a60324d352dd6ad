"""Every link of the home page, by the heading that it lands on."""

import pytest
from playwright.sync_api import Page, expect

from model.catalogue import CATALOGUE
from tests.chromium import visit
from ui.blueprint import PARTS
from ui.i18n import translated
from ui.navigation import PAGES, QUESTIONS

TITLES = {name: CATALOGUE[name].title for name in ("minilm", "smollm2")}
HOME = {"en": "Home", "zh": "首页"}


def heading(number: int, language: str) -> str:
    return f"Q{number} · {translated(QUESTIONS[number], language)}"


def back_home(page: Page, language: str) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text=HOME[language]).click()
    expect(page.get_by_test_id("stPageLink-NavLink").last).to_be_visible()


@pytest.mark.parametrize("language", HOME)
def test_each_link_of_the_list_opens_its_question(page: Page, language: str) -> None:
    visit(page, f"/?lang={language}")
    # from the last to the first: so each page has been left at another of its questions
    for number in reversed(QUESTIONS):
        text = translated(QUESTIONS[number], language)
        page.get_by_test_id("stPageLink-NavLink").filter(has_text=text).click()
        expected = heading(number, language)
        expect(page.get_by_role("heading", name=expected, level=2)).to_be_visible(timeout=30_000)
        expect(page).to_have_title(f"{text} · {translated('Attention Lab', language)}")
        back_home(page, language)


@pytest.mark.parametrize("language", HOME)
def test_each_part_of_the_picture_opens_what_it_names(page: Page, language: str) -> None:
    visit(page, f"/?lang={language}")
    seen = set()
    for place, part in reversed(list(enumerate(PARTS))):
        if (part.label, part.opens.href) in seen:
            continue  # the encoder's and the decoder's are the same
        seen.add((part.label, part.opens.href))
        picture = page.get_by_role("group", name="Transformer")
        picture.locator(f"[data-part='{place}']").click(position={"x": 6, "y": 6})
        asked = part.opens.parameters.get("q")
        if asked is None:
            name = translated(PAGES["lab"].title, language)
            expect(page.get_by_role("heading", name=name, level=1)).to_be_visible(timeout=30_000)
            chosen = page.get_by_role("combobox").first
            expect(chosen).to_have_value(TITLES[str(part.opens.parameters["model"])])
        else:
            name = heading(int(asked), language)
            expect(page.get_by_role("heading", name=name, level=2)).to_be_visible(timeout=30_000)
        back_home(page, language)
