"""Norms of embeddings and positions against closed forms."""

import math

import pytest
import torch

from experiments.embedding_scale import (
    embedding_std,
    expected,
    measure,
    real_parts,
    sweep,
    table,
)
from model import Bench
from model.positions import sinusoids

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
