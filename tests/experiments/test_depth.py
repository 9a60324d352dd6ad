"""Depth: closed forms of the three measures, the cubic rate, and gradients against differences."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from experiments.depth import (
    FLOOR,
    SETTINGS,
    TOKENS,
    Stack,
    cubic_bound,
    measures,
    outcomes,
    pairwise_cosine,
    residual_share,
    stable_rank,
    survival,
)
from experiments.reading import read
from model import Bench, Tape
from model.choices import Residual, native_choices
from model.fresh import initialised

SMALL = Stack(depth=4, width=32, std=0.1, seed=3)


def test_the_three_measures_by_hand() -> None:
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert residual_share(x) == pytest.approx(math.sqrt(0.5))  # rows ±(½, −½) of ‖X‖² = 2
    assert pairwise_cosine(x) == 0
    assert stable_rank(x) == pytest.approx(2)
    same = torch.tensor([[3.0, 4.0]] * 5)
    assert measures(same)["rms"] == pytest.approx(math.sqrt(12.5))
    assert residual_share(same) == 0
    assert pairwise_cosine(same) == pytest.approx(1)
    assert stable_rank(same) == pytest.approx(1)


def test_what_is_not_defined_is_no_number() -> None:
    assert pairwise_cosine(torch.ones(1, 3)) is None
    assert residual_share(torch.zeros(2, 3)) is None


@given(seed=st.integers(0, 10_000), n=st.integers(2, 9), scale=st.floats(1e-3, 1e3))
@settings(max_examples=30, deadline=None)
def test_the_measures_ignore_scale_and_keep_their_limits(seed: int, n: int, scale: float) -> None:
    x = torch.randn(n, 5, generator=torch.Generator().manual_seed(seed)).double()
    share = residual_share(x)
    assert share is not None and 0 <= share <= 1
    assert 1 <= stable_rank(x) <= min(n, 5) + 1e-9
    for measure in (residual_share, pairwise_cosine, stable_rank):
        assert measure(scale * x) == pytest.approx(measure(x), rel=1e-9, abs=1e-12)


def test_equal_shares_are_cosines_for_unit_tokens() -> None:
    x = torch.nn.functional.normalize(torch.randn(7, 9).double(), dim=-1)
    share, mean_cosine = residual_share(x), pairwise_cosine(x)
    assert share is not None and mean_cosine is not None
    assert share**2 == pytest.approx((1 - 1 / 7) * (1 - mean_cosine))


def test_without_residuals_the_rank_collapses_at_a_cubic_rate() -> None:
    share = survival(replace(SMALL, depth=6), "none")["share"]
    live = [value for value in share if value > 1e-10]
    assert share.iloc[-1] < FLOOR
    order = math.log(live[-1] / live[-2]) / math.log(live[-2] / live[-3])
    assert order > 2.5  # Dong et al.: 3


def test_residuals_around_attention_keep_tokens_apart() -> None:
    last = {setting: survival(SMALL, setting).iloc[-1] for setting in SETTINGS}
    assert last["both"]["share"] > 0.5
    assert last["both"]["rank"] > 2
    assert last["attention"]["share"] > 1e3 * last["feed_forward"]["share"]
    assert last["none"]["cosine"] == pytest.approx(1)
    assert last["none"]["rank"] == pytest.approx(1)


def test_weights_of_nothing_leave_the_stream_as_it_is() -> None:
    frame = survival(replace(SMALL, std=1e-9), "both")
    assert np.ptp(frame["rms"]) < 1e-6
    assert frame["gradient"].iloc[0] == pytest.approx(frame["gradient"].iloc[-1], rel=1e-3)


@pytest.mark.parametrize("residual", SETTINGS)
def test_the_gradient_agrees_with_finite_differences(residual: Residual) -> None:
    stack = Stack(depth=2, width=16, std=0.2, seed=1)
    transformer = initialised(stack.shape, stack.seed, stack.std).double()
    choices = replace(native_choices(stack.shape), residual=residual)
    dice = torch.Generator().manual_seed(stack.seed)
    shape = (1, TOKENS, stack.width)
    direction = torch.randn(shape, generator=dice, dtype=torch.float64)

    nudges = torch.eye(direction.numel(), dtype=torch.float64).reshape(-1, *shape[1:]) * 1e-6

    def scalars(nudges: torch.Tensor) -> torch.Tensor:  # one row of a batch for each
        tape = Tape(keep=("encoder.output",), edits={"encoder.1.input": lambda x: x + nudges})
        ids = torch.arange(TOKENS).expand(len(nudges), -1)
        with torch.no_grad():
            transformer(ids, choices=choices, tape=tape)
        products = direction * tape.kept["encoder.output"]
        return products.sum((1, 2)) / math.sqrt(direction.numel())

    slopes = (scalars(nudges) - scalars(-nudges)) / 2e-6  # (tokens · d,)
    gradient = survival(stack, residual)["gradient"].iloc[1]
    assert gradient == pytest.approx(float(slopes.norm()), rel=1e-5)


def test_the_last_gradient_is_the_direction_itself() -> None:
    gradient = survival(SMALL, "both")["gradient"].iloc[-1]
    assert gradient == pytest.approx(1, rel=0.1)  # ‖G‖ / √(tokens·d)


def test_the_bound_by_hand() -> None:
    bound = cubic_bound([0.5, 0.0625, 0.0625**3 / 2])
    assert bound is not None
    assert (bound.constant, bound.first) == (0.5, 0)
    assert bound.values == pytest.approx((0.5, 0.0625, 0.0625**3 / 2))
    assert cubic_bound([0.9, 0.9, 0.9]) is None
    late = cubic_bound([0.5, 0.5, 0.01])
    assert late is not None and (late.first, late.constant) == (1, pytest.approx(0.08))


@given(st.lists(st.floats(1e-16, 1), min_size=1, max_size=8))
@example([1.0, 1.0, 1.0, 0.5, 1e-16, 1.0])
def test_no_share_is_above_the_bound(shares: list[float]) -> None:
    bound = cubic_bound(shares)
    if bound is not None:
        for place, value in enumerate(bound.values):
            until = bound.first + place
            in_floor = min(shares[: until + 1]) <= FLOOR  # from there on they are rounding
            assert in_floor or shares[until] <= max(value * (1 + 1e-9), FLOOR)


def test_a_real_model_under_every_setting(bert_tiny: Bench) -> None:
    native = read(bert_tiny, "The capital of France is [MASK] .", bert_tiny.native)
    results = {one.residual: one for one in outcomes(bert_tiny, native)}
    assert list(results) == list(SETTINGS)
    assert results["both"].cosine == pytest.approx(1)
    assert results["both"].divergence == 0
    for setting in SETTINGS[1:]:
        assert results[setting].cosine < 0.99
        divergence = results[setting].divergence
        assert divergence is not None and divergence > 0.1
    states = results["none"].states
    assert states["place"].tolist() == [0, 1, 2]
    assert states["share"].iloc[0] == results["both"].states["share"].iloc[0]


def test_a_model_without_a_head_predicts_nothing(minilm: Bench) -> None:
    native = read(minilm, "A short text.", minilm.native)
    last = list(outcomes(minilm, native))[-1]
    assert last.prediction is None and last.divergence is None
    assert last.cosine < 0.5
