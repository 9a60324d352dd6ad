"""Thumbnails keep every peak, whatever the length."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from charts.viewer import pool


def test_blocks_by_hand():
    cells = np.array([[1, 2, 3], [4, 5, 6], [7, 9, 8]])
    # Rows 0 | 1–2, columns 0 | 1–2.
    assert pool(cells, 2).tolist() == [[1, 3], [7, 9]]


@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    size=st.integers(1, 24),
    seed=st.integers(0, 9),
)
def test_every_cell_is_the_largest_of_its_block(rows: int, columns: int, size: int, seed: int):
    cells = np.random.default_rng(seed).random((2, rows, columns), dtype=np.float32)
    pooled = pool(cells, size)
    high, wide = min(rows, size), min(columns, size)
    assert pooled.shape == (2, high, wide)
    for i in range(high):
        for j in range(wide):
            block = cells[
                :,
                rows * i // high : rows * (i + 1) // high,
                columns * j // wide : columns * (j + 1) // wide,
            ]
            assert (pooled[:, i, j] == block.max(axis=(1, 2))).all()


def test_short_inputs_stay_as_they_are():
    cells = torch.rand(3, 2, 5, 7)
    assert (pool(cells, 24) == cells.numpy()).all()


@pytest.mark.parametrize("shape", [(4,), (0, 4), (4, 0)])
def test_what_is_no_matrix_is_refused(shape: tuple[int, ...]):
    with pytest.raises(ValueError, match="cannot pool"):
        pool(np.zeros(shape), 4)
    with pytest.raises(ValueError, match="cannot pool"):
        pool(np.zeros((2, 2)), 0)
