"""Predictions and hidden states, native against variant."""

from dataclasses import replace

import pytest
import torch
from torch.distributions import Categorical, kl_divergence

from experiments.outcome import cosines, predictions, row_shift
from experiments.reading import read
from model import Bench


def test_the_capital_of_france(smollm2: Bench) -> None:
    reading = read(smollm2, "The capital of France is", smollm2.native)
    assert reading.run.logits is not None
    row = reading.run.logits[0, 0]
    frame, divergence = predictions(row, row, smollm2)
    assert frame["token"][0] == " Paris"
    assert frame["native"][0] == pytest.approx(0.77, abs=0.02)
    assert divergence == 0
    assert frame["native_rank"].tolist() == list(range(1, 11))


def test_divergence_against_torch_distributions(bert_tiny: Bench) -> None:
    dice = torch.Generator().manual_seed(5)
    one, other = torch.randn(2, bert_tiny.shape.vocab_size, generator=dice, dtype=torch.float64)
    frame, divergence = predictions(one, other, bert_tiny, top=3)
    expected = kl_divergence(Categorical(logits=one), Categorical(logits=other))
    assert divergence == pytest.approx(float(expected), rel=1e-9)
    assert frame["native"].is_monotonic_decreasing
    assert set(one.topk(3).indices.tolist()) | set(other.topk(3).indices.tolist()) == set(
        frame["id"]
    )
    ranks = frame.set_index("id")
    assert [ranks["variant_rank"][i] for i in other.topk(3).indices.tolist()] == [1, 2, 3]


def test_nothing_moves_without_a_switch(minilm: Bench) -> None:
    native = read(minilm, "a short text", minilm.native)
    frame = cosines(native, native)
    assert frame["token"].tolist() == ["[CLS]", "a", "short", "text", "[SEP]"]
    assert frame["cosine"].to_numpy() == pytest.approx(1)
    assert frame["norm_ratio"].to_numpy() == pytest.approx(1)


def test_a_switch_moves_tokens(minilm: Bench) -> None:
    native = read(minilm, "a short text", minilm.native)
    variant = read(minilm, "a short text", replace(minilm.native, residual="none"))
    assert cosines(native, variant)["cosine"].max() < 0.9


def test_row_shift_by_hand() -> None:
    one = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    assert row_shift(one, one) == 0
    assert row_shift(one, torch.tensor([[0.0, 1.0], [0.5, 0.5]])) == pytest.approx(0.5)
