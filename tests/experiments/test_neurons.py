"""Neurons: shares by hand, and against the run's own view."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.neurons import by_layer, firing, strongest, summary
from model import Bench

TEXT = "The keys to the old cabinet are lost."


def test_shares_by_hand() -> None:
    activations = torch.tensor([[0.0, 0.05, -3.0, 0.0], [0.2, 0.01, 3.0, 0.0]])
    found = summary(activations, 0.1)
    assert found["small"] == pytest.approx(5 / 8)
    assert found["zero"] == pytest.approx(3 / 8)
    assert found["silent"] == pytest.approx(2 / 4)  # the second and the last neuron
    assert found["largest"] == 3


def test_how_many_share_the_energy() -> None:
    even = torch.ones(3, 8)
    alone = torch.zeros(3, 8)
    alone[:, 2] = -4.0
    assert summary(even, 0.1)["effective"] == pytest.approx(1)
    assert summary(alone, 0.1)["effective"] == pytest.approx(1 / 8)
    assert summary(torch.zeros(3, 8), 0.1)["effective"] == 0


@settings(deadline=None)  # the first call of torch may be slow
@given(st.integers(0, 2**31), st.floats(0.01, 2))
def test_shares_are_shares_and_grow_with_the_threshold(seed: int, threshold: float) -> None:
    activations = torch.randn(5, 9, generator=torch.Generator().manual_seed(seed))
    low, high = summary(activations, threshold), summary(activations, threshold * 2)
    assert 0 <= low["silent"] <= low["small"] <= high["small"] <= 1
    assert 1 / 9 - 1e-6 <= low["effective"] <= 1 + 1e-6


@pytest.mark.parametrize("name", ["minilm", "smollm2"])
def test_each_layer_is_the_runs_own(name: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(name)
    run = bench.run(TEXT)
    frame = by_layer(bench, run.source, bench.native, 0.1)
    assert frame["layer"].tolist() == list(range(bench.shape.n_layers))
    view = run.feed_forward(3)
    row = frame.to_dict("records")[3]
    post = view.post_activation[0]
    assert row["small"] == pytest.approx(float((post.abs() < 0.1).float().mean()), abs=1e-3)
    assert row["negative"] == pytest.approx(float((view.pre_activation < 0).float().mean()), 1e-3)


def test_the_strongest_by_hand() -> None:
    activations = torch.tensor([[1.0, -5.0, 0.0, 2.0], [0.5, 0.0, 3.0, -61.0]])
    assert strongest(activations, 2) == [3, 1]
    assert strongest(activations, 99) == [3, 1, 2, 0]


def test_firing_by_hand() -> None:
    activations = torch.tensor([[0.5, -2.0, 1.0], [3.0, 0.1, 0.0]])
    table = firing(activations, 1, ["a", "b"]).to_dict("records")
    assert [row["activation"] for row in table] == pytest.approx([-2.0, 0.1])
    assert [row["place"] for row in table] == [1, 2]
