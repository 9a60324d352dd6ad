"""Numbers that a model or a text has fewer of than the reader asked for."""

from typing import Any

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from ui.indices import bring_back, index
    from ui.url import Parameter, publish, restore

    parameters = (Parameter("layer", 2, index), Parameter("last", 29, index))
    restore(parameters)
    last = st.number_input("Last", key="last", persist_state="session")
    bring_back("layer", int(last))
    st.slider("Layer", 0, int(last), key="layer", persist_state="session")
    publish(parameters)


def on_a_model(app: AppTest, last: int) -> Any:
    app.number_input[0].set_value(last).run()
    assert not app.exception
    return app.slider[0].value


def test_a_layer_comes_back_with_a_model_that_has_it() -> None:
    app = AppTest.from_function(page)
    app.query_params["layer"] = "20"
    app.run()
    assert [on_a_model(app, last) for last in (5, 1, 3, 11, 29)] == [5, 1, 3, 11, 20]


def test_what_the_reader_has_moved_to_stays() -> None:
    app = AppTest.from_function(page)
    app.query_params["layer"] = "20"
    app.run()
    assert on_a_model(app, 5) == 5
    app.slider[0].set_value(4).run()
    assert on_a_model(app, 29) == 4
    app.slider[0].set_value(5).run()
    assert on_a_model(app, 28) == 5
