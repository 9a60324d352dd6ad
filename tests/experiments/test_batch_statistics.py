"""BatchNorm's statistics: the running mean by its recursion, σ/√B, and a batch of one."""

import math

import pytest
import torch

from experiments.batch_statistics import (
    MEAN,
    SHIFT_AT,
    STD,
    STEPS,
    Feed,
    single,
    standard_errors,
    training,
)

FEED = Feed(batch=16, shift=3.0, seed=1)


def test_the_feed_has_the_mean_and_deviation_it_says() -> None:
    batches = torch.stack(Feed(256, 4.0, 0).batches())  # (steps, batch, features)
    before, after = batches[:SHIFT_AT], batches[SHIFT_AT:]
    assert float(before.mean()) == pytest.approx(MEAN, abs=0.02)
    assert float(after.mean()) == pytest.approx(MEAN + 4, abs=0.02)
    assert float(before.std()) == pytest.approx(STD, abs=0.02)
    assert (Feed(1, 4.0, 0).mean(SHIFT_AT - 1), Feed(1, 4.0, 0).mean(SHIFT_AT)) == (2, 6)


@pytest.mark.parametrize("momentum", [0.01, 0.1, 1.0])
def test_running_statistics_follow_their_recursion(momentum: float) -> None:
    frame = training(FEED, momentum)
    assert len(frame) == STEPS
    mean, var = 0.0, 1.0
    for row in frame.to_dict("records"):
        mean = (1 - momentum) * mean + momentum * row["batch_mean"]
        var = (1 - momentum) * var + momentum * row["batch_var"]
        assert row["running_mean"] == pytest.approx(mean, rel=1e-4, abs=1e-5)
        assert row["running_var"] == pytest.approx(var, rel=1e-4)


def test_the_expected_running_mean_has_a_closed_form() -> None:
    frame = training(FEED, 0.1)
    for step in (0, 10, SHIFT_AT - 1):
        assert frame["expected_mean"][step] == pytest.approx(MEAN * (1 - 0.9 ** (step + 1)))
    late = frame["expected_mean"][SHIFT_AT + 4]
    assert late == pytest.approx(MEAN + 3 - 3 * 0.9**5, abs=1e-3)


def test_training_mode_hides_a_shift_that_evaluation_mode_shows() -> None:
    frame = training(FEED, 0.1)
    assert frame["train_mean"].abs().max() < 1e-5
    assert frame["train_std"].iloc[SHIFT_AT] == pytest.approx(1, abs=1e-3)
    assert frame["eval_mean"][SHIFT_AT] == pytest.approx(3 / STD, abs=0.25)
    assert abs(frame["eval_mean"].iloc[-20:].mean()) < 0.1
    assert frame["eval_mean"][0] == pytest.approx(MEAN, abs=0.5)  # nothing learnt yet
    assert frame["eval_std"][0] == pytest.approx(STD, rel=0.1)


def test_the_error_of_the_batch_mean_falls_with_the_root_of_the_batch() -> None:
    frame = standard_errors((1, 4, 16, 64), 4000, 0)
    assert frame["closed"].tolist() == [STD, STD / 2, STD / 4, STD / 8]
    for error, closed in zip(frame["error"], frame["closed"], strict=True):
        assert error == pytest.approx(closed, rel=4 / math.sqrt(2 * 4000))


def test_a_batch_of_one_is_refused_and_its_formula_gives_nothing() -> None:
    result = single(Feed(1, 0.0, 0), 0.1)
    assert "more than 1 value per channel" in result.refused
    assert result.formula == 0
    assert result.evaluated == pytest.approx(1, abs=0.4)
    with pytest.raises(ValueError, match="more than 1 value"):
        training(Feed(1, 0.0, 0), 0.1)
