"""The head as successive matrices: raw scores, scaled, masked, softmax, times values."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from torch import Tensor

from charts.viewer import Axis, Kind, Panel, matrices
from ui.i18n import _
from ui.scene import SIDES, Scene, side_names, words

MOST = 96  # tokens drawn: five matrices of more would no longer be legible


def show(scene: Scene) -> None:
    """Draw each step, native beside the variant on one scale."""
    shown = min(MOST, len(scene.tokens))
    if shown < len(scene.tokens):
        st.caption(
            _("The first {shown} of {tokens} tokens.").format(shown=shown, tokens=len(scene.tokens))
        )
    sides = SIDES if scene.changed else SIDES[:1]
    steps = zip(*(_steps(scene, side, shown) for side in sides), strict=True)
    panels = [panel for pair in steps for panel in _on_one_scale(pair)]
    matrices("pipeline", panels=panels, across=2 if scene.changed else None, words=words())


def _on_one_scale(pair: Sequence[Panel]) -> list[Panel]:
    """The same step of each side, under one scale: that of the largest cell of both."""
    high = max(map(_largest, pair))
    return [replace(panel, high=high or None) for panel in pair]


def _largest(panel: Panel) -> float:
    """The largest size of a cell that is a number; 0 where none is."""
    sizes = panel.cells.abs()
    return float(sizes[sizes.isfinite()].max()) if sizes.isfinite().any() else 0.0


def _steps(scene: Scene, side: str, shown: int) -> list[Panel]:
    view = scene.one_head(side)
    names = scene.tokens[:shown]
    rows = Axis(_("Queries"), names, "queries")
    keys = Axis(_("Keys"), names, "keys")
    features = Axis(_("Feature of the value"), None, "values")
    of = f" · {side_names()[side]}" if scene.changed else ""

    def cut(matrix: Tensor) -> Tensor:
        return matrix[0, 0, :shown, :shown]

    def square(title: str, cells: Tensor, kind: Kind, masked: Tensor | None = None) -> Panel:
        return Panel(title + of, cells, kind, rows=rows, columns=keys, masked=masked)

    scores, barred = cut(view.scores), ~cut(view.mask)
    return [
        square(_("1 · raw scores"), cut(view.raw_scores), "scores"),
        square(_("2 · scaled, with position bias"), scores, "scores"),
        square(_("3 · masked"), scores, "scores", barred),
        square(_("4 · softmax: the weights"), cut(view.weights), "weights", barred),
        Panel(
            _("5 · weights × values: what the head hands on") + of,
            view.head_outputs[0, 0, :shown],
            "values",
            rows=rows,
            columns=features,
        ),
    ]
