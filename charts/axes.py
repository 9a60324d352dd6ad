"""What every axis of a chart has to say: its quantity, and whether it is logarithmic."""

from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go


def scaled(figure: go.Figure, word: str) -> go.Figure:
    """The figure with `word` behind the name of each logarithmic axis."""
    for axis in _axes(figure):
        if axis.type == "log":
            axis.title.text = " · ".join(filter(None, (axis.title.text, word)))
    return figure


def unnamed(figure: go.Figure) -> list[str]:
    """The axes and colour bars that do not say what they show. A chart's title is the name of
    what is drawn upwards; an axis without numbers needs none."""
    layout: Any = figure.layout
    found = []
    for axis in _axes(figure):
        upwards = axis.plotly_name.startswith("yaxis")
        titled = axis.title.text or (upwards and layout.title.text)
        if not titled and axis.showticklabels is not False:
            found.append(axis.plotly_name)
    for trace in figure.data:
        if trace.type == "heatmap" and trace.showscale is not False:
            found += [] if trace.colorbar.title.text else ["colorbar"]
    return found


def _axes(figure: go.Figure) -> Iterator[Any]:
    yield from figure.select_xaxes()
    yield from figure.select_yaxes()
