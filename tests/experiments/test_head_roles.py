"""Roles of heads and distances between them: heads that do one thing exactly, by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from experiments.head_roles import (
    PATTERNS,
    beside_first,
    distances,
    evidence,
    measure,
    roles,
    separators,
    targets,
)
from experiments.reading import look, read
from model import Bench

N = 6
EVERY = torch.ones(N, N, dtype=torch.bool)
CAUSAL = EVERY.tril()


def pattern_of(**named: Tensor) -> dict[str, Tensor]:
    """Patterns by position for N tokens, "same" and "separator" empty unless given."""
    position = torch.arange(N)
    step = position - position[:, None]
    empty = torch.zeros(N, N, dtype=torch.bool)
    return {
        "previous": step == -1,
        "next": step == 1,
        "itself": step == 0,
        "first": (position == 0).expand(N, N),
        "same": empty,
        "separator": empty,
    } | named


def even(allowed: Tensor) -> Tensor:
    return allowed / allowed.sum(-1, keepdim=True)


def test_a_head_that_looks_back_is_a_previous_token_head() -> None:
    back = torch.zeros(1, N, N)
    back[0, 0, 0] = 1
    back[0, range(1, N), range(N - 1)] = 1
    found = measure(back, EVERY, pattern_of())
    place = PATTERNS.index("previous")
    assert found.names == ["previous"]
    assert found.share[0, place] == 1
    assert found.baseline[place] == pytest.approx(1 / N)
    assert found.lift[0, place] == pytest.approx(N)
    assert found.breadth[0] == 0


@pytest.mark.parametrize("allowed", [EVERY, CAUSAL])
def test_even_attention_has_lift_one_everywhere_and_is_broad(allowed: Tensor) -> None:
    found = measure(even(allowed)[None], allowed, pattern_of())
    known = ~found.baseline.isnan()
    torch.testing.assert_close(found.lift[0, known], torch.ones(int(known.sum())))
    assert found.names == ["broad"]
    torch.testing.assert_close(found.breadth, torch.ones(1))


def test_a_pattern_that_the_mask_forbids_or_the_text_lacks_is_unknown() -> None:
    found = measure(even(CAUSAL)[None], CAUSAL, pattern_of())
    unknown = {name for name, base in zip(PATTERNS, found.baseline, strict=True) if base.isnan()}
    assert unknown == {"next", "same", "separator"}


@pytest.mark.parametrize(("queries", "known"), [(2, False), (3, True)])
def test_a_pattern_of_very_few_queries_tells_nothing(queries: int, known: bool) -> None:
    same = torch.zeros(N, N, dtype=torch.bool)
    same[range(queries), range(1, queries + 1)] = True
    found = measure(even(EVERY)[None], EVERY, pattern_of(same=same))
    assert bool(found.baseline[PATTERNS.index("same")].isnan()) is not known


def test_a_causal_baseline_by_hand() -> None:
    # query i may see i + 1 keys, of which one is the previous; query 0 has none
    found = measure(even(CAUSAL)[None], CAUSAL, pattern_of())
    expected = sum(1 / (i + 1) for i in range(1, N)) / (N - 1)
    assert found.baseline[PATTERNS.index("previous")] == pytest.approx(expected)


def test_a_sharp_head_without_a_pattern_is_something_else() -> None:
    permuted = torch.eye(N)[[3, 5, 4, 0, 1, 2]][None]  # no neighbour, no self, once the first
    assert measure(permuted, EVERY, pattern_of()).names == ["other"]


def test_without_the_first_token_the_rest_sums_to_one() -> None:
    weights = torch.rand(2, N, N).softmax(-1) * CAUSAL
    weights = weights / weights.sum(-1, keepdim=True)
    rest, kept = beside_first(weights, CAUSAL)
    assert not kept[:, 0].any()
    assert (rest[..., 0] == 0).all()
    torch.testing.assert_close(rest.sum(-1)[:, 1:], torch.ones(2, N - 1))
    assert (rest[:, 0] == 0).all()  # the first query saw nothing else
    torch.testing.assert_close(rest[0, 2, 2] / rest[0, 2, 1], weights[0, 2, 2] / weights[0, 2, 1])


def test_distance_is_zero_for_equal_rows_and_one_for_disjoint_ones() -> None:
    one = torch.zeros(N, N)
    one[:, 0] = 1
    other = torch.zeros(N, N)
    other[:, 1] = 0.25
    other[:, 2] = 0.75
    found = distances(torch.stack([one, one, other]), EVERY)
    torch.testing.assert_close(
        found, torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    )


def test_distance_by_hand() -> None:
    rows = torch.tensor([[[1.0, 0.0]], [[0.5, 0.5]]])  # two heads, one query, two keys
    middle = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    expected = math.sqrt(middle - (0 + 1) / 2)
    found = distances(rows, torch.ones(1, 2, dtype=torch.bool))
    assert found[0, 1] == pytest.approx(expected, abs=1e-6)


@settings(deadline=None)  # the first example pays for the set-up
@given(st.integers(0, 1000), st.sampled_from([0.1, 1.0, 10.0]))
def test_distance_is_a_metric_between_zero_and_one(seed: int, sharpness: float) -> None:
    dice = torch.Generator().manual_seed(seed)
    weights = (torch.randn(4, 5, 7, generator=dice) * sharpness).softmax(-1)
    found = distances(weights, torch.ones(5, 7, dtype=torch.bool))
    assert ((found >= 0) & (found <= 1)).all()
    torch.testing.assert_close(found, found.T)
    for one in range(4):
        for way in range(4):
            for other in range(4):
                assert found[one, other] <= found[one, way] + found[way, other] + 1e-5


def test_same_tokens_and_separators_of_a_real_text(minilm: Bench) -> None:
    source = minilm.encode("the cat, the dog [MASK]")
    assert source.tokens[0] == ["[CLS]", "the", "cat", ",", "the", "dog", "[MASK]", "[SEP]"]
    assert separators(minilm, source.ids[0].tolist(), source.tokens[0]) == (3, 7)
    same = targets(minilm, source)["same"].nonzero().tolist()
    assert same == [[1, 4], [4, 1]]


def test_evidence_tells_each_head_of_a_real_layer(minilm: Bench) -> None:
    reading = read(minilm, "The keys to the old cabinet are lost.", minilm.native)
    run = look(minilm, reading, 1)
    found = roles(minilm, run.source, run.attention(1), rest=True)
    table = evidence(found)
    assert list(table["head"]) == list(range(12))
    assert {"previous", "next"} <= set(table["role"])
    assert "first" not in set(table["role"])
    lift = table["share"] / table["baseline"]
    assert list(lift.dropna()) == pytest.approx(list(table["lift"].dropna()))
