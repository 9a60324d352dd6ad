"""A row of matrices of any sizes: queries, keys, values, scores, weights, differences."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from charts.colours import both_themes
from charts.viewer.component import complete, labels, mount
from charts.viewer.payload import Encoded, encode_bits, encode_cells, pack, to_numpy

Kind = Literal["weights", "amounts", "difference", "scores", "queries", "keys", "values"]

# Cells of all panels together: up to which number they travel exactly.
EXACT_UP_TO = 60_000
LARGEST_CELL = 30  # pixels


@dataclass(frozen=True)
class Axis:
    """One side of a panel: its name, the names of its places, and the colour of its meaning."""

    name: str = ""
    labels: Sequence[str] | None = None
    colour: Literal["queries", "keys", "values"] | None = None


@dataclass(frozen=True)
class Panel:
    """One matrix.

    ``cells`` is (rows, columns); what is not finite is drawn as overflowed, unless it is masked.
    ``kind`` is the colour scale: weights and amounts from 0 to ``high``, all others symmetric
    around 0 up to the larger of ``low`` and ``high`` in size. Left out, the scale reaches the
    largest cell, rounded up.
    """

    title: str
    cells: Any
    kind: Kind = "weights"
    low: float | None = None
    high: float | None = None
    rows: Axis = Axis()
    columns: Axis = Axis()
    masked: Any | None = None  # (rows, columns), True where there is no value


@dataclass(frozen=True)
class MatricesEvent:
    """The marked cell, and whether the reader has just marked it."""

    panel: int | None
    cell: tuple[int, int] | None
    changed: bool


def matrices(
    key: str,
    *,
    panels: Sequence[Panel],
    selected: tuple[int, int, int] | None = None,
    across: int | None = None,
    largest: int = LARGEST_CELL,
    words: Mapping[str, str] | None = None,
    on_event: Callable[[MatricesEvent], None] | None = None,
) -> MatricesEvent:
    """Show matrices side by side, wrapping where the page is narrow.

    Args:
        key: the component's fixed key.
        panels: from left to right. Those of one shape light up and zoom together.
        selected: the marked cell (panel, row, column).
        across: how many panels share a line on a page that is wide enough; by default as many
            as have room at a good size.
        largest: how many pixels wide a cell may be.
        words: translations of ``WORDS``.
        on_event: called before the run with what the reader did.

    Raises:
        ValueError: when a panel is not a matrix, or labels or a mask do not fit it.
    """
    tell = None if on_event is None else (lambda event: on_event(_event(event)))
    event = mount(key, matrices_payload(panels, selected, words, across, largest), tell)
    if event is not None:
        return _event(event)
    if selected is None:
        return MatricesEvent(None, None, changed=False)
    return MatricesEvent(selected[0], selected[1:], changed=False)


def _event(event: Mapping[str, Any]) -> MatricesEvent:
    if event["panel"] is None:
        return MatricesEvent(None, None, changed=True)
    row, column = event["cell"]
    return MatricesEvent(int(event["panel"]), (int(row), int(column)), changed=True)


def matrices_payload(
    panels: Sequence[Panel],
    selected: tuple[int, int, int] | None,
    words: Mapping[str, str] | None,
    across: int | None = None,
    largest: int = LARGEST_CELL,
) -> bytes:
    """The bytes that ``matrices`` sends; its arguments are explained there."""
    arrays: list[Encoded] = []
    described = []
    cells_of = [to_numpy(panel.cells) for panel in panels]
    exact = sum(cells.size for cells in cells_of) <= EXACT_UP_TO
    for panel, cells in zip(panels, cells_of, strict=True):
        if cells.ndim != 2 or cells.size == 0:
            raise ValueError(f"panel {panel.title!r} is not a matrix: {cells.shape}")
        masked = np.zeros(cells.shape, dtype=bool)
        if panel.masked is not None:
            masked = np.asarray(to_numpy(panel.masked), dtype=bool)
        if masked.shape != cells.shape:
            raise ValueError(f"panel {panel.title!r}: mask {masked.shape}, cells {cells.shape}")
        described.append(
            {
                "title": panel.title,
                "kind": panel.kind,
                "low": _end(panel.low),
                "high": _end(panel.high),
                "cells": len(arrays),
                "masked": len(arrays) + 1 if masked.any() else None,
                "rows": _axis(panel, panel.rows, cells.shape[0]),
                "columns": _axis(panel, panel.columns, cells.shape[1]),
            }
        )
        weights = panel.kind == "weights"
        arrays.append(encode_cells(cells, "f32" if exact else "u16", weights=weights))
        if masked.any():
            arrays.append(encode_bits(masked))
    header = {
        "kind": "matrices",
        "colours": both_themes(),
        "words": complete(words),
        "panels": described,
        "across": across,
        "largest": largest,
        "selected": None
        if selected is None
        else {"panel": selected[0], "cell": [selected[1], selected[2]]},
    }
    return pack(header, arrays)


def _end(value: float | None) -> float | None:
    """An end of a scale, if it is one."""
    return value if value is not None and np.isfinite(value) else None


def _axis(panel: Panel, axis: Axis, count: int) -> dict[str, Any]:
    if axis.labels is not None and len(axis.labels) != count:
        raise ValueError(f"panel {panel.title!r}: {len(axis.labels)} labels for {count} places")
    named = None if axis.labels is None else labels(axis.labels)
    return {"axis": axis.name, "labels": named, "colour": axis.colour}
