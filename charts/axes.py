"""What every axis of a chart has to say: its quantity, whether it is logarithmic, and how many of
its labels stand there, where not all do."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go


def scaled(figure: go.Figure, word: str) -> go.Figure:
    """The figure with `word` behind the name of each logarithmic axis."""
    for axis in _axes(figure):
        if axis.type == "log":
            _add(axis, word)
    return figure


def thinned(figure: go.Figure, sentence: str) -> go.Figure:
    """The figure with `sentence`, which has a gap {step}, behind the name of each axis on which
    only every so many-th place has its label. Numbers need no such word: those between are clear.
    """
    for axis in _axes(figure):
        step = _step(axis.tickvals, axis.ticktext)
        if step > 1:
            _add(axis, sentence.format(step=step))
    return figure


def unnamed(figure: go.Figure) -> list[str]:
    """The axes and colour bars that do not say what they show. A chart's title is the name of
    what is drawn upwards; an axis without numbers needs none."""
    layout: Any = figure.layout
    found = []
    for axis in _axes(figure):
        upwards = axis.plotly_name.startswith("yaxis")
        titled = axis.title.text or (upwards and layout.title.text)
        if not titled and axis.showticklabels is not False:
            found.append(axis.plotly_name)
    for trace in figure.data:
        if trace.type == "heatmap" and trace.showscale is not False:
            found += [] if trace.colorbar.title.text else ["colorbar"]
    return found


def _add(axis: Any, word: str) -> None:
    said = axis.title.text or ""
    if not said.endswith(word):  # a figure may be drawn again
        axis.title.text = " · ".join(filter(None, (said, word)))


def _step(places: Any, names: Any) -> int:
    """How many places the labels stand apart; 1 where that is not the same for all."""
    if places is None or names is None or all(str(name).isdecimal() for name in names):
        return 1
    steps = {after - before for before, after in pairwise(places)}
    step = steps.pop() if len(steps) == 1 else 1
    return step if isinstance(step, int) else 1


def _axes(figure: go.Figure) -> Iterator[Any]:
    yield from figure.select_xaxes()
    yield from figure.select_yaxes()
