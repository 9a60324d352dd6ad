"""What heads do, and what the model loses without them."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from torch import Tensor

from charts.colours import Palette, colorscale
from charts.numbers import numeral

_ROW = 26  # pixels of one head


def roles(
    share: Tensor,
    lift: Tensor,
    marked: Sequence[int | None],
    patterns: Sequence[str],
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """Heads (rows) by patterns (columns): the colour is the share of the attention (heads,
    patterns), the number the lift (heads, patterns), and `marked` the pattern that is a head's
    role, set in bold with a frame. words: head, pattern, share, lift."""
    heads = len(marked)
    texts = [
        [_lift(value, bold=pattern == marked[head]) for pattern, value in enumerate(row)]
        for head, row in enumerate(lift.tolist())
    ]
    figure = go.Figure(
        go.Heatmap(
            z=share.tolist(),
            zmin=0,
            zmax=1,
            colorscale=colorscale(colours.weights_ramp),
            text=texts,
            texttemplate="%{text}",
            textfont={"size": 11},  # left to itself Plotly makes it tiny on a narrow page
            xgap=2,
            ygap=2,
            customdata=[[[head, name] for name in patterns] for head in range(heads)],
            hovertemplate=(
                f"{words['head']} %{{customdata[0]}} · %{{customdata[1]}}<br>"
                f"{words['share']} %{{z:.1%}} · {words['lift']} %{{text}}<extra></extra>"
            ),
            colorbar={"thickness": 12, "tickformat": ".0%", "title": {"text": words["share"]}},
        )
    )
    for head, pattern in enumerate(marked):
        if pattern is not None:
            figure.add_shape(
                type="rect",
                x0=pattern - 0.48,
                x1=pattern + 0.48,
                y0=head - 0.46,
                y1=head + 0.46,
                line={"color": colours.queries, "width": 2},
            )
    figure.update_layout(height=80 + _ROW * heads, margin={"l": 10, "r": 10, "t": 10, "b": 10})
    figure.update_xaxes(
        title=words["pattern"],
        tickvals=list(range(len(patterns))),
        ticktext=list(patterns),
        side="top",
        fixedrange=True,
    )
    figure.update_yaxes(
        title=words["head"],
        tickvals=list(range(heads)),
        autorange="reversed",
        fixedrange=True,
        showgrid=False,
    )
    return figure


def removal(
    curves: Mapping[str, pd.DataFrame], words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """The effect of switching off ever more heads, in two orders: `curves` with the columns count
    and effect under "least" and "most". words: least, most, count, effect."""
    figure = go.Figure()
    for order, colour, symbol in (
        ("least", colours.weights_ramp[3], "circle"),
        ("most", colours.weights_ramp[5], "diamond"),
    ):
        figure.add_scatter(
            x=curves[order]["count"],
            y=curves[order]["effect"],
            mode="lines+markers",
            name=words[order],
            line={"color": colour},
            marker={"symbol": symbol, "size": 8},
            hovertemplate="%{x} · %{y:.4g}<extra></extra>",
        )
    figure.update_layout(
        height=320,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(title=words["count"], fixedrange=True)
    figure.update_yaxes(title=words["effect"], rangemode="tozero", fixedrange=True)
    return figure


def _lift(value: float, *, bold: bool) -> str:
    if value != value:  # NaN: no key of this pattern in the text
        return "–"
    return f"<b>{numeral(value, '.1f')}×</b>" if bold else f"{numeral(value, '.1f')}×"
