"""Question 14: the four parts of what the feed-forward network does."""

import streamlit as st

from ui.feed_forward import curves, neurons, positions, shares
from ui.i18n import _
from ui.subject import subject, subject_parameters
from ui.url import Parameter, number, one_of

PARTS = {
    "neurons": neurons.show,
    "curves": curves.show,
    "positions": positions.show,
    "shares": shares.show,
}
PARAMETERS = (
    *subject_parameters(),
    Parameter("part", "neurons", one_of(*PARTS)),
    Parameter("layer", 1, number(0, 10_000)),
    *neurons.PARAMETERS,
    *curves.PARAMETERS,
    *positions.PARAMETERS,
    *shares.PARAMETERS,
)


def show() -> None:
    """The part that the reader chose."""
    bench, text = subject()
    names = {
        "neurons": _("Neurons"),
        "curves": _("Activation functions"),
        "positions": _("Token by token?"),
        "shares": _("Parameters and operations"),
    }
    st.segmented_control(
        _("Part"),
        list(names),
        format_func=names.__getitem__,
        key="part",
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    PARTS[st.session_state["part"]](bench, text)
