"""The choice of a layer, which three parts share."""

import streamlit as st

from model import Bench
from ui.i18n import _


def layer_slider(bench: Bench) -> int:
    """Draw it; returns the layer, from 0."""
    state, last = st.session_state, bench.shape.n_layers - 1
    state["layer"] = min(state["layer"], last)  # another model may have fewer
    if last:
        st.select_slider(_("Layer"), range(last + 1), key="layer", persist_state="session")
    return int(state["layer"])
