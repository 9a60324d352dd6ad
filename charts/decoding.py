"""Decoding: time against length of each way through a text, and what a cache holds."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette

_MARGIN = {"l": 10, "r": 10, "t": 10, "b": 80}
_LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0}


def times(frame: pd.DataFrame, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """Seconds against the number of positions, both logarithmic, a curve for each way; `frame`
    with the columns way, n (rising) and seconds. words: the ways, n, seconds."""
    figure = go.Figure()
    scores, weights = colours.scores_ramp, colours.weights_ramp
    looks = {
        "repeated": (weights[3], "diamond", "dash"),
        "cached": (weights[5], "circle", "solid"),
        "lstm": (scores[0], "triangle-up", "dot"),
        "forced": (scores[1], "square", "solid"),
    }
    for way, (colour, symbol, dash) in looks.items():
        rows = frame.loc[frame["way"] == way]
        figure.add_scatter(
            x=rows["n"],
            y=rows["seconds"],
            mode="lines+markers",
            name=words[way],
            line={"color": colour, "dash": dash, "width": 2},
            marker={"symbol": symbol, "size": 9},
            hovertemplate="n = %{x} · %{y:.3s}s<extra></extra>",
        )
    figure.update_layout(height=380, margin=_MARGIN, legend=_LEGEND)
    lengths = sorted({int(n) for n in frame["n"]})
    figure.update_xaxes(
        type="log",
        title=words["n"],
        tickvals=lengths,
        ticktext=list(map(str, lengths)),
        tickangle=0,
        fixedrange=True,
    )
    figure.update_yaxes(
        type="log",
        dtick="D2",
        tickformat="~s",
        ticksuffix="s",
        title=words["seconds"],
        fixedrange=True,
    )
    return figure


def memory(
    frame: pd.DataFrame,
    measured: Sequence[tuple[int, int]],
    weights: int,
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """Bytes against the number of positions, both logarithmic: the lines of `frame` (columns n
    rising, cache, full, lstm), the cache as measured (n, bytes), and the weights beside them.
    words: cache, full, lstm, measured, weights, n, bytes."""
    figure = go.Figure()
    lengths = [int(n) for n in frame["n"]]
    grouped = not frame["cache"].equals(frame["full"])
    looks = {
        "full": (colours.weights_ramp[3], "dash"),
        "cache": (colours.weights_ramp[5], "solid"),
        "lstm": (colours.scores_ramp[0], "dot"),
    }
    for name, (colour, dash) in looks.items():
        if name == "full" and not grouped:
            continue
        figure.add_scatter(
            x=frame["n"],
            y=frame[name],
            mode="lines",
            name=words[name],
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate="n = %{x} · %{y:.3s}B<extra></extra>",
        )
    figure.add_scatter(
        x=[n for n, _ in measured],
        y=[held for _, held in measured],
        mode="markers",
        name=words["measured"],
        marker={"color": colours.weights_ramp[5], "size": 8, "symbol": "circle"},
        hovertemplate="n = %{x} · %{y:,} B<extra></extra>",
    )
    figure.add_scatter(
        x=[lengths[0], lengths[-1]],
        y=[weights, weights],
        mode="lines",
        name=words["weights"],
        line={"color": colours.masked_hatch, "width": 2},
        hovertemplate="%{y:.3s}B<extra></extra>",
    )
    figure.update_layout(height=340, margin=_MARGIN, legend=_LEGEND)
    ticks = [n for n in lengths if n.bit_length() % 2]
    figure.update_xaxes(
        type="log",
        title=words["n"],
        tickvals=ticks,
        ticktext=list(map(str, ticks)),
        tickangle=0,
        fixedrange=True,
    )
    figure.update_yaxes(
        type="log", dtick=1, tickformat="~s", ticksuffix="B", title=words["bytes"], fixedrange=True
    )
    return figure
