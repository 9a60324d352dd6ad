"""What dropout adds to a number, and what many draws make of it."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette
from charts.depth import logarithmic_ticks
from charts.numbers import numeral

_MARGIN = {"l": 10, "r": 10, "t": 40, "b": 80}
_LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0}


def variances(points: pd.DataFrame, words: Mapping[str, str], colours: Palette) -> go.Figure:
    """Each number's measured variance against the closed form, on logarithmic axes; numbers that
    are 0 have no place there. words: title, closed, measured, equal."""
    shown = points[(points["closed"] > 0) & (points["measured"] > 0)]
    figure = go.Figure()
    closed = shown["closed"].tolist()
    ends = [min(closed), max(closed)] if closed else []
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        name=words["equal"],
        line={"color": colours.keys, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=shown["closed"],
        y=shown["measured"],
        mode="markers",
        name=words["measured"],
        marker={"color": colours.values, "size": 5, "opacity": 0.6},
        customdata=shown["x"],
        hovertemplate="x = %{customdata:.3g} · %{x:.3g} · %{y:.3g}<extra></extra>",
    )
    axes = [("x", words["closed"], shown["closed"]), ("y", words["measured"], shown["measured"])]
    return _logarithmic(figure, words["title"], axes)


def errors(
    counts: Sequence[int],
    measured: Sequence[float],
    expected: Sequence[float],
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """How far the mean of n draws is from x, beside what is expected, on logarithmic axes. words:
    title, draws, error, expected."""
    figure = go.Figure()
    figure.add_scatter(
        x=list(counts),
        y=list(expected),
        mode="lines",
        name=words["expected"],
        line={"color": colours.keys, "width": 1.5, "dash": "dash"},
        hovertemplate="%{x} · %{y:.3g}<extra></extra>",
    )
    figure.add_scatter(
        x=list(counts),
        y=list(measured),
        mode="lines+markers",
        name=words["error"],
        line={"color": colours.values, "width": 2},
        marker={"size": 7},
        hovertemplate="%{x} · %{y:.3g}<extra></extra>",
    )
    axes = [("x", words["draws"], counts), ("y", "", [*measured, *expected])]
    return _logarithmic(figure, words["title"], axes)


def _logarithmic(
    figure: go.Figure, title: str, axes: Sequence[tuple[str, str, Iterable[float]]]
) -> go.Figure:
    """With a title and logarithmic axes: x or y, its name, and the numbers along it."""
    figure.update_layout(
        height=340, margin=_MARGIN, legend=_LEGEND, title={"text": title, "font": {"size": 14}}
    )
    for axis, name, values in axes:
        marks = logarithmic_ticks(values)
        look = {
            "type": "log",
            "title": name,
            "tickvals": marks,
            "ticktext": [numeral(mark, "g") for mark in marks],
            "fixedrange": True,
        }
        figure.update_layout({f"{axis}axis": look})
    return figure
