"""Charts on a page: every one is drawn here."""

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charts.overflow import marked
from ui.i18n import _
from ui.scene import colours


def plot(
    figure: go.Figure, *, key: str | None = None, within: DeltaGenerator | None = None
) -> None:
    """Draw a chart as wide as there is room, in `within` or where the page is; values that
    overflowed are marked, since Plotly would leave them out in silence."""
    place = st if within is None else within
    place.plotly_chart(marked(figure, _("overflowed"), colours()), key=key, width="stretch")
