"""Score functions against hand-worked values, PyTorch's own and closed forms."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.score_functions import (
    FUNCTIONS,
    compare,
    raw_scores,
    spread,
    tanh_variance,
    weights_of,
)
from model import Bench


def test_one_query_and_key_by_hand() -> None:
    scores = raw_scores(torch.tensor([[3.0, 4.0]]), torch.tensor([[1.0, 0.0]]))
    assert set(scores) == set(FUNCTIONS)
    assert float(scores["dot"]) == pytest.approx(3.0)
    assert float(scores["scaled"]) == pytest.approx(3 / math.sqrt(2))
    assert float(scores["cosine"]) == pytest.approx(3 / 5)
    assert float(scores["additive"]) == pytest.approx(math.tanh(4) + math.tanh(4))


@settings(deadline=None)  # the first call of torch may be slow
@given(st.integers(0, 2**31), st.integers(1, 7), st.integers(1, 7), st.integers(1, 9))
def test_against_pytorch_and_a_plain_loop(seed, queries, keys, width) -> None:
    dice = torch.Generator().manual_seed(seed)
    q = torch.randn(queries, width, generator=dice)
    k = torch.randn(keys, width, generator=dice)
    scores = raw_scores(q, k)
    torch.testing.assert_close(
        scores["cosine"], F.cosine_similarity(q[:, None], k[None], dim=-1), atol=1e-5, rtol=1e-5
    )
    looped = torch.tensor([[float(torch.tanh(a + b).sum()) for b in k] for a in q])
    torch.testing.assert_close(scores["additive"], looped, atol=1e-5, rtol=1e-5)
    allowed = torch.ones(queries, keys, dtype=torch.bool)
    attended = F.scaled_dot_product_attention(q[None], k[None], torch.eye(keys)[None])[0]
    torch.testing.assert_close(
        weights_of(scores["scaled"], allowed), attended, atol=1e-5, rtol=1e-5
    )


def test_of_a_real_head_the_scaled_product_gives_its_own_weights(smollm2: Bench) -> None:
    view = smollm2.run("The cat sat on the mat.").attention(5)
    scores = raw_scores(view.queries[0, 2], view.keys[0, 2])
    torch.testing.assert_close(weights_of(scores["scaled"], view.mask[0, 2]), view.weights[0, 2])
    table = compare(scores, view.mask[0, 2]).set_index("function")
    assert table.loc["scaled", "moved"] == 0
    assert table.loc["dot", "std"] == pytest.approx(8 * table.loc["scaled", "std"], rel=1e-5)
    assert table.loc["dot", "entropy"] < table.loc["scaled", "entropy"]
    assert -1 <= table.loc["cosine", "low"] <= table.loc["cosine", "high"] <= 1
    own = view.weights[0, 2]
    entropy = float(torch.special.entr(own).sum(-1).mean())
    assert table.loc["scaled", "entropy"] == pytest.approx(entropy, rel=1e-5)


def test_comparison_looks_at_allowed_cells_alone() -> None:
    q = torch.tensor([[1.0], [2.0]])
    k = torch.tensor([[1.0], [1000.0]])
    table = compare(raw_scores(q, k), torch.ones(2, 2, dtype=torch.bool).tril())
    # allowed: q0·k0 = 1, q1·k0 = 2, q1·k1 = 2000, and not q0·k1
    assert table.loc[0, ["low", "high"]].tolist() == [1, 2000]


@pytest.mark.parametrize(("width", "n"), [(1, 2000), (4, 1000), (64, 200), (1024, 100)])
def test_spread_follows_its_closed_forms(width: int, n: int) -> None:
    frame = spread((width,), n, seed=0)  # narrow vectors share few numbers, so more of them
    assert (frame["std"] / frame["closed"]).between(0.9, 1.1).all()


def test_a_seed_repeats_its_spread() -> None:
    assert spread((64,), 16, 3).equals(spread((64,), 16, 3))
    assert not spread((64,), 16, 3).equals(spread((64,), 16, 4))


def test_variance_of_a_tanh_against_a_million_draws() -> None:
    z = torch.randn(10**6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for variance in (0.5, 2.0):
        drawn = float((z * math.sqrt(variance)).tanh().var())
        assert tanh_variance(variance) == pytest.approx(drawn, rel=0.005)
    assert tanh_variance(1e-6) == pytest.approx(1e-6, rel=1e-4)  # tanh z ≈ z
    assert tanh_variance(1e12) == pytest.approx(1.0, rel=1e-2)  # tanh z ≈ ±1
