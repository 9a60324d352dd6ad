"""The address is the state: what a late or an older address does to a session."""

import pytest
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest


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
