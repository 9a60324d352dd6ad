"""Thumbnails: any attention matrix, however long, as a small one whose peaks are kept."""

from typing import Any

import numpy as np

from charts.viewer.payload import Floats, to_numpy


def pool(weights: Any, size: int) -> Floats:
    """Max-pool the last two axes to at most size × size.

    Args:
        weights: (…, queries, keys), any lengths from 1 up.
        size: the longest side of a thumbnail; a side no longer than this stays as it is.

    Returns:
        (…, min(queries, size), min(keys, size)) float32. Each cell is the largest of a block;
        blocks along an axis differ in length by at most one, cover it and do not overlap.

    Raises:
        ValueError: for an empty axis, fewer than two axes, or a size below 1.
    """
    cells = to_numpy(weights)
    if cells.ndim < 2 or 0 in cells.shape[-2:] or size < 1:
        raise ValueError(f"cannot pool shape {cells.shape} to {size}")
    for axis in (-2, -1):
        length = cells.shape[axis]
        if length > size:
            starts = np.arange(size) * length // size
            cells = np.maximum.reduceat(cells, starts, axis=axis)
    return cells


def pool_blocks(cells: Any, block: tuple[int, int], *, signed: bool = False) -> Floats:
    """Pool a matrix by blocks of one size, so that a place in the result says which cells it
    stands for.

    Args:
        cells: (rows, columns).
        block: rows and columns of a block; the last ones may be smaller.
        signed: the cell that is furthest from 0, with its sign, stands for a block, as it should
            in a difference; else the largest does.

    Returns:
        (⌈rows / block rows⌉, ⌈columns / block columns⌉) float32.
    """
    pooled = to_numpy(cells)
    for axis, length in enumerate(block):
        if length > 1:
            starts = np.arange(0, pooled.shape[axis], length)
            high = np.maximum.reduceat(pooled, starts, axis=axis)
            if signed:
                low = np.minimum.reduceat(pooled, starts, axis=axis)
                high = np.where(high >= -low, high, low)
            pooled = high
    return np.ascontiguousarray(pooled)
