"""One head of a long text: its whole matrix pooled, and over it the part that is looked at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from charts.colours import both_themes
from charts.viewer.component import complete, labels, mount
from charts.viewer.payload import (
    Encoded,
    Floats,
    code_for,
    deflated,
    encode_bits,
    encode_cells,
    encode_signed,
    pack,
    to_numpy,
)
from charts.viewer.pooling import pool_blocks

OVERVIEW = 256  # cells a side of the whole matrix, drawn where no tile is
TILE = 512  # cells a side of the part that is looked at

Cell = tuple[int, int]  # (query, key)
Window = tuple[Cell, Cell]  # from, and up to and without


@dataclass(frozen=True)
class TilesEvent:
    """What the viewer shows, and what the reader just did (None: nothing since the last run)."""

    did: Literal["head", "cell", "window"] | None
    head: int
    cell: Cell | None
    window: Window


@dataclass(frozen=True)
class Region:
    """Part of a matrix, in blocks of cells: where it starts and ends, and how long a block is,
    each for queries and keys."""

    start: Cell
    stop: Cell
    block: Cell

    def pooled(self, cells: np.ndarray, *, signed: bool = False) -> Floats:
        """This part of a matrix, a number for each block (see ``pool_blocks``)."""
        (top, left), (bottom, right) = self.start, self.stop
        return pool_blocks(cells[top:bottom, left:right], self.block, signed=signed)


def region(window: Window, shape: tuple[int, int], most: int = TILE) -> Region:
    """What is sent for a window: all of it, in blocks as small as ``most`` of them a side allow,
    which start at multiples of their length; with room to spare, some cells around it too."""
    (top, left), (bottom, right) = window
    top, bottom, deep = _span(top, bottom, shape[0], most)
    left, right, wide = _span(left, right, shape[1], most)
    return Region((top, left), (bottom, right), (deep, wide))


def _span(start: int, stop: int, length: int, most: int) -> tuple[int, int, int]:
    start = min(max(0, start), length - 1)
    stop = min(max(start + 1, stop), length)
    if stop - start <= most:
        around = min(most - (stop - start), stop - start) // 2
        return max(0, start - around), min(length, stop + around), 1
    block = -(-(stop - start) // most)
    while -(-stop // block) - start // block > most:
        block += 1
    return start // block * block, min(length, -(-stop // block) * block), block


def tiles(
    key: str,
    *,
    native: Any,
    variant: Any | None = None,
    heads: Sequence[int],
    head: int,
    query_labels: Sequence[str],
    key_labels: Sequence[str],
    masked_native: Any | None = None,
    masked_variant: Any | None = None,
    window: Window | None = None,
    selected: Cell | None = None,
    words: Mapping[str, str] | None = None,
    on_event: Callable[[TilesEvent], None] | None = None,
) -> TilesEvent:
    """Show one head of any length, as ``focus`` does a short one, in a payload of bounded size.

    Sent are the whole matrix, pooled to at most 256 cells a side, and the window, at most 512
    cells a side: exact where it is no larger, else pooled too. When the reader zooms or moves
    on, an event names the new window, whose tile the next run sends. Colours do not depend on
    the window: their scale reaches the head's largest weight.

    Args:
        key: the component's fixed key; its state in ``st.session_state``.
        native, variant: attention weights (queries, keys), arrays or tensors.
        heads, head: the numbers of the layer's heads, and of this one.
        query_labels, key_labels: the tokens, as the reader is to see them.
        masked_native, masked_variant: (queries, keys), True where attention was not allowed.
        window: the part that is looked at; left out, all of it.
        selected: the marked cell (query, key); one outside the matrix marks nothing.
        words: translations of ``WORDS``.
        on_event: called before the run with what the reader did.

    Raises:
        ValueError: when shapes, labels and heads do not agree, or for a negative weight.
    """
    whole: Window = (0, 0), (len(query_labels), len(key_labels))
    seen = window or whole
    payload = tiles_payload(
        native=native,
        variant=variant,
        heads=heads,
        head=head,
        query_labels=query_labels,
        key_labels=key_labels,
        masked_native=masked_native,
        masked_variant=masked_variant,
        window=seen,
        selected=selected,
        words=words,
    )
    tell = None if on_event is None else (lambda event: on_event(_event(event)))
    event = mount(key, payload, tell)
    return TilesEvent(None, head, selected, seen) if event is None else _event(event)


def _event(event: Mapping[str, Any]) -> TilesEvent:
    cell = event["cell"]
    (top, left), (bottom, right) = event["window"]
    return TilesEvent(
        did=event["did"],
        head=int(event["head"]),
        cell=None if cell is None else (int(cell[0]), int(cell[1])),
        window=((int(top), int(left)), (int(bottom), int(right))),
    )


def tiles_payload(
    *,
    native: Any,
    variant: Any | None,
    heads: Sequence[int],
    head: int,
    query_labels: Sequence[str],
    key_labels: Sequence[str],
    masked_native: Any | None,
    masked_variant: Any | None,
    window: Window,
    selected: Cell | None,
    words: Mapping[str, str] | None,
) -> bytes:
    """The bytes that ``tiles`` sends; its arguments are explained there."""
    shape = (len(query_labels), len(key_labels))
    sides = {"native": to_numpy(native)}
    masks = {"native": masked_native}
    if variant is not None:
        sides["variant"] = to_numpy(variant)
        masks["variant"] = masked_variant
    for name, cells in sides.items():
        if cells.shape != shape:
            raise ValueError(f"{name} has shape {cells.shape}; labels say {shape}")
    allowed = {name: _allowed(mask, shape) for name, mask in masks.items()}
    if head not in heads:
        raise ValueError(f"head {head} is not among {list(heads)}")
    difference = sides["variant"] - sides["native"] if variant is not None else None

    arrays: list[Encoded] = []

    def add(array: Encoded) -> int:
        arrays.append(array)
        return len(arrays) - 1

    def patch(part: Region) -> dict[str, Any]:
        exact = part.block == (1, 1)
        pooled = {name: part.pooled(cells) for name, cells in sides.items()}
        code = code_for(sum(cells.size for cells in pooled.values())) if exact else "u8"
        seen = {name: part.pooled(open_) for name, open_ in allowed.items() if open_ is not None}
        return {
            "from": part.start,
            "block": part.block,
            "shape": pooled["native"].shape,
            "cells": {
                name: add(encode_cells(cells, code, weights=True)) for name, cells in pooled.items()
            },
            # of two exact parts the browser subtracts them itself
            "difference": None
            if difference is None or exact
            else add(encode_signed(part.pooled(difference, signed=True))),
            "masks": {name: add(encode_bits(cells == 0)) for name, cells in seen.items()},
        }

    whole = region(((0, 0), shape), shape, OVERVIEW)
    header = {
        "kind": "tiles",
        "colours": both_themes(),
        "words": complete(words),
        "heads": list(heads),
        "head": head,
        "cell": _inside(selected, shape),
        "view": "matrix",
        "threshold": 1.0,
        "high": max(_largest(cells) for cells in sides.values()),
        "largest_difference": None if difference is None else _largest(difference),
        "queries": labels(query_labels),
        "keys": None if query_labels == key_labels else labels(key_labels),
        "variant": variant is not None,
        "window": window,
        "patches": [patch(whole), patch(region(window, shape))],
        "strongest": {name: add(_strongest(cells)) for name, cells in sides.items()},
    }
    return deflated("tiles", pack(header, arrays))


def _inside(cell: Cell | None, shape: tuple[int, int]) -> list[int] | None:
    if cell is None or not all(0 <= n < length for n, length in zip(cell, shape, strict=True)):
        return None
    return list(cell)


def _allowed(masked: Any | None, shape: tuple[int, int]) -> np.ndarray | None:
    """True where attention was allowed; None where it was everywhere."""
    if masked is None:
        return None
    flags = np.asarray(masked, dtype=bool)
    if flags.shape != shape:
        raise ValueError(f"mask has shape {flags.shape}; weights have {shape}")
    return ~flags if flags.any() else None


def _largest(cells: Floats) -> float:
    """The largest size of a finite number; 0 where all overflowed."""
    return float(np.abs(cells).max(initial=0, where=np.isfinite(cells)))


def _strongest(cells: Floats) -> Encoded:
    """The strongest key of each query and its weight, (2, queries)."""
    best = cells.argmax(axis=1)
    return encode_cells(np.stack([best, cells.max(axis=1)]).astype(np.float32), "f32")
