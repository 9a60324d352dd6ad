"""The home page as a reader meets it."""

import re
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import NewPage, settled, visit
from ui.examples import EXAMPLES
from ui.navigation import PAGES, Target

ENGLISH, CHINESE = "Attention Lab", "注意力实验室"


def parameters(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.parametrize(
    ("address", "title", "scheme", "width"),
    [
        ("/", ENGLISH, "light", 1280),
        ("/", ENGLISH, "dark", 390),
        ("/?lang=zh", CHINESE, "light", 390),
        ("/?lang=zh", CHINESE, "dark", 1280),
    ],
)
def test_fits_every_screen_in_every_language_and_theme(
    new_page: NewPage, address: str, title: str, scheme: Literal["light", "dark"], width: int
) -> None:
    page = new_page(width, scheme)
    visit(page, address)
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    picture = page.get_by_role("group", name="Transformer")
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(14, 17, 23)"}[scheme]


def test_the_chosen_language_stays_on_every_page(page: Page) -> None:
    visit(page, "/")
    page.get_by_role("radio", name="中文").click()
    settled(page)
    expect(page.get_by_role("heading", name=CHINESE, exact=True)).to_be_visible()
    assert parameters(page) == {"lang": ["zh"]}

    page.get_by_test_id("stSidebarNavLink").filter(has_text="注意力实验台").click()
    page.wait_for_url("**/lab*")
    settled(page)
    expect(page.get_by_test_id("stSidebarNavLink").filter(has_text="首页")).to_be_visible()
    assert parameters(page)["lang"] == ["zh"]

    page.get_by_test_id("stSidebarNavLink").filter(has_text="首页").click()
    expect(page.get_by_role("heading", name=CHINESE, exact=True)).to_be_visible()
    settled(page)
    assert parameters(page) == {"lang": ["zh"]}

    page.get_by_role("radio", name="English").click()
    settled(page)
    expect(page.get_by_role("heading", name=ENGLISH, exact=True)).to_be_visible()
    assert parameters(page) == {}


def test_two_readers_keep_their_own_language(new_page: NewPage) -> None:
    english, chinese = new_page(), new_page()
    visit(chinese, "/?lang=zh")
    visit(english, "/")
    expect(english.get_by_role("heading", name=ENGLISH, exact=True)).to_be_visible()
    chinese.get_by_role("radio", name="中文").click()
    settled(chinese)
    expect(chinese.get_by_role("heading", name=CHINESE, exact=True)).to_be_visible()


def test_an_unknown_language_reads_as_english(page: Page) -> None:
    visit(page, "/?lang=tlh")
    expect(page.get_by_role("heading", name=ENGLISH, exact=True)).to_be_visible()
    assert parameters(page) == {}


@pytest.mark.parametrize("card", range(len(EXAMPLES)))
def test_an_example_opens_the_lab_in_its_state(page: Page, card: int) -> None:
    state = list(EXAMPLES.values())[card]
    visit(page, "/")
    page.get_by_role("link", name="Open in the lab").nth(card).click()
    page.wait_for_url("**/lab?*")
    settled(page)
    # What equals the lab's own default leaves the URL.
    shown = parameters(page)
    assert shown["text"] == [state["text"]]
    assert all(Target(PAGES["lab"], state).query[name] == value for name, [value] in shown.items())
    expect(page.get_by_text(f"Layer {state['layer']}, head {state['head']}").first).to_be_visible()


def test_a_part_of_the_picture_opens_its_page_within_the_session(page: Page) -> None:
    visit(page, "/?lang=zh")
    page.evaluate("window.sameDocument = true")
    page.get_by_role("group", name="Transformer").get_by_text("掩码自注意力").click()
    page.wait_for_url("**/lab?*")
    settled(page)
    assert parameters(page)["model"] == ["smollm2"]
    assert parameters(page)["lang"] == ["zh"]
    assert page.evaluate("window.sameDocument")


def test_the_picture_can_be_used_from_the_keyboard(page: Page) -> None:
    visit(page, "/")
    link = page.get_by_role("group", name="Transformer").get_by_role("link").first
    address = link.get_attribute("href")
    assert address is not None
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/{address.partition('?')[0]}(\?|$)"))
    settled(page)
    asked = re.findall(r"\bq=(\d+)", address)
    expect(page.get_by_role("heading", name=f"Q{asked[0]} · ")).to_be_visible()


def test_a_link_of_the_picture_holds_in_a_new_tab(page: Page) -> None:
    visit(page, "/?lang=zh")
    link = page.get_by_role("group", name="Transformer").get_by_role("link").last
    address = link.get_attribute("href")
    visit(page, f"/{address}")
    expect(page.get_by_test_id("stSidebarNavLink").filter(has_text="首页")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_asks_no_other_host_for_anything(page: Page, app_url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit(page, "/")
    visit(page, "/lab")
    elsewhere = [url for url in asked if not url.startswith((app_url, "data:", "blob:"))]
    assert asked
    assert elsewhere == []


def test_a_chinese_browser_is_greeted_in_chinese(browser: Browser, app_url: str) -> None:
    context = browser.new_context(base_url=app_url, locale="zh-CN")
    page = context.new_page()
    visit(page, "/")
    expect(page.get_by_role("heading", name=CHINESE, exact=True)).to_be_visible()
    assert parameters(page) == {"lang": ["zh"]}
    context.close()
