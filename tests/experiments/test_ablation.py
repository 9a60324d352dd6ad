"""The ablation map: equal to switching heads off one by one, and to its limits."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from experiments import ablation
from experiments.ablation import effect_without, effects, even_steps, measure_of, ranking, removal
from experiments.reading import Reading, read
from model import Bench

TEXT = "The keys to the cabinet are lost."
GAP = "The capital of France is [MASK] ."


@pytest.fixture(scope="module")
def encoder(minilm: Bench) -> Reading:
    return read(minilm, TEXT, minilm.native)


def test_one_batch_a_layer_equals_one_whole_pass_a_head(minilm: Bench, encoder: Reading) -> None:
    native = minilm.run(TEXT).hidden(6)[0]
    for layer in (0, 3, 5):
        naive = []
        for head in range(12):
            choices = replace(minilm.native, ablated=((layer, head),))
            without = minilm.run(TEXT, choices).hidden(6)[0]
            alike = F.cosine_similarity(native.double(), without.double(), dim=-1)
            naive.append(1 - float(alike.mean()))
        torch.testing.assert_close(
            effects(minilm, encoder, layer), torch.tensor(naive).double(), rtol=1e-3, atol=1e-6
        )


def test_predictions_are_measured_by_divergence(bert_tiny: Bench) -> None:
    reading = read(bert_tiny, GAP, bert_tiny.native)
    assert measure_of(reading) == "kl"
    (asked,) = reading.asked
    native = bert_tiny.run(GAP).logits
    assert native is not None
    for layer in range(2):
        naive = []
        for head in range(2):
            choices = replace(bert_tiny.native, ablated=((layer, head),))
            without = bert_tiny.run(GAP, choices).logits
            assert without is not None
            p, q = native[0, asked].softmax(-1), without[0, asked].softmax(-1)
            naive.append(float((p * (p / q).log()).sum()))
        torch.testing.assert_close(
            effects(bert_tiny, reading, layer), torch.tensor(naive), rtol=1e-3, atol=1e-5
        )


def test_a_causal_model_with_shared_keys(smollm2: Bench) -> None:
    reading = read(smollm2, "The capital of France is", smollm2.native)
    found = effects(smollm2, reading, 28)
    one_by_one = [effect_without(smollm2, reading, [(28, head)]) for head in range(9)]
    torch.testing.assert_close(found, torch.tensor(one_by_one), rtol=1e-3, atol=1e-5)


def test_a_long_text_goes_in_parts_with_the_same_numbers(
    minilm: Bench, encoder: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = effects(minilm, encoder, 4)
    monkeypatch.setattr(ablation, "_BYTES", 12 * 10 * 10 * 4 * 5)  # five heads at once
    torch.testing.assert_close(effects(minilm, encoder, 4), whole, rtol=1e-3, atol=1e-6)


def test_nothing_removed_is_no_effect_and_all_heads_end_at_one_place(
    minilm: Bench, encoder: Reading
) -> None:
    table = torch.rand(6, 12)
    order = ranking(table)
    there = list(removal(minilm, encoder, order, even_steps(72, 3)))
    back = list(removal(minilm, encoder, order[::-1], even_steps(72, 3)))
    assert [count for count, _effect in there] == [0, 36, 72]
    assert there[0] == back[0] == (0, 0.0)
    assert there[-1][1] == pytest.approx(back[-1][1], rel=1e-5)
    assert there[-1][1] > 0.1


def test_ranking_is_by_effect() -> None:
    assert ranking(torch.tensor([[0.3, 0.1], [0.0, 0.2]])) == [(1, 0), (0, 1), (1, 1), (0, 0)]


@pytest.mark.parametrize(
    ("total", "points", "steps"), [(8, 5, [0, 2, 4, 6, 8]), (2, 9, [0, 1, 2]), (72, 2, [0, 72])]
)
def test_even_steps(total: int, points: int, steps: list[int]) -> None:
    assert even_steps(total, points) == steps
