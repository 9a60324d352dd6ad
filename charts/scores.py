"""Scores: symmetry of all heads, spread and cost of score functions, and what scaling does."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from charts.colours import Palette

_MARGIN = {"l": 10, "r": 10, "t": 30, "b": 80}
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
    quantities: Sequence[str],
    words: Mapping[str, str],
    colours: Palette,
    selected: tuple[int, int],
) -> go.Figure:
    """Every head as a point over its layer, one panel per quantity, native beside tied; `frames`
    by side as from `experiments.symmetry`. The selected (layer, head) is drawn large. words:
    the sides, the quantities, layer, head."""
    figure = make_subplots(
        rows=1,
        cols=len(quantities),
        subplot_titles=[words[name] for name in quantities],
        horizontal_spacing=0.08,
    )
    shades = hues(colours)
    for column, quantity in enumerate(quantities, start=1):
        for shift, (side, frame) in zip((-0.17, 0.17), frames.items(), strict=True):
            colour, symbol = shades[side]
            chosen = (frame["layer"] == selected[0]) & (frame["head"] == selected[1])
            figure.add_scatter(
                x=frame["layer"] + shift,
                y=frame[quantity],
                mode="markers",
                name=words[side],
                legendgroup=side,
                showlegend=column == 1,
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
                row=1,
                col=column,
            )
    layers = sorted(frames["native"]["layer"].unique().tolist())
    figure.update_layout(height=340, margin=_MARGIN, legend=_LEGEND)
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
    figure.update_layout(height=360, margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(_logarithmic(frame["d_k"].unique().tolist(), words["d_k"]))
    figure.update_yaxes(type="log", title=words["std"], fixedrange=True, dtick=1)
    return figure


def cost(frame: pd.DataFrame, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """Time and peak memory against n and against d_k; `frame` has the fields of
    `experiments.score_cost.Cost` as columns. words: dot, additive, n, d_k, seconds, peak."""
    panels = [(what, axis) for what in ("seconds", "peak") for axis in ("n", "d_k")]
    figure = make_subplots(
        rows=2,
        cols=2,
        subplot_titles=[f"{words[what]} · {words[axis]}" for what, axis in panels],
        horizontal_spacing=0.1,
        vertical_spacing=0.14,
    )
    for number, (what, axis) in enumerate(panels):
        row, column = number // 2 + 1, number % 2 + 1
        series = frame.query("axis == @axis")
        for kind, rows in series.groupby("kind", sort=False):
            rows = rows.sort_values(by=axis)
            colour, symbol = hues(colours)[str(kind)]
            figure.add_scatter(
                x=rows[axis],
                y=rows[what],
                mode="lines+markers",
                name=words[str(kind)],
                legendgroup=kind,
                showlegend=number == 0,
                line={"color": colour, "width": 1.5},
                marker={"color": colour, "symbol": symbol, "size": 8},
                hovertemplate="%{x} · %{y:.3s}"
                + {"seconds": "s", "peak": "B"}[what]
                + "<extra></extra>",
                row=row,
                col=column,
            )
        places = sorted(set(series[axis].tolist()))
        figure.update_xaxes(_logarithmic(places, ""), row=row, col=column)
        unit = {"seconds": "s", "peak": "B"}[what]
        figure.update_yaxes(
            type="log", dtick=1, tickformat="~s", ticksuffix=unit, row=row, col=column
        )
    figure.update_yaxes(fixedrange=True)
    figure.update_layout(height=560, margin=_MARGIN, legend=_LEGEND)
    return figure


def saturation(
    frame: pd.DataFrame,
    closed: Mapping[tuple[str, str], Sequence[float]],
    limits: Mapping[str, tuple[float, float]],
    d_k: int,
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """Four quantities against d_k under each setting, measured (markers), closed forms (lines)
    by (quantity, setting), limits for even and one-hot weights (dotted), and the reader's d_k;
    `frame` as from `experiments.scaling.saturation`. words: settings, quantities, d_k, even,
    one_hot."""
    quantities = ("variance", "entropy", "largest", "jacobian")
    figure = make_subplots(
        rows=2,
        cols=2,
        subplot_titles=[words[name] for name in quantities],
        horizontal_spacing=0.1,
        vertical_spacing=0.14,
    )
    widths = frame["d_k"].unique().tolist()
    for number, quantity in enumerate(quantities):
        place: dict[str, Any] = {"row": number // 2 + 1, "col": number % 2 + 1}
        for setting, rows in frame.groupby("setting", sort=False):
            colour, symbol = hues(colours)[str(setting)]
            line = closed.get((quantity, str(setting)))
            if line is not None:
                figure.add_scatter(
                    x=widths,
                    y=line,
                    mode="lines",
                    line={"color": colour, "width": 1.5},
                    opacity=_WEAK,
                    showlegend=False,
                    hoverinfo="skip",
                    **place,
                )
            figure.add_scatter(
                x=rows["d_k"],
                y=rows[quantity],
                mode="markers",
                name=words[str(setting)],
                legendgroup=setting,
                showlegend=number == 0,
                marker={"color": colour, "symbol": symbol, "size": 8},
                hovertemplate="%{x} · %{y:.4g}<extra></extra>",
                **place,
            )
        for name, dash, value in zip(
            ("even", "one_hot"), ("dot", "dash"), limits.get(quantity, ()), strict=False
        ):
            figure.add_scatter(
                x=[widths[0], widths[-1]],
                y=[value, value],
                mode="lines",
                name=words[name],
                legendgroup=name,
                showlegend=quantity == "entropy",
                line={"dash": dash, "width": 1, "color": colours.masked_hatch},
                hoverinfo="skip",
                **place,
            )
        figure.add_vline(x=d_k, line={"width": 1, "color": colours.weights_ramp[3]}, **place)
        figure.update_xaxes(_logarithmic(widths, words["d_k"] if number > 1 else ""), **place)
    figure.update_yaxes(fixedrange=True)
    figure.update_yaxes(type="log", dtick=1, row=1, col=1)
    figure.update_layout(height=600, margin=_MARGIN, legend=_LEGEND)
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
    figure.update_layout(height=300, margin=_MARGIN | {"b": 40})
    figure.update_xaxes(
        title=words["layer"],
        tickvals=ticks,
        ticktext=[names[place] for place in ticks],
        fixedrange=True,
    )
    figure.update_yaxes(title=words["effect"], rangemode="tozero", fixedrange=True)
    return figure


def _logarithmic(places: Sequence[int], title: str) -> dict[str, Any]:
    """A logarithmic axis with its ticks at the measured places."""
    return {
        "type": "log",
        "title": title,
        "tickvals": list(places),
        "ticktext": [str(place) for place in places],
        "fixedrange": True,
    }
