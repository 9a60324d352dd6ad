"""A chart in words, for readers who do not see it: what against what, and how far it goes."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from charts.numbers import numeral

SERIES = 8  # that are told one by one
LONGEST = 60  # letters of a name: a token may be longer than anybody listens to


def spoken(figure: go.Figure, words: Mapping[str, str]) -> str:
    """The figure's title, its axes, and the range of every series in it.

    words: the sentences `chart`, `against` (with gaps {y} and {x}), `range` ({low}, {high}),
    `cells` ({rows}, {columns}) and `more` ({count}), in the reader's language.
    """
    layout: Any = figure.layout
    x, y = _plain(layout.xaxis.title.text), _plain(layout.yaxis.title.text)
    axes = words["against"].format(y=y, x=x) if x and y else y or x
    said = [part for part in (_plain(layout.title.text), axes) if part] or [words["chart"]]
    traces = [part for trace in figure.data if (part := _series(trace, words))]
    said += traces[:SERIES]
    if len(traces) > SERIES:
        said.append(words["more"].format(count=len(traces) - SERIES))
    return ". ".join(said)


def _series(trace: Any, words: Mapping[str, str]) -> str:
    """A series by its name, and the least and the largest of its values; nothing where it has
    neither."""
    name = _plain(getattr(trace, "name", None))
    parts = [name] if name else []
    if trace.type == "heatmap":
        rows, columns = np.shape(trace.z)[:2]
        parts.append(words["cells"].format(rows=rows, columns=columns))
        values = _numbers(np.asarray(trace.z).ravel())
    else:
        lying = getattr(trace, "orientation", None) == "h"
        values = _numbers(getattr(trace, "x" if lying else "y", None))
    found = list(values)
    if found:
        low, high = numeral(min(found), ".3g"), numeral(max(found), ".3g")
        parts.append(words["range"].format(low=low, high=high))
    return ": ".join([parts[0], ", ".join(parts[1:])]) if len(parts) > 1 else "".join(parts)


def _numbers(values: Any) -> Iterator[float]:
    for value in values if values is not None else ():
        if isinstance(value, int | float | np.number) and np.isfinite(value):
            yield float(value)


def _plain(text: str | None) -> str:
    """A label without its markup."""
    bare = html.unescape(re.sub(r"<[^<>]*>", " ", text or ""))
    short = " ".join(bare.split())
    return short if len(short) <= LONGEST else f"{short[:LONGEST]}…"
