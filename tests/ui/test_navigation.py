"""The table of pages is the whole curriculum, and its links hold."""

from urllib.parse import parse_qs, urlsplit

from streamlit.testing.v1 import AppTest

from ui.navigation import CHAPTERS, PAGES, QUESTIONS, ROOT, href, page_of, query


def test_each_of_the_twenty_questions_has_one_page() -> None:
    asked = sorted(number for page in PAGES.values() for number in page.questions)
    assert asked == list(range(1, 21)) == list(QUESTIONS)
    assert page_of(7).key == "encoder"


def test_each_page_has_its_own_address() -> None:
    # Streamlit serves a page under its key alone, without the chapter.
    keys = [page.key for page in PAGES.values()]
    assert len(set(keys)) == len(keys)
    assert {page.chapter for page in PAGES.values()} == set(CHAPTERS)


def test_every_script_in_pages_is_in_the_table() -> None:
    found = {path for path in (ROOT / "pages").rglob("*.py") if "__pycache__" not in path.parts}
    assert found == {page.script for page in PAGES.values()}


def test_a_link_carries_its_parameters() -> None:
    link = urlsplit(href(PAGES["lab"], text="1 + 1 = 2 & so?", scaled=False, layer=3))
    assert link.path == "lab"
    assert parse_qs(link.query) == {
        "text": ["1 + 1 = 2 & so?"],
        "scaled": ["false"],
        "layer": ["3"],
    }
    assert href(PAGES["home"]) == "./"


def linking() -> None:
    import streamlit as st

    from ui.navigation import PAGES, href, query

    st.text(href(PAGES["home"]))
    st.text(query(scaled=True))


def test_links_keep_the_language() -> None:
    session = AppTest.from_function(linking)
    session.session_state["lang"] = "zh"
    session.run()
    assert session.text[0].value == "./?lang=zh"
    assert session.text[1].value == str({"lang": "zh", "scaled": "true"})
    assert query(scaled=True) == {"scaled": "true"}
