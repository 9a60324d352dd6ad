"""A layer's stages, what sublayers write, how alike tokens grow, and the logit lens."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette
from charts.labels import plain
from charts.numbers import numeral

_MARGIN = {"l": 10, "r": 10, "t": 10, "b": 10}
_LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}
_ROW = 22  # pixels of one depth
_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)  # named on their axis


def norms(
    frame: pd.DataFrame,
    chosen: int,
    symbols: Sequence[str],
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """The length of a token's vector at every stage, the chosen one dark; `frame` as from
    `experiments.journey.evidence`. words: norm, stage."""
    places = list(range(len(frame)))
    figure = go.Figure(
        go.Bar(
            x=places,
            y=frame["norm"],
            marker={"color": [colours.weights_ramp[5 if i == chosen else 2] for i in places]},
            text=[numeral(value, ".3g") for value in frame["norm"]],
            textposition="outside",
            cliponaxis=False,
            customdata=list(symbols),
            hovertemplate="%{customdata} · %{y:.4g}<extra></extra>",
        )
    )
    figure.update_layout(height=230, margin=_MARGIN | {"t": 24})
    figure.update_xaxes(
        title=words["stage"], tickvals=places, ticktext=list(symbols), fixedrange=True
    )
    figure.update_yaxes(title=words["norm"], rangemode="tozero", fixedrange=True)
    return figure


def writes(
    frame: pd.DataFrame, quantity: str, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """One quantity of each sublayer by layer; `frame` as from
    `experiments.residual_stream.by_layer`. words: layer, attention, feed_forward, and the
    quantity."""
    figure = go.Figure()
    for sublayer, colour, symbol, dash in (
        ("attention", colours.weights_ramp[5], "circle", "solid"),
        ("feed_forward", colours.weights_ramp[3], "diamond", "dot"),
    ):
        rows = frame.loc[frame["sublayer"] == sublayer]
        figure.add_scatter(
            x=rows["layer"],
            y=rows[quantity],
            mode="lines+markers",
            name=words[sublayer],
            line={"color": colour, "dash": dash},
            marker={"symbol": symbol, "size": 7},
            hovertemplate="%{x} · %{y:.3g}<extra></extra>",
        )
    figure.update_layout(height=280, margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(title=words["layer"], tickformat="d", fixedrange=True)
    figure.update_yaxes(title=words[quantity], fixedrange=True)
    if quantity == "ratio":  # the first layer of some models writes far more than all others
        figure.update_yaxes(
            type="log", tickvals=_RATIOS, ticktext=[numeral(x, "g") for x in _RATIOS]
        )
    return figure


def alike(frame: pd.DataFrame, depth: int, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """Mean cosine of two tokens by depth, with a line at the chosen depth; `frame` as from
    `experiments.residual_stream.mean_similarity`. words: depth, cosine, plain, centred."""
    figure = go.Figure()
    for quantity, name, colour, dash in (
        ("cosine", "plain", colours.weights_ramp[5], "solid"),
        ("centred", "centred", colours.weights_ramp[3], "dot"),
    ):
        figure.add_scatter(
            x=frame["depth"],
            y=frame[quantity],
            mode="lines+markers",
            name=words[name],
            line={"color": colour, "dash": dash},
            hovertemplate="%{x} · %{y:.3f}<extra></extra>",
        )
    figure.add_vline(x=depth, line={"color": colours.masked_hatch, "width": 1, "dash": "dash"})
    figure.update_layout(height=320, margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(title=words["depth"], tickformat="d", fixedrange=True)
    figure.update_yaxes(title=words["cosine"], fixedrange=True)
    return figure


def lens(frame: pd.DataFrame, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """What each depth would predict, as bars, and the probability of the final prediction there,
    as marks; `frame` as from `experiments.logit_lens`. words: depth, probability, likeliest,
    final."""
    rows = frame["depth"].tolist()
    names = [plain(token) for token in frame["token"]]
    figure = go.Figure()
    figure.add_bar(
        y=rows,
        x=frame["probability"],
        orientation="h",
        name=words["likeliest"],
        marker={"color": colours.weights_ramp[2]},
        text=names,
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y} · %{text} · %{x:.3g}<extra></extra>",
    )
    figure.add_scatter(
        y=rows,
        x=frame["final"],
        mode="lines+markers",
        name=words["final"],
        line={"color": colours.weights_ramp[5], "width": 1},
        marker={"symbol": "diamond", "size": 8},
        customdata=frame["rank"],
        hovertemplate="%{y} · %{x:.3g} · #%{customdata}<extra></extra>",
    )
    figure.update_layout(height=110 + _ROW * len(rows), margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(title=words["probability"], range=[-0.01, 1.2], fixedrange=True)
    figure.update_yaxes(
        title=words["depth"],
        tickvals=rows[:: max(1, -(-len(rows) // 16))],
        autorange="reversed",
        fixedrange=True,
    )
    return figure
