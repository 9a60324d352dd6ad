"""Positions: waves, rows, wavelengths, profiles over distance, pairs in the plane, spectra."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from torch import Tensor

from charts.colours import Palette, faint
from charts.numbers import numeral

_MARGIN = {"l": 10, "r": 10, "t": 10, "b": 40}
_LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}


def looks(colours: Palette) -> dict[str, tuple[str, str, str]]:
    """Colour, dash and marker of each scheme: absolute ones in purple, those that act inside
    attention in olive, and dash and marker tell each from its neighbours."""
    ramp = colours.scores_ramp
    return {
        "none": (colours.masked_hatch, "solid", "x"),
        "sinusoidal": (ramp[6], "solid", "circle"),
        "learned": (ramp[5], "dash", "square"),
        "rope": (ramp[0], "solid", "diamond"),
        "alibi": (ramp[1], "dash", "triangle-up"),
        "relative": (ramp[0], "dot", "star"),
        "xl": (ramp[1], "dashdot", "cross"),
    }


def wave(
    features: Mapping[str, Tensor], position: int, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """One or two features over the positions, a line each under its name: the first is the one
    chosen, the other its partner; `position` is marked. words: position, value."""
    figure = go.Figure()
    shades = ((colours.scores_ramp[6], "solid"), (colours.scores_ramp[4], "dot"))
    for (name, values), (colour, dash) in zip(features.items(), shades, strict=False):
        figure.add_scatter(
            y=values.tolist(),
            mode="lines",
            name=name,
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate="%{x} · %{y:.4f}<extra></extra>",
        )
    figure.add_vline(x=position, line={"color": colours.masked_hatch, "width": 1, "dash": "dash"})
    return _finished(figure, words["position"], words["value"])


def row(values: Tensor, feature: int, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """The features of one position: sines (even features) and cosines (odd) as two lines of
    points; `feature` is marked. words: sine, cosine, feature, value."""
    figure = go.Figure()
    for start, name, colour, symbol in (
        (0, "sine", colours.scores_ramp[6], "circle"),
        (1, "cosine", colours.scores_ramp[0], "diamond"),
    ):
        figure.add_scatter(
            x=list(range(start, len(values), 2)),
            y=values[start::2].tolist(),
            mode="lines+markers",
            name=words[name],
            line={"color": colour, "width": 1},
            marker={"symbol": symbol, "size": 5},
            hovertemplate="%{x} · %{y:.4f}<extra></extra>",
        )
    figure.add_vline(x=feature, line={"color": colours.masked_hatch, "width": 1, "dash": "dash"})
    return _finished(figure, words["feature"], words["value"])


def wavelengths(
    frame: pd.DataFrame, pair: int, length: int, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """Positions a turn takes, by pair, on a logarithmic axis; `frame` as from
    `experiments.positions.wavelengths`. Pairs above the line do not turn once within `length`.
    words: pair, wavelength, length."""
    figure = go.Figure(
        go.Scatter(
            x=frame["pair"],
            y=frame["wavelength"],
            mode="lines+markers",
            line={"color": colours.scores_ramp[5], "width": 1},
            name=words["wavelength"],
            marker={
                "color": colours.scores_ramp[6],
                "size": [12 if one == pair else 5 for one in frame["pair"]],
            },
            customdata=frame["turns"],
            hovertemplate="%{x} · %{y:.4g} · %{customdata:.3g} ×<extra></extra>",
        )
    )
    figure.add_scatter(
        x=[0, len(frame) - 1],
        y=[length, length],
        mode="lines",
        name=words["length"],
        line={"color": colours.less, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    figure.update_yaxes(type="log", dtick=1)
    return _finished(figure, words["pair"], words["wavelength"])


def profile(
    frame: pd.DataFrame,
    limits: tuple[float, float] | None,
    x: str,
    y: str,
    colours: Palette,
    height: int = 230,
) -> go.Figure:
    """Cells of a matrix over their distance: the mean as a line, lowest to highest as a band;
    `frame` as from `experiments.positions.by_distance`. limits: of the vertical axis, so that
    several charts share one."""
    figure = go.Figure()
    band: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_scatter(x=frame["distance"], y=frame["low"], **band)
    figure.add_scatter(
        x=frame["distance"],
        y=frame["high"],
        fill="tonexty",
        fillcolor=faint(colours.scores_ramp[5]),
        **band,
    )
    figure.add_scatter(
        x=frame["distance"],
        y=frame["mean"],
        mode="lines",
        line={"color": colours.scores_ramp[6], "width": 2},
        customdata=frame["std"],
        hovertemplate="%{x} · %{y:.4g} ± %{customdata:.2g}<extra></extra>",
    )
    figure.update_layout(showlegend=False)
    if limits is not None:
        figure.update_yaxes(range=limits)
    return _finished(figure, x, y, height)


def curves(
    series: Mapping[str, Sequence[float]],
    x: Sequence[float],
    names: Mapping[str, str],
    words: Mapping[str, str],
    colours: Palette,
    *,
    logarithmic: str = "",
    at: float | None = None,
    note: str = "",
) -> go.Figure:
    """One line per scheme over shared x. logarithmic: the axes ("x", "y", "xy") that are. at: an
    x that is marked, `note` beside it. words: x, y."""
    figure = go.Figure()
    for name, values in series.items():
        colour, dash, symbol = looks(colours)[name]
        figure.add_scatter(
            x=list(x),
            y=list(values),
            mode="lines+markers" if len(x) <= 40 else "lines",
            name=names[name],
            line={"color": colour, "dash": dash, "width": 2},
            marker={"symbol": symbol, "size": 7},
            hovertemplate="%{x} · %{y:.4g}<extra></extra>",
        )
    for axis in logarithmic:
        figure.update_layout({f"{axis}axis": {"type": "log", "exponentformat": "power"}})
    if at is not None:
        figure.add_vline(
            x=at,
            line={"color": colours.masked_hatch, "width": 1, "dash": "dash"},
            annotation={"text": note, "yanchor": "top"},
        )
    return _finished(figure, words["x"], words["y"], height=320)


def plane(
    queries: Tensor,
    keys: Tensor,
    arcs: Tensor,
    titles: Sequence[str],
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """Pairs of features as arrows in the plane. queries, keys (pairs, 2, 2): before the rotation
    (thin) and after it (thick); arcs (pairs, 2): the angles, in radians, that query and key were
    turned by. words: query, key."""
    across = 2 if len(queries) > 1 else 1
    figure = make_subplots(
        rows=-(-len(queries) // across),
        cols=across,
        subplot_titles=list(titles),
        horizontal_spacing=0.04,
        vertical_spacing=0.1,
    )
    reach = 1.1 * float(max(queries.norm(dim=-1).max(), keys.norm(dim=-1).max()))
    for number in range(len(queries)):
        place: dict[str, Any] = {"row": number // across + 1, "col": number % across + 1}
        for name, vectors, colour, arc in (
            ("query", queries[number], colours.queries, arcs[number, 0]),
            ("key", keys[number], colours.keys, arcs[number, 1]),
        ):
            for stage, width, dash in ((0, 1.5, "dot"), (1, 4, "solid")):
                x, y = vectors[stage].tolist()
                figure.add_scatter(
                    x=[0, x],
                    y=[0, y],
                    mode="lines+markers",
                    name=words[name],
                    legendgroup=name,
                    showlegend=number == 0 and stage == 1,
                    line={"color": colour, "width": width, "dash": dash},
                    marker={"size": [0, 4 + 2 * width]},
                    hovertemplate=f"{numeral(float(arc), '.3f')} rad<extra></extra>"
                    if stage
                    else "0 rad<extra></extra>",
                    **place,
                )
    axis = {"range": [-reach, reach], "fixedrange": True, "zeroline": True, "showgrid": False}
    figure.update_xaxes(showticklabels=False, **axis)
    figure.update_yaxes(showticklabels=False, **axis)
    for number in range(len(queries)):
        suffix = "" if number == 0 else str(number + 1)
        figure.update_layout({f"yaxis{suffix}": {"scaleanchor": f"x{suffix}"}})
    figure.update_layout(
        height=60 + 250 * -(-len(queries) // across),
        margin=_MARGIN | {"t": 50, "b": 30},
        legend={"orientation": "h", "y": 0, "yanchor": "top", "x": 0},
    )
    return figure


def spectrum(
    frame: pd.DataFrame, most: int, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """The first `most` singular values' shares of the variance as bars, their running total as a
    line; `frame` as from `experiments.positions.spectrum`. words: number, share, total."""
    shown = frame.head(most)
    figure = go.Figure()
    figure.add_bar(
        x=shown["number"],
        y=shown["share"],
        name=words["share"],
        marker={"color": colours.scores_ramp[5]},
        hovertemplate="%{x} · %{y:.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=shown["number"],
        y=shown["total"],
        mode="lines+markers",
        name=words["total"],
        line={"color": colours.scores_ramp[0]},
        marker={"symbol": "diamond", "size": 5},
        hovertemplate="%{x} · %{y:.3f}<extra></extra>",
    )
    return _finished(figure, words["number"], words["share"])


def norms(
    frame: pd.DataFrame,
    along: str,
    quantities: Mapping[str, str],
    closed: Mapping[str, Sequence[float]],
    words: Mapping[str, str],
    colours: Palette,
    *,
    marked: float,
    logarithmic: bool,
) -> go.Figure:
    """Quantities of `experiments.embedding_scale.sweep` over the column `along`, markers measured
    and lines in closed form, both by names "quantity off" and "quantity on" (off: without the
    factor); a vertical line at `marked`. quantities: such a name → how it is called.
    words: x, y."""
    figure = go.Figure()
    shades = {
        "token_norm off": (colours.scores_ramp[4], "circle-open"),
        "token_norm on": (colours.scores_ramp[6], "circle"),
        "position_norm off": (colours.scores_ramp[0], "diamond"),
        "token_cosine off": (colours.scores_ramp[4], "circle-open"),
        "token_cosine on": (colours.scores_ramp[6], "circle"),
        "position_cosine off": (colours.scores_ramp[2], "diamond-open"),
        "position_cosine on": (colours.scores_ramp[0], "diamond"),
        "logit_std off": (colours.weights_ramp[5], "circle"),
    }
    for key, name in quantities.items():
        quantity, side = key.split(" ")
        rows = frame[frame["multiplied"] == (side == "on")]
        colour, symbol = shades[key]
        figure.add_scatter(
            x=rows[along],
            y=list(closed[key]),
            mode="lines",
            line={"color": colour, "width": 1.5},
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=rows[along],
            y=rows[quantity],
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 9},
            hovertemplate="%{x:.4g} · %{y:.4g}<extra></extra>",
        )
    figure.add_vline(x=marked, line={"color": colours.masked_hatch, "width": 1, "dash": "dash"})
    ticks = sorted(set(frame[along]))
    figure.update_xaxes(
        type="log", tickvals=ticks, ticktext=[numeral(tick, "g") for tick in ticks], tickangle=0
    )
    if logarithmic:  # whole decades: rounding about a constant is no curve
        values = [v for k in quantities for v in (*closed[k], *frame[k.split(" ")[0]].tolist())]
        decades = [math.floor(math.log10(0.9 * min(values))), math.ceil(math.log10(max(values)))]
        figure.update_yaxes(type="log", dtick=1, range=decades)
    else:
        figure.update_yaxes(range=[0, 1.05])
    return _finished(figure, words["x"], words["y"], height=340)


def parts(frame: pd.DataFrame, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """Norms of a text's token and position parts side by side; `frame` as from
    `experiments.embedding_scale.measure`, with a column token. words: token_norm,
    position_norm, token, norm."""
    figure = go.Figure()
    places = list(range(len(frame)))
    for quantity, colour, pattern in (
        ("token_norm", colours.scores_ramp[5], ""),
        ("position_norm", colours.scores_ramp[1], "/"),
    ):
        figure.add_bar(
            x=places,
            y=frame[quantity],
            name=words[quantity],
            marker={"color": colour, "pattern": {"shape": pattern, "solidity": 0.25}},
            customdata=frame["token"],
            hovertemplate="%{x} · %{customdata} · %{y:.4g}<extra></extra>",
        )
    step = max(1, -(-len(places) // 30))
    figure.update_layout(barmode="group")
    figure.update_xaxes(tickvals=places[::step], ticktext=frame["token"].tolist()[::step])
    figure.update_yaxes(rangemode="tozero")
    return _finished(figure, words["token"], words["norm"], height=300)


def _finished(figure: go.Figure, x: str, y: str, height: int = 280) -> go.Figure:
    figure.update_layout(height=height, margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(title=x, fixedrange=True)
    figure.update_yaxes(title=y, fixedrange=True)
    return figure
