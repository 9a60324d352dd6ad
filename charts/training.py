"""Learning rates by step, and two trainings side by side as they go."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette
from charts.depth import hues
from charts.numbers import numeral

_LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0}
_SMOOTH = 9  # batches whose mean is the strong line


def rates(
    frames: Mapping[str, pd.DataFrame], chosen: str, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """The learning rate of each schedule (columns step, rate), the chosen one strong, filled
    below, its peak marked. words: the schedules, step, rate, peak."""
    figure = go.Figure()
    dashes = iter(("dash", "dot", "dashdot", "longdash"))
    front = colours.weights_ramp[5]
    for kind in sorted(frames, key=lambda name: name == chosen):
        frame, strong = frames[kind], kind == chosen
        figure.add_scatter(
            x=frame["step"],
            y=frame["rate"],
            mode="lines",
            name=words[kind],
            line={"color": front, "width": 3}
            if strong
            else {"color": colours.scores_ramp[1], "width": 1.5, "dash": next(dashes)},
            fill="tozeroy" if strong else None,
            fillcolor=_faint(front),
            hovertemplate="%{x} · %{y:.3g}<extra>" + words[kind] + "</extra>",
        )
    steps, heights = frames[chosen]["step"].tolist(), frames[chosen]["rate"].tolist()
    top = heights.index(max(heights))
    figure.add_scatter(
        x=[steps[top]],
        y=[heights[top]],
        mode="markers+text",
        marker={"color": front, "size": 9},
        text=[f"{words['peak']} {numeral(heights[top], '.3g')}"],
        textposition="top right" if steps[top] < steps[-1] / 2 else "top left",
        cliponaxis=False,
        showlegend=False,
        hoverinfo="skip",
    )
    highest = max(rate for frame in frames.values() for rate in frame["rate"].tolist())
    figure.update_layout(height=400, margin={"l": 10, "r": 10, "t": 20, "b": 90}, legend=_LEGEND)
    figure.update_xaxes(title=words["step"], fixedrange=True, rangemode="tozero")
    figure.update_yaxes(
        title=words["rate"], range=[0, highest * 1.15], fixedrange=True, exponentformat="power"
    )
    return figure


def sides(
    frame: pd.DataFrame,
    quantity: str,
    steps: int,
    words: Mapping[str, str],
    colours: Palette,
    *,
    at: int | None = None,
    share: bool = False,
    smooth: bool = False,
) -> go.Figure:
    """One quantity of sides a and b against the step, 0 to `steps`; `frame` with the columns
    step, side and the quantity. at: a step to mark. share: from 0 to 1, in per cent. smooth:
    the quantity itself faint, its running mean strong. words: a, b, step, the quantity.

    Made in one go: it is drawn anew every second, and each update of a figure costs."""
    lines: list[dict[str, Any]] = []
    for side, (colour, _, dash) in zip("ab", hues(colours)[::3], strict=True):
        rows = frame.loc[frame["side"] == side, ["step", quantity]]
        drawn = rows.rolling(_SMOOTH, min_periods=1).mean() if smooth else rows
        steps_seen = rows["step"].tolist()
        if smooth:
            lines.append(
                {
                    "x": steps_seen,
                    "y": rows[quantity].tolist(),
                    "mode": "lines",
                    "line": {"color": colour, "width": 1},
                    "opacity": 0.3,
                    "showlegend": False,
                    "hoverinfo": "skip",
                }
            )
        lines.append(
            {
                "x": steps_seen,
                "y": drawn[quantity].tolist(),
                "mode": "lines",
                "name": words[side],
                "line": {"color": colour, "width": 2.5, "dash": "dot" if side == "b" else dash},
                "hovertemplate": "%{x} · %{y:" + (".1%" if share else ".4g") + "}<extra></extra>",
            }
        )
    vertical: dict[str, Any] = {"fixedrange": True, "rangemode": "tozero"}
    if share:
        vertical |= {"range": [0, 1.03], "tickformat": ".0%"}
    layout: dict[str, Any] = {
        "height": 250,
        "title": {"text": words[quantity], "font": {"size": 14}},
        "margin": {"l": 10, "r": 10, "t": 40, "b": 60},
        "legend": _LEGEND,
        "xaxis": {
            "title": {"text": words["step"]},
            "range": [0, steps],
            "fixedrange": True,
            "zeroline": False,
        },
        "yaxis": vertical,
    }
    if at is not None:
        mark = {"color": colours.masked_hatch, "width": 1.5}
        layout["shapes"] = [
            {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": mark}
        ]
    return go.Figure(data=[go.Scatter(line) for line in lines], layout=layout)


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.12)"
