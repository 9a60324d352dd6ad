"""What survives depth in a random stack of Transformer layers, with and without its residual
connections: the signal, its gradient, and the differences between tokens.

Dong et al. 2021 (arXiv 2103.03404), §2 and §3: without skip connections the token matrix of a
self-attention network falls to rank one, its residual at least cubed at every layer.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import get_args

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from experiments.outcome import predictions, turned
from experiments.overflow import Overflow
from experiments.reading import Reading, reread
from model import Bench, Shape, Tape
from model.choices import Residual, native_choices
from model.fresh import initialised
from model.shape import Norm, Place

SETTINGS: tuple[Residual, ...] = get_args(Residual)
TOKENS = 32
FLOOR = 1e-14  # relative residuals below it are rounding of float64
_HEAD = 16  # features of a head


@dataclass(frozen=True)
class Stack:
    """A random encoder: layers, features, the standard deviation of its weight matrices, seed,
    and its norms. Biases are 0, gains 1; there are no positions."""

    depth: int
    width: int
    std: float
    seed: int
    norm: Norm = "layer"
    place: Place = "pre"

    @property
    def shape(self) -> Shape:
        """Embeddings are normalised too, so that a stack with norms is given tokens of unit
        variance."""
        return Shape(
            vocab_size=TOKENS,
            d_model=self.width,
            n_heads=max(1, self.width // _HEAD),
            d_ff=4 * self.width,
            encoder_layers=self.depth,
            positions="none",
            embedding_norm=True,
            norm=self.norm,
            norm_place=self.place,
        )


def residual_share(x: Tensor) -> float | None:
    """‖X − 1x̄ᵀ‖ / ‖X‖ (Frobenius) of a token matrix (tokens, d): the part of it that tells tokens
    apart, x̄ their mean. 0 when all tokens are equal, so the matrix has rank one; at most 1; None
    for zeros."""
    whole = float(x.norm())
    return float((x - x.mean(0)).norm()) / whole if whole else None


def pairwise_cosine(x: Tensor) -> float | None:
    """Mean cosine of two different tokens of x (tokens, d); None for a single one."""
    n = len(x)
    if n < 2:
        return None
    cosines = F.normalize(x, dim=-1, eps=0) @ F.normalize(x, dim=-1, eps=0).T  # (n, n)
    return float((cosines.sum() - cosines.diagonal().sum()) / (n * (n - 1)))


def stable_rank(x: Tensor) -> float:
    """‖X‖² (Frobenius) over the largest squared singular value of X (tokens, d): from 1, rank
    one, to min(tokens, d)."""
    values = torch.linalg.svdvals(x)
    return float(values.square().sum() / values[0].square())


def measures(x: Tensor) -> dict[str, float | None]:
    """Of a token matrix (tokens, d): rms, the root mean square of its features; share:
    `residual_share`; cosine: `pairwise_cosine`; rank: `stable_rank`; all not a number where x has
    overflowed. In float64, which holds the squares of all that float32 holds."""
    x = x.double()
    if not x.isfinite().all():
        return dict.fromkeys(("rms", "share", "cosine", "rank"), math.nan)
    return {
        "rms": float(x.square().mean().sqrt()),
        "share": residual_share(x),
        "cosine": pairwise_cosine(x),
        "rank": stable_rank(x),
    }


def survival(stack: Stack, residual: Residual) -> pd.DataFrame:
    """One row per place 0 … depth, the input of each layer and the output of the last (float64):
    place, the `measures`, and gradient: ‖∂s/∂x‖ of s = Σ G·Y / √(tokens·d), where x is the token
    matrix at that place, Y the last output and G standard normal, fixed by the seed."""
    shape = stack.shape
    transformer = initialised(shape, stack.seed, stack.std).double()
    choices = replace(native_choices(shape), residual=residual)
    sites = [f"encoder.{layer}.input" for layer in range(stack.depth)] + ["encoder.output"]
    tape = Tape(keep=sites)
    with torch.enable_grad():
        transformer(torch.arange(TOKENS)[None], choices=choices, tape=tape)
        states = [tape.kept[site] for site in sites]  # depth + 1 of (1, tokens, d)
        dice = torch.Generator().manual_seed(stack.seed)
        direction = torch.randn(states[-1].shape, generator=dice, dtype=torch.float64)
        scalar = (direction * states[-1]).sum() / math.sqrt(direction.numel())
        gradients = torch.autograd.grad(scalar, states)
    return pd.DataFrame(
        {"place": place, **measures(state.detach()[0]), "gradient": float(gradient.norm())}
        for place, (state, gradient) in enumerate(zip(states, gradients, strict=True))
    )


@dataclass(frozen=True)
class Outcome:
    """A real model under one setting of its residual connections.

    states: one row per place 0 … n_layers (`Run.hidden`), place and the `measures`. cosine: of
    native and variant last hidden states, mean over tokens. divergence: KL(native ‖ variant) in
    nats of the last prediction, prediction: its likeliest token, probability: that token's; None
    for a model or a text without any, and where the numbers overflowed.
    """

    residual: Residual
    states: pd.DataFrame
    cosine: float
    divergence: float | None = None
    prediction: str | None = None
    probability: float | None = None
    overflow: Overflow | None = None


def outcomes(bench: Bench, native: Reading) -> Iterator[Outcome]:
    """A real model's outcome under each of `SETTINGS`, from its native reading."""
    for residual in SETTINGS:
        choices = replace(bench.native, residual=residual)
        reading = native if choices == bench.native else reread(bench, native, choices)
        hidden = [reading.run.hidden(place)[0] for place in range(bench.shape.n_layers + 1)]
        states = pd.DataFrame({"place": n, **measures(x)} for n, x in enumerate(hidden))
        before = native.run.hidden(bench.shape.n_layers)[0]  # (tokens, d_model)
        cosine = float(turned(before, hidden[-1]).mean())
        lost = native.overflow or reading.overflow
        if lost or not reading.asked or native.run.logits is None or reading.run.logits is None:
            yield Outcome(residual, states, cosine, overflow=lost)
            continue
        frame, divergence = predictions(native.run.logits[0, -1], reading.run.logits[0, -1], bench)
        best = frame.loc[frame["variant"].idxmax()]
        token, probability = str(best["token"]), float(best["variant"])
        yield Outcome(residual, states, cosine, divergence, token, probability)


@dataclass(frozen=True)
class Cubic:
    """A doubly exponential bound on the residual share from place `first` on: b at `first` is
    the measured share, and each layer takes b to constant · b³."""

    constant: float
    first: int
    values: tuple[float, ...]


def cubic_bound(shares: Sequence[float]) -> Cubic | None:
    """The tightest bound of the form r(l+1) ≤ C·r(l)³ on measured shares, the form of Dong et al.
    2021, §2, which gives r(L) ≤ C^((3^L − 1)/2) · r(0)^(3^L).

    C is the largest r(l+1)/r(l)³ among shares above rounding; the bound starts at the first place
    where C·r² < 1, that is where it falls. None where it falls nowhere.
    """
    live = list(takewhile(lambda share: share > FLOOR, shares))
    for first in range(len(live) - 1):
        pairs = list(zip(live[first:], live[first + 1 :], strict=False))
        constant = max(after / before**3 for before, after in pairs)
        if constant * live[first] ** 2 < 1:
            values = [live[first]]
            while values[-1] > FLOOR and first + len(values) < len(shares):
                values.append(constant * values[-1] ** 3)
            return Cubic(constant, first, tuple(values))
    return None
