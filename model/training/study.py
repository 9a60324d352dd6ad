"""One run of a family: train by a recipe, then measure what came of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from model.choices import Choices
from model.tape import Tape
from model.training.loop import Training, losses, mean_loss
from model.training.recipe import Recipe
from model.transformer import Transformer

EVERY = 10  # steps that one point of a curve averages
LAST = 32  # characters at the end of a longer window that are counted
BATCH = 64


@dataclass(frozen=True)
class Point:
    """The mean over the `EVERY` steps up to `step`: loss in nats per token, and gradient norm."""

    step: int
    loss: float
    gradient_norm: float


@dataclass(frozen=True)
class Study:
    """curve: the training. outcomes: (measure, at) → value; see `study`."""

    curve: tuple[Point, ...]
    outcomes: dict[tuple[str, float], float]
    transformer: Transformer


def study(recipe: Recipe, lengths: Sequence[int] = ()) -> Study:
    """Train, then measure on held-out text, in nats per character, with the trained choices:

    "held out": the mean loss. "training": the mean loss of the last 50 steps. "length", at a
    window's length: the loss of its last 32 characters, for `lengths`; learned positions have no
    row beyond those trained, so there it is left out. "one by one": as "held out" with batches of
    one window, for BatchNorm, whose statistics are the batch's. "causal": as "held out" with the
    causal mask on, for models trained without it. "entropy": mean entropy of attention rows in
    nats, over layers, heads and rows that see 32 characters or more. "largest": the mean of those
    rows' largest weight. "parameters": their number.
    """
    training, curve, recent = Training(recipe), [], []
    while not training.done:
        recent.append(training.advance())
        if len(recent) == EVERY or training.done:
            loss, norm = (
                math.fsum(values) / len(recent)
                for values in ([p.loss for p in recent], [p.gradient_norm for p in recent])
            )
            curve.append(Point(training.step, loss, norm))
            recent = []
    model, chosen = training.transformer, recipe.trained
    outcomes: dict[tuple[str, float], float] = {
        ("held out", 0): mean_loss(model, recipe.task.held_out(BATCH), chosen),
        ("training", 0): math.fsum(point.loss for point in curve[-5:]) / len(curve[-5:]),
        ("parameters", 0): sum(weight.numel() for weight in model.parameters()),
    }
    outcomes |= _attention(model, recipe, chosen)
    for length in lengths:
        if not recipe.shape.context or length <= recipe.shape.context:
            outcomes["length", length] = _end_of_window(model, recipe, length)
    if chosen.norm == "batch":
        outcomes["one by one", 0] = mean_loss(model, recipe.task.held_out(1), chosen)
    if chosen.mask == "none":
        masked = replace(chosen, mask="native")
        outcomes["causal", 0] = mean_loss(model, recipe.task.held_out(BATCH), masked)
    return Study(tuple(curve), outcomes, model)


def _end_of_window(model: Transformer, recipe: Recipe, length: int) -> float:
    usual: Any = recipe.task
    task = replace(usual, length=length)
    tails = [
        losses(model, batch, recipe.trained)[:, -LAST:].flatten() for batch in task.held_out(BATCH)
    ]
    return torch.cat(tails).double().mean().item()


def _attention(
    model: Transformer, recipe: Recipe, chosen: Choices
) -> dict[tuple[str, float], float]:
    entropies: list[Tensor] = []
    largest: list[Tensor] = []

    def see(site: str, weights: Tensor) -> None:
        rows = weights[:, :, LAST - 1 :]  # (batch, heads, late queries, keys)
        entropies.append(torch.special.entr(rows).sum(-1).mean())
        largest.append(rows.amax(-1).mean())

    batch = next(recipe.task.held_out(BATCH))
    tape = Tape(keep=(), watch={"*.self_attention.weights": see})
    with torch.no_grad():
        model(batch.ids, choices=chosen, tape=tape)
    return {
        ("entropy", 0): torch.stack(entropies).mean().item(),
        ("largest", 0): torch.stack(largest).mean().item(),
    }
