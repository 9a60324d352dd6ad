"""Quantities through depth, one line per setting."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette

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
        figure.update_yaxes(type="log", exponentformat="power", nticks=8)
    return figure
