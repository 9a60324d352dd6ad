"""The width of heads: formulas against real modules, ranks against what was put in."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from experiments.head_width import (
    Scheme,
    costs,
    d_head,
    divisors,
    evidence,
    flops,
    moved,
    narrowed,
    one_pass,
    parameters,
    plans,
    spectrum,
    timings,
)
from model import Bench, Shape
from model.attention import Attention

LONG = "One two three four five six seven eight nine ten, " * 9


def test_divisors() -> None:
    assert divisors(12) == [1, 2, 3, 4, 6, 12]


@pytest.mark.parametrize("scheme", ["split", "full"])
@pytest.mark.parametrize("heads", [1, 4, 16])
def test_parameters_are_those_of_the_real_module(heads: int, scheme: Scheme) -> None:
    shape = Shape(
        vocab_size=1,
        d_model=16,
        n_heads=heads,
        d_head=d_head(16, heads, scheme),
        d_ff=1,
        encoder_layers=1,
        positions="none",
        query_bias=False,
        output_bias=False,
    )
    counted = sum(weight.numel() for weight in Attention(shape).parameters())
    assert parameters(16, heads, scheme) == counted


@pytest.mark.parametrize("scheme", ["split", "full"])
@pytest.mark.parametrize("heads", [1, 2, 8])
def test_operations_are_those_that_torch_counts(heads: int, scheme: Scheme) -> None:
    run = one_pass(32, heads, scheme, tokens=10, seed=0)
    with FlopCounterMode(display=False) as counter:
        run()
    assert flops(32, heads, scheme, 10) == counter.get_total_flops()


def test_split_costs_the_same_for_any_number_of_heads_and_full_width_h_times_as_much() -> None:
    table = costs(64, 32).set_index(["scheme", "heads"])
    assert table.loc["split", "parameters"].nunique() == 1
    assert table.loc["split", "flops"].nunique() == 1
    for heads in divisors(64):
        assert table.loc[("full", heads), "flops"] == heads * table.loc[("split", 1), "flops"]


def test_every_small_module_is_timed_once() -> None:
    measured = list(timings(8, 4, repeats=2))
    assert [(one.heads, one.scheme) for one in measured] == plans(8)
    assert all(one.seconds > 0 for one in measured)


def test_too_large_modules_are_left_out() -> None:
    assert (256, "full") not in plans(256)
    assert (256, "split") in plans(256)


@pytest.mark.parametrize("name", ["minilm", "smollm2"])
def test_rank_of_real_scores_is_the_width_of_the_head(
    name: str, request: pytest.FixtureRequest
) -> None:
    bench: Bench = request.getfixturevalue(name)
    run = bench.run(LONG)
    view = run.attention(1)
    found = spectrum(view, bench.native)
    assert view.queries.shape[2] > bench.shape.d_head
    assert (found.rank <= bench.shape.d_head).all()
    reference = torch.linalg.matrix_rank(view.queries[0].double() @ view.keys[0].double().mT)
    assert found.rank.tolist() == reference.tolist()
    assert (found.effective <= found.rank + 1e-6).all()
    assert (found.weights_rank > found.rank).all()  # softmax lifts it
    assert list(evidence(found)["rank"]) == found.rank.tolist()


@pytest.mark.parametrize("name", ["minilm", "smollm2"])
def test_a_head_cut_to_its_whole_rank_is_the_head(
    name: str, request: pytest.FixtureRequest
) -> None:
    bench: Bench = request.getfixturevalue(name)
    view = bench.run("The cat sat on the mat, the dog beside it.").attention(1)
    weights = narrowed(view, bench.native, head=3)
    torch.testing.assert_close(weights[-1].float(), view.weights[0, 3], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:2]).double())
    shares = moved(weights)
    assert shares[-1] == 0
    assert shares[0] > 0.05


def test_moved_by_hand() -> None:
    rows = torch.tensor([[[1.0, 0.0], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]]])
    assert moved(rows).tolist() == [0.25, 0.0]
