"""Dot product, scaled dot product, cosine and additive score: on the same queries and keys, and
their spread against the width of a head."""

import math
from collections.abc import Iterable

import pandas as pd
import torch
from torch import Tensor

from model.attention import score
from model.masks import masked_softmax

FUNCTIONS = ("dot", "scaled", "cosine", "additive")


def raw_scores(queries: Tensor, keys: Tensor) -> dict[str, Tensor]:
    """Each of `FUNCTIONS` → scores (queries, keys) of queries (queries, d_k) and keys (keys, d_k).

    additive is Σ tanh(q + k): Bahdanau's vᵀ tanh(W₁q + W₂k) with W₁ = W₂ = I and v = 1, since
    the weights of a model trained with dot products hold no others.
    """
    q, k = queries[None, None], keys[None, None]  # (1, 1, n, d_k)
    dot = score(q, k, "dot", None)[0, 0]
    return {
        "dot": dot,
        "scaled": dot / math.sqrt(queries.shape[-1]),
        "cosine": score(q, k, "cosine", None)[0, 0],
        "additive": score(q, k, "additive", None)[0, 0],
    }


def weights_of(scores: Tensor, allowed: Tensor) -> Tensor:
    """Attention weights (queries, keys) of scores under a mask of the same shape."""
    return masked_softmax(scores[None, None], allowed[None, None])[0, 0]


def compare(scores: dict[str, Tensor], allowed: Tensor) -> pd.DataFrame:
    """One row per function: the standard deviation, lowest and highest of its scores over the
    allowed cells; of the weights that they give, the mean entropy (nats) and largest weight of a
    row, and the mean share of a row that lies elsewhere than with the scaled dot product."""
    reference = weights_of(scores["scaled"], allowed)  # (queries, keys)
    rows = []
    for name, cells in scores.items():
        seen, weights = cells[allowed], weights_of(cells, allowed)
        rows.append(
            {
                "function": name,
                "std": float(seen.std(correction=0)),
                "low": float(seen.min()),
                "high": float(seen.max()),
                "entropy": float(torch.special.entr(weights).sum(-1).mean()),
                "largest": float(weights.amax(-1).mean()),
                "moved": float((weights - reference).abs().sum(-1).mean() / 2),
            }
        )
    return pd.DataFrame(rows)


def spread(widths: Iterable[int], n: int, seed: int) -> pd.DataFrame:
    """Standard deviation of the scores of n queries with n keys whose features are independent
    standard normal numbers: one row per function and width d_k, with the closed form.

    Closed forms, for independent features of variance 1: √d_k for dot, 1 for scaled dot, 1/√d_k
    for the cosine (exact for directions that are uniform on the sphere), and √(d_k · Var tanh(z))
    with z normal of variance 2 for the additive score with v = 1.
    """
    term = math.sqrt(tanh_variance())
    rows = []
    for d in widths:
        dice = torch.Generator().manual_seed(seed)
        queries, keys = torch.randn(2, n, d, generator=dice)  # (n, d_k) each
        closed = {
            "dot": math.sqrt(d),
            "scaled": 1.0,
            "cosine": 1 / math.sqrt(d),
            "additive": math.sqrt(d) * term,
        }
        for name, cells in raw_scores(queries, keys).items():
            std = float(cells.std(correction=0))
            rows.append({"function": name, "d_k": d, "std": std, "closed": closed[name]})
    return pd.DataFrame(rows)


def tanh_variance(variance: float = 2.0) -> float:
    """Var tanh(z) of a normal z of mean 0 and this variance: tanh² integrated against the density
    on an even grid."""
    z = torch.linspace(-12, 12, 4001, dtype=torch.float64)  # in standard deviations
    density = torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return float(torch.trapezoid(torch.tanh(z * math.sqrt(variance)) ** 2 * density, z))
