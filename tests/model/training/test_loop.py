"""The training loop: what one step does to the weights, and that nothing else decides it."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from model.training import Recipe, Schedule, Training, mean_loss
from model.training.loop import losses, predict
from model.training.tasks import IGNORED, Sequences
from model.transformer import Transformer
from tests.model.zoo import tiny

pytestmark = pytest.mark.usefixtures("one_core")

TASK = Sequences("copy", length=3, letters=4)


def recipe(**changes: Any) -> Recipe:
    """A decoder of one layer that copies three letters, 40 steps."""
    shape = tiny(
        decoder_layers=1,
        encoder_layers=0,
        head="lm",
        vocab_size=TASK.tokenizer.size,
        d_model=16,
        n_heads=2,
        d_ff=32,
    )
    plain = Recipe(TASK, shape, Schedule("cosine", 1e-2, 4, 40), batch=8, std=0.2)
    return replace(plain, **changes)


def weights(training: Training) -> dict[str, Tensor]:
    return {name: w.detach().clone() for name, w in training.transformer.named_parameters()}


def gradients(training: Training) -> dict[str, Tensor]:
    """What the last step was taken with, after clipping."""
    return {
        name: w.grad.clone()
        for name, w in training.transformer.named_parameters()
        if w.grad is not None
    }


def same(one: Transformer, other: Transformer) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def finished(recipe: Recipe) -> Training:
    training = Training(recipe)
    while not training.done:
        training.advance()
    return training


def test_the_loss_falls() -> None:
    training = Training(recipe())
    seen = [training.advance() for _ in range(40)]
    assert training.done
    assert [progress.step for progress in seen] == list(range(1, 41))
    assert [progress.rate for progress in seen] == [
        training.recipe.schedule.rate(step) for step in range(1, 41)
    ]
    assert seen[0].loss == pytest.approx(math.log(TASK.tokenizer.size), rel=0.5)
    assert seen[-1].loss < 0.7 * seen[0].loss
    held_out = list(TASK.held_out(128))
    before = Training(recipe()).transformer
    assert mean_loss(training.transformer, held_out, recipe().trained) < 0.8 * mean_loss(
        before, held_out, recipe().trained
    )


def test_an_interrupted_training_goes_on_as_if_nothing_had_been_in_between(tmp_path: Path) -> None:
    dropping = recipe(dropout=0.1, attention_dropout=0.1)
    whole = finished(dropping)
    first = Training(dropping)
    for _ in range(17):
        first.advance()
    first.save(tmp_path / "half.safetensors")
    second = Training.resume(dropping, tmp_path / "half.safetensors")
    assert second.step == 17
    while not second.done:
        second.advance()
    assert same(second.transformer, whole.transformer)
    assert [path.name for path in tmp_path.iterdir()] == ["half.safetensors"]


def test_the_seed_decides() -> None:
    one, again, other = (finished(recipe(seed=seed, dropout=0.1)) for seed in (1, 1, 2))
    assert same(one.transformer, again.transformer)
    assert not same(one.transformer, other.transformer)


def test_clipping_shortens_the_gradient_and_keeps_its_direction() -> None:
    free, bound = Training(recipe(clip=1e9)), Training(recipe(clip=0.01))
    before, clipped = free.advance().gradient_norm, bound.advance().gradient_norm
    assert clipped == before > 0.01  # the norm that is told is that before clipping
    whole, short = gradients(free), gradients(bound)
    length = math.sqrt(sum(g.square().sum().item() for g in short.values()))
    assert length == pytest.approx(0.01, rel=1e-3)
    for name, gradient in whole.items():
        torch.testing.assert_close(short[name], gradient * 0.01 / before, rtol=1e-3, atol=1e-9)


def test_smoothed_labels_cost_what_the_definition_says() -> None:
    smoothing = 0.2
    training = Training(recipe(smoothing=smoothing))
    batch = TASK.batch(8, 1, 0)
    with torch.no_grad():
        logits = predict(training.transformer, batch, training.recipe.trained)
    asked = batch.labels != IGNORED
    surprise = -logits[asked].log_softmax(-1)  # (labels, vocab)
    right = surprise.gather(-1, batch.labels[asked][:, None]).mean()
    by_hand = (1 - smoothing) * right + smoothing * surprise.mean()
    assert training.advance().loss == pytest.approx(by_hand.item(), rel=1e-5)


def test_two_steps_are_those_of_adamw() -> None:
    """Loshchilov & Hutter 2019 (arXiv 1711.05101), Algorithm 2, with decay of matrices only."""
    training = Training(recipe(decay=0.1, betas=(0.8, 0.9)))
    expected = weights(training)
    first = {name: torch.zeros_like(w) for name, w in expected.items()}
    second = {name: torch.zeros_like(w) for name, w in expected.items()}
    for step in (1, 2):
        rate = training.advance().rate
        for name, gradient in gradients(training).items():
            decay = 0.1 if expected[name].dim() > 1 else 0.0
            first[name] = 0.8 * first[name] + 0.2 * gradient
            second[name] = 0.9 * second[name] + 0.1 * gradient.square()
            mean, square = first[name] / (1 - 0.8**step), second[name] / (1 - 0.9**step)
            move = mean / (square.sqrt() + 1e-8) + decay * expected[name]
            expected[name] = expected[name] - rate * move
    for name, weight in weights(training).items():
        torch.testing.assert_close(weight, expected[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("poison", [math.inf, math.nan])
def test_a_gradient_that_is_not_finite_leaves_the_weights_as_they_were(poison: float) -> None:
    training = Training(recipe())
    training.advance()
    before = weights(training)
    table = training.transformer.embedding.tokens.weight
    hook = table.register_hook(lambda gradient: gradient * poison)
    assert not math.isfinite(training.advance().gradient_norm)
    hook.remove()
    assert all(torch.equal(weight, before[name]) for name, weight in weights(training).items())
    training.advance()  # and the next step is a sound one
    after = weights(training)
    assert all(weight.isfinite().all() for weight in after.values())
    assert any(not torch.equal(weight, before[name]) for name, weight in after.items())


def test_the_mean_loss_is_over_labels_not_over_batches() -> None:
    transformer, trained = Training(recipe()).transformer, recipe().trained
    large, small = TASK.batch(6, 1, 0), TASK.batch(2, 2, 0)
    each = torch.cat([losses(transformer, batch, trained).flatten() for batch in (large, small)])
    asked = torch.cat([batch.labels.flatten() for batch in (large, small)]) != IGNORED
    assert mean_loss(transformer, [large, small], trained) == pytest.approx(
        each[asked].mean().item(), rel=1e-6
    )
    assert (each[~asked] == 0).all()


def test_a_vocabulary_that_is_not_the_tasks_is_refused() -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        recipe(task=Sequences("copy", letters=9))
