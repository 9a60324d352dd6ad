"""The address is the state: what a late or an older address does to a session."""

from urllib.parse import urlencode

import pytest
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from ui.url import LONGEST


def page() -> None:
    import streamlit as st

    from ui.url import Parameter, flag, publish, restore

    parameters = (Parameter("text", "a cat"), Parameter("tied", False, flag))
    st.json(restore(parameters))
    st.text_input("Text", key="text")
    st.toggle("Tied", key="tied")
    publish(parameters)


def values(app: AppTest) -> tuple[str, bool]:
    return app.session_state["text"], app.session_state["tied"]


def test_the_second_of_two_quick_changes_keeps_the_first() -> None:
    app = AppTest.from_function(page)
    app.query_params["tied"] = "true"
    app.run()
    app.text_input[0].set_value("a dog").run()
    assert app.query_params == {"text": "a dog", "tied": "true"}
    app.query_params.pop("text")  # the browser has not heard of it yet
    app.toggle[0].set_value(False).run()
    assert values(app) == ("a dog", False)
    assert app.query_params == {"text": "a dog"}


def test_an_address_that_comes_alone_is_gone_to() -> None:
    app = AppTest.from_function(page).run()
    app.text_input[0].set_value("a dog").run()
    app.toggle[0].set_value(True).run()
    app.query_params.pop("tied")
    app.query_params["text"] = "a bird"
    app.run()
    assert values(app) == ("a bird", False)


def test_an_address_that_the_session_has_left_undoes_nothing() -> None:
    app = AppTest.from_function(page).run()
    for tied in (True, False, True):
        app.toggle[0].set_value(tied).run()
    app.query_params.pop("tied")  # the browser has heard of the first two changes only
    app.text_input[0].set_value("a cat").run()
    assert values(app) == ("a cat", True)
    assert app.query_params == {"tied": "true"}


def test_an_address_that_the_browser_has_yet_to_hear_of_is_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[dict[str, str]] = []
    tell = QueryParams.from_dict
    monkeypatch.setattr(
        QueryParams, "from_dict", lambda own, said: (told.append(said), tell(own, said))
    )
    app = AppTest.from_function(page).run()
    app.toggle[0].set_value(True).run()
    app.query_params.pop("tied")
    app.toggle[0].set_value(False).run()
    assert values(app) == ("a cat", False)
    assert told == [{"tied": "true"}, {}]


def test_a_fresh_session_is_what_its_address_says() -> None:
    app = AppTest.from_function(page)
    app.query_params["text"] = "a bird"
    app.query_params["tied"] = "perhaps"
    app.run()
    assert values(app) == ("a bird", False)
    assert app.json[0].value == '["tied=perhaps"]'


def fragment_page() -> None:
    import streamlit as st

    from ui.url import Parameter, keep, one_of

    st.session_state.setdefault("norm", "native · LayerNorm")  # a label that its widget had
    st.session_state.setdefault("mask", "causal")
    keep((Parameter("norm", "native", one_of("native", "rms")), Parameter("mask", "native")))


def test_what_no_longer_means_anything_gives_way_to_the_default() -> None:
    app = AppTest.from_function(fragment_page).run()
    assert app.session_state["norm"] == "native"
    assert app.session_state["mask"] == "causal"


def texts_page() -> None:
    import streamlit as st

    from ui.url import Parameter, flag, publish, restore, unsaid

    parameters = (Parameter("text", "a cat"), Parameter("tied", False, flag))
    restore(parameters)
    st.json(unsaid(parameters))
    st.text_area("Text", key="text")
    st.toggle("Tied", key="tied")
    publish(parameters)


@pytest.mark.parametrize("letter", ["a", "é", "猫", "🐈", " ", "&"])
def test_no_address_is_longer_than_the_bound(letter: str) -> None:
    app = AppTest.from_function(texts_page).run()
    fits = (LONGEST - len("text=&")) // len(urlencode({"": letter}).removeprefix("="))
    app.text_area[0].set_value(letter * fits).run()
    assert len(urlencode(app.query_params)) <= LONGEST
    assert app.query_params == {"text": letter * fits}
    assert app.json[0].value == "[]"
    app.text_area[0].set_value(letter * (fits + 1)).run()
    assert app.query_params == {}
    assert app.json[0].value == '["text"]'
    assert app.session_state["text"] == letter * (fits + 1)
    app.toggle[0].set_value(True).run()  # what is short is still said
    assert app.query_params == {"tied": "true"}
    assert app.session_state["text"] == letter * (fits + 1)


def two_pages() -> None:
    import streamlit as st

    from ui.url import Parameter, flag, number, publish, restore

    pages = {
        "one": (
            Parameter("q", "1"),
            Parameter("text", "one's"),
            Parameter("layer", 2, number(0, 9)),
        ),
        "two": (Parameter("q", "5"), Parameter("text", "two's"), Parameter("tied", False, flag)),
        "home": (),
    }
    st.session_state.setdefault("page", "one")
    parameters = pages[st.session_state["page"]]
    restore(parameters)
    if parameters:
        st.text_input("Text", key="text", persist_state="session")
        st.text_input("Question", key="q", persist_state="session")
        publish(parameters)


def turned(app: AppTest, page: str, **address: str) -> AppTest:
    """The reader goes to another page, by a link that says this, or by the menu."""
    app.session_state["page"] = page
    for name in list(app.query_params):
        del app.query_params[name]
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def test_a_page_comes_back_as_it_was_left_but_with_the_readers_text_of_now() -> None:
    app = AppTest.from_function(two_pages)
    app.query_params["layer"] = "4"
    app.run()
    app.text_input(key="q").set_value("3").run()
    app.text_input(key="text").set_value("a dog").run()
    turned(app, "two")
    assert (app.session_state["text"], app.session_state["q"]) == ("a dog", "5")
    app.text_input(key="text").set_value("a bird").run()
    turned(app, "home")
    turned(app, "one")
    assert (app.session_state["text"], app.session_state["q"]) == ("a bird", "3")
    assert app.session_state["layer"] == 4


def test_the_default_of_one_page_is_not_carried_to_another() -> None:
    app = AppTest.from_function(two_pages).run()
    assert turned(app, "two").session_state["text"] == "two's"


def test_a_link_that_names_a_question_opens_it_and_leaves_the_text() -> None:
    app = AppTest.from_function(two_pages).run()
    app.text_input(key="q").set_value("3").run()
    app.text_input(key="text").set_value("a dog").run()
    turned(app, "home")
    turned(app, "one", q="1")
    assert (app.session_state["text"], app.session_state["q"]) == ("a dog", "1")
    turned(app, "home")
    turned(app, "one", q="1", text="a fish")
    assert app.session_state["text"] == "a fish"
