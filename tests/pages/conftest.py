"""Every chart that a page draws in these tests says what its axes show."""

import plotly.graph_objects as go
import pytest

from charts.axes import unnamed
from ui import plot


@pytest.fixture(autouse=True)
def named_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = plot.spoken

    def check(figure: go.Figure, words: dict[str, str]) -> str:
        said = spoken(figure, words)
        assert not unnamed(figure), said
        return said

    monkeypatch.setattr(plot, "spoken", check)
