"""Norms of embeddings and positions against closed forms."""

import math

import pytest
import torch
import torch.nn.functional as F

from experiments.embedding_scale import (
    embedding_std,
    expected,
    measure,
    real_parts,
    sweep,
    table,
)
from model import Bench, Shape
from model.fresh import initialised
from model.positions import sinusoids
from model.training.families import TASK

QUANTITIES = (
    "token_norm",
    "position_norm",
    "ratio",
    "token_cosine",
    "position_cosine",
    "logit_std",
)


def test_parts_by_hand() -> None:
    frame = measure(torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 4.0]]))
    assert frame.iloc[0].tolist() == pytest.approx([3, 4, 0.75, 0.6, 0.8])


@pytest.mark.parametrize("d_model", [128, 512])
@pytest.mark.parametrize("rule", [0.02, None, 1.0])
def test_the_sweep_follows_its_closed_forms(d_model: int, rule: float | None) -> None:
    std = d_model**-0.5 if rule is None else rule
    frame = sweep([(d_model, std)], seed=0)
    assert frame["multiplied"].tolist() == [False, True]
    for _, row in frame.iterrows():
        closed = expected(d_model, std, multiplied=bool(row["multiplied"]))
        for quantity in QUANTITIES:
            assert row[quantity] == pytest.approx(closed[quantity], rel=0.05, abs=0.03), quantity


def test_the_factor_brings_both_parts_to_one_size_at_every_width() -> None:
    for d_model in (64, 256, 1024):
        assert expected(d_model, d_model**-0.5, multiplied=True)["ratio"] == pytest.approx(
            math.sqrt(2)
        )
    assert expected(512, 512**-0.5, multiplied=False)["ratio"] == pytest.approx(1 / 16)


def test_logits_do_not_know_the_factor() -> None:
    frame = sweep([(64, 0.125)], seed=1)
    assert frame["logit_std"].nunique() == 1


def test_a_layer_norm_keeps_the_ratio() -> None:
    tokens, signal = table(64, 0.1, 0), sinusoids(torch.arange(64), 64)
    std = (tokens + signal).std(dim=-1, keepdim=True)
    before, after = measure(tokens, signal), measure(tokens / std, signal / std)
    assert after["ratio"].to_numpy() == pytest.approx(before["ratio"].to_numpy(), rel=1e-5)


def test_real_parts_add_up_to_what_enters_the_model(minilm: Bench, smollm2: Bench) -> None:
    text = "A short text."
    source = minilm.encode(text)
    tokens, positions = real_parts(minilm, source, 1.0)
    view = minilm.run(text).embedding("encoder")
    types = view.types
    assert types is not None
    torch.testing.assert_close(tokens + positions + types[0], view.sum[0])

    source = smollm2.encode(text)
    tokens, positions = real_parts(smollm2, source, 2.0)
    torch.testing.assert_close(tokens, 2 * smollm2.run(text).embedding("decoder").tokens[0])
    assert smollm2.run(text).embedding("decoder").positions is None
    torch.testing.assert_close(positions, sinusoids(torch.arange(len(tokens)), 576))
    assert 0.01 < embedding_std(smollm2) < 1


@pytest.mark.parametrize(("factor", "low", "high"), [(1.0, 1.0, 5.1), (8.0, 0.7, 3.1)])
def test_the_factor_lets_no_gradient_vanish_or_explode(
    factor: float, low: float, high: float
) -> None:
    """The figures of the page: first layer's gradient over the last one's, 12 layers at
    initialisation, over both places of the norm and both standard deviations."""
    ratios = []
    for place in ("pre", "post"):
        shape = Shape(
            vocab_size=TASK.tokenizer.size,
            d_model=64,
            n_heads=4,
            d_ff=256,
            decoder_layers=12,
            positions="sinusoidal",
            embedding_multiplier=factor,
            norm_place=place,
            final_norm=place == "pre",
            head="lm",
        )
        for std in (0.02, 1 / math.sqrt(64)):
            found = []
            for seed in range(3):
                model = initialised(shape, seed, std)
                batch = TASK.batch(4, 1, seed)
                logits = model(batch.ids)
                F.cross_entropy(logits.flatten(0, 1), batch.labels.flatten()).backward()
                first, last = (
                    torch.cat([w.grad.flatten() for w in layer.parameters() if w.grad is not None])
                    for layer in (model.decoder[0], model.decoder[-1])
                )
                found.append(float(first.norm() / last.norm()))
            ratios.append(sum(found) / len(found))
    assert (round(min(ratios), 1), round(max(ratios), 1)) == (low, high)
