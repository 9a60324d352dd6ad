"""What the width of a head costs, and what it allows."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import torch
from torch import Tensor

from model import Choices, Shape
from model.attention import Attention
from model.choices import native_choices
from model.geometry import Geometry
from model.masks import masked_softmax
from model.run import AttentionView
from model.tape import silent

Scheme = Literal["split", "full"]
SCHEMES: tuple[Scheme, ...] = ("split", "full")

MOST_PARAMETERS = 2**24  # of a module that is built to be timed: 64 MiB
MOST_TOKENS = 256  # of a score matrix that is taken apart


def divisors(d_model: int) -> list[int]:
    """The numbers of heads that a width can be split into."""
    return [h for h in range(1, d_model + 1) if d_model % h == 0]


def d_head(d_model: int, heads: int, scheme: Scheme) -> int:
    """Features of one head. "split": d_model / heads (Vaswani et al. 2017, arXiv 1706.03762,
    §3.2.2). "full": d_model, as if each head kept the whole width."""
    return d_model // heads if scheme == "split" else d_model


def parameters(d_model: int, heads: int, scheme: Scheme) -> int:
    """Weights of W_Q, W_K, W_V and W_O, without biases: 4 · d_model · heads · d_head."""
    return 4 * d_model * heads * d_head(d_model, heads, scheme)


def flops(d_model: int, heads: int, scheme: Scheme, tokens: int) -> int:
    """Floating-point operations of one pass over `tokens` tokens, a multiplication and an
    addition counted as two: the four projections, 8 · n · d_model · heads · d_head, and the two
    products QKᵀ and weights · V, 4 · n² · heads · d_head. Softmax and biases, which grow with
    no width, are left out."""
    inner = heads * d_head(d_model, heads, scheme)
    return 8 * tokens * d_model * inner + 4 * tokens * tokens * inner


def costs(d_model: int, tokens: int) -> pd.DataFrame:
    """One row per number of heads and scheme: heads, scheme, d_head, parameters, flops."""
    return pd.DataFrame(
        [
            {
                "heads": heads,
                "scheme": scheme,
                "d_head": d_head(d_model, heads, scheme),
                "parameters": parameters(d_model, heads, scheme),
                "flops": flops(d_model, heads, scheme, tokens),
            }
            for heads in divisors(d_model)
            for scheme in SCHEMES
        ]
    )


@dataclass(frozen=True)
class Timing:
    """Time of the fastest of a few passes of one attention module, in seconds: whatever else a
    machine does only ever makes a pass slower."""

    heads: int
    scheme: Scheme
    seconds: float


def plans(d_model: int) -> list[tuple[int, Scheme]]:
    """The modules that can be timed, (heads, scheme), the smallest first; those of more than
    `MOST_PARAMETERS` are left out."""
    every: list[tuple[int, Scheme]] = [
        (heads, scheme) for heads in divisors(d_model) for scheme in SCHEMES
    ]
    small = [plan for plan in every if parameters(d_model, *plan) <= MOST_PARAMETERS]
    return sorted(small, key=lambda plan: parameters(d_model, *plan))


def timings(d_model: int, tokens: int, repeats: int = 9, seed: int = 0) -> Iterator[Timing]:
    """Time every module of `plans`, one at each step: the fastest of `repeats` passes after
    one that warms up."""
    for heads, scheme in plans(d_model):
        run = one_pass(d_model, heads, scheme, tokens, seed)
        run()
        yield Timing(heads, scheme, min(_seconds(run) for _ in range(repeats)))


def one_pass(
    d_model: int, heads: int, scheme: Scheme, tokens: int, seed: int
) -> Callable[[], Tensor]:
    """A pass of self-attention with seeded normal weights over seeded normal input (1, tokens,
    d_model), ready to be called."""
    shape = Shape(
        vocab_size=1,
        d_model=d_model,
        n_heads=heads,
        d_head=d_head(d_model, heads, scheme),
        d_ff=1,
        encoder_layers=1,
        positions="none",
        query_bias=False,
        output_bias=False,
    )
    dice = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        attention = Attention(shape)
    attention.to_empty(device="cpu").requires_grad_(False)
    for weight in attention.parameters():
        weight.normal_(0, d_model**-0.5, generator=dice)
    x = torch.randn(1, tokens, d_model, generator=dice)
    here, real = torch.arange(tokens), torch.ones(1, tokens, dtype=torch.bool)
    native = native_choices(shape)

    def run() -> Tensor:
        geometry = Geometry(shape, here, here, real)
        with torch.inference_mode():
            return attention(x, x, native, (), geometry, None, None, silent(), "attention")

    return run


def _seconds(run: Callable[[], Tensor]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


@dataclass(frozen=True)
class Spectrum:
    """The products QKᵀ of a layer's heads on one text of n tokens, taken apart.

    values: (heads, n) singular values, the largest first, in float64.
    rank: (heads,) numerical rank: singular values above n · eps · the largest, with float64's eps.
    effective: (heads,) exp of the entropy of the singular values' shares of their sum: how many
        of them count (Roy and Vetterli 2007, "The effective rank").
    weights_rank: (heads,) numerical rank of the attention weights made from the same products.
    """

    values: Tensor
    rank: Tensor
    effective: Tensor
    weights_rank: Tensor


def spectrum(view: AttentionView, choices: Choices) -> Spectrum:
    """Of the model's own queries and keys, multiplied in float64, so that what is beyond the width
    of a head is 0 up to 16 digits. `choices` are those in force in the layer."""
    products = _products(view)
    values = torch.linalg.svdvals(products)  # (heads, n)
    share = values / values.sum(-1, keepdim=True)
    return Spectrum(
        values=values,
        rank=_rank(values),
        effective=torch.special.entr(share).sum(-1).exp(),
        weights_rank=_rank(torch.linalg.svdvals(_weights(products, view, choices))),
    )


def narrowed(view: AttentionView, choices: Choices, head: int) -> Tensor:
    """Attention weights (ranks, n, n) of one head when of its products QKᵀ only the best
    approximation of rank 1, 2, … d_head is left (Eckart and Young 1936): what a head of that
    width could score at best. The last one is the head itself."""
    u, values, v = torch.linalg.svd(_products(view)[head])
    ranks = min(view.queries.shape[-1], len(values))
    layers = u.T[:ranks, :, None] * values[:ranks, None, None] * v[:ranks, None, :]
    return _weights(layers.cumsum(0), view, choices, head)  # (ranks, n, n)


def moved(weights: Tensor) -> Tensor:
    """(ranks,): the share of each query's attention that lies elsewhere than in the last of weights
    (ranks, queries, keys), mean over queries."""
    return (weights - weights[-1]).abs().sum(-1).mean(-1) / 2


def evidence(found: Spectrum) -> pd.DataFrame:
    """One row per head: head, rank of the scores, effective rank, rank of the weights."""
    return pd.DataFrame(
        {
            "head": range(len(found.rank)),
            "rank": found.rank.tolist(),
            "effective": found.effective.tolist(),
            "weights_rank": found.weights_rank.tolist(),
        }
    )


def _products(view: AttentionView) -> Tensor:
    """QKᵀ (heads, n, n) of the first text's first `MOST_TOKENS` tokens, in float64."""
    queries = view.queries[0, :, :MOST_TOKENS].double()  # (heads, n, d_head)
    keys = view.keys[0, :, :MOST_TOKENS].double()
    return queries @ keys.mT


def _weights(
    products: Tensor, view: AttentionView, choices: Choices, head: int | None = None
) -> Tensor:
    """Softmax of products (…, n, n) as the model would do it: scaled, with position bias, masked;
    of all heads, or of many products of one head."""
    n = products.shape[-1]
    divisor = choices.temperature * (math.sqrt(view.queries.shape[-1]) if choices.scaled else 1.0)
    scores = products / divisor
    bias = view.position_bias
    if bias is not None:
        scores = scores + (bias[0] if head is None else bias[0, head])[..., :n, :n]
    return masked_softmax(scores, view.mask[0, 0, :n, :n])


def _rank(values: Tensor) -> Tensor:
    """Numerical rank (…,) from singular values (…, n)."""
    least = values[..., :1] * values.shape[-1] * torch.finfo(values.dtype).eps
    return (values > least).sum(-1)
