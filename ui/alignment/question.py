"""Question 15: the picture, and what is measured."""

import streamlit as st

from model import ModelError
from ui.alignment import agree, spelling, without
from ui.errors import explain
from ui.i18n import _
from ui.models import bench_of
from ui.url import Parameter, one_of

PARAMETERS = (
    *spelling.PARAMETERS,
    Parameter("measure", "without", one_of("without", "agree")),
    *without.PARAMETERS,
)


def show() -> None:
    """Draw the question."""
    bench = bench_of("g2p")
    view = spelling.show(bench)
    names = {
        "without": _("What is left without it?"),
        "agree": _("Is it an alignment?"),
    }
    st.segmented_control(
        _("Measure"),
        list(names),
        format_func=names.__getitem__,
        key="measure",
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    try:
        if st.session_state["measure"] == "without":
            without.show(bench, view.word)
        else:
            agree.show(bench, view)
    except ModelError as error:
        st.error(explain(error), icon=":material/error:")
