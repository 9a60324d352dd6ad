"""What the heads of a layer attend to, measured on one text, and how much two heads differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from model import Bench
from model.run import AttentionView, Encoded

PATTERNS = ("previous", "next", "itself", "first", "same", "separator")
LEAST_QUERIES = 3  # that have a pattern's key: of fewer, no share is told
LEAST_LIFT = 2.0  # a pattern counts as a role from twice the even share on
LEAST_BREADTH = 0.5  # a head without a pattern is broad from this share of the highest entropy on


@dataclass(frozen=True)
class Roles:
    """Attention of one layer's heads on one text, by pattern.

    share: (heads, patterns), the weight that goes to the pattern's keys, mean over the queries
        that have such a key and another one beside it. NaN where fewer than `LEAST_QUERIES` have.
    baseline: (patterns,), what share would be did each query spread its weight evenly over the
        keys that the mask allows: |pattern ∩ allowed| / |allowed|, mean over the same queries.
    breadth: (heads,), entropy of a row over the highest that it could have, ln |allowed|, mean
        over the queries that may attend to two keys or more: 0 a single key, 1 evenly spread.
    distance: (heads, heads), see `distances`.
    """

    share: Tensor
    baseline: Tensor
    breadth: Tensor
    distance: Tensor

    @property
    def lift(self) -> Tensor:
        """(heads, patterns): share over baseline, 1 for even attention."""
        return self.share / self.baseline

    @property
    def names(self) -> list[str]:
        """Each head's role: the pattern of the highest lift where that is at least `LEAST_LIFT`;
        otherwise "broad" from a breadth of `LEAST_BREADTH` on, else "other"."""
        lift = self.lift.nan_to_num(0.0)
        best = lift.max(-1)
        return [
            PATTERNS[pattern]
            if value >= LEAST_LIFT
            else ("broad" if breadth >= LEAST_BREADTH else "other")
            for value, pattern, breadth in zip(
                best.values.tolist(), best.indices.tolist(), self.breadth.tolist(), strict=True
            )
        ]


def roles(bench: Bench, source: Encoded, view: AttentionView, *, rest: bool = False) -> Roles:
    """The roles of one layer's heads on the first text of a batch. rest: leave the first token
    out, on which most heads rest, and see what they do with the remainder (`beside_first`)."""
    weights, allowed = view.weights[0], view.mask[0, 0]
    if rest:
        weights, allowed = beside_first(weights, allowed)
    return measure(weights, allowed, targets(bench, source))


def beside_first(weights: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (heads, queries, keys) and mask (queries, keys) without the key at position 0, each
    row's remainder scaled up to sum to 1; a row with nothing left is 0. The first token takes what
    a head has no use for (attention sinks: Xiao et al. 2023, arXiv 2309.17453)."""
    kept = allowed.clone()
    kept[:, 0] = False
    left = weights * kept
    total = left.sum(-1, keepdim=True)
    return torch.where(total > 0, left / total, 0.0), kept


def targets(bench: Bench, source: Encoded) -> dict[str, Tensor]:
    """For each pattern, (queries, keys), True where a key of the first text belongs to it.

    previous, next, itself, first: by position. same: another occurrence of the query's token.
    separator: special tokens and punctuation (tokens without a letter or digit), without the
    first position and [MASK]; Clark et al. 2019 (arXiv 1906.04341), §3.2, find heads that rest
    there.
    """
    ids, n = source.ids[0], source.ids.shape[1]
    position = torch.arange(n)
    step = position - position[:, None]  # (queries, keys): how far the key lies behind the query
    marks = separators(bench, ids.tolist(), source.tokens[0])
    separator = torch.zeros(n, dtype=torch.bool)
    separator[list(marks)] = True
    return {
        "previous": step == -1,
        "next": step == 1,
        "itself": step == 0,
        "first": (position == 0).expand(n, n),
        "same": (ids == ids[:, None]) & (step != 0),
        "separator": separator.expand(n, n),
    }


def separators(bench: Bench, ids: Sequence[int], tokens: Sequence[str]) -> tuple[int, ...]:
    """The positions behind the first of special tokens, [MASK] apart, and of punctuation."""
    special = bench.tokenizer.special_ids
    mask = bench.tokenizer.special.mask
    return tuple(
        i
        for i, (token, text) in enumerate(zip(ids, tokens, strict=True))
        if i > 0
        and token != mask
        and (token in special or not any(letter.isalnum() for letter in text))
    )


def measure(weights: Tensor, allowed: Tensor, patterns: Mapping[str, Tensor]) -> Roles:
    """Roles from weights (heads, queries, keys), the mask allowed (queries, keys), and for each
    pattern its keys (queries, keys)."""
    options = allowed.sum(-1)  # (queries,)
    shares, baselines = [], []
    for name in PATTERNS:
        aimed = patterns[name] & allowed  # (queries, keys)
        hits = aimed.sum(-1)
        counted = (hits > 0) & (hits < options)  # only there can a head show a preference
        share = (weights * aimed).sum(-1)  # (heads, queries)
        if counted.sum() < LEAST_QUERIES:
            counted = torch.zeros_like(counted)  # the mean over none is NaN
        shares.append(share[:, counted].mean(-1))
        baselines.append((hits / options)[counted].mean())
    free = options > 1
    entropy = torch.special.entr(weights).sum(-1)  # (heads, queries), nats
    breadth = (entropy[:, free] / options[free].log()).mean(-1)
    return Roles(
        torch.stack(shares, -1), torch.stack(baselines), breadth, distances(weights, allowed)
    )


def distances(weights: Tensor, allowed: Tensor) -> Tensor:
    """Jensen–Shannon distances (heads, heads) between heads of weights (heads, queries, keys).

    Of each query's two rows, the square root of the Jensen–Shannon divergence in base 2: 0 for
    equal rows, 1 for rows that share no key (Lin 1991; the root is a metric: Endres and Schindelin
    2003). Mean over the queries that the mask, allowed (queries, keys), leaves two keys or more.
    """
    rows = weights[:, allowed.sum(-1) > 1].double()  # (heads, queries, keys)
    entropy = _bits(rows)  # (heads, queries)
    columns = [
        (_bits((rows + other) / 2) - (entropy + own) / 2).clamp(0, 1).sqrt().mean(-1)  # (heads,)
        for other, own in zip(rows, entropy, strict=True)
    ]
    return torch.stack(columns, -1).fill_diagonal_(0.0).float()


def _bits(rows: Tensor) -> Tensor:
    """Entropy of the last axis, in bits."""
    return torch.special.entr(rows).sum(-1) / torch.log(torch.tensor(2.0, dtype=rows.dtype))


def evidence(found: Roles) -> pd.DataFrame:
    """One row per head: head, role (a pattern, "broad" or "other"), its share, baseline and lift
    (NaN for the last two roles), breadth, and the mean distance to the other heads."""
    heads = len(found.breadth)
    rows = []
    for head, role in enumerate(found.names):
        known = role in PATTERNS
        pattern = PATTERNS.index(role) if known else 0
        rows.append(
            {
                "head": head,
                "role": role,
                "share": float(found.share[head, pattern]) if known else float("nan"),
                "baseline": float(found.baseline[pattern]) if known else float("nan"),
                "lift": float(found.lift[head, pattern]) if known else float("nan"),
                "breadth": float(found.breadth[head]),
                "distance": float(found.distance[head].sum()) / max(1, heads - 1),
            }
        )
    return pd.DataFrame(rows)
