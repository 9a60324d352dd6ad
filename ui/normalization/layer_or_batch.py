"""Question 12: LayerNorm, BatchNorm and RMSNorm on one batch, and norms through depth."""

import streamlit as st

from ui.i18n import _
from ui.normalization import axes, through_depth
from ui.offers import model_parameter
from ui.subject import MOST_SENTENCES, subject_parameters
from ui.url import Parameter, among, number, one_of

_PARTS = {
    "batch": axes.show,
    "depth": through_depth.gradients,
    "features": through_depth.features,
}

PARAMETERS = (
    Parameter("look", "batch", one_of(*_PARTS)),
    Parameter("sentences", axes.SENTENCES),
    Parameter("becomes", axes.LONGER),
    model_parameter(),
    Parameter("row", 0, number(0, MOST_SENTENCES - 1)),
    Parameter("layer", 0, number(0, 10_000)),
    Parameter("token", 1, number(0, 10_000)),
    Parameter("feature", 99, number(0, 100_000)),
    Parameter("layers_deep", 8, among(*through_depth.DEPTHS)),
    Parameter("seed", 0, number(0, 9999)),
    subject_parameters()[0],
)


def show() -> None:
    """One of three looks; nothing else is computed."""
    names = {
        "batch": _("One batch, three norms"),
        "depth": _("Pre-LN and post-LN"),
        "features": _("Outlier features of real models"),
    }
    st.segmented_control(
        _("Look at"),
        list(names),
        format_func=names.__getitem__,
        key="look",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    _PARTS[st.session_state["look"]]()
