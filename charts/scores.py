"""Scores: symmetry of all heads, spread and cost of score functions, and what scaling does."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette

_MARGIN = {"l": 10, "r": 10, "t": 40, "b": 80}
_LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0}
_WEAK = 0.55  # opacity of a closed form beside what was measured


def hues(colours: Palette) -> dict[str, tuple[str, str]]:
    """Colour and marker of each score function and setting; all are scores, so all come from the
    ramp of scores, and the marker tells them apart as well."""
    ramp = colours.scores_ramp
    return {
        "native": (ramp[6], "circle"),
        "tied": (ramp[0], "diamond"),
        "scaled": (ramp[6], "circle"),
        "dot": (ramp[5], "square"),
        "unscaled": (ramp[5], "square"),
        "cosine": (ramp[1], "triangle-up"),
        "custom": (ramp[1], "triangle-up"),
        "additive": (ramp[0], "diamond"),
    }


def by_layer(
    frames: Mapping[str, pd.DataFrame],
    quantity: str,
    words: Mapping[str, str],
    colours: Palette,
    selected: tuple[int, int],
) -> go.Figure:
    """Every head as a point over its layer, native beside tied; `frames` by side as from
    `experiments.symmetry`. The selected (layer, head) is drawn large. words: the sides, the
    quantity, layer, head."""
    figure = go.Figure()
    shades = hues(colours)
    for shift, (side, frame) in zip((-0.17, 0.17), frames.items(), strict=True):
        colour, symbol = shades[side]
        chosen = (frame["layer"] == selected[0]) & (frame["head"] == selected[1])
        figure.add_scatter(
            x=frame["layer"] + shift,
            y=frame[quantity],
            mode="markers",
            name=words[side],
            marker={
                "color": colour,
                "symbol": symbol,
                "size": [14 if one else 6 for one in chosen],
                "opacity": [1.0 if one else 0.5 for one in chosen],
            },
            customdata=frame[["layer", "head"]],
            hovertemplate=(
                f"{words['layer']} %{{customdata[0]}} · {words['head']} %{{customdata[1]}}"
                " · %{y:.4g}<extra></extra>"
            ),
        )
    layers = sorted(set(frames["native"]["layer"].tolist()))
    figure.update_layout(height=320, title=words[quantity], margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(
        title=words["layer"],
        tickvals=layers[:: max(1, -(-len(layers) // 8))],
        fixedrange=True,
        zeroline=False,
    )
    figure.update_yaxes(rangemode="tozero", fixedrange=True)
    return figure


def spread(frame: pd.DataFrame, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """Standard deviation of scores against d_k, measured (markers) and closed form (lines);
    `frame` as from `experiments.score_functions.spread`. words: the functions, d_k, std."""
    figure = go.Figure()
    for name, rows in frame.groupby("function", sort=False):
        colour, symbol = hues(colours)[str(name)]
        figure.add_scatter(
            x=rows["d_k"],
            y=rows["closed"],
            mode="lines",
            line={"color": colour, "width": 1.5},
            opacity=_WEAK,
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=rows["d_k"],
            y=rows["std"],
            mode="markers",
            name=words[str(name)],
            marker={"color": colour, "symbol": symbol, "size": 8},
            customdata=rows["closed"],
            hovertemplate="%{x} · %{y:.4g} (%{customdata:.4g})<extra></extra>",
        )
    figure.update_layout(height=360, margin=_MARGIN | {"t": 10}, legend=_LEGEND)
    figure.update_xaxes(_logarithmic(frame["d_k"].unique().tolist(), words["d_k"]))
    figure.update_yaxes(type="log", title=words["std"], fixedrange=True, dtick=1)
    return figure


def cost(
    frame: pd.DataFrame, what: str, axis: str, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """Time or peak memory (`what`: "seconds", "peak") against n or d_k (`axis`); `frame` has the
    fields of `experiments.score_cost.Cost` as columns. words: dot, additive, n, d_k, seconds,
    peak."""
    unit = {"seconds": "s", "peak": "B"}[what]
    figure = go.Figure()
    series = frame.query("axis == @axis")
    for kind, rows in series.groupby("kind", sort=False):
        rows = rows.sort_values(by=axis)
        colour, symbol = hues(colours)[str(kind)]
        figure.add_scatter(
            x=rows[axis],
            y=rows[what],
            mode="lines+markers",
            name=words[str(kind)],
            line={"color": colour, "width": 1.5},
            marker={"color": colour, "symbol": symbol, "size": 8},
            hovertemplate=f"%{{x}} · %{{y:.3s}}{unit}<extra></extra>",
        )
    figure.update_layout(height=320, title=words[what], margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(_logarithmic(sorted(set(series[axis].tolist())), words[axis]))
    figure.update_yaxes(type="log", dtick=1, tickformat="~s", ticksuffix=unit, fixedrange=True)
    return figure


def saturation(
    frame: pd.DataFrame,
    quantity: str,
    closed: Mapping[str, Sequence[float | None]],
    limits: tuple[float, float] | None,
    d_k: int,
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """A quantity against d_k under each setting, measured (markers), with closed forms by setting
    (lines), the limits for even and for one-hot weights (dotted, dashed), and the reader's d_k;
    `frame` as from `experiments.scaling.saturation`. words: settings, quantities, d_k, even,
    one_hot."""
    figure = go.Figure()
    widths = frame["d_k"].drop_duplicates().tolist()
    for setting, rows in frame.groupby("setting", sort=False):
        colour, symbol = hues(colours)[str(setting)]
        if setting in closed:
            figure.add_scatter(
                x=widths,
                y=closed[str(setting)],
                mode="lines",
                line={"color": colour, "width": 1.5},
                opacity=_WEAK,
                showlegend=False,
                hoverinfo="skip",
            )
        figure.add_scatter(
            x=rows["d_k"],
            y=rows[quantity],
            mode="markers",
            name=words[str(setting)],
            marker={"color": colour, "symbol": symbol, "size": 8},
            hovertemplate="%{x} · %{y:.4g}<extra></extra>",
        )
    for name, dash, value in zip(("even", "one_hot"), ("dot", "dash"), limits or (), strict=False):
        figure.add_scatter(
            x=[widths[0], widths[-1]],
            y=[value, value],
            mode="lines",
            name=words[name],
            line={"dash": dash, "width": 1, "color": colours.masked_hatch},
            hoverinfo="skip",
        )
    figure.add_vline(x=d_k, line={"width": 1, "color": colours.weights_ramp[3]})
    figure.update_layout(height=340, title=words[quantity], margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(_logarithmic(widths, words["d_k"]))
    figure.update_yaxes(fixedrange=True)
    if quantity == "variance":  # over five orders of magnitude
        figure.update_yaxes(type="log", dtick=1)
    return figure


def damage(
    effects: Sequence[float], names: Sequence[str], words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """One bar per layer that was changed alone, the last one for all layers together. words:
    layer, effect."""
    places = list(range(len(effects)))
    step = max(1, -(-len(places) // 30))
    ticks = [place for place in places[:-1] if place % step == 0] + places[-1:]
    figure = go.Figure(
        go.Bar(
            x=places,
            y=list(effects),
            marker={"color": colours.scores_ramp[5]},
            customdata=list(names),
            hovertemplate="%{customdata} · %{y:.4g}<extra></extra>",
        )
    )
    figure.update_layout(height=320, title=words["effect"], margin=_MARGIN | {"b": 40})
    figure.update_xaxes(
        title=words["layer"],
        tickvals=ticks,
        ticktext=[names[place] for place in ticks],
        fixedrange=True,
    )
    figure.update_yaxes(rangemode="tozero", fixedrange=True)
    return figure


def _logarithmic(places: Sequence[int], title: str) -> dict[str, Any]:
    """A logarithmic axis with ticks at the measured places, at most seven of them."""
    shown = list(places[:: max(1, -(-len(places) // 7))])
    return {
        "type": "log",
        "title": title,
        "tickvals": shown,
        "ticktext": [str(place) for place in shown],
        "tickangle": 0,
        "fixedrange": True,
    }
