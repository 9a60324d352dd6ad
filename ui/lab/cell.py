"""One cell, from the two vectors to the number in the picture: native beside variant."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import streamlit as st
import torch
from torch import Tensor

from charts.viewer import Axis, Kind, Panel, matrices
from experiments.cell import Cell, arithmetic
from ui import spreadsheet
from ui.i18n import _
from ui.inert import inert
from ui.lab.selection import selected_cell
from ui.numbers import numeral
from ui.scene import SIDES, Scene, side_names, words


def show(scene: Scene) -> None:
    """The arithmetic of the opened cell, or of the one that changed most."""
    opened = selected_cell(scene)
    query, key = opened or _most_changed(scene)
    cells = {
        side: arithmetic(
            scene.one_head(side), scene.choices(side).at(scene.layer, scene.native), 0, query, key
        )
        for side in (SIDES if scene.changed else ("native",))
    }
    title = _("From **{query}** (query {i}) to **{key}** (key {j})").format(
        query=inert(scene.tokens[query]), i=query, key=inert(scene.tokens[key]), j=key
    )
    if opened is None:
        most = _("The cell that changed most. Click any other in the picture.")
        title += f" :small[:gray[{most}]]"
    # Few messages: each costs the server some tenths of a millisecond at every throw.
    st.markdown("\n\n".join([title, *_formulas(cells)]))
    matrices(
        "cell_vectors",
        panels=[
            _vectors(_("query q"), [cell.query for cell in cells.values()], "queries"),
            _vectors(_("key k"), [cell.key for cell in cells.values()], "keys"),
            _vectors(
                _("their terms, one per feature"), [cell.terms for cell in cells.values()], "scores"
            ),
        ],
        across=1,
        words=words(),
    )
    row = _("The row's softmax: all keys of this query")
    st.markdown(f"{_steps(cells)}\n\n:small[:gray[{row}]]")
    _row(cells, scene.tokens)


def _vectors(title: str, vectors: Sequence[Tensor], kind: Kind) -> Panel:
    """Features (d_head,) of each side, and how far they lie apart, one strip under the other."""
    names = list(side_names().values())[: len(vectors)]
    strips = list(vectors)
    if len(vectors) > 1:
        names.append(_("Difference"))
        strips.append(vectors[1] - vectors[0])
    rows = Axis(labels=names) if len(names) > 1 else Axis()
    return Panel(title, torch.stack(strips), kind, rows=rows, columns=Axis(_("feature")))


def _row(cells: Mapping[str, Cell], tokens: Sequence[str]) -> None:
    """The row's softmax, of each side. Arrow, as what travels to the browser is: to hand over a
    frame of pandas costs the server ten times as much, at every throw of a switch."""
    columns: dict[str, Any] = {
        _("key"): range(len(tokens)),
        _("token"): [spreadsheet.cell(spreadsheet.shown(token)) for token in tokens],
    }
    looks = {}
    number = st.column_config.NumberColumn(format="%.4f")
    # the weights early, so that a narrow page shows them
    for name, values, look in (
        (_("weight"), "weights", st.column_config.ProgressColumn(format="%.4f", max_value=1.0)),
        (_("score"), "scores", number),
        (_("allowed"), "allowed", None),
        (_("exp(score − highest)"), "exponentials", st.column_config.NumberColumn(format="%.3e")),
    ):
        for side, cell in cells.items():
            title = f"{name} · {side_names()[side]}" if len(cells) > 1 else name
            column = getattr(cell.row, values)
            if not column.isfinite().all():
                columns[title] = [numeral(value, ".4g") for value in column.tolist()]
                continue
            columns[title] = column.numpy()
            if look is not None:
                looks[title] = look
    st.dataframe(
        pa.table(columns), hide_index=True, width="stretch", height=220, column_config=looks
    )


def _steps(cells: Mapping[str, Cell]) -> str:
    """The chain of numbers as a table in Markdown, each made from those above it; what no side does
    is left out."""
    chains = [_chain(cell) for cell in cells.values()]
    titles = list(side_names().values()) if len(cells) > 1 else [_("value")]
    rows = [[_("step"), *titles], ["---"] * (1 + len(titles))]
    for name, *values in zip(chains[0], *(chain.values() for chain in chains), strict=True):
        if any(value is not None for value in values):
            rows.append([name, *(value or "—" for value in values)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _chain(cell: Cell) -> dict[str, str | None]:
    """Every step a cell may take, in order, and its number if this one takes it."""
    total_of_terms = cell.raw - cell.position_score
    content, turned, position, bias = None, None, None, None
    if cell.content is not None:
        content, turned = (
            numeral(cell.content, ".6g"),
            numeral(total_of_terms - cell.content, "+.6g"),
        )
    if cell.position_score:
        position = numeral(cell.position_score, "+.6g")
    if cell.bias:
        bias = numeral(cell.bias, "+.6g")
    return {
        _("content alone: q·k before RoPE turns them"): content,
        _("what turning q and k by their positions adds"): turned,
        _("raw score: the sum of the terms"): numeral(total_of_terms, ".6g"),
        _("Transformer-XL's position terms"): position,
        _("divided by"): numeral(cell.divisor, ".6g"),
        _("position bias"): bias,
        _("score"): numeral(cell.score, ".6g"),
        _("mask"): _("allowed") if cell.allowed else _("masked: the score becomes −∞"),
        _("exp(score − highest of the row)"): numeral(cell.exponential, ".6g"),
        _("sum of these over the row"): numeral(cell.total, ".6g"),
        _("weight"): numeral(cell.weight, ".6g"),
    }


def _formulas(cells: Mapping[str, Cell]) -> list[str]:
    """The chains as formulas with their numbers, a line each."""
    names = side_names()
    return [rf"**{names[side]}** $\displaystyle {_formula(cell)}$" for side, cell in cells.items()]


def _formula(cell: Cell) -> str:
    """The chain as a formula with its numbers."""
    bias = f" {numeral(cell.bias, '+.4g')}" if cell.bias else ""
    raw, divisor, score = map(_tex, (cell.raw, cell.divisor, cell.score))
    scored = rf"\frac{{{raw}}}{{{divisor}}}{bias} = {score}"
    if not cell.allowed:
        return scored + r" \;\to\; -\infty \;\to\; 0"
    one, total, weight = map(_tex, (cell.exponential, cell.total, cell.weight))
    return scored + rf" \;\to\; \frac{{{one}}}{{{total}}} = \mathbf{{{weight}}}"


def _tex(value: float) -> str:
    """A number inside a formula, where words need a frame of their own."""
    said = numeral(value, ".4g")
    return said if math.isfinite(value) else rf"\text{{{said}}}"


def _most_changed(scene: Scene) -> tuple[int, int]:
    native = scene.one_head("native").weights[0, 0]
    change = (scene.one_head("variant").weights[0, 0] - native).abs()
    flat = int((change if scene.changed else native).argmax())
    return divmod(flat, native.shape[-1])
