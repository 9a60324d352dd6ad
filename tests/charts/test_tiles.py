"""A long matrix by tiles: bounded, exact where it promises to be, every peak kept."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charts.viewer.payload import encode_signed, inflated, pack, unpack
from charts.viewer.pooling import pool_blocks
from charts.viewer.tiles import OVERVIEW, TILE, Window, region, tiles_payload
from tests.charts.synthetic import synthetic

LENGTH = 700
NATIVE = synthetic(1, 1, 1, LENGTH, causal=True)[0, 0]
VARIANT = synthetic(2, 1, 1, LENGTH, causal=True)[0, 0]
FUTURE = np.triu(np.ones((LENGTH, LENGTH), bool), 1)

lengths = st.integers(1, 3000)


def sent(window: Window, **changes: Any) -> tuple[dict[str, Any], list[np.ndarray]]:
    """What the browser gets for a window of a head of 700 tokens, and how it unpacks it."""
    labels = [f"t{n}" for n in range(LENGTH)]
    wanted = {
        "native": NATIVE,
        "variant": VARIANT,
        "heads": range(9),
        "head": 3,
        "query_labels": labels,
        "key_labels": labels,
        "masked_native": FUTURE,
        "masked_variant": FUTURE,
        "window": window,
        "selected": (5, 3),
        "words": None,
    }
    return unpack(inflated(tiles_payload(**{**wanted, **changes})))


@given(st.data(), lengths, lengths)
def test_a_region_covers_its_window_in_few_whole_blocks(data: Any, rows: int, columns: int) -> None:
    ends = [
        sorted((data.draw(st.integers(0, n)), data.draw(st.integers(0, n))))
        for n in (rows, columns)
    ]
    (top, bottom), (left, right) = ends
    found = region(((top, left), (bottom, right)), (rows, columns))
    for axis, (first, last) in enumerate(ends):
        start, stop, block = found.start[axis], found.stop[axis], found.block[axis]
        whole = (rows, columns)[axis]
        assert 0 <= start <= first or first == whole
        assert last <= stop <= whole
        assert start % block == 0
        assert stop == whole or stop % block == 0
        assert 1 <= -(-(stop - start) // block) <= TILE
        assert (block == 1) == (last - first <= TILE)  # as fine as may be
        assert block <= -(-(last - first) // TILE) + 1


@given(
    st.integers(1, 30), st.integers(1, 30), st.integers(1, 7), st.integers(1, 7), st.integers(0, 9)
)
def test_a_block_is_its_largest_cell(
    rows: int, columns: int, deep: int, wide: int, seed: int
) -> None:
    cells = np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)
    plain = pool_blocks(cells, (deep, wide))
    signed = pool_blocks(cells, (deep, wide), signed=True)
    assert plain.shape == signed.shape == (-(-rows // deep), -(-columns // wide))
    for i, j in np.ndindex(plain.shape):
        block = cells[i * deep : (i + 1) * deep, j * wide : (j + 1) * wide].ravel()
        assert plain[i, j] == block.max()
        assert signed[i, j] == block[np.abs(block).argmax()]


def test_signed_cells_by_hand() -> None:
    cells = np.array([-4, -1, 0, 0.25, 4], dtype=np.float32)
    stored = encode_signed(cells)
    assert list(stored.data) == [0, 63, 127, 159, 254]  # 127 ± 127 · √(size / 4), to the even
    (back,) = unpack(pack({}, [stored]))[1]
    assert back[[0, 2, 4]].tolist() == [-4, 0, 4]
    assert np.abs(back - cells).max() < 0.02


def test_an_exact_tile_is_the_slice_of_the_matrix() -> None:
    header, arrays = sent(((300, 200), (400, 300)))
    tile = header["patches"][1]
    (top, left), (deep, wide) = tile["from"], tile["shape"]
    assert tile["block"] == [1, 1]
    assert tile["difference"] is None
    for name, cells in (("native", NATIVE), ("variant", VARIANT)):
        there = cells[top : top + deep, left : left + wide]
        np.testing.assert_allclose(arrays[tile["cells"][name]], there, rtol=2e-4, atol=1e-7)
        masked = FUTURE[top : top + deep, left : left + wide]
        assert (arrays[tile["masks"][name]] == masked).all()


def test_a_small_window_travels_as_the_numbers_themselves() -> None:
    header, arrays = sent(((300, 200), (340, 240)))
    tile = header["patches"][1]
    (top, left), (deep, wide) = tile["from"], tile["shape"]
    there = VARIANT[top : top + deep, left : left + wide]
    assert (arrays[tile["cells"]["variant"]] == there).all()


def test_a_pooled_difference_is_that_of_the_matrices() -> None:
    header, arrays = sent(((0, 0), (LENGTH, LENGTH)))
    for patch, most in zip(header["patches"], (OVERVIEW, TILE), strict=True):
        assert max(patch["shape"]) <= most
        wanted = pool_blocks(VARIANT - NATIVE, tuple(patch["block"]), signed=True)
        found = arrays[patch["difference"]]
        step = np.sqrt(np.abs(wanted) * header["largest_difference"]) / 127
        assert (np.abs(found - wanted) <= step + 1e-4).all()
        assert (np.sign(found) * np.sign(wanted) >= 0).all()
        # which two pooled pictures could not tell
        pooled = [pool_blocks(cells, tuple(patch["block"])) for cells in (NATIVE, VARIANT)]
        assert np.abs(pooled[1] - pooled[0] - wanted).max() > 0.05
        masked = arrays[patch["masks"]["native"]]
        assert (masked == (pool_blocks(~FUTURE, tuple(patch["block"])) == 0)).all()


def test_the_scale_and_the_strongest_keys_are_those_of_the_whole_head() -> None:
    for window in (((0, 0), (LENGTH, LENGTH)), ((600, 0), (620, 20))):
        header, arrays = sent(window)
        assert header["high"] == max(NATIVE.max(), VARIANT.max())
        assert header["largest_difference"] == np.abs(VARIANT - NATIVE).max()
        best, weights = arrays[header["strongest"]["native"]]
        assert (best == NATIVE.argmax(1)).all()
        assert (weights == NATIVE.max(1)).all()


@settings(deadline=None, max_examples=15)
@given(st.integers(0, LENGTH - 2), st.integers(0, LENGTH - 2), st.integers(1, LENGTH))
def test_a_payload_is_bounded(top: int, left: int, size: int) -> None:
    window = (top, left), (min(LENGTH, top + size), min(LENGTH, left + size))
    _header, arrays = sent(window)
    assert sum(array.size for array in arrays) < 3 * (OVERVIEW**2 + TILE**2) * 2


def test_equal_labels_travel_once() -> None:
    whole = ((0, 0), (LENGTH, LENGTH))
    assert sent(whole)[0]["keys"] is None
    assert sent(whole, key_labels=["k"] * LENGTH)[0]["keys"] == ["k"] * LENGTH


def test_a_cell_outside_marks_nothing() -> None:
    assert sent(((0, 0), (9, 9)))[0]["cell"] == [5, 3]
    assert sent(((0, 0), (9, 9)), selected=(900, 0))[0]["cell"] is None


def test_alone_there_is_no_variant_and_no_difference() -> None:
    header, _ = sent(((0, 0), (LENGTH, LENGTH)), variant=None, masked_native=None)
    assert header["variant"] is False
    assert all(patch["difference"] is None for patch in header["patches"])
    assert all(not patch["masks"] for patch in header["patches"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"native": NATIVE[:5]},
        {"variant": VARIANT[:, :5]},
        {"head": 9},
        {"masked_native": FUTURE[:3]},
        {"native": -NATIVE},
    ],
)
def test_what_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        sent(((0, 0), (9, 9)), **wrong)
