"""Families of trained models: curves and outcomes over seeds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette, faint

_LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0}
_ROW = 34  # pixels of one entry
_LEAST = 230  # of a chart of few entries
_LEGEND_ROW = 26
_SHORT = 14  # letters of a name
_EARLY = 0.15  # of the steps lie above the frame, so that what follows can be told apart
_APART = 0.16  # between the dots of two seeds, in rows


@dataclass(frozen=True)
class Look:
    """How one variant is drawn."""

    colour: str
    symbol: str
    dash: str


def looks(count: int, colours: Palette, *, ordered: bool) -> list[Look]:
    """The looks of a family's variants: shades of one ramp for amounts of one thing, otherwise
    colours far apart; told apart in print too."""
    symbols = ("circle", "square", "diamond", "triangle-up", "star", "cross")
    dashes = ("solid", "dash", "dot", "dashdot", "solid", "dash")
    if ordered:
        shades = colours.weights_ramp[-count:]
    else:
        shades = (
            colours.weights_ramp[5],
            colours.keys_ramp[1],
            colours.scores_ramp[1],
            colours.values_ramp[0],
            colours.queries_ramp[0],
            colours.keys_ramp[0],
        )
    return [Look(*parts) for parts in zip(shades, symbols, dashes, strict=False)][:count]


def curves(
    bands: Mapping[str, pd.DataFrame],
    drawn: Sequence[Look],
    words: Mapping[str, str],
    colours: Palette,
    *,
    x: str = "step",
    trained: float | None = None,
) -> go.Figure:
    """Mean over seeds as a line, lowest to highest as a band, per name; `bands` as from
    `experiments.families.band`, or `by_length` with x="at", where `trained` marks the length of
    the training. words: x, y, and trained if it is given."""
    figure = go.Figure()
    for (name, band), look in zip(bands.items(), drawn, strict=True):
        edge: dict[str, Any] = {
            "x": band[x],
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
            "legendgroup": name,
        }
        figure.add_scatter(y=band["low"], **edge)
        figure.add_scatter(y=band["high"], fill="tonexty", fillcolor=faint(look.colour), **edge)
    for (name, band), look in zip(bands.items(), drawn, strict=True):
        figure.add_scatter(
            x=band[x],
            y=band["mean"],
            mode="lines" if x == "step" else "lines+markers",
            name=name,
            legendgroup=name,
            line={"color": look.colour, "dash": look.dash, "width": 2},
            marker={"symbol": look.symbol, "size": 8},
            customdata=band[["low", "high"]],
            hovertemplate="%{x} · %{y:.3f} (%{customdata[0]:.3f} – %{customdata[1]:.3f})",
        )
    if trained is not None:
        figure.add_vline(
            x=trained,
            line={"color": colours.masked_hatch, "width": 1, "dash": "dash"},
            annotation={"text": words["trained"], "yref": "paper", "y": 1.0, "yanchor": "bottom"},
        )
    short = max(map(len, bands)) <= _SHORT  # then two names stand side by side on a phone
    rows = math.ceil(len(bands) / 2) if short else len(bands)
    figure.update_layout(
        height=300 + _LEGEND_ROW * rows,
        margin={"l": 10, "r": 10, "t": 24, "b": 50 + _LEGEND_ROW * rows},
        legend=_LEGEND,
    )
    figure.update_xaxes(title=words["x"], fixedrange=True, zeroline=False)
    figure.update_yaxes(title=words["y"], fixedrange=True, zeroline=False)
    if x == "step":
        figure.update_yaxes(range=_late(bands))
    else:
        figure.update_xaxes(tickvals=sorted({at for band in bands.values() for at in band[x]}))
    return figure


def outcomes(
    entries: Mapping[str, Mapping[str, Sequence[float]]],
    drawn: Sequence[Look],
    words: Mapping[str, str],
) -> go.Figure:
    """A row per entry, a dot per seed, a tick at their mean; `entries` as name → measure → values
    by seed, where a second measure is drawn hollow. words: the measures, x, y."""
    figure = go.Figure()
    measures = list(dict.fromkeys(measure for one in entries.values() for measure in one))
    for row, ((name, found), look) in enumerate(zip(entries.items(), drawn, strict=True)):
        for measure, values in found.items():
            hollow = measure != measures[0]
            middle = (len(values) - 1) / 2
            figure.add_scatter(
                x=list(values),
                y=[row + (seed - middle) * _APART for seed in range(len(values))],
                mode="markers",
                marker={
                    "color": look.colour,
                    "symbol": f"{look.symbol}-open" if hollow else look.symbol,
                    "size": 9,
                },
                showlegend=False,
                hovertemplate=f"{name} · {words[measure]} · %{{x:.4f}}<extra></extra>",
            )
            if not hollow:
                mean = math.fsum(values) / len(values)
                figure.add_shape(
                    type="line",
                    x0=mean,
                    x1=mean,
                    y0=row - 0.36,
                    y1=row + 0.36,
                    line={"color": look.colour, "width": 2},
                )
    figure.update_layout(
        height=max(_LEAST, 90 + _ROW * len(entries)), margin={"l": 10, "r": 16, "t": 24, "b": 40}
    )
    figure.update_xaxes(title=words["x"], fixedrange=True, zeroline=False, showgrid=True)
    figure.update_yaxes(
        title=words["y"],
        tickvals=list(range(len(entries))),
        ticktext=list(entries),
        range=[len(entries) - 0.5, -0.5],
        fixedrange=True,
        automargin=True,
        showgrid=False,
        zeroline=False,
    )
    return figure


def _late(bands: Mapping[str, pd.DataFrame]) -> tuple[float, float]:
    """A range for the losses after the first steps, in which all fall steeply."""
    late = [band.loc[band["step"] > _EARLY * band["step"].max()] for band in bands.values()]
    losses = [loss for band in late for edge in ("low", "high") for loss in band[edge].tolist()]
    margin = 0.04 * (max(losses) - min(losses))
    return min(losses) - margin, max(losses) + margin
