"""Vocabularies: a corpus shrinking merge by merge, and tokens per character."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette
from charts.numbers import numeral

_MARGIN = {"l": 10, "r": 10, "t": 30, "b": 80}
_LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0}
_POINTS = 400  # of a curve: more would not show


def shrinking(
    tokens: Mapping[str, Sequence[int]],
    step: int,
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """The tokens of the corpus after each merge, from 0 on, by method; `step` is marked. words:
    merges, tokens, here."""
    figure = go.Figure()
    shades = (colours.weights_ramp[5], colours.weights_ramp[3])
    for (name, counts), colour, dash in zip(tokens.items(), shades, ("solid", "dash"), strict=True):
        every = max(1, len(counts) // _POINTS)
        at = sorted({*range(0, len(counts), every), len(counts) - 1})
        figure.add_scatter(
            x=at,
            y=[counts[i] for i in at],
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 3},
            hovertemplate=f"{name} · {words['merges']} %{{x}} · {words['tokens']} %{{y}}"
            "<extra></extra>",
        )
    figure.add_vline(
        x=step,
        line={"color": colours.queries, "width": 1.5},
        annotation_text=words["here"],
        annotation_position="bottom right",  # the curves begin at the top
    )
    figure.update_layout(height=300, margin=_MARGIN, legend=_LEGEND, hovermode="x")
    figure.update_xaxes(title=words["merges"], fixedrange=True)
    figure.update_yaxes(title=words["tokens"], rangemode="tozero", fixedrange=True)
    return figure


def per_character(
    frame: pd.DataFrame,
    names: Mapping[str, str],
    kinds: Mapping[str, str],
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """Tokens per character, a group of bars for each kind of text, over each bar the share of
    tokens for the unknown; `frame` as from `experiments.vocabularies.fertility`, names: of the
    vocabularies, kinds: of the texts. words: tokens, kind."""
    figure = go.Figure()
    ramp = colours.weights_ramp
    shades = (ramp[6], ramp[4], ramp[3], ramp[2])
    patterns = ("", "/", "", "/")
    for (key, name), colour, pattern in zip(names.items(), shades, patterns, strict=False):
        rows = frame[frame["vocabulary"] == key]
        heights = dict(zip(rows["text"], rows["tokens_per_character"], strict=True))
        shares = dict(zip(rows["text"], rows["unknown"] / rows["tokens"], strict=True))
        figure.add_bar(
            x=list(kinds.values()),
            y=[heights[kind] for kind in kinds],
            name=name,
            text=[f"? {numeral(shares[kind], '.0%')}" if shares[kind] else "" for kind in kinds],
            textposition="outside",
            marker={"color": colour, "pattern": {"shape": pattern}},
            hovertemplate=f"{name} · %{{x}} · %{{y:.3f}}<extra></extra>",
        )
    figure.update_layout(height=340, margin=_MARGIN, legend=_LEGEND, barmode="group", bargap=0.25)
    figure.update_yaxes(title=words["tokens"], rangemode="tozero", fixedrange=True)
    figure.update_xaxes(title=words["kind"], fixedrange=True)
    return figure
