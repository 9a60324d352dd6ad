"""The viewer inside a Streamlit script: what is sent, and what comes back."""

from streamlit.testing.v1 import AppTest

from charts.viewer.component import library, script
from charts.viewer.payload import unpack


def page() -> None:
    """A script of its own: AppTest takes only its source."""
    import numpy as np
    import streamlit as st

    from charts.viewer import focus

    weights = np.full((2, 3, 3), 1 / 3, dtype=np.float32)
    names = ["a", "b", "c"]
    event = focus(
        "viewer", native=weights, heads=[0, 1], head=1, query_labels=names, key_labels=names
    )
    st.text(f"{event.did} {event.head} {event.cell} {event.view}")


def sent(app: AppTest) -> bytes:
    return app.main[0].proto.bytes


def test_the_same_picture_is_the_same_message():
    app = AppTest.from_function(page).run(timeout=30)
    assert not app.exception
    assert app.text[0].value == "None 1 None matrix"
    first = sent(app)
    header, _ = unpack(first)
    assert (header["kind"], header["head"], header["queries"]) == ("focus", 1, ["a", "b", "c"])
    assert sent(app.run(timeout=30)) == first


def test_without_a_browser_nothing_happens():
    from charts.viewer import atlas

    shown = atlas("atlas", native=[[[[1.0]]]], selected=(0, 0), ablated={(0, 0)})
    assert (shown.did, shown.selected, shown.ablated) == (None, (0, 0), frozenset({(0, 0)}))


def test_the_scripts_stay_small():
    assert len(library()) < 34_000  # once a page
    assert len(script()) < 200  # with every changed picture
