"""One cell of an attention matrix, from the vectors to the number."""

import math
from dataclasses import dataclass

from torch import Tensor

from model.attention import score_terms
from model.choices import Choices
from model.run import AttentionView


@dataclass(frozen=True)
class Row:
    """One query's softmax, each (keys,): the scores, whether the mask allows them, exp(score -
    highest allowed score), and the weights."""

    scores: Tensor
    allowed: Tensor
    exponentials: Tensor
    weights: Tensor


@dataclass(frozen=True)
class Cell:
    """The arithmetic of query i and key j in one head, each number the model's own.

    query, key: the two vectors; terms: what each feature adds to the raw score; each (d_head,).
    content: with RoPE, what the score would be had it not turned the vectors; else None.
    position_score: Transformer-XL's part; `raw` is the sum of the terms and this.
    divisor: √d_head and temperature together. bias: ALiBi's or T5's, added after the division.
    score = raw / divisor + bias. row: what the row's softmax makes of every key. `exponential` and
    `weight` are this key's, `total` is the sum over the row: weight = exponential / total.
    """

    query: Tensor
    key: Tensor
    terms: Tensor
    content: float | None
    position_score: float
    raw: float
    divisor: float
    bias: float
    score: float
    allowed: bool
    row: Row
    exponential: float
    total: float
    weight: float


def arithmetic(
    view: AttentionView, choices: Choices, head: int, query: int, key: int, batch: int = 0
) -> Cell:
    """Take one cell of a layer's attention apart. `choices` are those in force in this layer."""
    q, k = view.queries[batch, head, query], view.keys[batch, head, key]  # (d_head,)
    terms = score_terms(q, k, choices.score)
    content = None
    if choices.positions == "rope":
        content_q = view.content_queries[batch, head, query]
        content_k = view.content_keys[batch, head, key]
        content = float(score_terms(content_q, content_k, choices.score).sum())
    extra, bias = view.position_scores, view.position_bias
    scores = view.scores[batch, head, query]  # (keys,)
    allowed = view.mask[batch, head, query]  # (keys,)
    weights = view.weights[batch, head, query]  # (keys,)
    highest = scores[allowed].max() if allowed.any() else scores.max()
    exponentials = (scores - highest).exp().masked_fill(~allowed, 0.0)
    return Cell(
        query=q,
        key=k,
        terms=terms,
        content=content,
        position_score=0.0 if extra is None else float(extra[batch, head, query, key]),
        raw=float(view.raw_scores[batch, head, query, key]),
        divisor=choices.temperature * (math.sqrt(len(q)) if choices.scaled else 1.0),
        bias=0.0 if bias is None else float(bias[0, head, query, key]),
        score=float(scores[key]),
        allowed=bool(allowed[key]),
        row=Row(scores, allowed, exponentials, weights),
        exponential=float(exponentials[key]),
        total=float(exponentials.sum()),
        weight=float(weights[key]),
    )
