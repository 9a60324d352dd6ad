"""The table of pages is the whole curriculum, and its links hold."""

from urllib.parse import parse_qs, urlsplit

from streamlit.testing.v1 import AppTest

from ui.navigation import CHAPTERS, PAGES, QUESTIONS, ROOT, Target, question


def test_each_of_the_twenty_questions_has_one_page() -> None:
    asked = sorted(number for page in PAGES.values() for number in page.questions)
    assert asked == list(range(1, 21)) == list(QUESTIONS)
    assert question(7).page.key == "encoder"


def test_each_page_has_its_own_address() -> None:
    # Streamlit serves a page under its key alone, without the chapter.
    keys = [page.key for page in PAGES.values()]
    assert len(set(keys)) == len(keys)
    assert {page.chapter for page in PAGES.values()} == set(CHAPTERS)


def test_every_script_in_pages_is_in_the_table() -> None:
    found = {path for path in (ROOT / "pages").rglob("*.py") if "__pycache__" not in path.parts}
    assert found == {page.script for page in PAGES.values()}


def test_a_link_carries_its_parameters() -> None:
    state = {"text": "1 + 1 = 2 & so?", "scaled": False, "layer": 3}
    link = urlsplit(Target(PAGES["lab"], state).href)
    assert link.path == "lab"
    assert parse_qs(link.query) == {
        "text": ["1 + 1 = 2 & so?"],
        "scaled": ["false"],
        "layer": ["3"],
    }
    assert Target(PAGES["home"]).href == "./"


def test_a_link_to_a_question_names_it_even_where_the_page_begins_with_it() -> None:
    assert {number: question(number).query for number in QUESTIONS} == {
        number: {"q": str(number)} for number in QUESTIONS
    }
    assert question(8).href == "positions?q=8"
    assert question(9).title == "Q9 · Why positional encodings, and why sinusoids?"


def linking() -> None:
    import streamlit as st

    from ui.navigation import PAGES, Target

    st.text(Target(PAGES["home"]).href)
    st.text(Target(PAGES["lab"], {"scaled": True}).query)


def test_links_keep_the_language() -> None:
    session = AppTest.from_function(linking)
    session.session_state["lang"] = "zh"
    session.run()
    assert session.text[0].value == "./?lang=zh"
    assert session.text[1].value == str({"lang": "zh", "scaled": "true"})
    assert Target(PAGES["lab"], {"scaled": True}).query == {"scaled": "true"}
