"""Norms against torch's own, exact zeros where no axis crosses, and Xiong's gradients."""

import pytest
import torch
import torch.nn.functional as F

from experiments.norm_axes import (
    EPSILON,
    KINDS,
    alone,
    batches,
    gradients,
    gradients_by_depth,
    moments,
    moved,
    norm_input,
    normalised,
    outliers,
    statistics,
)
from model import Bench

SENTENCES = ("She laughed.", "A cat sleeps.", "The ship sailed across the ocean.")
LONGER = "The ship sailed across the ocean to America and never came back to us."


def test_the_norms_are_torchs_own() -> None:
    x = torch.randn(3, 5, 8)
    flat = x.reshape(15, 8)
    torch.testing.assert_close(normalised(x, "layer"), F.layer_norm(x, (8,), eps=EPSILON))
    torch.testing.assert_close(normalised(x, "rms"), F.rms_norm(x, (8,), eps=EPSILON))
    batch = F.batch_norm(flat, None, None, training=True, eps=EPSILON).reshape(3, 5, 8)
    torch.testing.assert_close(normalised(x, "batch"), batch)


def test_moments_by_hand() -> None:
    x = torch.tensor([[[1.0, 3.0]], [[5.0, 7.0]]])  # (2, 1, 2)
    mean, std = moments(x, (-1,))
    assert (mean.tolist(), std.tolist()) == ([2, 6], [1, 1])
    mean, std = moments(x, (0, 1))
    assert (mean.tolist(), std.tolist()) == ([3, 5], [2, 2])


def test_each_norm_brings_its_own_axes_to_mean_0_and_deviation_1() -> None:
    table = statistics(5 + 3 * torch.randn(4, 6, 16)).set_index("state")
    assert table.index.tolist() == ["before", *KINDS]
    assert table.loc["before", "token_mean"] > 1
    assert table.loc["layer", "token_mean"] == pytest.approx(0, abs=1e-5)
    assert table.loc["layer", "token_low"] == pytest.approx(1, abs=1e-3)
    assert table.loc["batch", "feature_mean"] == pytest.approx(0, abs=1e-5)
    assert table.loc["batch", "feature_high"] == pytest.approx(1, abs=1e-3)
    assert table.loc["layer", "feature_mean"] > 0.1
    assert table.loc["batch", "token_mean"] > 0.1
    assert table.loc["rms", "token_mean"] > 0.1  # it subtracts nothing


@pytest.mark.parametrize("replacement", [LONGER, "Go.", "The ship sailed across the sea."])
def test_another_sentence_moves_this_one_only_through_batchnorm(
    minilm: Bench, replacement: str
) -> None:
    before, after = batches(minilm, SENTENCES, 2, replacement)
    assert before.ids.shape == after.ids.shape
    for kind in ("layer", "rms"):
        result = moved(minilm, before, after, 0, kind)
        assert result.largest == 0
        assert not result.relative.any()
    result = moved(minilm, before, after, 0, "batch")
    assert result.largest > 0.01
    assert len(result.relative) == minilm.shape.n_layers + 1


def test_the_same_batch_moves_nobody(minilm: Bench) -> None:
    before, after = batches(minilm, SENTENCES, 2, SENTENCES[2])
    assert moved(minilm, before, after, 0, "batch").largest == 0


def test_a_batch_of_one(minilm: Bench) -> None:
    source = minilm.encode(list(SENTENCES))
    assert alone(minilm, source, 0, "layer").largest < 1e-4
    assert alone(minilm, source, 0, "rms").largest < 1e-4
    assert float(alone(minilm, source, 0, "batch").relative[-1]) > 0.1


def test_a_causal_model_too(smollm2: Bench) -> None:
    before, after = batches(smollm2, SENTENCES[:2], 1, LONGER)
    assert moved(smollm2, before, after, 0, "rms").largest == 0
    assert moved(smollm2, before, after, 0, "batch").largest > 0.01


def test_the_norms_input_is_what_the_run_shows(minilm: Bench) -> None:
    source = minilm.encode(list(SENTENCES))
    whole = minilm.run_encoded(source).norm(3, "attention").input
    assert torch.equal(norm_input(minilm, source, 3), whole)


def test_outliers_are_those_of_the_runs_own_tensors(bert_tiny: Bench) -> None:
    source = bert_tiny.encode("A short text.")
    found = {one.site: one for one in outliers(bert_tiny, source)}
    assert next(iter(found)) == "encoder.embedding.norm"
    here = found["encoder.1.attention_norm"]
    native = bert_tiny.run_encoded(source).norm(1, "attention").input[0]  # (tokens, d_model)
    largest = native.abs().amax(0)
    assert here.features[0] == int(largest.argmax())
    assert here.values[0] == float(largest.max())
    assert here.rms == pytest.approx(float(native.square().mean().sqrt()))
    assert here.standing_out == int((largest > 6 * here.rms).sum())


def test_smollm2_has_its_massive_feature(smollm2: Bench) -> None:
    found = outliers(smollm2, smollm2.encode("The keys to the old cabinet are lost."))
    middle = next(one for one in found if one.site == "decoder.15.attention_norm")
    assert middle.features[0] == 507
    assert middle.values[0] > 50 * middle.rms


def test_the_last_gradient_of_pre_ln_falls_with_depth_and_that_of_post_ln_does_not() -> None:
    results = {depth: (post, pre) for depth, post, pre in gradients_by_depth((2, 8), 32, (0, 1))}
    post = float(results[8][0][-1] / results[2][0][-1])
    pre = float(results[8][1][-1] / results[2][1][-1])
    assert pre == pytest.approx(0.5, abs=0.15)  # √(2 / 8)
    assert post > 0.8
    assert len(results[8][0]) == 8


def test_gradients_repeat_for_a_seed_and_differ_between_seeds() -> None:
    assert torch.equal(gradients(2, 32, 5, "pre"), gradients(2, 32, 5, "pre"))
    assert not torch.equal(gradients(2, 32, 5, "pre"), gradients(2, 32, 6, "pre"))
