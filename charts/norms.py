"""Norm statistics through depth."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette, colorscale
from charts.labels import plain
from charts.numbers import numeral

SMALLEST = 1e-3  # of a deviation on the logarithmic scale: below, there is nothing to see


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
    0, standard deviations on a logarithmic scale. words: token, norm, log, the quantity."""
    table = frame.pivot(index="position", columns="norm", values=quantity)  # (tokens, norms)
    numbers = table.to_numpy()
    known = numbers[np.isfinite(numbers)]
    low, high = limits or ((known.min(), known.max()) if known.size else (1.0, 1.0))
    name = words[quantity]
    bar: dict[str, Any] = {"thickness": 12}
    if quantity.startswith("mean"):
        shown, scale = numbers, colorscale(colours.scores_ramp)
        high = max(abs(low), abs(high)) or 1.0
        low = -high
    else:  # deviations span orders of magnitude: a few tokens outgrow all others
        shown, scale = np.log10(np.maximum(numbers, SMALLEST)), colorscale(colours.amounts_ramp)
        low, high = np.log10(max(low, SMALLEST)), np.log10(max(high, SMALLEST))
        name = f"{name} · {words['log']}"
        powers = range(math.floor(low), math.ceil(high) + 1)
        bar |= {
            "tickvals": list(powers),
            "ticktext": [numeral(10.0**power, "g") for power in powers],
        }
    rows, columns = len(table), len(places)
    row_step, column_step = max(1, -(-rows // 30)), max(1, -(-columns // 15))
    names = [plain(token) for token in tokens]
    figure = go.Figure(
        go.Heatmap(
            z=shown,
            zmin=low,
            zmax=high,
            colorscale=scale,
            customdata=[
                [[token, place, value] for place, value in zip(places, row, strict=True)]
                for token, row in zip(names, numbers.tolist(), strict=True)
            ],
            hovertemplate="%{customdata[0]} · %{customdata[1]} · %{customdata[2]:.4g}"
            "<extra></extra>",
            colorbar=bar | {"title": {"text": name, "side": "right"}},
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
