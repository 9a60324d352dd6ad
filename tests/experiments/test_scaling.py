"""Scaling against closed forms, autograd's Jacobian, and the whole pass of real models."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.reading import read
from experiments.scaling import (
    Draw,
    damage,
    divisors,
    expected_entropy,
    jacobian_norm,
    limits,
    saturation,
)
from model import Bench


@settings(deadline=None)  # the first call of torch may be slow
@given(st.integers(0, 2**31), st.integers(1, 12), st.floats(0.01, 30))
def test_the_jacobian_norm_is_autograds(seed: int, n: int, spread: float) -> None:
    scores = torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    scores = scores * spread
    jacobian = torch.autograd.functional.jacobian(lambda x: x.softmax(-1), scores)
    norm = jacobian_norm(scores.softmax(-1))
    torch.testing.assert_close(
        norm, torch.linalg.matrix_norm(torch.as_tensor(jacobian)), atol=1e-7, rtol=1e-6
    )
    assert norm <= 0.5 + 1e-9


def test_limits_of_weights_by_hand() -> None:
    even, hot = torch.full((5,), 0.2), torch.eye(5)[2]
    found = limits(5)
    assert found["jacobian"][0] == pytest.approx(float(jacobian_norm(even)))
    assert float(jacobian_norm(hot)) == found["jacobian"][1] == 0
    assert found["entropy"] == (pytest.approx(math.log(5)), 0)
    assert found["largest"] == (0.2, 1)
    assert float(jacobian_norm(torch.tensor([0.5, 0.5, 0.0]))) == pytest.approx(0.5)


def test_variance_follows_its_closed_form() -> None:
    frame = saturation(Draw(n=64, matrices=8, seed=0), (1, 8, 64, 512), temperature=4.0)
    assert (frame["variance"] / (frame["d_k"] / frame["divisor"] ** 2)).between(0.85, 1.15).all()


def test_what_each_setting_divides_by() -> None:
    assert divisors(64, 3.0) == {"scaled": 8.0, "unscaled": 1.0, "custom": 3.0}


def test_settings_meet_where_they_must() -> None:
    frame = saturation(Draw(8, 4, 0), (1, 16), temperature=4.0).set_index(["d_k", "setting"])
    quantities = ["variance", "entropy", "largest", "jacobian"]
    for d, one, other in ((1, "scaled", "unscaled"), (16, "scaled", "custom")):
        assert frame.loc[(d, one), quantities].equals(frame.loc[(d, other), quantities])


def test_extremes_reach_the_limits() -> None:
    n = 16
    frame = saturation(Draw(n, 4, 0), (4, 2**14), temperature=1e6).set_index(["d_k", "setting"])
    for quantity, (even, one_hot) in limits(n).items():
        assert frame.loc[(4, "custom"), quantity] == pytest.approx(even, rel=1e-3)
        assert frame.loc[(2**14, "unscaled"), quantity] == pytest.approx(one_hot, abs=0.07)
    assert frame.loc[(2**14, "unscaled"), "saturated"] > 0.8
    assert frame.loc[(4, "custom"), "saturated"] == 0


def test_a_seed_repeats_itself() -> None:
    draw = Draw(8, 2, 7)
    assert torch.equal(draw.scores(16), Draw(8, 2, 7).scores(16))
    assert not torch.equal(draw.scores(16), Draw(8, 2, 8).scores(16))
    assert draw.scores(16).shape == (2, 8, 8)


@pytest.mark.parametrize("n", [8, 32, 128])
@pytest.mark.parametrize("variance", [0.01, 0.25, 1.0, 100.0, 1000.0])
def test_entropy_of_independent_normal_scores(n: int, variance: float) -> None:
    dice = torch.Generator().manual_seed(0)
    scores = torch.randn(20_000, n, generator=dice) * math.sqrt(variance)
    drawn = float(torch.special.entr(scores.softmax(-1)).sum(-1).mean())
    assert expected_entropy(variance, n) == pytest.approx(drawn, abs=0.09)


def test_no_closed_form_between_the_two() -> None:
    assert expected_entropy(4.0, 32) is None
    assert expected_entropy(0.0, 32) == pytest.approx(math.log(32))


@pytest.mark.parametrize("name", ["bert_tiny", "smollm2"])
def test_damage_is_that_of_the_whole_pass(name: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(name)
    text = "The capital of [MASK] is [MASK]." if name == "bert_tiny" else "The capital of"
    native = read(bench, text, bench.native)
    variant = replace(bench.native, scaled=False)
    steps = damage(bench, native, variant)
    for layer in range(2):
        found = next(steps)
        assert found.layers == (layer,)
        whole, before = bench.run(text, replace(variant, layers=(layer,))), bench.run(text)
        last = bench.shape.n_layers
        cosine = F.cosine_similarity(whole.hidden(last)[0], before.hidden(last)[0], dim=-1).mean()
        assert found.cosine == pytest.approx(float(cosine), abs=1e-5)
        assert whole.logits is not None
        assert before.logits is not None
        places = list(native.asked)
        p, q = before.logits[0, places].softmax(-1), whole.logits[0, places].softmax(-1)
        divergence = float((p * (p / q).log()).sum(-1).mean())
        assert found.divergence == pytest.approx(divergence, abs=1e-4)


def test_damage_without_a_prediction(minilm: Bench) -> None:
    native = read(minilm, "A short text.", minilm.native)
    results = list(damage(minilm, native, replace(minilm.native, scaled=False)))
    assert [one.layers for one in results] == [(0,), (1,), (2,), (3,), (4,), (5,), None]
    assert all(one.divergence is None for one in results)
    assert results[-1].cosine < min(one.cosine for one in results[:-1])


def test_a_text_that_asks_for_nothing_is_measured_by_its_hidden_states(bert_tiny: Bench) -> None:
    native = read(bert_tiny, "No gap here.", bert_tiny.native)
    results = list(damage(bert_tiny, native, replace(bert_tiny.native, scaled=False)))
    assert all(one.divergence is None and one.cosine < 1 for one in results)


def test_no_change_does_no_damage(bert_tiny: Bench) -> None:
    native = read(bert_tiny, "A [MASK].", bert_tiny.native)
    for one in damage(bert_tiny, native, bert_tiny.native):
        assert one.cosine == pytest.approx(1.0, abs=1e-6)
        assert one.divergence == pytest.approx(0.0, abs=1e-6)
