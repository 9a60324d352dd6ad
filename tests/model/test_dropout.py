"""Dropout: what it draws, where it acts, and that a pass without it drops nothing."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.dropout import Dropout, drop
from model.tape import Tape
from tests.model.zoo import grown, tiny, words


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(rate=st.floats(0, 0.9), seed=st.integers(0, 99))
def test_what_stays_is_scaled_and_the_rest_is_zero(rate: float, seed: int) -> None:
    x = torch.randn(40, 50, generator=dice(seed))
    dropped = drop(x, rate, dice(seed))
    gone = dropped == 0
    torch.testing.assert_close(dropped[~gone], x[~gone] / (1 - rate))
    assert abs(gone.float().mean() - rate) < 0.06  # 5.6 standard errors at a rate of ½


def test_mean_and_variance_of_ones_are_those_of_a_scaled_bernoulli_variable() -> None:
    for rate in (0.1, 0.5, 0.8):
        dropped = drop(torch.ones(1000, 1000), rate, dice())
        assert dropped.mean().item() == pytest.approx(1, abs=0.01)
        assert dropped.var().item() == pytest.approx(rate / (1 - rate), rel=0.02)


@pytest.mark.parametrize("place", ["pre", "post"])
def test_every_sublayer_and_both_embeddings_are_dropped(place: str) -> None:
    shape = tiny(encoder_layers=1, decoder_layers=1, norm_place=place)
    model, tape = grown(shape), Tape(keep=("*.dropped", "*.dropped_weights"))
    model(
        words(shape, 2, 5),
        target=words(shape, 2, 4),
        dropout=Dropout(dice(), rate=0.5, attention=0.5),
        tape=tape,
    )
    attention = (
        "encoder.0.self_attention",
        "decoder.0.self_attention",
        "decoder.0.cross_attention",
    )
    feed = ("encoder.0.feed_forward", "decoder.0.feed_forward")
    embedding = ("encoder.embedding", "decoder.embedding")
    assert set(tape.kept) == {f"{at}.dropped" for at in attention + feed + embedding} | {
        f"{at}.dropped_weights" for at in attention
    }
    for dropped in tape.kept.values():
        assert (dropped == 0).any() and (dropped != 0).any()


def test_the_same_dice_give_the_same_pass_and_others_another() -> None:
    model, text = grown(tiny()), words(tiny(), 2, 6)
    one, same, other = (model(text, dropout=Dropout(dice(seed), 0.2, 0.2)) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_a_rate_of_nothing_changes_nothing() -> None:
    model, text = grown(tiny()), words(tiny(), 2, 6)
    assert torch.equal(model(text, dropout=Dropout(dice())), model(text))


def test_attention_rows_keep_their_weights_on_the_tape() -> None:
    model, text = grown(tiny()), words(tiny(), 1, 6)
    plain, dropped = Tape(), Tape()
    model(text, tape=plain)
    model(text, tape=dropped, dropout=Dropout(dice(), attention=0.5))
    site = "encoder.0.self_attention.weights"
    assert torch.equal(plain.kept[site], dropped.kept[site])


@pytest.mark.parametrize("rates", [(1.0, 0.0), (0.0, 1.0), (-0.1, 0.0), (float("nan"), 0.0)])
def test_a_rate_that_would_leave_nothing_is_refused(rates: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        replace(Dropout(dice()), rate=rates[0], attention=rates[1])
