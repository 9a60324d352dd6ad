"""Back, Forward and the menu: one entry of the history for each visit, and what it stands for."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import settled, visit

TEXT = "The cat sat"


def place(page: Page) -> tuple[str, dict[str, str]]:
    settled(page)
    address = urlsplit(page.url)
    return address.path, dict(parse_qsl(address.query))


def menu(page: Page, title: str) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible(timeout=30_000)
    settled(page)


def entries(page: Page) -> int:
    return int(page.evaluate("history.length"))


def retyped(page: Page, text: str) -> None:
    box = page.locator(".st-key-text").get_by_role("textbox")
    box.fill(text)
    box.press("Control+Enter")
    settled(page)


@pytest.mark.parametrize("spoken", [{}, {"lang": "zh"}])
def test_back_and_forward_over_several_pages_keep_the_text(
    page: Page, spoken: dict[str, str]
) -> None:
    titles = {"lab": "Attention lab", "heads": "Heads", "scores": "Scores"}
    if spoken:
        titles = {"lab": "注意力实验台", "heads": "多头", "scores": "分数"}
    visit(page, "/lab?text=The+cat+sat" + "".join(f"&{n}={v}" for n, v in spoken.items()))
    before = entries(page)
    for count, key in enumerate(("heads", "scores", "lab"), 1):
        menu(page, titles[key])
        assert place(page) == (f"/{key}", {**spoken, "text": TEXT})
        assert entries(page) == before + count
    for key in ("scores", "heads", "lab"):
        page.go_back()
        expect(page.get_by_role("heading", name=titles[key], level=1)).to_be_visible()
        assert place(page) == (f"/{key}", {**spoken, "text": TEXT})
        expect(page.locator(".st-key-text").get_by_role("textbox")).to_have_value(TEXT)
    page.go_forward()
    expect(page.get_by_role("heading", name=titles["heads"], level=1)).to_be_visible()
    assert place(page) == ("/heads", {**spoken, "text": TEXT})
    assert entries(page) == before + 3


def test_an_entry_shows_what_was_there_and_the_menu_what_is_the_readers_now(page: Page) -> None:
    visit(page, f"/heads?text={TEXT}&layer=0")
    menu(page, "Scores")
    retyped(page, "A dog barks")
    page.go_back()
    expect(page.locator(".st-key-text").get_by_role("textbox")).to_have_value(TEXT)
    page.go_back()
    expect(page.get_by_role("heading", name="Heads", level=1)).to_be_visible()
    assert place(page) == ("/heads", {"text": TEXT, "layer": "0"})
    menu(page, "Scores")
    retyped(page, "A dog barks")
    menu(page, "Heads")
    assert place(page) == ("/heads", {"text": "A dog barks", "layer": "0"})


def test_a_page_that_writes_its_address_as_it_opens_has_one_entry(page: Page) -> None:
    visit(page, "/?lang=zh")
    before = entries(page)
    picture = page.get_by_role("group", name="Transformer")
    picture.get_by_text("掩码自注意力").click()
    page.wait_for_url("**/lab?*")
    settled(page)
    assert entries(page) == before + 1
    page.go_back()
    expect(page.get_by_role("group", name="Transformer")).to_be_visible()
    assert place(page) == ("/", {"lang": "zh"})


def test_an_address_that_says_defaults_is_left_as_it_was_opened(page: Page) -> None:
    visit(page, "/lab?model=minilm&scaled=false&text=A+cat.")
    assert entries(page) == 2  # with the browser's own empty page
    assert place(page)[1] == {"model": "minilm", "scaled": "false", "text": "A cat."}


def test_the_example_of_a_page_is_no_text_of_the_readers(page: Page) -> None:
    visit(page, "/lab")
    menu(page, "Heads")
    assert place(page) == ("/heads", {})


def test_home_has_an_address_of_its_own_too(page: Page) -> None:
    visit(page, "/home")
    expect(page.get_by_role("heading", name="Attention Lab", exact=True)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_title("Attention Lab")
