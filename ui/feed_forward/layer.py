"""The choice of a layer, which three parts share."""

import streamlit as st

from model import Bench
from ui.i18n import _
from ui.indices import bring_back
from ui.single import single


def layer_slider(bench: Bench) -> int:
    """Draw it; returns the layer, from 0."""
    state, last = st.session_state, bench.shape.n_layers - 1
    bring_back("layer", last)  # another model may have fewer
    if not single(_("Layer"), range(last + 1), "layer"):
        st.select_slider(_("Layer"), range(last + 1), key="layer", persist_state="session")
    return int(state["layer"])
