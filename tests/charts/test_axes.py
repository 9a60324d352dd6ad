"""What a chart says of its axes."""

from typing import Any

import plotly.graph_objects as go
import pytest

from charts.axes import scaled, thinned, unnamed


@pytest.mark.parametrize(
    ("layout", "found"),
    [
        ({"xaxis": {"title": "layer"}, "yaxis": {"title": "share"}}, []),
        ({"xaxis": {"title": "layer"}, "title": "share"}, []),
        ({"yaxis": {"title": "share"}, "title": "share"}, ["xaxis"]),
        ({"xaxis": {"title": "layer"}, "yaxis": {"title": ""}}, ["yaxis"]),
        ({"xaxis": {"showticklabels": False}, "yaxis": {"title": "share"}}, []),
    ],
)
def test_an_axis_without_a_name_is_found(layout: dict[str, object], found: list[str]) -> None:
    figure = go.Figure(go.Bar(x=[0, 1], y=[1, 2]), layout)
    assert unnamed(figure) == found


def test_a_colour_bar_needs_a_name_where_it_is_shown() -> None:
    axes = {"xaxis": {"title": "norm"}, "yaxis": {"title": "token"}}
    assert unnamed(go.Figure(go.Heatmap(z=[[1]]), axes)) == ["colorbar"]
    named = go.Heatmap(z=[[1]], colorbar={"title": {"text": "mean"}})
    assert unnamed(go.Figure(named, axes)) == []
    assert unnamed(go.Figure(go.Heatmap(z=[[1]], showscale=False), axes)) == []


def test_logarithmic_axes_say_so() -> None:
    layout: Any = {
        "xaxis": {"title": "n", "type": "log"},
        "yaxis": {"type": "log"},
        "title": "time",
    }
    axes: Any = scaled(go.Figure(go.Scatter(x=[1, 2], y=[1, 2]), layout), "log scale").layout
    assert (axes.xaxis.title.text, axes.yaxis.title.text) == ("n · log scale", "log scale")
    again = go.Figure(go.Scatter(x=[1, 2], y=[1, 2]), layout)
    again = scaled(scaled(again, "log scale"), "log scale")
    assert again.to_dict()["layout"]["xaxis"]["title"]["text"] == "n · log scale"
    layout = {"xaxis": {"title": "n"}, "yaxis": {"title": "time"}}
    axes = scaled(go.Figure(go.Scatter(x=[1, 2], y=[1, 2]), layout), "log scale").layout
    assert (axes.xaxis.title.text, axes.yaxis.title.text) == ("n", "time")


@pytest.mark.parametrize(
    ("places", "names", "said"),
    [
        ([0, 1, 2], ["the", "cat", "sat"], "token"),
        ([0, 3, 6], ["the", "on", "mat"], "token · 1 label in 3"),
        ([0, 4, 8], ["12", "16", "20"], "token"),  # numbers
        ([0, 2, 9], ["0 attention", "1 attention", "final"], "token"),  # at places of their own
        (None, None, "token"),
    ],
)
def test_labels_that_are_left_out_are_said(
    places: list[int] | None, names: list[str] | None, said: str
) -> None:
    figure = go.Figure(go.Bar(x=list(range(9)), y=list(range(9))))
    figure.update_xaxes(title="token", tickvals=places, ticktext=names)
    axes: Any = thinned(figure, "1 label in {step}").layout
    assert axes.xaxis.title.text == said
