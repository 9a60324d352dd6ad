"""Charts on a page: every one is drawn here."""

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charts.axes import scaled, thinned
from charts.overflow import marked
from charts.spoken import spoken
from ui.i18n import _
from ui.scene import colours, words


def plot(
    figure: go.Figure, *, key: str | None = None, within: DeltaGenerator | None = None
) -> None:
    """Draw a chart as wide as there is room, in `within` or where the page is; values that
    overflowed are marked, since Plotly would leave them out in silence, and logarithmic axes and
    those without all of their labels say so."""
    place = st if within is None else within
    whole = marked(figure, _("overflowed"), colours())
    whole = thinned(scaled(whole, _("log scale")), words()["thinned"])
    place.plotly_chart(whole, key=key, width="stretch", alt=spoken(whole, _words()))


def _words() -> dict[str, str]:
    return {
        "chart": _("Chart"),
        "against": _("{y} against {x}"),
        "range": _("from {low} to {high}"),
        "cells": _("{rows} × {columns} cells"),
        "more": _("and {count} more series"),
    }
