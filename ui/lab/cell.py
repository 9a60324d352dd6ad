"""One cell, from the two vectors to the number in the picture."""

from collections.abc import Sequence

import pyarrow as pa
import streamlit as st
from torch import Tensor

from charts.viewer import Axis, Kind, Panel, matrices
from experiments.cell import Cell, arithmetic
from ui import spreadsheet
from ui.i18n import _
from ui.inert import inert
from ui.lab.selection import selected_cell
from ui.scene import Scene, side_names, words


def show(scene: Scene) -> None:
    """The arithmetic of the opened cell, or of the one that changed most."""
    cell = selected_cell(scene)
    if cell is None:
        cell = _most_changed(scene)
        st.caption(_("The cell that changed most. Click any other in the picture."))
    query, key = cell
    st.markdown(
        _("From **{query}** (query {i}) to **{key}** (key {j})").format(
            query=inert(scene.tokens[query]), i=query, key=inert(scene.tokens[key]), j=key
        )
    )
    sides = ("native", "variant") if scene.changed else ("native",)
    for column, side in zip(st.columns(len(sides)), sides, strict=True):
        choices = scene.choices(side).at(scene.layer, scene.native)
        with column:
            st.subheader(side_names()[side], anchor=False)
            _one_side(arithmetic(scene.one_head(side), choices, 0, query, key), side, scene, key)


def _one_side(cell: Cell, side: str, scene: Scene, key: int) -> None:
    st.latex(_formula(cell))
    matrices(
        f"cell_{side}",
        panels=[
            _vector(_("query q"), cell.query, "queries"),
            _vector(_("key k"), cell.key, "keys"),
            _vector(_("their terms, one per feature"), cell.terms, "scores"),
        ],
        words=words(),
    )
    st.dataframe(_steps(cell), hide_index=True, width="stretch")
    st.caption(_("The row's softmax: all keys of this query"))
    st.dataframe(
        _row(cell, scene.tokens),
        hide_index=True,
        width="stretch",
        height=220,
        column_config={
            "key": _("key"),
            "token": _("token"),
            "score": st.column_config.NumberColumn(_("score"), format="%.4f"),
            "allowed": _("allowed"),
            "exponential": st.column_config.NumberColumn(_("exp(score − highest)"), format="%.3e"),
            "weight": st.column_config.ProgressColumn(
                _("weight"), min_value=0.0, max_value=1.0, format="%.4f"
            ),
        },
    )


def _vector(title: str, features: Tensor, kind: Kind) -> Panel:
    """Features (d_head,) as a strip of cells."""
    return Panel(title, features[None], kind, columns=Axis(_("feature")))


def _row(cell: Cell, tokens: Sequence[str]) -> pa.Table:
    """The row's softmax. Arrow, as what travels to the browser is: to hand over a frame of pandas
    costs the server ten times as much, at every throw of a switch."""
    return pa.table(
        {
            "key": list(range(len(tokens))),
            "token": [spreadsheet.cell(token) for token in tokens],
            "weight": cell.row.weights.numpy(),  # early, so that a narrow page shows it
            "score": cell.row.scores.numpy(),
            "allowed": cell.row.allowed.numpy(),
            "exponential": cell.row.exponentials.numpy(),
        }
    )


def _steps(cell: Cell) -> pa.Table:
    """The chain of numbers, each made from those above it."""
    total_of_terms = cell.raw - cell.position_score
    steps = []
    if cell.content is not None:
        turned = total_of_terms - cell.content
        steps = [
            (_("content alone: q·k before RoPE turns them"), f"{cell.content:.6g}"),
            (_("what turning q and k by their positions adds"), f"{turned:+.6g}"),
        ]
    steps.append((_("raw score: the sum of the terms"), f"{total_of_terms:.6g}"))
    if cell.position_score:
        steps.append((_("Transformer-XL's position terms"), f"{cell.position_score:+.6g}"))
    steps.append((_("divided by"), f"{cell.divisor:.6g}"))
    if cell.bias:
        steps.append((_("position bias"), f"{cell.bias:+.6g}"))
    steps += [
        (_("score"), f"{cell.score:.6g}"),
        (_("mask"), _("allowed") if cell.allowed else _("masked: the score becomes −∞")),
        (_("exp(score − highest of the row)"), f"{cell.exponential:.6g}"),
        (_("sum of these over the row"), f"{cell.total:.6g}"),
        (_("weight"), f"{cell.weight:.6g}"),
    ]
    names, values = zip(*steps, strict=True)
    return pa.table({_("step"): names, _("value"): values})


def _formula(cell: Cell) -> str:
    """The chain as a formula with its numbers."""
    bias = f" {cell.bias:+.4g}" if cell.bias else ""
    scored = rf"\frac{{{cell.raw:.4g}}}{{{cell.divisor:.4g}}}{bias} = {cell.score:.4g}"
    if not cell.allowed:
        return scored + r" \;\to\; -\infty \;\to\; 0"
    softmax = rf"\frac{{{cell.exponential:.4g}}}{{{cell.total:.4g}}} = \mathbf{{{cell.weight:.4g}}}"
    return scored + r" \;\to\; " + softmax


def _most_changed(scene: Scene) -> tuple[int, int]:
    native = scene.one_head("native").weights[0, 0]
    change = (scene.one_head("variant").weights[0, 0] - native).abs()
    flat = int((change if scene.changed else native).argmax())
    return divmod(flat, native.shape[-1])
