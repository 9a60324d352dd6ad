"""The head as successive matrices: raw scores, scaled, masked, softmax, times values."""

import streamlit as st
from torch import Tensor

from charts.viewer import Axis, Panel, matrices
from ui.i18n import _
from ui.scene import Scene, side_names, words

MOST = 96  # tokens drawn: five matrices of more would no longer be legible


def show(scene: Scene) -> None:
    """Draw each step for native, and below it for the variant."""
    shown = min(MOST, len(scene.tokens))
    if shown < len(scene.tokens):
        st.caption(
            _("The first {shown} of {tokens} tokens.").format(shown=shown, tokens=len(scene.tokens))
        )
    for side in ("native", "variant") if scene.changed else ("native",):
        st.subheader(side_names()[side], anchor=False)
        matrices(f"pipeline_{side}", panels=_panels(scene, side, shown), words=words())


def _panels(scene: Scene, side: str, shown: int) -> list[Panel]:
    view = scene.one_head(side)
    names = scene.tokens[:shown]
    rows = Axis(_("Queries"), names, "queries")
    keys = Axis(_("Keys"), names, "keys")
    features = Axis(_("Feature of the value"), None, "values")

    def cut(matrix: Tensor) -> Tensor:
        return matrix[0, 0, :shown, :shown]

    scores = cut(view.scores)
    return [
        Panel(_("1 · raw scores"), cut(view.raw_scores), "scores", rows=rows, columns=keys),
        Panel(_("2 · scaled, with position bias"), scores, "scores", rows=rows, columns=keys),
        Panel(_("3 · masked"), scores, "scores", rows=rows, columns=keys, masked=~cut(view.mask)),
        Panel(
            _("4 · softmax: the weights"),
            cut(view.weights),
            "weights",
            rows=rows,
            columns=keys,
            masked=~cut(view.mask),
        ),
        Panel(
            _("5 · weights × values: what the head hands on"),
            view.head_outputs[0, 0, :shown],
            "values",
            rows=rows,
            columns=features,
        ),
    ]
