"""Norm statistics through depth."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette, colorscale
from charts.labels import plain


def depth(
    frame: pd.DataFrame,
    quantity: str,
    tokens: Sequence[str],
    places: Sequence[str],
    words: Mapping[str, str],
    colours: Palette,
    limits: tuple[float, float] | None = None,
) -> go.Figure:
    """One quantity of every token (rows) at every norm (columns); `frame` as from
    `experiments.norm_statistics`, places the norms' names in order. Means are diverging around
    0, standard deviations rise from 0. words: token, norm."""
    table = frame.pivot(index="position", columns="norm", values=quantity)  # (tokens, norms)
    low, high = limits or (float(table.min().min()), float(table.max().max()))
    if quantity.startswith("mean"):
        high = max(abs(low), abs(high)) or 1.0
        low, ramp = -high, colours.scores_ramp
    else:
        low, ramp = 0.0, colours.values_ramp[3:]
    rows, columns = len(table), len(places)
    row_step, column_step = max(1, -(-rows // 30)), max(1, -(-columns // 15))
    names = [plain(token) for token in tokens]
    figure = go.Figure(
        go.Heatmap(
            z=table.to_numpy(),
            zmin=low,
            zmax=high,
            colorscale=colorscale(ramp),
            customdata=[[[token, place] for place in places] for token in names],
            hovertemplate="%{customdata[0]} · %{customdata[1]} · %{z:.4g}<extra></extra>",
            colorbar={"thickness": 12},
        )
    )
    figure.update_layout(
        height=min(900, 150 + 20 * rows), margin={"l": 10, "r": 10, "t": 10, "b": 10}
    )
    figure.update_yaxes(
        title=words["token"],
        tickvals=list(range(0, rows, row_step)),
        ticktext=names[::row_step],
        autorange="reversed",
        fixedrange=True,
    )
    figure.update_xaxes(
        title=words["norm"],
        tickvals=list(range(0, columns, column_step)),
        ticktext=list(places[::column_step]),
        fixedrange=True,
    )
    return figure
