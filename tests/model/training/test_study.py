"""A very short study: the same twice, and each of its measures worked out another way."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from model.choices import native_choices
from model.shape import Shape
from model.tape import Tape
from model.training import Recipe, Schedule, Training
from model.training.study import study
from model.training.tasks import Characters
from model.transformer import Transformer

TASK = Characters(40)
STEPS = 12


def recipe(shape: dict[str, Any] | None = None, **choices: Any) -> Recipe:
    """A decoder of one layer, two heads and eight features, twelve steps of four windows."""
    usual = Shape(
        vocab_size=TASK.tokenizer.size,
        d_model=8,
        n_heads=2,
        d_ff=8,
        decoder_layers=1,
        positions="sinusoidal",
        norm_place="pre",
        final_norm=True,
        head="lm",
    )
    built = replace(usual, **shape or {})
    return Recipe(
        TASK,
        built,
        Schedule("cosine", 1e-2, 2, STEPS),
        batch=4,
        std=0.3,
        choices=replace(native_choices(built), **choices) if choices else None,
    )


def held_out() -> Tensor:
    """The held-out characters (characters,), from the windows of length 1."""
    batches = list(Characters(1).held_out(100_000))
    return torch.cat([*(batch.ids.flatten() for batch in batches), batches[-1].labels[-1]])


def window_losses(model: Transformer, length: int, at_once: int, **choices: Any) -> Tensor:
    """−ln of the probability of every next character, in windows of `length` cut one after the
    other: (windows, length)."""
    text = held_out()
    chosen = replace(native_choices(model.shape), **choices)
    windows = [text[i : i + length + 1] for i in range(0, len(text) - length, length)]
    rows = []
    with torch.no_grad():
        for first in range(0, len(windows), at_once):
            ids = torch.stack(windows[first : first + at_once])
            said = model(ids[:, :-1], choices=chosen).log_softmax(-1)
            rows.append(-said.gather(-1, ids[:, 1:, None]).squeeze(-1))
    return torch.cat(rows).double()


def test_the_same_recipe_gives_the_same_study() -> None:
    one, other = study(recipe()), study(recipe())
    assert one.curve == other.curve
    assert one.outcomes == other.outcomes


def test_a_point_of_the_curve_is_the_mean_over_its_steps() -> None:
    training = Training(recipe())
    steps = [training.advance() for _step in range(STEPS)]
    first, second = study(recipe()).curve
    assert (first.step, second.step) == (10, 12)
    assert first.loss == pytest.approx(sum(s.loss for s in steps[:10]) / 10)
    assert first.gradient_norm == pytest.approx(sum(s.gradient_norm for s in steps[:10]) / 10)
    assert second.loss == pytest.approx((steps[10].loss + steps[11].loss) / 2)


def test_losses_on_held_out_text() -> None:
    done = study(recipe(), lengths=(40, 56))
    model, outcomes = done.transformer, done.outcomes
    assert outcomes["held out", 0] == pytest.approx(
        float(window_losses(model, 40, 64).mean()), rel=1e-6
    )
    for length in (40, 56):
        tail = window_losses(model, length, 64)[:, -32:]
        assert outcomes["length", length] == pytest.approx(float(tail.mean()), rel=1e-6)
    assert outcomes["training", 0] == pytest.approx(sum(p.loss for p in done.curve) / 2)
    assert {measure for measure, _at in outcomes} == {
        "held out",
        "training",
        "parameters",
        "entropy",
        "largest",
        "length",
    }


def test_attention_is_measured_on_rows_that_see_much() -> None:
    done = study(recipe())
    ids = held_out()[: 64 * 40].view(64, 40)
    tape = Tape(keep=("*.weights",))
    with torch.no_grad():
        done.transformer(ids, choices=native_choices(done.transformer.shape), tape=tape)
    (weights,) = (t for name, t in tape.kept.items() if name.endswith("self_attention.weights"))
    entropies, largest = [], []
    for row in weights[:, :, 31:].flatten(0, 2).tolist():  # rows that see 32 characters or more
        entropies.append(-math.fsum(w * math.log(w) for w in row if w > 0))
        largest.append(max(row))
    assert done.outcomes["entropy", 0] == pytest.approx(sum(entropies) / len(entropies), rel=1e-5)
    assert done.outcomes["largest", 0] == pytest.approx(sum(largest) / len(largest), rel=1e-5)


def test_parameters_are_counted() -> None:
    d, vocabulary = 8, TASK.tokenizer.size
    attention = 4 * (d * d + d)
    feed_forward = 2 * (d * 8) + 8 + d
    norms = 3 * 2 * d
    assert study(recipe()).outcomes["parameters", 0] == (
        vocabulary * d + attention + feed_forward + norms
    )


def test_a_model_without_its_mask_is_read_with_it_too() -> None:
    done = study(recipe(mask="none"))
    for measure, mask in {"held out": "none", "causal": "native"}.items():
        expected = window_losses(done.transformer, 40, 64, mask=mask).mean()
        assert done.outcomes[measure, 0] == pytest.approx(float(expected), rel=1e-6)
    assert done.outcomes["held out", 0] != done.outcomes["causal", 0]


def test_batch_norm_is_read_one_window_at_a_time_too() -> None:
    done = study(recipe({"norm": "batch"}))
    for measure, at_once in {"held out": 64, "one by one": 1}.items():
        expected = window_losses(done.transformer, 40, at_once).mean()
        assert done.outcomes[measure, 0] == pytest.approx(float(expected), rel=1e-6)


def test_a_learned_table_is_not_read_past_its_end() -> None:
    done = study(recipe({"positions": "learned", "context": 40}), lengths=(40, 41))
    assert ("length", 40) in done.outcomes
    assert ("length", 41) not in done.outcomes
