"""Scaling by √d_k: softmax on random scores against d_k, and real models without it."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pandas as pd
import torch
from torch import Tensor

from experiments.outcome import divergence, turned
from experiments.reading import Reading
from model import Bench, Choices, Tape

QUANTITIES = ("variance", "entropy", "largest", "jacobian")
SATURATED = 0.01  # a Jacobian of a smaller norm passes next to no gradient


@dataclass(frozen=True)
class Draw:
    """Random queries and keys, independent standard normal features: `matrices` score matrices
    of n queries and n keys; the same numbers for the same seed."""

    n: int
    matrices: int
    seed: int

    def scores(self, d_k: int) -> Tensor:
        """Raw scores q·k (matrices, n, n)."""
        dice = torch.Generator().manual_seed(self.seed)
        queries, keys = torch.randn(2, self.matrices, self.n, d_k, generator=dice)
        return queries @ keys.transpose(-2, -1)


def jacobian_norm(weights: Tensor) -> Tensor:
    """Frobenius norm (…) of the softmax's Jacobian diag(p) − ppᵀ at weights p (…, n), in closed
    form: √(Σp² − 2Σp³ + (Σp²)²). 0 for a one-hot p, √(n − 1)/n for an even one, at most ½."""
    squares = weights.square().sum(-1)  # (…)
    cubes = weights.pow(3).sum(-1)  # (…)
    return (squares - 2 * cubes + squares.square()).clamp(min=0).sqrt()


def divisors(d_k: int, temperature: float) -> dict[str, float]:
    """What each setting divides q·k by: √d_k, nothing, a number that does not know d_k."""
    return {"scaled": math.sqrt(d_k), "unscaled": 1.0, "custom": temperature}


def saturation(draw: Draw, widths: Iterable[int], temperature: float) -> pd.DataFrame:
    """One row per width d_k and setting of `divisors`: setting, d_k, divisor; over all scores
    their variance; over all rows the mean entropy (nats), largest weight and Jacobian norm, and
    the share of rows whose Jacobian norm is below `SATURATED`."""
    rows = []
    for d in widths:
        scores = draw.scores(d)  # (matrices, n, n)
        for setting, divisor in divisors(d, temperature).items():
            scaled = scores / divisor
            weights = scaled.softmax(-1)
            norms = jacobian_norm(weights)  # (matrices, n)
            rows.append(
                {
                    "setting": setting,
                    "d_k": d,
                    "divisor": divisor,
                    "variance": float(scaled.var(correction=0)),
                    "entropy": float(torch.special.entr(weights).sum(-1).mean()),
                    "largest": float(weights.amax(-1).mean()),
                    "jacobian": float(norms.mean()),
                    "saturated": float((norms < SATURATED).float().mean()),
                }
            )
    return pd.DataFrame(rows)


def limits(n: int) -> dict[str, tuple[float, float]]:
    """Of each quantity that softmax bounds: its value for even weights over n keys, and for a
    one-hot row. The Jacobian's norm is largest, ½, between the two."""
    return {
        "entropy": (math.log(n), 0.0),
        "largest": (1 / n, 1.0),
        "jacobian": (math.sqrt(n - 1) / n, 0.0),
    }


def expected_entropy(variance: float, n: int) -> float | None:
    """Mean entropy (nats) of the softmax of n independent normal scores, where a closed form is
    near: for a variance up to 1, ln n − (1 − 1/n)·variance/2 (the first terms of the series);
    for a large one, where a few keys share all, ψ(1) − ψ(1 − m) with m = b/√variance and b the
    size that the largest of n normal numbers has (m up to ½); None between the two.

    The few weights are then distributed as in the frozen phase of the random energy model
    (Derrida 1981, Phys. Rev. B 24, 2613), a Poisson–Dirichlet law, whose mean entropy is in
    Archer, Park and Pillow 2014 (JMLR 15, 2833). It holds for n of about 8 or more.
    """
    if variance <= 1:
        return math.log(n) - (1 - 1 / n) * variance / 2
    root = math.sqrt(2 * math.log(n))
    largest = root - (math.log(math.log(n)) + math.log(4 * math.pi)) / (2 * root)
    m = largest / math.sqrt(variance)
    if m > 0.5:
        return None
    psi = torch.special.digamma(torch.tensor([1.0, 1 - m], dtype=torch.float64))
    return float(psi[0] - psi[1])


@dataclass(frozen=True)
class Damage:
    """What a change of some layers did to the last hidden states and to the prediction.

    layers: those changed, None for all of them. cosine: of native and variant last hidden
    states, mean over tokens. divergence: KL(native ‖ variant) in nats, mean over the positions
    whose prediction counts; None for a model or a text without any.
    """

    layers: tuple[int, ...] | None
    cosine: float
    divergence: float | None


def damage(bench: Bench, native: Reading, choices: Choices) -> Iterator[Damage]:
    """The damage of `choices` in each layer alone, then in all layers, from the native reading:
    n_layers + 1 results. A layer's costs only the layers from it on."""
    for layer in range(bench.shape.n_layers):
        yield _damage(bench, native, replace(choices, layers=(layer,)), layer)
    yield _damage(bench, native, replace(choices, layers=None), 0)


def _damage(bench: Bench, native: Reading, choices: Choices, first: int) -> Damage:
    last = bench.shape.n_layers
    tape = Tape(keep=("*coder.output", "*coder.norm.output", "logits"))
    end = None if native.asked else last
    run = bench.resume(native.run, first, choices, tape, last=end, logits_at=native.asked or None)
    before, after = native.run.hidden(last)[0], run.hidden(last)[0]  # (tokens, d_model)
    moved = None
    if native.asked:  # else no logits were kept
        assert native.run.logits is not None and run.logits is not None  # asked only of a head
        moved = float(divergence(native.run.logits, run.logits).mean())
    cosine = float(turned(before, after).mean())
    return Damage(choices.layers, cosine, moved)
