"""What a switch did to a model, as bars: predictions, and how far each token moved."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette
from charts.labels import plain
from charts.numbers import numeral

_ROW = 17  # pixels of one bar


def predictions(frame: pd.DataFrame, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """Probabilities of tokens, native beside variant; `frame` as from
    `experiments.outcome.predictions`. words: native, variant, probability, token."""
    rows = list(range(len(frame)))
    names = [plain(token) for token in frame["token"]]
    figure = go.Figure()
    for side, colour, pattern in (
        ("variant", colours.weights_ramp[3], "/"),
        ("native", colours.weights_ramp[5], ""),
    ):
        figure.add_bar(
            y=rows,
            x=frame[side],
            orientation="h",
            name=words[side],
            marker={"color": colour, "pattern": {"shape": pattern, "solidity": 0.25}},
            text=[numeral(value, ".3g") for value in frame[side]],
            textposition="outside",
            cliponaxis=False,
            customdata=list(zip(names, frame[f"{side}_rank"], strict=True)),
            hovertemplate="%{customdata[0]} · %{x:.4g} · #%{customdata[1]}<extra></extra>",
        )
    known = frame[["native", "variant"]].to_numpy()
    widest = float(known[np.isfinite(known)].max())
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        height=110 + 2 * _ROW * len(frame),
        margin={"l": 10, "r": 50, "t": 10, "b": 40},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "reversed"},
    )
    figure.update_xaxes(title=words["probability"], range=[0, widest * 1.12], fixedrange=True)
    figure.update_yaxes(
        title=words["token"],
        tickvals=rows,
        ticktext=names,
        autorange="reversed",
        fixedrange=True,
    )
    return figure


def moved(frame: pd.DataFrame, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """How far each token's last hidden state turned from native to variant, 1 − cosine: the
    tallest bar moved most; `frame` as from `experiments.outcome.cosines`. words: apart, token."""
    positions = frame["position"].tolist()
    names = [plain(token) for token in frame["token"]]
    step = max(1, -(-len(positions) // 30))  # fewer than 32 ticks stay legible and quick
    figure = go.Figure(
        go.Bar(
            x=positions,
            y=frame["apart"],
            marker={"color": colours.weights_ramp[4]},
            customdata=names,
            hovertemplate="%{x} · %{customdata} · %{y:.4g}<extra></extra>",
        )
    )
    figure.update_layout(height=320, margin={"l": 10, "r": 10, "t": 10, "b": 90})
    figure.update_xaxes(
        title=words["token"], tickvals=positions[::step], ticktext=names[::step], fixedrange=True
    )
    figure.update_yaxes(title=words["apart"], rangemode="tozero", fixedrange=True)
    return figure
