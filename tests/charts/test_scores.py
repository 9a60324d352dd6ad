"""Charts of scores: every measured number is drawn, and series can be told apart."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pandas as pd
import pytest

from charts import scores as charts
from charts.colours import DARK, LIGHT, Palette
from experiments.scaling import Draw, limits, saturation
from experiments.score_functions import FUNCTIONS, spread

NAMES = (*FUNCTIONS, "native", "tied", "unscaled", "custom", "n", "d_k", "std", "layer", "head")
WORDS = {name: name for name in (*NAMES, "seconds", "peak", "effect", "even", "one_hot")}


def opened(figure: Any) -> Any:
    """A figure whose traces and layout are read by name, which Plotly types too loosely."""
    return figure


@pytest.mark.parametrize("colours", [LIGHT, DARK])
@pytest.mark.parametrize(
    "together", [FUNCTIONS, ("scaled", "unscaled", "custom"), ("native", "tied")]
)
def test_series_of_one_chart_differ_in_colour_and_marker(
    colours: Palette, together: Sequence[str]
) -> None:
    hues = charts.hues(colours)
    for one, other in combinations(together, 2):
        assert hues[one][0] != hues[other][0]
        assert hues[one][1] != hues[other][1]


def test_spread_draws_measured_points_beside_closed_forms() -> None:
    frame = spread((1, 4, 16), 8, seed=0)
    figure = opened(charts.spread(frame, WORDS, LIGHT))
    assert len(figure.data) == 2 * len(FUNCTIONS)
    for name, line, points in zip(FUNCTIONS, figure.data[::2], figure.data[1::2], strict=True):
        rows = frame[frame["function"] == name]
        assert points.name == name
        assert list(line.y) == rows["closed"].tolist()
        assert list(points.y) == rows["std"].tolist()


def test_saturation_draws_settings_limits_and_the_readers_width() -> None:
    frame = saturation(Draw(8, 2, 0), (1, 4, 16), temperature=2.0)
    words = WORDS | {"entropy": "entropy"}
    figure = opened(charts.saturation(frame, "entropy", {}, limits(8)["entropy"], 4, words, LIGHT))
    assert [trace.name for trace in figure.data] == [
        "scaled",
        "unscaled",
        "custom",
        "even",
        "one_hot",
    ]
    assert [shape.x0 for shape in figure.layout.shapes] == [4]


def test_costs_are_sorted_along_their_axis() -> None:
    frame = pd.DataFrame(
        {
            "kind": ["dot", "dot", "additive", "dot"],
            "axis": ["n", "n", "n", "d_k"],
            "n": [64, 32, 32, 16],
            "d_k": [8, 8, 8, 4],
            "seconds": [2.0, 1.0, 3.0, 9.0],
        }
    )
    figure = opened(charts.cost(frame, "seconds", "n", WORDS, LIGHT))
    assert [(trace.name, list(trace.x), list(trace.y)) for trace in figure.data] == [
        ("dot", [32, 64], [1.0, 2.0]),
        ("additive", [32], [3.0]),
    ]


def test_the_bar_for_all_layers_keeps_its_label() -> None:
    names = [str(layer) for layer in range(45)] + ["all"]
    figure = opened(charts.damage([0.0] * 46, names, WORDS, LIGHT))
    assert figure.layout.xaxis.ticktext[-1] == "all"
    assert len(figure.layout.xaxis.ticktext) < 32


def test_the_chosen_head_stands_out() -> None:
    frame = pd.DataFrame({"layer": [0, 0, 1], "head": [0, 1, 0], "scores": [0.5, 0.6, 0.7]})
    words = WORDS | {"scores": "scores"}
    figure = opened(
        charts.by_layer({"native": frame, "tied": frame}, "scores", words, LIGHT, (0, 1))
    )
    for trace in figure.data:
        assert list(trace.y) == [0.5, 0.6, 0.7]
        assert max(range(3), key=lambda i: trace.marker.size[i]) == 1
