"""Token embeddings beside position signals: their norms, with and without the factor √d_model."""

import math
from collections.abc import Iterable

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from model import Bench
from model.positions import sinusoids
from model.run import Encoded

POSITIONS = 64  # tokens drawn, at the positions from 0 on
VOCABULARY = 1024  # rows of the output matrix that shares its numbers with the embeddings

Setting = tuple[int, float]  # d_model, standard deviation


def table(d_model: int, std: float, seed: int, rows: int = POSITIONS) -> Tensor:
    """Token embeddings (rows, d_model), normal with this standard deviation."""
    dice = torch.Generator().manual_seed(seed)
    return torch.randn(rows, d_model, generator=dice) * std


def measure(tokens: Tensor, positions: Tensor) -> pd.DataFrame:
    """One row per token of the parts (n, d_model): token_norm, position_norm, ratio (token over
    position), token_cosine and position_cosine of the sum with each part."""
    total = tokens + positions
    return pd.DataFrame(
        {
            "token_norm": tokens.norm(dim=-1).tolist(),
            "position_norm": positions.norm(dim=-1).tolist(),
            "ratio": (tokens.norm(dim=-1) / positions.norm(dim=-1)).tolist(),
            "token_cosine": F.cosine_similarity(total, tokens, dim=-1).tolist(),
            "position_cosine": F.cosine_similarity(total, positions, dim=-1).tolist(),
        }
    )


def sweep(settings: Iterable[Setting], seed: int) -> pd.DataFrame:
    """Two rows per setting, without (multiplied False) and with the factor √d_model: d_model,
    std, multiplied, the means of `measure` over `POSITIONS` tokens and sinusoids, and logit_std.

    logit_std: standard deviation of the logits h·e when the output layer shares the embeddings'
    numbers (`VOCABULARY` rows) and h is standard normal, as behind a LayerNorm. The factor acts
    on the input alone, so it is the same with and without.
    """
    rows = []
    for d_model, std in settings:
        signal = sinusoids(torch.arange(POSITIONS), d_model)
        embeddings = table(d_model, std, seed, VOCABULARY)
        hidden = table(d_model, 1.0, seed + 1)
        logit_std = float((hidden @ embeddings.T).std())
        for multiplied in (False, True):
            factor = math.sqrt(d_model) if multiplied else 1.0
            means = measure(factor * embeddings[:POSITIONS], signal).mean()
            rows.append(
                {
                    "d_model": d_model,
                    "std": std,
                    "multiplied": multiplied,
                    **means.to_dict(),
                    "logit_std": logit_std,
                }
            )
    return pd.DataFrame(rows)


def expected(d_model: int, std: float, *, multiplied: bool) -> dict[str, float]:
    """Closed forms of `sweep`'s quantities for even, large d_model: a token part of norm
    factor·std·√d_model, at right angles to a position part of norm √(d_model / 2)."""
    token = std * math.sqrt(d_model) * (math.sqrt(d_model) if multiplied else 1.0)
    position = math.sqrt(d_model / 2)
    total = math.hypot(token, position)
    return {
        "token_norm": token,
        "position_norm": position,
        "ratio": token / position,
        "token_cosine": token / total,
        "position_cosine": position / total,
        "logit_std": std * math.sqrt(d_model),
    }


def real_parts(bench: Bench, source: Encoded, multiplier: float) -> tuple[Tensor, Tensor]:
    """Token and position part (tokens, d_model) of the first text of a batch in a real model: its
    embeddings times `multiplier`, and its learned positions; for a model without such a table
    sinusoids, which it never sees, for comparison only."""
    embedding = bench.transformer.embedding
    tokens = embedding.tokens.weight[source.ids[0]] * multiplier
    if embedding.positions is None:
        return tokens, sinusoids(torch.arange(len(tokens)), bench.shape.d_model)
    first = bench.shape.first_position
    return tokens, embedding.positions.weight[first : first + len(tokens)]


def embedding_std(bench: Bench) -> float:
    """Standard deviation of all numbers of a model's token embeddings."""
    return float(bench.transformer.embedding.tokens.weight.std())
