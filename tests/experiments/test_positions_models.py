"""Shuffles, shifts and switched schemes of real and fresh models."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from experiments.equivariance import (
    Damage,
    carried,
    damage,
    order,
    permitted,
    shift,
    shuffle,
    shuffled,
)
from experiments.reading import read
from model import Bench, ModelError, Shape
from model.fresh import initialised
from model.run import Encoded
from model.shape import Positions

TEXT = "The keys to the old cabinet are lost."


def test_the_order_moves_every_token_but_the_special_ones(minilm: Bench) -> None:
    source = minilm.encode(TEXT)
    places = order(minilm, source, 0)
    n = len(places)
    assert sorted(places.tolist()) == list(range(n))
    assert [i for i, j in enumerate(places.tolist()) if i == j] == [0, n - 1]
    assert not torch.equal(places, order(minilm, source, 1))
    mixed = shuffled(source, places)
    assert sorted(mixed.tokens[0]) == sorted(source.tokens[0])
    assert torch.equal(mixed.ids[0, places.argsort()], source.ids[0])
    assert order(minilm, minilm.encode("word"), 0).tolist() == [0, 1, 2]


def test_without_positions_attention_is_equivariant(bert_tiny: Bench) -> None:
    source = bert_tiny.encode(TEXT)
    places = order(bert_tiny, source, 0)
    none = shuffle(bert_tiny, source, places, replace(bert_tiny.native, positions="none"))
    native = shuffle(bert_tiny, source, places, bert_tiny.native)
    assert none.errors[0] == 0
    assert none.errors.max() < 1e-5
    assert (none.after - none.before).abs().max() < 1e-5
    assert native.errors.min() > 0.05
    assert (native.after - native.before).abs().max() > 0.1


def test_the_error_is_that_of_the_whole_pass(bert_tiny: Bench) -> None:
    source = bert_tiny.encode(TEXT)
    places = order(bert_tiny, source, 3)
    found = shuffle(bert_tiny, source, places, bert_tiny.native).errors[-1]
    x = bert_tiny.run(TEXT).hidden(bert_tiny.shape.n_layers)[0]
    y = bert_tiny.run_encoded(shuffled(source, places)).hidden(bert_tiny.shape.n_layers)[0]
    torch.testing.assert_close(found, (y - x[places]).norm() / x.norm())


def test_a_causal_mask_knows_the_order(smollm2: Bench) -> None:
    source = smollm2.encode("The old cabinet")
    places = order(smollm2, source, 0)
    none = replace(smollm2.native, positions="none")
    assert shuffle(smollm2, source, places, none).errors[-1] > 0.01
    lifted = shuffle(smollm2, source, places, replace(none, mask="none"))
    assert lifted.errors[-1] < 1e-4


@pytest.mark.parametrize("positions", ["none", "rope", "alibi", "relative", "xl", "sinusoidal"])
def test_a_shift_moves_absolute_schemes_only(positions: Positions, bert_tiny: Bench) -> None:
    shape = Shape(
        vocab_size=64, d_model=16, n_heads=2, d_ff=32, encoder_layers=2, positions=positions
    )
    bench = Bench("fresh", shape, initialised(shape, 0, std=0.5), bert_tiny.tokenizer)
    ids = torch.randint(0, 64, (1, 9), generator=torch.Generator().manual_seed(0))
    source = Encoded(ids, torch.ones_like(ids, dtype=torch.bool), torch.zeros_like(ids), [[""] * 9])
    found = shift(bench, source, bench.native, 100)
    assert found.moved.shape == (2, 2)
    assert (found.largest < 1e-5) == (positions != "sinusoidal")
    assert float(found.moved.max()) <= 1


def test_a_shift_on_real_weights(bert_tiny: Bench) -> None:
    source = bert_tiny.encode(TEXT)
    assert shift(bert_tiny, source, bert_tiny.native, 100).moved.mean() > 0.01
    alibi = replace(bert_tiny.native, positions="alibi")
    assert shift(bert_tiny, source, alibi, 100).largest == 0
    still = shift(bert_tiny, source, bert_tiny.native, 0)
    assert still.largest == 0
    with pytest.raises(ModelError) as caught:
        shift(bert_tiny, source, bert_tiny.native, 100_000)
    assert caught.value.code == "past-positions"


def test_permitted_schemes_start_with_the_native_one(minilm: Bench, smollm2: Bench) -> None:
    assert permitted(minilm) == ["learned", "none", "sinusoidal", "rope", "alibi"]
    assert permitted(smollm2) == ["rope", "none", "sinusoidal", "alibi"]


def test_damage_is_that_of_the_whole_pass(bert_tiny: Bench) -> None:
    text = "The capital of France is [MASK] ."
    native = read(bert_tiny, text, bert_tiny.native)
    found = {one.scheme: one for one in damage(bert_tiny, native, permitted(bert_tiny))}
    assert found["learned"].cosine == pytest.approx(1, abs=1e-6)
    assert found["learned"].divergence == pytest.approx(0, abs=1e-6)
    run = bert_tiny.run(text, replace(bert_tiny.native, positions="rope"))
    before, last = bert_tiny.run(text), bert_tiny.shape.n_layers
    cosine = F.cosine_similarity(before.hidden(last)[0], run.hidden(last)[0], dim=-1).mean()
    assert found["rope"].cosine == pytest.approx(float(cosine), abs=1e-5)
    assert before.logits is not None
    assert run.logits is not None
    at = native.asked[0]
    p, q = before.logits[0, at].softmax(-1), run.logits[0, at].softmax(-1)
    assert found["rope"].divergence == pytest.approx(float((p * (p / q).log()).sum()), abs=1e-4)


def test_far_from_the_start(minilm: Bench) -> None:
    found = {one.scheme: one for one in carried(minilm, TEXT, permitted(minilm), 600)}
    assert all(isinstance(one, Damage) for one in found.values())
    error = found["learned"].error
    assert error is not None
    assert error.code == "past-positions"
    for scheme in ("none", "rope", "alibi"):
        assert found[scheme].cosine == pytest.approx(1, abs=1e-5)
        assert found[scheme].divergence is None
    assert (found["sinusoidal"].cosine or 1) < 0.5
