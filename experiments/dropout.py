"""Dropout on real activations: what it does to one tensor, where a pass applies it, and how far
passes in training are from each other and from the pass in evaluation."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from model import Bench, Tape
from model.bench import Text
from model.dropout import Dropout, drop
from model.run import Encoded

MOST_DRAWS = 1000
AT_ONCE = 2**21  # numbers drawn at once


@dataclass(frozen=True)
class Draws:
    """Many drops of one tensor x (tokens, features): the first of them, then mean and variance
    of each number over all draws (unbiased; NaN for a single one), and the distance of the
    running mean from x after 1, 2, 4, … draws."""

    x: Tensor
    first: Tensor
    mean: Tensor
    variance: Tensor
    counts: list[int]
    errors: list[float]  # ‖mean − x‖ / ‖x‖ after each of `counts`


@dataclass(frozen=True)
class Passes:
    """The last hidden states of one text: pass by pass in training mode with dice of their own,
    and in evaluation.

    apart: largest difference of two passes in training. same_dice: of two with the same dice.
    evaluation: of two in evaluation. one: ‖training − evaluation‖ / ‖evaluation‖, mean over the
    passes. averaged: the same of the mean of all passes."""

    count: int
    apart: float
    same_dice: float
    evaluation: float
    one: float
    averaged: float


def written(bench: Bench, text: Text, site: str) -> Tensor:
    """(tokens, d_model): what a pass in evaluation writes at `site`, before it would be dropped
    there (one of `places`)."""
    source = "output"
    if site.endswith(".embedding"):
        source = "norm.output" if bench.shape.embedding_norm else "sum"
    tape = Tape(keep=(f"{site}.{source}",))
    _pass(bench, bench.encode(text), tape, None)
    return tape.kept[f"{site}.{source}"][0]


def places(bench: Bench) -> tuple[str, ...]:
    """Where a model without cross-attention drops what it writes, in the order of a pass: at the
    embedding, then at attention and feed-forward network of every layer."""
    stack, _ = bench.shape.stack_of(0)
    names = [f"{stack}.embedding"]
    for layer in range(bench.shape.n_layers):
        names += [f"{stack}.{layer}.self_attention", f"{stack}.{layer}.feed_forward"]
    return tuple(names)


def draws(x: Tensor, rate: float, count: int, seed: int) -> Draws:
    """Drop x (tokens, features) `count` times, 1 to `MOST_DRAWS`; the same for the same seed."""
    dice = torch.Generator().manual_seed(seed)
    total = torch.zeros_like(x, dtype=torch.float64)
    squares = torch.zeros_like(total)
    first, counts, errors = drop(x, rate, dice), [], []
    done, batch = 1, first[None]
    size, norm = max(1, AT_ONCE // x.numel()), x.double().norm()
    while True:
        # deviations from x, not the numbers themselves: their squares lose no digits
        offset = batch.double() - x.double()  # (draws, tokens, features)
        total += offset.sum(0)
        squares += offset.square().sum(0)
        counts.append(done)
        errors.append(((total / done).norm() / norm).item())
        if done == count:
            break
        # up to the next power of two, so that errors are known there
        upto = min(count, 2 ** (done.bit_length()), done + size)
        batch = drop(x.expand(upto - done, *x.shape), rate, dice)
        done = upto
    spread = (squares - total.square() / done) / (done - 1) if done > 1 else total * math.nan
    return Draws(x, first, (x + total / done).float(), spread.float(), counts, errors)


def closed_variance(x: Tensor, rate: float) -> Tensor:
    """x²·p/(1 − p): a number is x/(1 − p) with probability 1 − p, else 0, whose mean is x
    (Srivastava et al. 2014, §10). Shaped like x."""
    return x.square() * rate / (1 - rate)


def expected_error(rate: float, count: int) -> float:
    """What ‖mean of `count` draws − x‖ / ‖x‖ is in the root mean square: √(p / ((1 − p)·n))."""
    return math.sqrt(rate / (1 - rate) / count)


def sites(bench: Bench, text: Text, rate: float, attention: float, seed: int) -> pd.DataFrame:
    """One row per site of one pass in training that drops something, in the order in which the
    pass meets them: site, kind ("hidden" or "weights"), shape, numbers, and `dropped`, the share
    that is 0 after it and was not before; masked weights don't count."""
    met: list[str] = []
    sizes: dict[str, tuple[tuple[int, ...], int, float]] = {}
    weights: dict[str, Tensor] = {}

    def see_weights(site: str, tensor: Tensor) -> None:
        weights[site] = tensor

    def see(site: str, tensor: Tensor) -> None:
        before = weights.get(site.replace(".dropped_weights", ".weights"))
        alive = torch.ones_like(tensor, dtype=torch.bool) if before is None else before > 0
        met.append(site)
        gone = (tensor[alive] == 0).double().mean().item()
        sizes[site] = tuple(tensor.shape), int(alive.sum()), gone

    tape = Tape(
        keep=(),
        watch={"*.weights": see_weights, "*.dropped": see, "*.dropped_weights": see},
    )
    _pass(bench, bench.encode(text), tape, Dropout(_dice(seed), rate, attention))
    return pd.DataFrame(
        [
            (site, "weights" if site.endswith("_weights") else "hidden", *sizes[site])
            for site in met
        ],
        columns=["site", "kind", "shape", "numbers", "dropped"],
    )


def passes(
    bench: Bench, text: Text, rate: float, attention: float, seed: int, count: int
) -> Passes:
    """`count` ≥ 2 passes in training beside two in evaluation."""
    source = bench.encode(text)

    def train(number: int) -> Tensor:
        dropout = Dropout(_dice(seed, number), rate, attention)
        return _last_hidden(bench, source, dropout)

    outputs = torch.stack([train(number) for number in range(count)])  # (passes, tokens, d_model)
    evaluated = _last_hidden(bench, source, None)
    size = evaluated.norm()
    return Passes(
        count=count,
        apart=(outputs[1] - outputs[0]).abs().max().item(),
        same_dice=(train(0) - outputs[0]).abs().max().item(),
        evaluation=(_last_hidden(bench, source, None) - evaluated).abs().max().item(),
        one=((outputs - evaluated).norm(dim=(1, 2)) / size).mean().item(),
        averaged=((outputs.mean(0) - evaluated).norm() / size).item(),
    )


def attention(
    bench: Bench, text: Text, layer: int, rate: float, seed: int
) -> tuple[Tensor, Tensor]:
    """A layer's weights (heads, queries, keys) before and after dropout of attention alone."""
    stack, number = bench.shape.stack_of(layer)
    at = f"{stack}.{number}.self_attention"
    tape = Tape(keep=(f"{at}.weights", f"{at}.dropped_weights"))
    _pass(bench, bench.encode(text), tape, Dropout(_dice(seed), 0.0, rate))
    before = tape.kept[f"{at}.weights"][0]
    return before, tape.kept.get(f"{at}.dropped_weights", before[None])[0]


def variance_points(found: Draws, rate: float, most: int = 400) -> pd.DataFrame:
    """At most `most` numbers of x, evenly taken by size: x, closed and measured variance."""
    order = found.x.flatten().abs().argsort()
    taken = order[np.linspace(0, len(order) - 1, min(most, len(order))).astype(int)]
    return pd.DataFrame(
        {
            "x": found.x.flatten()[taken].tolist(),
            "closed": closed_variance(found.x, rate).flatten()[taken].tolist(),
            "measured": found.variance.flatten()[taken].tolist(),
        }
    )


def _last_hidden(bench: Bench, source: Encoded, dropout: Dropout | None) -> Tensor:
    """(tokens, d_model)."""
    stack = "decoder" if bench.shape.decoder_layers else "encoder"
    name = f"{stack}.norm.output" if bench.shape.final_norm else f"{stack}.output"
    tape = Tape(keep=(name,))
    _pass(bench, source, tape, dropout)
    return tape.kept[name][0]


def _pass(bench: Bench, source: Encoded, tape: Tape, dropout: Dropout | None) -> None:
    with torch.no_grad():
        bench.transformer(
            source.ids,
            source.real,
            source.types,
            tape=tape,
            dropout=dropout,
            logits_at=(0,),  # nobody looks at them
        )


def _dice(*numbers: int) -> torch.Generator:
    return torch.Generator().manual_seed(sum(n * 1_000_003**i for i, n in enumerate(numbers)))
