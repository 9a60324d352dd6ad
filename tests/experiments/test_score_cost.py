"""What scores cost: the same scores, memory to the byte, and timings that add up."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.score_cost import (
    additive_scores,
    computed_peak,
    dot_scores,
    measure,
    peak_bytes,
    plan,
    timings,
)
from experiments.score_functions import raw_scores


@settings(deadline=None)  # the first call of torch may be slow
@given(st.integers(0, 2**31), st.integers(1, 8), st.integers(1, 8))
def test_the_measured_forms_compute_the_scores(seed: int, n: int, d: int) -> None:
    queries, keys = torch.randn(2, n, d, generator=torch.Generator().manual_seed(seed))
    scores = raw_scores(queries, keys)
    torch.testing.assert_close(dot_scores(queries, keys), scores["dot"])
    torch.testing.assert_close(
        additive_scores(queries, keys, torch.ones(d)), scores["additive"], atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize(("n", "d"), [(1, 1), (16, 3), (40, 64)])
def test_peaks_agree_with_the_shapes_to_the_byte(n: int, d: int) -> None:
    queries, keys = torch.randn(2, n, d)
    assert peak_bytes(lambda: dot_scores(queries, keys)) == 4 * n * n
    vector = torch.ones(d)
    measured = peak_bytes(lambda: additive_scores(queries, keys, vector))
    assert measured == 4 * n * n * d + 4 * n * n == computed_peak("additive", n, d)


def test_freed_tensors_and_views_do_not_count() -> None:
    def call() -> torch.Tensor:
        first = torch.zeros(1000)  # 4000 bytes
        second = first + 1  # 8000
        del first  # 4000
        third = second * 2  # 8000
        return third.view(10, 100).sum(0)  # 8400: the view adds nothing

    assert peak_bytes(call) == 8400


def test_what_was_there_before_does_not_count() -> None:
    x = torch.zeros(1000)
    assert peak_bytes(lambda: x.view(10, 100)) == 0
    assert peak_bytes(lambda: x.add_(1)) == 0


def test_a_plan_varies_one_size_at_a_time_for_both_kinds() -> None:
    points = plan((8, 16), (2, 4), at_n=12, at_d=3)
    assert sorted(points) == sorted(
        [(kind, "n", n, 3) for kind in ("dot", "additive") for n in (8, 16)]
        + [(kind, "d_k", 12, d) for kind in ("dot", "additive") for d in (2, 4)]
    )
    work = [n * n * d for _kind, _axis, n, d in points]
    assert work == sorted(work)


def test_costs_come_one_by_one() -> None:
    points = plan((16, 32), (8,), at_n=16, at_d=4)
    steps = measure(points, seed=0, seconds=0.0)
    first = next(steps)
    costs = [first, *steps]
    assert [(one.kind, one.axis, one.n, one.d_k) for one in costs] == points
    for one in costs:
        assert one.seconds > 0
        assert one.repeats >= 7
        assert one.peak == one.computed == computed_peak(one.kind, one.n, one.d_k)
        assert one.operations == {"dot": 2, "additive": 4}[one.kind] * one.n**2 * one.d_k


def test_timings_go_on_until_the_time_is_up() -> None:
    took = timings(lambda: None, seconds=0.001, least=3)
    assert len(took) > 3
    assert sum(took) >= 0.001
    assert len(timings(lambda: None, seconds=0.0, least=3)) == 3
