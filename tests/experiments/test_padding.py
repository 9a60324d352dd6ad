"""Padding against closed forms, known limits, and sentences run alone."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from experiments.padding import (
    DTYPES,
    alone,
    arithmetic,
    batch,
    curve,
    layer_of,
    measure,
    padded,
    without_padding_mask,
)
from model import Bench
from model.run import Encoded
from tests.model.zoo import grown, real, tiny, words

TEXTS = ("She laughed.", "The ship sailed across the ocean to America.")


def small(tokenizer_of: Bench, **fields: Any) -> Bench:
    shape = tiny(**fields)
    return Bench("small", shape, grown(shape), tokenizer_of.tokenizer)


def rows(bench: Bench, *lengths: int) -> Encoded:
    kept = real(*lengths)
    ids = words(bench.shape, *kept.shape) * kept
    return Encoded(ids, kept, torch.zeros_like(ids), [["x"] * n for n in lengths])


def by_themselves(bench: Bench, source: Encoded) -> list[Tensor]:
    stack = "encoder" if bench.shape.encoder_layers else "decoder"
    hidden = []
    for ids, kept in zip(source.ids, source.real, strict=True):
        one = ids[kept][None]
        single = Encoded(one, torch.ones_like(one, dtype=torch.bool), torch.zeros_like(one), [[]])
        hidden.append(bench.run_encoded(single).last_hidden(stack)[0])
    return hidden


def test_padding_on_either_side_by_hand() -> None:
    source = Encoded(
        torch.tensor([[5, 6, 7], [8, 0, 0]]),
        torch.tensor([[True, True, True], [True, False, False]]),
        torch.tensor([[0, 1, 1], [1, 0, 0]]),
        [["a", "b", "c"], ["d"]],
    )
    right, left = padded(source, 1, "right", 9), padded(source, 1, "left", 9)
    assert right.ids.tolist() == [[5, 6, 7, 9], [8, 0, 0, 9]]
    assert right.real.tolist() == [[True, True, True, False], [True, False, False, False]]
    assert left.ids.tolist() == [[9, 5, 6, 7], [0, 0, 9, 8]]
    assert left.real.tolist() == [[False, True, True, True], [False, False, False, True]]
    assert left.types.tolist() == [[0, 0, 1, 1], [0, 0, 0, 1]]
    assert left.tokens == source.tokens


@pytest.mark.parametrize("stack", ["encoder_layers", "decoder_layers"])
def test_with_the_mask_padding_is_as_if_it_were_not_there(bert_tiny: Bench, stack: str) -> None:
    bench = small(bert_tiny, **{"encoder_layers": 0, "decoder_layers": 0, stack: 2})
    source = rows(bench, 7, 3, 1)
    done = measure(bench, padded(source, 5, "right", 0), bench.native, by_themselves(bench, source))
    assert not done.mass.any()
    assert done.even == 0
    assert done.worst < 1e-12  # float64
    assert [len(row) for row in done.relative] == [7, 3, 1]


def test_without_the_mask_an_encoder_attends_to_padding_and_moves(bert_tiny: Bench) -> None:
    bench = small(bert_tiny)
    source = rows(bench, 7, 3)
    done = measure(
        bench,
        padded(source, 5, "right", 0),
        without_padding_mask(bench),
        by_themselves(bench, source),
    )
    assert (done.mass > 0).all()
    # 7 tokens with 5 of 12 keys padding, 3 tokens with 9 of 12
    assert done.even == pytest.approx((7 * 5 / 12 + 3 * 9 / 12) / 10)
    assert done.worst > 0.01
    assert done.largest > 0.01


@pytest.mark.parametrize("side", ["right", "left"])
def test_flat_attention_gives_padding_its_even_share(bert_tiny: Bench, side: Any) -> None:
    for layers in ({"encoder_layers": 2}, {"encoder_layers": 0, "decoder_layers": 2}):
        bench = small(bert_tiny, positions="none", **layers)
        source = rows(bench, 4, 2)
        choices = replace(without_padding_mask(bench), temperature=1e6)
        done = measure(bench, padded(source, 3, side, 0), choices, by_themselves(bench, source))
        assert done.mass == pytest.approx(torch.full_like(done.mass, done.even).numpy(), abs=1e-4)


def test_padding_on_the_right_is_a_causal_models_future(bert_tiny: Bench) -> None:
    bench = small(bert_tiny, encoder_layers=0, decoder_layers=2)
    source = rows(bench, 5, 2)
    expected, choices = by_themselves(bench, source), without_padding_mask(bench)
    right = measure(bench, padded(source, 4, "right", 0), choices, expected)
    assert not right.mass.any()
    assert right.worst < 1e-12
    left = measure(bench, padded(source, 4, "left", 0), choices, expected)
    assert (left.mass > 0).all()
    # the query at place p sees p + 1 keys, of which the first are padding: 4, and 7
    shares = [4 / (p + 1) for p in range(4, 9)] + [7 / (p + 1) for p in range(7, 9)]
    assert left.even == pytest.approx(sum(shares) / 7)


def test_on_the_left_rope_does_not_mind_and_learned_positions_do(bert_tiny: Bench) -> None:
    changes = {}
    for positions in ("rope", "learned"):
        bench = small(bert_tiny, encoder_layers=0, decoder_layers=2, positions=positions)
        source = rows(bench, 5, 2)
        left = padded(source, 4, "left", 0)
        changes[positions] = measure(bench, left, bench.native, by_themselves(bench, source)).worst
    assert changes["rope"] < 1e-6  # angles are computed in float32
    assert changes["learned"] > 0.01


def test_the_unmasked_choices_of_every_kind(bert_tiny: Bench) -> None:
    assert without_padding_mask(bert_tiny).mask == "none"
    decoder = small(bert_tiny, encoder_layers=0, decoder_layers=1)
    assert without_padding_mask(decoder).mask == "causal"
    narrow = without_padding_mask(small(bert_tiny, encoder_layers=0, decoder_layers=1, window=3))
    assert (narrow.mask, narrow.window) == ("causal+window", 3)


def test_a_curve_on_a_real_model(bert_tiny: Bench) -> None:
    points = list(curve(bert_tiny, TEXTS, (0, 6), "right"))
    assert [extra for extra, _on, _off in points] == [0, 6]
    for _extra, on, off in points:
        assert not on.mass.any()
        assert on.worst < 1e-5
        assert off.worst > 0.01
        assert off.mass.shape == (2, 2)
    assert points[1][2].mass.mean() > points[0][2].mass.mean()
    assert [len(row) for row in alone(bert_tiny, TEXTS)] == [5, 11]


def test_one_layer_of_a_batch(bert_tiny: Bench) -> None:
    source = batch(bert_tiny, TEXTS, 2, "right")
    view = layer_of(bert_tiny, source, bert_tiny.native, 1).attention(1)
    whole = bert_tiny.run_encoded(source).attention(1)
    assert torch.equal(view.weights, whole.weights)
    assert not view.weights[0, :, :, 5:].any()


def test_numbers_that_stand_for_infinity() -> None:
    scores = torch.tensor([1.0, -2.0, 0.5, 3.0])
    padding = torch.tensor([False, False, True, True])
    table = arithmetic(scores, padding)
    rows: dict[Any, Any] = {
        (row["dtype"], row["mask"], row["fill"]): row
        for _n, row in table.iterrows()
        if row["mask"] in ("once", "twice")
    }
    assert len(rows) == 15
    infinite = float("-inf")
    assert (table["padding"] == 0).all()  # whatever the mask, padding gets nothing
    for dtype, kind in DTYPES.items():
        assert math.isnan(rows[dtype, "once", infinite]["lowest"])
        least = torch.finfo(kind).min
        once, twice = rows[dtype, "once", least], rows[dtype, "twice", least]
        assert once["accepted"] and once["becomes"] == least
        assert once["lowest"] == once["highest"] == 0.25  # the scores vanish beside it
        assert twice["becomes"] == infinite and math.isnan(twice["lowest"])
    for dtype in ("float32", "bfloat16"):
        assert rows[dtype, "once", -1e9]["lowest"] == rows[dtype, "once", -1e9]["highest"] == 0.25
        assert rows[dtype, "once", -1e9]["accepted"]
    assert rows["float16", "once", -1e9]["becomes"] == infinite
    assert not rows["float16", "once", -1e9]["accepted"]
    assert math.isnan(rows["float16", "once", -1e9]["highest"])
    # numbers near 10,000 are 2⁻¹⁰, 8 and 64 apart in float32, float16 and bfloat16
    unmasked = scores.softmax(-1)
    assert rows["float32", "once", -1e4]["highest"] == pytest.approx(
        float(unmasked.max()), abs=1e-3
    )
    assert rows["float16", "once", -1e4]["becomes"] == -10_000
    assert rows["bfloat16", "once", -1e4]["becomes"] == -9_984
    assert rows["bfloat16", "once", -1e4]["lowest"] == 0.25
    assert rows["bfloat16", "once", -1e4]["highest"] == 0.25
    here = table.iloc[-1]
    assert here["mask"] == "rule"
    assert (here["padding"], here["lowest"], here["highest"]) == (0, 0, 0)


def test_pytorchs_own_masks_mean_opposite_things() -> None:
    """A boolean True lets attend in one place and hides in the other; a row that may see nothing
    gives zeros in the one and NaN in the other."""
    scores = torch.tensor([1.0, -2.0, 0.5, 3.0])
    padding = torch.tensor([False, False, True, True])
    boolean = arithmetic(scores, padding).query("mask == 'boolean'")
    assert boolean["dtype"].tolist() == list(DTYPES)
    assert boolean[["padding", "lowest", "highest"]].to_numpy().tolist() == [[0, 0, 0]] * 3
    attention = torch.nn.MultiheadAttention(4, 1, batch_first=True)
    x = torch.randn(1, 4, 4, generator=torch.Generator().manual_seed(0))
    weights = attention(x, x, x, key_padding_mask=padding[None])[1]
    assert not weights[..., padding].any()
    assert weights[..., ~padding].all()
    dead = attention(x, x, x, key_padding_mask=torch.ones(1, 4, dtype=torch.bool))[1]
    assert dead.isnan().all()
