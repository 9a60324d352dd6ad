"""Values of a chart that overflowed: Plotly leaves out what is no number, here it is marked."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import plotly.graph_objects as go

from charts.colours import Palette
from charts.numbers import OVERFLOWED

GAPS = "gaps"  # the `meta` of a heatmap that is to have holes where its cells are no numbers

_Place = tuple[Any, Any]


def marked(figure: go.Figure, name: str, colours: Palette) -> go.Figure:
    """The figure with a mark, called `name`, at each value that is no number or has no end: at the
    foot of its bar, at the lowest value of lines, on its cell of a heatmap. None is no value at
    all, and stays unmarked."""
    places = [place for trace in figure.data for place in _overflowed(trace, figure)]
    if places:
        across, up = zip(*places, strict=True)
        figure.add_scatter(
            x=list(across),
            y=list(up),
            mode="markers",
            name=f"{OVERFLOWED} {name}",
            marker={
                "symbol": "x",
                "size": 9,
                "color": colours.overflowed,
                "line": {"color": colours.overflowed_cross, "width": 1},
            },
            hovertemplate=f"{name}<extra></extra>",
            showlegend=True,
            cliponaxis=False,
        )
    return figure


def _overflowed(trace: Any, figure: go.Figure) -> Iterator[_Place]:
    """Where a trace has no number, as (x, y) of its axes."""
    if trace.type == "heatmap" and trace.meta != GAPS:
        for i, j in np.argwhere(_lost(trace.z)):
            yield _at(trace.x, j), _at(trace.y, i)
    elif trace.type in ("bar", "scatter"):
        lying = getattr(trace, "orientation", None) == "h"
        values, places = (trace.x, trace.y) if lying else (trace.y, trace.x)
        for (n,) in np.argwhere(_lost(values)):
            foot = _foot(figure, trace, lying)
            yield (foot, _at(places, n)) if lying else (_at(places, n), foot)


def _lost(values: Any) -> np.ndarray:
    """True where one of the values is a number that has no end, or none; not where it is None."""
    found = np.asarray([] if values is None else values)
    if found.dtype.kind == "f":
        return ~np.isfinite(found)
    if found.dtype.kind != "O":
        return np.zeros(found.shape, dtype=bool)
    return np.vectorize(lambda one: isinstance(one, float) and not math.isfinite(one), [bool])(
        found
    )


def _at(places: Any, n: int) -> Any:
    return int(n) if places is None else places[n]


def _foot(figure: go.Figure, trace: Any, lying: bool) -> float:
    """Where on its axis of values a trace's mark stands."""
    layout: Any = figure.layout
    axis = layout.xaxis if lying else layout.yaxis
    traces: Any = figure.data
    known = [value for one in traces for value in _finite(one.x if lying else one.y)]
    if axis.type == "log":
        return min((value for value in known if value > 0), default=1.0)
    return 0.0 if trace.type == "bar" else min(known, default=0.0)


def _finite(values: Any) -> Iterator[float]:
    for value in values if values is not None else ():
        if isinstance(value, float | int) and math.isfinite(value):
            yield float(value)
