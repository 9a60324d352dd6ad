"""Tied keys: symmetric scores, asymmetric weights, and what positions do to that."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.symmetry import asymmetry, even_diagonal, smallest_eigenvalue, symmetry
from model import Bench, Choices
from model.choices import native_choices
from tests.model import zoo

TEXT = "The keys to the old cabinet are lost."


def test_asymmetry_by_hand() -> None:
    scores = torch.tensor(
        [
            [[1.0, 2.0], [2.0, 5.0]],  # symmetric
            [[0.0, 3.0], [-3.0, 0.0]],  # antisymmetric
            [[0.0, 0.0], [0.0, 0.0]],
            [[0.0, 1.0], [0.0, 0.0]],  # ‖S − Sᵀ‖ = √2, ‖S‖ = 1
        ]
    )
    torch.testing.assert_close(asymmetry(scores), torch.tensor([0.0, 2.0, 0.0, 2**0.5]))


@settings(deadline=None)  # the first call of torch may be slow
@given(st.integers(0, 2**31), st.integers(1, 9), st.floats(0.01, 100))
def test_asymmetry_knows_no_scale_and_stays_within_its_bounds(seed, n, factor) -> None:
    dice = torch.Generator().manual_seed(seed)
    scores = torch.randn(n, n, generator=dice, dtype=torch.float64)
    value = asymmetry(scores)
    assert 0 <= value <= 2 + 1e-9
    torch.testing.assert_close(asymmetry(scores * factor), value)
    torch.testing.assert_close(asymmetry(scores.T), value)


def test_independent_entries_are_near_the_root_of_two() -> None:
    scores = torch.randn(50, 64, 64, generator=torch.Generator().manual_seed(1))
    assert float(asymmetry(scores).mean()) == pytest.approx(2**0.5, rel=0.02)


def test_smallest_eigenvalue_by_hand_and_of_a_gram_matrix() -> None:
    assert smallest_eigenvalue(torch.tensor([[0.0, 2.0], [0.0, 0.0]])) == pytest.approx(-1.0)
    queries = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
    assert smallest_eigenvalue(queries @ queries.T) == pytest.approx(0.0, abs=1e-5)


def test_even_diagonal_by_hand() -> None:
    assert even_diagonal(torch.ones(4, 4, dtype=torch.bool)) == pytest.approx(0.25)
    causal = torch.ones(3, 3, dtype=torch.bool).tril()
    assert even_diagonal(causal) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


@pytest.mark.parametrize("name", ["bert_tiny", "minilm", "smollm2"])
def test_tied_scores_of_real_heads_are_symmetric(name: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(name)
    source = bench.encode(TEXT)
    native = symmetry(bench, source, bench.native)
    tied = symmetry(bench, source, replace(bench.native, tied=True))
    assert len(native) == bench.shape.n_layers * bench.shape.n_heads
    assert native["scores"].to_numpy().min() > 0.1
    assert tied[["scores", "content"]].to_numpy().max() < 1e-5
    assert tied["weights"].to_numpy().min() > 1e-3  # softmax divides each row by its own sum
    assert tied["diagonal"].to_numpy().mean() > 1.5 * native["diagonal"].to_numpy().mean()


def test_every_row_is_the_layers_own_view(smollm2: Bench) -> None:
    frame = symmetry(smollm2, smollm2.encode(TEXT), smollm2.native)
    view = smollm2.run(TEXT).attention(11)
    row = frame.to_dict("records")[11 * 9 + 4]
    assert (row["layer"], row["head"]) == (11, 4)
    content = view.content_queries[0, 4] @ view.content_keys[0, 4].T
    assert row["content"] == pytest.approx(float(asymmetry(content)), rel=1e-4)
    assert row["scores"] == pytest.approx(float(asymmetry(view.raw_scores[0, 4])), rel=1e-4)
    assert row["weights"] == pytest.approx(float(asymmetry(view.weights[0, 4])), rel=1e-4)
    assert row["diagonal"] == pytest.approx(float(view.weights[0, 4].diagonal().mean()), rel=1e-4)


def test_tying_one_layer_leaves_the_earlier_ones(minilm: Bench) -> None:
    source = minilm.encode(TEXT)
    native = symmetry(minilm, source, minilm.native)
    tied = symmetry(minilm, source, replace(minilm.native, tied=True, layers=(3,)))
    before = native["layer"] < 3
    assert tied[before].equals(native[before])
    scores = tied["scores"].to_numpy().reshape(6, 12)  # (layers, heads)
    assert scores[3].max() < 1e-5
    assert scores[4].min() > 0.1


@pytest.mark.parametrize(
    ("positions", "symmetric"),
    [("rope", True), ("alibi", True), ("learned", True), ("relative", False), ("xl", False)],
)
def test_which_positions_keep_tied_scores_symmetric(
    bert_tiny: Bench, positions: str, symmetric: bool
) -> None:
    shape = zoo.tiny(positions=positions)
    bench = Bench("random", shape, zoo.grown(shape), bert_tiny.tokenizer)
    choices: Choices = replace(native_choices(shape), tied=True)
    run = bench.run_encoded(bench.batch([[3, 1, 4, 1, 5, 9, 2, 6]]), choices)
    apart = asymmetry(run.attention(0).scores[0])
    assert (float(apart.max()) < 1e-10) == symmetric
