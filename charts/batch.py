"""Batches: which of their numbers a norm averages, and BatchNorm's statistics over steps."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from torch import Tensor

from charts.colours import Palette, colorscale
from charts.depth import logarithmic_ticks
from charts.labels import plain
from charts.numbers import numeral
from charts.overflow import GAPS

_MARGIN = {"l": 10, "r": 10, "t": 40, "b": 80}
_LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0}
_FADED = 0.28  # opacity of what is not averaged
_LEAN = 0.55  # how far to the right, in cells a sheet, a sheet further back is drawn


def block(
    x: Tensor,
    group: Tensor,
    tokens: Sequence[Sequence[str]],
    features: Sequence[int],
    limit: float,
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """A batch x (batch, positions, features) as sheets one behind the other, a sentence each, the
    first in front and lowest; cells where `group` (same shape) is True keep their colour and a
    frame, the others fade. tokens: by sentence and position, without padding, which is drawn
    empty. features: the index of each drawn one; limit: the colour scale's ends. words: feature,
    padding, token, thinned."""
    batch, positions, width = x.shape
    values, kept = x.numpy(), group.numpy()
    scale = colorscale(colours.scores_ramp)
    figure = go.Figure()
    frames = []
    for sheet in reversed(range(batch)):  # the furthest first, so that nearer ones cover it
        right = sheet * _LEAN
        down = (batch - 1 - sheet) * (positions + 1)
        real = len(tokens[sheet])
        own = [*map(plain, tokens[sheet]), *[words["padding"]] * (positions - real)]
        named = [[f"{sheet + 1} · {name}"] * width for name in own]
        for shown, opacity in ((kept[sheet], 1.0), (~kept[sheet], _FADED)):
            figure.add_heatmap(
                z=np.where(shown, values[sheet], np.nan),
                x=[right + place for place in range(width)],
                y=[down + position for position in range(positions)],
                zmin=-limit,
                zmax=limit,
                colorscale=scale,
                opacity=opacity,
                showscale=False,
                customdata=np.dstack([named, np.tile(list(map(str, features)), (positions, 1))]),
                hovertemplate="%{customdata[0]} · "
                + words["feature"]
                + " %{customdata[1]} · %{z:.3g}<extra></extra>",
                hoverongaps=False,
                meta=GAPS,
            )
        frames.append(_frame(right, down, width, positions, colours.masked_hatch, 1))
        rows, columns = np.nonzero(kept[sheet])
        if len(rows):
            frames.append(
                _frame(
                    right + int(columns.min()),
                    down + int(rows.min()),
                    int(np.ptp(columns)) + 1,
                    int(np.ptp(rows)) + 1,
                    colours.weights_ramp[6],
                    2,
                )
            )
    ticks = [
        ((batch - 1 - sheet) * (positions + 1) + position, name)
        for sheet in range(batch)
        for position, name in enumerate(map(plain, tokens[sheet]))
    ]
    step = max(1, -(-len(ticks) // 30))
    figure.update_layout(
        height=120 + 11 * batch * (positions + 1),
        margin=_MARGIN | {"t": 10, "b": 40},
        shapes=frames,
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(
        title=words["feature"],
        tickvals=list(range(0, width, 4)),
        ticktext=[str(features[place]) for place in range(0, width, 4)],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    said = [words["token"], *([words["thinned"].format(step=step)] if step > 1 else [])]
    figure.update_yaxes(
        title=" · ".join(said),
        tickvals=[place for place, _name in ticks[::step]],
        ticktext=[name for _place, name in ticks[::step]],
        tickfont={"size": 9},
        autorange="reversed",
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    return figure


def _frame(
    x: float, y: float, width: int, height: int, colour: str, line: int
) -> dict[str, object]:
    return {
        "type": "rect",
        "x0": x - 0.5,
        "x1": x + width - 0.5,
        "y0": y - 0.5,
        "y1": y + height - 0.5,
        "line": {"color": colour, "width": line},
    }


def outlying(
    values: Sequence[float],
    rms: Sequence[float],
    features: Sequence[int],
    places: Sequence[str],
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """The largest |x| before each norm, named by its feature, over the root mean square of all,
    on a logarithmic scale. words: largest, rms, norm, feature."""
    numbers = list(range(len(values)))
    figure = go.Figure()
    figure.add_scatter(
        x=numbers,
        y=list(values),
        mode="lines+markers",
        name=words["largest"],
        line={"color": colours.weights_ramp[5]},
        customdata=[
            f"{place} · {words['feature']} {feature}"
            for place, feature in zip(places, features, strict=True)
        ],
        hovertemplate="%{customdata} · %{y:.4g}<extra></extra>",
    )
    figure.add_scatter(
        x=numbers,
        y=list(rms),
        mode="lines+markers",
        name=words["rms"],
        line={"color": colours.scores_ramp[1], "dash": "dot"},
        marker={"symbol": "square", "size": 5},
        customdata=list(places),
        hovertemplate="%{customdata} · %{y:.4g}<extra></extra>",
    )
    last = None
    for number, feature in enumerate(features):
        if feature != last:  # where another feature takes the lead
            figure.add_annotation(
                x=number,
                y=float(np.log10(values[number])),
                text=str(feature),
                yshift=12,
                showarrow=False,
            )
        last = feature
    step = max(1, -(-len(places) // 15))
    figure.update_layout(height=360, margin=_MARGIN | {"t": 20}, legend=_LEGEND)
    figure.update_xaxes(
        title=words["norm"],
        tickvals=numbers[::step],
        ticktext=list(places[::step]),
        fixedrange=True,
        zeroline=False,
    )
    figure.update_yaxes(type="log", title="|x|", exponentformat="power", dtick=1, fixedrange=True)
    return figure


def steps(
    frame: pd.DataFrame,
    thin: str,
    lines: Sequence[str],
    shift: int,
    words: Mapping[str, str],
    colours: Palette,
    title: str,
) -> go.Figure:
    """Columns of `frame` over its steps: `thin` as points, `lines` as lines (the first strong, the
    others dashed and dotted), and the step at which the data shift. words: the columns, step."""
    figure = go.Figure()
    figure.add_scatter(
        x=frame["step"],
        y=frame[thin],
        mode="markers",
        name=words[thin],
        marker={"color": colours.weights_ramp[3], "size": 4},
        hovertemplate="%{x} · %{y:.4g}<extra></extra>",
    )
    looks = (
        (colours.weights_ramp[5], "solid", 2.5),
        (colours.scores_ramp[0], "dash", 1.5),
        (colours.scores_ramp[1], "dot", 1.5),
    )
    for name, (colour, dash, width) in zip(lines, looks, strict=False):
        figure.add_scatter(
            x=frame["step"],
            y=frame[name],
            mode="lines",
            name=words[name],
            line={"color": colour, "dash": dash, "width": width},
            hovertemplate="%{x} · %{y:.4g}<extra></extra>",
        )
    figure.add_vline(x=shift, line={"color": colours.masked_hatch, "width": 1, "dash": "dot"})
    figure.update_layout(height=360, title=title, margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(title=words["step"], fixedrange=True, zeroline=False)
    figure.update_yaxes(fixedrange=True)
    return figure


def standard_error(
    frame: pd.DataFrame, batch: int, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """The measured spread of the batch mean (markers) and σ/√B (line) on logarithmic axes, the
    reader's batch size marked; `frame` as from `experiments.batch_statistics.standard_errors`.
    words: error, closed, batch."""
    figure = go.Figure()
    figure.add_scatter(
        x=frame["batch"],
        y=frame["closed"],
        mode="lines",
        name=words["closed"],
        line={"color": colours.scores_ramp[0], "width": 1.5},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=frame["batch"],
        y=frame["error"],
        mode="markers",
        name=words["error"],
        marker={"color": colours.weights_ramp[5], "size": 8},
        customdata=frame["closed"],
        hovertemplate="B = %{x} · %{y:.4g} (%{customdata:.4g})<extra></extra>",
    )
    figure.add_vline(x=batch, line={"color": colours.weights_ramp[3], "width": 1})
    sizes = frame["batch"].tolist()
    figure.update_layout(height=360, title=words["error"], margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(
        type="log", title=words["batch"], tickvals=sizes, ticktext=sizes, fixedrange=True
    )
    marks = logarithmic_ticks(frame["error"])
    figure.update_yaxes(
        type="log", tickvals=marks, ticktext=[numeral(mark, "g") for mark in marks], fixedrange=True
    )
    return figure
