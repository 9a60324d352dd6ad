"""Spelling step by step: what a step expects, where it looks, how unsure it is; and error rates."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette
from charts.labels import plain
from charts.numbers import numeral

_ROW = 24  # pixels of one bar


def expected(
    tokens: Sequence[str],
    sounds: Sequence[str],
    shares: Sequence[float],
    chosen: str,
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """The likeliest next tokens, how each sounds, and their probabilities, the one that was
    written darker. words: probability, token."""
    names = [f"{plain(token)} {sound}".strip() for token, sound in zip(tokens, sounds, strict=True)]
    rows = list(range(len(tokens)))
    dark, light = colours.weights_ramp[5], colours.weights_ramp[3]
    figure = go.Figure(
        go.Bar(
            y=rows,
            x=list(shares),
            orientation="h",
            marker={"color": [dark if token == chosen else light for token in tokens]},
            text=[numeral(share, ".1%") for share in shares],
            textposition="outside",
            cliponaxis=False,
            customdata=names,
            hovertemplate="%{customdata} · %{x:.4f}<extra></extra>",
        )
    )
    figure.update_layout(
        height=70 + _ROW * len(rows), margin={"l": 10, "r": 50, "t": 10, "b": 40}, bargap=0.25
    )
    figure.update_xaxes(title=words["probability"], range=[0, 1.08], fixedrange=True)
    figure.update_yaxes(
        title=words["token"],
        tickvals=rows,
        ticktext=names,
        autorange="reversed",
        fixedrange=True,
    )
    return figure


def looked_at(
    letters: Sequence[str], weights: Sequence[float], words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """One row of the cross-attention over the letters. words: weight, letter."""
    places = list(range(len(letters)))
    figure = go.Figure(
        go.Bar(
            x=places,
            y=list(weights),
            marker={"color": colours.keys},
            customdata=[plain(letter) for letter in letters],
            hovertemplate="%{customdata} · %{y:.4f}<extra></extra>",
        )
    )
    figure.update_layout(height=190, margin={"l": 10, "r": 10, "t": 10, "b": 40}, bargap=0.2)
    figure.update_xaxes(
        title=words["letter"],
        tickvals=places,
        ticktext=[plain(letter) for letter in letters],
        tickangle=0,
        fixedrange=True,
    )
    figure.update_yaxes(title=words["weight"], range=[0, 1.02], fixedrange=True)
    return figure


def unsure(
    written: Sequence[str],
    bits: Sequence[float],
    likeliest: Sequence[Sequence[tuple[str, float]]],
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """The entropy of each step over what it wrote; to read there, the tokens that were likeliest
    with their probabilities. words: entropy, step."""
    hovers = [
        "<br>".join(f"{plain(token)} · {numeral(share, '.1%')}" for token, share in step)
        for step in likeliest
    ]
    places = list(range(len(written)))
    figure = go.Figure(
        go.Bar(
            x=places,
            y=list(bits),
            marker={"color": colours.weights_ramp[4]},
            text=[numeral(value, ".2f") for value in bits],
            textposition="outside",
            cliponaxis=False,
            customdata=hovers,
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    figure.update_layout(height=210, margin={"l": 10, "r": 10, "t": 20, "b": 40}, bargap=0.2)
    figure.update_xaxes(
        title=words["step"],
        tickvals=places,
        ticktext=[plain(token) for token in written],
        tickangle=0,
        fixedrange=True,
    )
    figure.update_yaxes(title=words["entropy"], range=[0, max(1.0, *bits) * 1.12], fixedrange=True)
    return figure


def error_rates(frame: pd.DataFrame, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """Phoneme and word error rates of each setting; `frame` with the columns setting, phonemes
    and words (shares). words: phonemes, words, rate, setting."""
    rows = list(range(len(frame)))
    figure = go.Figure()
    for rate, colour, pattern in (
        ("words", colours.weights_ramp[3], "/"),
        ("phonemes", colours.weights_ramp[5], ""),
    ):
        figure.add_bar(
            y=rows,
            x=frame[rate].tolist(),
            orientation="h",
            name=words[rate],
            marker={"color": colour, "pattern": {"shape": pattern, "solidity": 0.25}},
            text=[numeral(value, ".1%") for value in frame[rate]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y} · %{x:.2%}<extra></extra>",
        )
    widest = float(frame[["phonemes", "words"]].to_numpy().max())
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        height=110 + 2 * 17 * len(rows),
        margin={"l": 10, "r": 55, "t": 10, "b": 40},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "reversed"},
    )
    figure.update_xaxes(
        title=words["rate"], range=[0, widest * 1.12], tickformat=".0%", fixedrange=True
    )
    figure.update_yaxes(
        title=words["setting"],
        tickvals=rows,
        ticktext=frame["setting"].tolist(),
        autorange="reversed",
        fixedrange=True,
    )
    return figure
