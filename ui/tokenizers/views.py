"""The three views of question 18; only the chosen one is computed."""

import streamlit as st

from ui.i18n import N_, _
from ui.tokenizers import compare, encode, lesson, train
from ui.url import Parameter, one_of

VIEWS = {
    "train": (N_("Learn"), train),
    "encode": (N_("Encode step by step"), encode),
    "compare": (N_("Compare vocabularies"), compare),
}

PARAMETERS = (
    Parameter("view", "train", one_of(*VIEWS)),
    *lesson.PARAMETERS,
    *train.PARAMETERS,
    *encode.PARAMETERS,
    *compare.PARAMETERS,
)


def show() -> None:
    """The choice of a view, and the view."""
    st.segmented_control(
        _("View"),
        list(VIEWS),
        format_func=lambda name: _(VIEWS[name][0]),
        key="view",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    VIEWS[st.session_state["view"]][1].show()
