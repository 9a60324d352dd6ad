"""Quantities through depth, one line per setting."""

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette
from charts.numbers import numeral

_MARGIN = {"l": 10, "r": 10, "t": 40, "b": 80}
_LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0}


def hues(colours: Palette) -> tuple[tuple[str, str, str], ...]:
    """Colour, marker and dash of the first, second, … setting; told apart in print too."""
    purple, olive = colours.weights_ramp, colours.scores_ramp
    return (
        (purple[5], "circle", "solid"),
        (purple[3], "square", "solid"),
        (olive[1], "triangle-up", "dot"),
        (olive[0], "diamond", "solid"),
    )


def logarithmic_ticks(values: Iterable[float]) -> list[float]:
    """Round numbers along a logarithmic axis: 1, 2, 5 of every decade, of wide ranges powers of
    ten; none without a positive number."""
    sizes = [math.log10(value) for value in values if 0 < value < math.inf]
    if not sizes:
        return []
    low, high = math.floor(min(sizes)), math.ceil(max(sizes))
    if high - low <= 3:
        return [digit * 10.0**power for power in range(low, high + 1) for digit in (1, 2, 5)]
    return [10.0**power for power in range(low, high + 1, -(-(high - low) // 6))]


def lines(
    frames: Mapping[str, pd.DataFrame],
    quantity: str,
    chosen: str,
    words: Mapping[str, str],
    colours: Palette,
    *,
    x: str = "place",
    logarithmic: bool = False,
    bound: tuple[Sequence[float], Sequence[float]] | None = None,
) -> go.Figure:
    """A quantity (rows of each frame) against its column `x`, one line per setting, the chosen one
    in front; `bound`: the x and y of a dashed line. words: the settings, the quantity, x, bound."""
    figure = go.Figure()
    for (setting, frame), hue in zip(frames.items(), hues(colours), strict=False):
        colour, symbol, dash = hue
        front = setting == chosen
        figure.add_scatter(
            x=frame[x],
            y=frame[quantity],
            mode="lines+markers",
            name=words[setting],
            line={"color": colour, "width": 3 if front else 1.5, "dash": dash},
            marker={"symbol": symbol, "size": 8 if front else 5},
            opacity=1.0 if front else 0.75,
            hovertemplate="%{x} · %{y:.4g}<extra></extra>",
        )
    if bound is not None:
        figure.add_scatter(
            x=list(bound[0]),
            y=list(bound[1]),
            mode="lines",
            name=words["bound"],
            line={"color": colours.keys, "width": 1.5, "dash": "dash"},
            hovertemplate="%{x} · %{y:.4g}<extra></extra>",
        )
    figure.update_layout(height=360, title=words[quantity], margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(title=words[x], fixedrange=True, zeroline=False)
    figure.update_yaxes(fixedrange=True, rangemode="tozero")
    if logarithmic:
        shown = [value for frame in frames.values() for value in frame[quantity]]
        marks = logarithmic_ticks(shown)
        figure.update_yaxes(
            type="log", tickvals=marks, ticktext=[numeral(mark, "g") for mark in marks]
        )
    return figure
