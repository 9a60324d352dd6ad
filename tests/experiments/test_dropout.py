"""Dropout measured: closed forms, the sites of a pass, training against evaluation."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import dropout
from model import Bench, Tape, load
from model.dropout import Dropout

TEXT = "The cat sat on the mat."


@pytest.fixture(scope="module")
def bench() -> Bench:
    return load("bert-tiny")


@given(rate=st.floats(0.05, 0.8), seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_the_mean_stays_and_the_variance_is_that_of_the_closed_form(rate: float, seed: int) -> None:
    x = torch.linspace(-2, 3, 600).view(20, 30)
    found = dropout.draws(x, rate, 400, seed)
    assert found.errors[-1] == pytest.approx(dropout.expected_error(rate, 400), rel=0.4)
    assert found.errors[-1] == pytest.approx(float((found.mean - x).norm() / x.norm()), rel=1e-3)
    closed = dropout.closed_variance(x, rate)
    assert float(found.variance.sum() / closed.sum()) == pytest.approx(1, abs=0.12)
    # number by number: a scaled Bernoulli variable's own spread, worked out by hand
    by_hand = (x / (1 - rate)).square() * rate * (1 - rate)
    torch.testing.assert_close(closed, by_hand)


def test_few_draws_worked_by_hand() -> None:
    x = torch.tensor([[1.0, -2.0, 4.0]])
    one = dropout.draws(x, 0.5, 1, seed=3)
    assert one.counts == [1] and one.variance.isnan().all()
    torch.testing.assert_close(one.mean, one.first)
    assert set(one.first.flatten().tolist()) <= {0.0, 2.0, -4.0, 8.0}
    two = dropout.draws(x, 0.5, 2, seed=3)
    second = 2 * two.mean - two.first
    torch.testing.assert_close(two.variance, (two.first - second).square() / 2)
    assert set(second.flatten().tolist()) <= {0.0, 2.0, -4.0, 8.0}


def test_draws_are_counted_at_powers_of_two_and_a_rate_of_nothing_adds_nothing() -> None:
    found = dropout.draws(torch.ones(3, 4), 0.0, 20, seed=0)
    assert found.counts == [1, 2, 4, 8, 16, 20]
    assert found.errors == [0.0] * 6
    assert (found.variance == 0).all() and torch.equal(found.mean, torch.ones(3, 4))


def test_a_pass_drops_at_every_place_in_its_order(bench: Bench) -> None:
    table = dropout.sites(bench, TEXT, rate=0.4, attention=0.2, seed=1)
    expected = ["encoder.embedding.dropped"]
    for layer in range(2):
        expected += [
            f"encoder.{layer}.self_attention.dropped_weights",
            f"encoder.{layer}.self_attention.dropped",
            f"encoder.{layer}.feed_forward.dropped",
        ]
    assert table["site"].tolist() == expected
    for kind, rate, numbers in (("hidden", 0.4, 1), ("weights", 0.2, 1)):
        rows = table[table["kind"] == kind]
        assert (rows["numbers"] >= numbers).all()
        for share, count in zip(rows["dropped"], rows["numbers"], strict=True):
            assert share == pytest.approx(rate, abs=5 * math.sqrt(rate * (1 - rate) / count))
    hidden = {
        site.removesuffix(".dropped") for site in table.loc[table["kind"] == "hidden", "site"]
    }
    assert hidden == set(dropout.places(bench))


def test_what_is_written_is_what_a_pass_drops(bench: Bench) -> None:
    """At the embedding, the one place whose input no earlier dropout has changed."""
    x = dropout.written(bench, TEXT, "encoder.embedding")
    source, tape = bench.encode(TEXT), Tape(keep=("encoder.embedding.dropped",))
    dice = torch.Generator().manual_seed(0)
    with torch.no_grad():
        bench.transformer(source.ids, source.real, dropout=Dropout(dice, 0.25), tape=tape)
    after = tape.kept["encoder.embedding.dropped"][0]
    kept = after != 0
    torch.testing.assert_close(after[kept], x[kept] / 0.75)
    assert 0.15 < 1 - kept.float().mean() < 0.35


def test_passes_in_training_differ_and_those_in_evaluation_do_not(bench: Bench) -> None:
    found = dropout.passes(bench, TEXT, rate=0.2, attention=0.2, seed=0, count=12)
    assert found.apart > 0.1
    assert found.same_dice == found.evaluation == 0
    assert 0 < found.averaged < found.one / 2  # twelve noises average out to about a third
    still = dropout.passes(bench, TEXT, rate=0.0, attention=0.0, seed=0, count=2)
    assert still.apart == still.one == still.averaged == 0


def test_a_heads_rows_no_longer_add_up(bench: Bench) -> None:
    before, after = dropout.attention(bench, TEXT, layer=1, rate=0.3, seed=4)
    assert before.shape == after.shape
    torch.testing.assert_close(before.sum(-1), torch.ones(before.shape[:2]))
    kept = after > 0
    torch.testing.assert_close(after[kept], before[kept] / 0.7)
    assert (after.sum(-1) - 1).abs().max() > 0.05
    same, untouched = dropout.attention(bench, TEXT, layer=1, rate=0.0, seed=4)
    assert torch.equal(same, untouched)


def test_points_span_the_numbers_from_smallest_to_largest() -> None:
    found = dropout.draws(torch.linspace(-1, 5, 1000).view(10, 100), 0.5, 4, seed=0)
    points = dropout.variance_points(found, 0.5, most=50)
    assert len(points) == 50
    assert points["x"].abs().is_monotonic_increasing
    assert points["x"].iloc[-1] == 5 and points["closed"].iloc[-1] == pytest.approx(25)
