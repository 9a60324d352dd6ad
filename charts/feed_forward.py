"""The feed-forward network: its non-linearities, its neurons, and where a model's weights lie."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette
from charts.labels import plain
from charts.numbers import numeral

_MARGIN = {"l": 10, "r": 10, "t": 10, "b": 10}
_LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}
_TICKS = 30  # tokens that are named, at most
_BINS = 100

# Each function is told by its dash as well as by its shade.
_LINES = {"relu": (6, "solid"), "gelu": (5, "dash"), "gelu_tanh": (4, "dot")}
_LINES |= {"silu": (3, "longdashdot"), "swiglu": (4, "solid")}


def curves(
    frame: pd.DataFrame, quantity: str, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """The value or the slope of functions; `frame` as from `experiments.activation_curves`.
    words: the functions' names, x, and the quantity."""
    figure = go.Figure()
    for name, rows in frame.groupby("name", sort=False):
        shade, dash = _LINES[str(name)]
        figure.add_scatter(
            x=rows["x"],
            y=rows[quantity],
            mode="lines",
            name=words[str(name)],
            line={"color": colours.weights_ramp[shade], "dash": dash},
            hovertemplate="%{x:.2f} · %{y:.3f}<extra></extra>",
        )
    figure.update_layout(height=340, margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(title=words["x"], fixedrange=True)
    figure.update_yaxes(title=words[quantity], fixedrange=True)
    return figure


def histogram(
    values: np.ndarray, reach: float, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """How often a layer's pre-activations, flat `values`, take which size between −reach and
    reach. words: x, share."""
    counts, edges = np.histogram(values, bins=_BINS, range=(-reach, reach))
    middles = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure(
        go.Bar(
            x=middles,
            y=counts / len(values),
            width=2 * reach / _BINS,
            marker={"color": colours.weights_ramp[4], "line": {"width": 0}},
            hovertemplate="%{x:.2f} · %{y:.2%}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": colours.masked_hatch, "width": 1, "dash": "dash"})
    figure.update_layout(height=220, margin=_MARGIN, bargap=0)
    figure.update_xaxes(title=words["x"], range=[-reach, reach], fixedrange=True)
    figure.update_yaxes(title=words["share"], tickformat=".0%", fixedrange=True)
    return figure


def rest(frame: pd.DataFrame, layer: int, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """Shares of neurons at rest by layer, with a line at the chosen layer; `frame` as from
    `experiments.neurons.by_layer`. words: layer, share, small, silent, negative."""
    figure = go.Figure()
    for quantity, shade, dash, symbol in (
        ("small", 6, "solid", "circle"),
        ("negative", 4, "dash", "diamond"),
        ("silent", 3, "dot", "square"),
    ):
        figure.add_scatter(
            x=frame["layer"],
            y=frame[quantity],
            mode="lines+markers",
            name=words[quantity],
            line={"color": colours.weights_ramp[shade], "dash": dash},
            marker={"symbol": symbol, "size": 7},
            hovertemplate="%{x} · %{y:.1%}<extra></extra>",
        )
    figure.add_vline(x=layer, line={"color": colours.masked_hatch, "width": 1, "dash": "dash"})
    figure.update_layout(height=300, margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(title=words["layer"], tickformat="d", fixedrange=True)
    figure.update_yaxes(title=words["share"], tickformat=".0%", range=[-0.02, 1.02])
    figure.update_yaxes(fixedrange=True)
    return figure


def firing(frame: pd.DataFrame, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """One neuron on every token, in the text's order; `frame` as from
    `experiments.neurons.firing`. words: token, activation."""
    figure = _over_tokens(frame["token"].tolist(), words)
    values = frame["activation"].tolist()
    figure.add_bar(
        x=frame["position"],
        y=values,
        marker={
            "color": [
                colours.scores_ramp[5] if value > 0 else colours.scores_ramp[1] for value in values
            ]
        },
        customdata=[plain(token) for token in frame["token"]],
        hovertemplate="%{x} · %{customdata} · %{y:.3g}<extra></extra>",
    )
    figure.update_yaxes(title=words["activation"], fixedrange=True)
    return figure


def moved(
    frame: pd.DataFrame, position: int, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """How far each token's output of both sublayers moved, the exchanged token marked; `frame` as
    from `experiments.position_wise`. words: token, change, attention, feed_forward."""
    figure = _over_tokens(frame["token"].tolist(), words)
    for sublayer, shade, pattern in (("attention", 5, ""), ("feed_forward", 3, "/")):
        figure.add_bar(
            x=frame["position"],
            y=frame[sublayer],
            name=words[sublayer],
            marker={
                "color": colours.weights_ramp[shade],
                "pattern": {"shape": pattern, "solidity": 0.25},
            },
            customdata=[plain(token) for token in frame["token"]],
            hovertemplate="%{x} · %{customdata} · %{y:.3g}<extra></extra>",
        )
    figure.add_vrect(
        x0=position - 0.5,
        x1=position + 0.5,
        fillcolor=colours.masked,
        opacity=0.5,
        line_width=0,
        layer="below",
    )
    figure.update_layout(barmode="group", legend=_LEGEND)
    figure.update_yaxes(title=words["change"], rangemode="tozero", fixedrange=True)
    return figure


def shares(
    frame: pd.DataFrame, parts: Sequence[str], words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """Shares of the parameters and of the operations, one bar each, part after part; `frame` as
    from `experiments.parameter_shares`, with the parts in this order. words: parameters, flops,
    share, all, and the names of the parts."""
    figure = go.Figure()
    bars = ("flops", "parameters")  # the last is drawn on top
    rows = {str(row["part"]): row for row in frame.to_dict("records")}
    for number, part in enumerate(parts):
        values = [float(rows[part][f"{bar}_share"]) for bar in bars]
        figure.add_bar(
            y=[0, 1],
            x=values,
            orientation="h",
            name=words[part],
            marker={
                "color": colours.weights_ramp[(2, 6, 4, 1, 3)[number]],
                "line": {"color": colours.page, "width": 1},
            },
            text=[numeral(value, ".0%") if value >= 0.03 else "" for value in values],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate=f"{words[part]} · %{{x:.2%}}<extra></extra>",
        )
    figure.update_layout(
        barmode="stack", height=230, margin=_MARGIN, legend=_LEGEND | {"traceorder": "normal"}
    )
    figure.update_xaxes(title=words["share"], tickformat=".0%", range=[0, 1.001], fixedrange=True)
    figure.update_yaxes(
        title=words["all"],
        tickvals=[0, 1],
        ticktext=[words[bar] for bar in bars],
        fixedrange=True,
    )
    return figure


def _over_tokens(tokens: Sequence[str], words: Mapping[str, str]) -> go.Figure:
    """An empty figure with the tokens below."""
    figure = go.Figure()
    places = list(range(len(tokens)))
    step = max(1, -(-len(places) // _TICKS))
    figure.update_layout(height=300, margin=_MARGIN | {"b": 70})
    figure.update_xaxes(
        title=words["token"],
        tickvals=places[::step],
        ticktext=[plain(token) for token in tokens[::step]],
        fixedrange=True,
    )
    return figure
