"""The cost of a head's width, and the rank that it allows."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
from torch import Tensor

from charts.colours import Palette

_LEAST = 1e-18  # of the largest singular value: what is smaller is drawn here
_MARGIN = {"l": 10, "r": 10, "t": 10, "b": 10}
_LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}


def cost(
    frame: pd.DataFrame, quantity: str, heads: int, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """One quantity against the number of heads under both schemes, on logarithmic axes; `frame`
    with the columns heads (rising), scheme and the quantity, and a line at `heads`. words: split,
    full, heads, and the quantity."""
    figure = go.Figure()
    for scheme, colour, symbol in (
        ("full", colours.weights_ramp[3], "diamond"),
        ("split", colours.weights_ramp[5], "circle"),
    ):
        rows = frame.loc[frame["scheme"] == scheme]
        figure.add_scatter(
            x=rows["heads"],
            y=rows[quantity],
            mode="lines+markers",
            name=words[scheme],
            line={"color": colour},
            marker={"symbol": symbol, "size": 7},
            hovertemplate="h = %{x} · %{y:.4s}<extra></extra>",
        )
    figure.add_vline(x=heads, line={"color": colours.masked_hatch, "width": 1, "dash": "dot"})
    figure.update_layout(height=300, margin=_MARGIN, legend=_LEGEND)
    ticks = sorted({int(h) for h in frame["heads"]})
    powers = [h for h in ticks if h & (h - 1) == 0]
    figure.update_xaxes(
        type="log", title=words["heads"], tickvals=powers, ticktext=powers, fixedrange=True
    )
    figure.update_yaxes(
        type="log", dtick=1, title=words[quantity], fixedrange=True, exponentformat="SI"
    )
    return figure


def spectra(
    values: Tensor, head: int, d_head: int, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """Singular values (heads, n) over the largest of each head, on a logarithmic scale, the chosen
    head in front, and a line at d_head. words: head, number, value, width."""
    figure = go.Figure()
    relative = (values / values[:, :1]).clamp(min=_LEAST)
    order = [h for h in range(len(relative)) if h != head] + [head]
    numbers = list(range(1, relative.shape[1] + 1))
    for h in order:
        chosen = h == head
        figure.add_scatter(
            x=numbers,
            y=relative[h].tolist(),
            mode="lines+markers" if chosen else "lines",
            name=f"{words['head']} {h}",
            showlegend=chosen,
            line={
                "color": colours.weights_ramp[5 if chosen else 2],
                "width": 2 if chosen else 1,
            },
            marker={"size": 4},
            hovertemplate=f"{words['head']} {h} · %{{x}} · %{{y:.3g}}<extra></extra>",
        )
    figure.add_vline(
        x=d_head + 0.5,
        line={"color": colours.keys, "width": 1.5, "dash": "dash"},
        annotation={"text": words["width"], "font": {"color": colours.keys}},
        annotation_position="top left",
    )
    figure.update_layout(height=340, margin=_MARGIN | {"t": 24}, legend=_LEGEND)
    figure.update_xaxes(title=words["number"], fixedrange=True)
    figure.update_yaxes(
        type="log", title=words["value"], exponentformat="power", dtick=4, fixedrange=True
    )
    return figure


def narrowing(moved: Tensor, rank: int, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """The share of the attention that moves (ranks,) when only rank 1, 2, … of the scores is left,
    with a line at the chosen rank. words: rank, moved."""
    figure = go.Figure(
        go.Scatter(
            x=list(range(1, len(moved) + 1)),
            y=moved.tolist(),
            mode="lines+markers",
            line={"color": colours.weights_ramp[5]},
            marker={"size": 5},
            hovertemplate="%{x} · %{y:.1%}<extra></extra>",
        )
    )
    figure.add_vline(x=rank, line={"color": colours.masked_hatch, "width": 1, "dash": "dot"})
    figure.update_layout(height=260, margin=_MARGIN)
    figure.update_xaxes(title=words["rank"], fixedrange=True)
    figure.update_yaxes(title=words["moved"], tickformat=".0%", rangemode="tozero", fixedrange=True)
    return figure
