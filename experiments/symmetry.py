"""Tied keys: what W_K := W_Q does to the symmetry of every head's scores and weights."""

import math
from dataclasses import dataclass, field

import pandas as pd
import torch
from torch import Tensor

from model import Bench, Choices, Tape
from model.run import Encoded
from model.transformer import Span

QUANTITIES = ("content", "scores", "weights", "diagonal")


def asymmetry(scores: Tensor) -> Tensor:
    """‖S − Sᵀ‖ / ‖S‖ (Frobenius) of square matrices (…, n, n), as (…): 0 where S is symmetric,
    2 where Sᵀ = −S, near √2 for independent entries; 0 for a matrix of zeros."""
    size = torch.linalg.matrix_norm(scores)  # (…)
    apart = torch.linalg.matrix_norm(scores - scores.transpose(-2, -1))  # (…)
    return torch.where(size > 0, apart / size, torch.zeros_like(size))


def smallest_eigenvalue(scores: Tensor) -> float:
    """The smallest eigenvalue of the symmetric part ½(S + Sᵀ) of a matrix (n, n). Tied scores are
    the Gram matrix of the queries, so theirs is at least 0, up to rounding. Not a number where
    the matrix has overflowed."""
    if not scores.isfinite().all():
        return math.nan
    return float(torch.linalg.eigvalsh((scores + scores.T).double() / 2)[0])


def symmetry(bench: Bench, source: Encoded, choices: Choices) -> pd.DataFrame:
    """One row per layer and head of one pass over one text: layer, head, and

    content: asymmetry of q·k before RoPE turned the vectors (without RoPE the same as scores).
    scores: asymmetry of the raw scores, q and k as scored.
    weights: asymmetry of the attention weights.
    diagonal: mean share of a query's attention that goes to its own position.
    """
    notes = _Notes()
    last = bench.shape.n_layers
    bench.run_encoded(source, choices, notes.tape(), span=Span(last=last))
    heads = bench.shape.n_heads
    index = pd.MultiIndex.from_product([range(last), range(heads)], names=["layer", "head"])
    values = torch.cat(notes.rows).numpy()  # (layers · heads, 4)
    return pd.DataFrame(values, index=index, columns=list(QUANTITIES)).reset_index()


def even_diagonal(allowed: Tensor) -> float:
    """The share on the diagonal if every query spread its attention evenly over the keys that a
    mask (queries, keys) allows it."""
    return float((allowed.diagonal() / allowed.sum(-1).clamp(min=1)).mean())


@dataclass
class _Notes:
    """What the tape of one pass is shown, summed up layer by layer."""

    rows: list[Tensor] = field(default_factory=list)  # of each layer (heads, 4)
    queries: Tensor | None = None
    content: Tensor | None = None
    scores: Tensor | None = None

    def tape(self) -> Tape:
        at = "*.self_attention"
        return Tape(
            keep=(),
            watch={
                f"{at}.content_queries": self._see_queries,
                f"{at}.content_keys": self._see_keys,
                f"{at}.raw_scores": self._see_scores,
                f"{at}.weights": self._see_weights,
            },
        )

    def _see_queries(self, site: str, queries: Tensor) -> None:
        self.queries = queries[0]  # (heads, n, d_head)

    def _see_keys(self, site: str, keys: Tensor) -> None:
        assert self.queries is not None  # a layer names its queries first
        shared = keys[0].repeat_interleave(len(self.queries) // keys.shape[1], dim=0)
        self.content = asymmetry(self.queries @ shared.transpose(-2, -1))  # (heads,)

    def _see_scores(self, site: str, scores: Tensor) -> None:
        self.scores = asymmetry(scores[0])  # (heads,)

    def _see_weights(self, site: str, weights: Tensor) -> None:
        assert self.scores is not None  # scores come before weights
        content = self.scores if self.content is None else self.content
        diagonal = weights[0].diagonal(dim1=-2, dim2=-1).mean(-1)  # (heads,)
        columns = [content, self.scores, asymmetry(weights[0]), diagonal]
        self.rows.append(torch.stack(columns, dim=-1))
        self.content = None
