"""The bytes that travel: small, exact where they promise it, the same for the same input."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from charts.viewer.atlas import atlas_payload
from charts.viewer.component import script, style
from charts.viewer.focus import ALL_HEADS_UP_TO, focus_payload
from charts.viewer.matrices import Axis, Panel, matrices_payload
from charts.viewer.payload import (
    Code,
    encode_bits,
    encode_cells,
    encode_signed,
    inflated,
    pack,
    unpack,
)
from charts.viewer.pooling import pool
from charts.viewer.tiles import tiles_payload


def focused(native, variant=None, **changes):
    """A focus payload with everything left out that a test does not speak of."""
    heads, queries, keys = native.shape
    wanted = {
        "native": native,
        "variant": variant,
        "heads": range(heads),
        "head": 0,
        "query_labels": [f"q{n}" for n in range(queries)],
        "key_labels": [f"k{n}" for n in range(keys)],
        "masked_native": None,
        "masked_variant": None,
        "view": "matrix",
        "selected": None,
        "threshold": 0.7,
        "high": None,
        "words": None,
    }
    return focus_payload(**{**wanted, **changes})


def softmax_rows(*shape: int) -> np.ndarray:
    weights = np.exp(np.random.default_rng(0).normal(0, 3, shape))
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)


def test_layout_by_hand():
    blob = pack({"a": "é"}, [encode_bits(np.array([True, False, False, True]))])
    text = '{"a":"é","arrays":[{"code":"bits","offset":0,"shape":[4]}]}'.encode()
    assert blob[:4] == len(text).to_bytes(4, "little")
    assert blob[4 : 4 + len(text)] == text
    assert len(blob) % 8 == 0
    assert blob[-8:] == bytes([0b1001, 0, 0, 0, 0, 0, 0, 0])


def test_codes_by_hand():
    weights = np.array([0.0, 0.25, 1.0], dtype=np.float32)
    # Eight bits store the square root, sixteen the fourth root: 255·0.5, 65535·0.7071.
    assert list(encode_cells(weights, "u8", weights=True).data) == [0, 128, 255]
    stored = np.frombuffer(encode_cells(weights, "u16", weights=True).data, "<u2")
    assert stored.tolist() == [0, 46340, 65535]
    assert list(encode_cells(np.array([-1, 0, 1], dtype=np.float32), "u8").data) == [0, 128, 255]


def read_back(cells: np.ndarray, code: Code, *, weights: bool = False) -> np.ndarray:
    return unpack(pack({}, [encode_cells(cells, code, weights=weights)]))[1][0]


@given(arrays(np.float32, (3, 5), elements=st.floats(-1e3, 1e3, width=32)))
def test_linear_codes_are_within_half_a_step(cells: np.ndarray):
    spread = float(cells.max()) - float(cells.min())
    assert (read_back(cells, "f32") == cells).all()
    steps: dict[Code, int] = {"u16": 65535, "u8": 255}
    for code, levels in steps.items():
        error = np.abs(read_back(cells, code).astype(float) - cells).max()
        assert error <= 0.5 * spread / levels + 1e-4


@given(arrays(np.float32, (4, 4), elements=st.floats(0, 1, width=32)))
def test_weights_keep_zero_order_and_small_values(cells: np.ndarray):
    errors: dict[Code, float] = {"u16": 2e-4, "u8": 0.14}
    for code, error in errors.items():
        stored = read_back(cells, code, weights=True)
        assert (stored[cells == 0] == 0).all()
        order = np.argsort(cells.ravel())
        assert (np.diff(stored.ravel()[order]) >= 0).all()
        clear = cells > 1e-3 * max(float(cells.max()), 1e-30)
        assert np.allclose(stored[clear], cells[clear], rtol=error)


@pytest.mark.parametrize("code", ["f32", "u16", "u8"])
@pytest.mark.parametrize("weights", [True, False])
def test_what_is_not_finite_arrives_as_no_number_beside_the_others(code: Code, weights: bool):
    cells = np.array([[1.0, -np.inf], [np.nan, 3.0], [np.inf, 0.0]], dtype=np.float32)
    found = read_back(cells, code, weights=weights)
    assert np.isnan(found).tolist() == [[False, True], [True, False], [True, False]]
    known = np.isfinite(cells)
    assert np.allclose(found[known], cells[known], atol=0.02)
    signed = unpack(pack({}, [encode_signed(cells)]))[1][0]
    assert (np.isnan(signed) == ~known).all()
    assert np.allclose(signed[known], cells[known], atol=0.02)


def test_tiles_of_a_head_that_overflowed_have_a_scale_and_marks():
    weights = np.full((300, 300), np.nan, dtype=np.float32)
    weights[0, :2] = 0.5, -0.0
    blob = tiles_payload(
        native=np.abs(np.nan_to_num(weights)),
        variant=weights,
        heads=[0],
        head=0,
        query_labels=["q"] * 300,
        key_labels=["k"] * 300,
        masked_native=None,
        masked_variant=None,
        window=((0, 0), (300, 300)),
        selected=None,
        words=None,
    )
    header, stored = unpack(inflated(blob))
    assert (header["high"], header["largest_difference"]) == (0.5, 0.0)
    pooled = stored[header["patches"][0]["cells"]["variant"]]
    assert np.isnan(pooled).mean() > 0.99  # a block in which anything overflowed has


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match="negative"):
        encode_cells(np.array([-0.1], dtype=np.float32), "u8", weights=True)


def test_same_input_same_bytes():
    native = softmax_rows(2, 6, 6)
    assert focused(native, native[::-1]) == focused(native.copy(), native[::-1].copy())


def test_a_causal_mask_is_a_word_and_others_are_bits():
    native = softmax_rows(2, 9, 9)
    causal = np.triu(np.ones((9, 9), bool), 1)
    header, _ = unpack(focused(native, native, masked_native=causal))
    assert header["masks"] == {"native": "causal", "variant": None}

    padding = np.zeros((2, 9, 9), bool)
    padding[:, :, 7:] = True
    header, stored = unpack(focused(native, masked_native=padding))
    assert (stored[header["masks"]["native"]] == padding[0]).all()

    padding[1, :, 6] = True
    header, stored = unpack(focused(native, masked_native=padding))
    assert (stored[header["masks"]["native"]["1"]] == padding[1]).all()


def test_short_inputs_travel_exactly_with_all_heads():
    native, variant = softmax_rows(12, 40, 40), softmax_rows(12, 40, 40)[::-1]
    header, stored = unpack(focused(native, variant))
    assert sorted(header["native"], key=int) == [str(n) for n in range(12)]
    assert (stored[header["native"]["0"]] == native[0]).all()
    assert (stored[header["variant"]["0"]] == variant[0]).all()


@pytest.mark.parametrize("tokens", [16, 40, 80, 128, 200, 256, 384, 512])
def test_cells_stay_within_the_budget(tokens: int):
    native = softmax_rows(12, tokens, tokens)
    blob = focused(native, native, head=3)
    header, _ = unpack(blob)
    assert "3" in header["native"]
    assert len(blob) < ALL_HEADS_UP_TO + 30_000


def test_atlas_and_focused_head_together():
    thumbnails = pool(softmax_rows(6, 12, 64, 64), 24)
    around = len(script().encode()) + len(style().encode())
    both = [
        atlas_payload(
            native=thumbnails,
            variant=thumbnails,
            show="difference",
            selected=(0, 0),
            ablated=(),
            values=None,
            words=None,
        ),
        focused(softmax_rows(12, 512, 512), softmax_rows(12, 512, 512)),
    ]
    assert sum(map(len, both)) + 2 * around < 700_000


def test_a_long_token_does_not_make_a_long_message():
    native = softmax_rows(1, 2, 2)
    labels = ["a" * 100_000, "\ud800"]  # and half a surrogate pair does not stop it
    assert len(focused(native, query_labels=labels, key_labels=labels)) < 10_000


def test_disagreement_is_refused():
    native = softmax_rows(2, 3, 4)
    for changes in (
        {"heads": [0]},
        {"head": 7},
        {"query_labels": ["a"]},
        {"variant": native[:, :2]},
        {"masked_native": np.zeros((4, 3), bool)},
        {"words": {"natif": "?"}},
    ):
        with pytest.raises(ValueError, match=r".+"):
            focused(native, **changes)


def test_infinite_scores_are_no_masked_ones():
    scores = np.array([[1.0, -np.inf], [2.0, 3.0]])
    header, stored = unpack(matrices_payload([Panel("s", scores, "scores")], None, None))
    panel = header["panels"][0]
    assert panel["masked"] is None
    assert np.isnan(stored[panel["cells"]]).tolist() == [[False, True], [False, False]]
    with pytest.raises(ValueError, match="labels"):
        matrices_payload([Panel("s", scores, rows=Axis(labels=["a"]))], None, None)


def test_headers_are_plain_json():
    header, _ = unpack(focused(softmax_rows(1, 2, 2), selected=(0, 1)))
    assert json.loads(json.dumps(header))["cell"] == [0, 1]
