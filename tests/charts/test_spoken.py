"""Charts in words."""

import plotly.graph_objects as go
import pytest

from charts.spoken import SERIES, spoken

WORDS = {
    "chart": "Chart",
    "against": "{y} against {x}",
    "range": "from {low} to {high}",
    "cells": "{rows} × {columns} cells",
    "more": "and {count} more",
}
AXES = {"xaxis_title": "layer", "yaxis_title": "norm"}


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (go.Figure(), "Chart"),
        (go.Figure(layout={"title": "<b>Rank</b><br>&lt;s&gt;"}), "Rank <s>"),
        (
            go.Figure(go.Scatter(y=[1, None, 3.14159], name="a"), AXES),
            "norm against layer. a: from 1 to 3.14",
        ),
        (
            go.Figure(go.Bar(x=[0.5, 0.25], y=["p", "q"], orientation="h", name="b")),
            "Chart. b: from 0.25 to 0.5",
        ),
        (go.Figure(go.Bar(x=["p", "q"], y=[2, float("nan")])), "Chart. from 2 to 2"),
        (
            go.Figure(go.Heatmap(z=[[0, 1, 2], [3, 4, float("inf")]])),
            "Chart. 2 × 3 cells: from 0 to 4",
        ),
        (go.Figure(go.Scatter(y=[], name="none")), "Chart. none"),
        (
            go.Figure([go.Scatter(y=[1], name=str(n)) for n in range(SERIES + 2)]),
            "Chart. " + ". ".join(f"{n}: from 1 to 1" for n in range(SERIES)) + ". and 2 more",
        ),
    ],
)
def test_title_axes_and_the_range_of_every_series_are_told(figure: go.Figure, said: str) -> None:
    assert spoken(figure, WORDS) == said


def test_a_long_name_is_cut() -> None:
    assert len(spoken(go.Figure(layout={"title": "x" * 5000}), WORDS)) < 100
