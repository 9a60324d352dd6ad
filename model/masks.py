"""Which key each query may attend to."""

from dataclasses import dataclass

import torch
from torch import Tensor


def parts_of(mask: str, *, causal: bool, window: int) -> frozenset[str]:
    """The parts of a mask; "native" is padding, with the causal mask in a decoder and the window
    that the weights were trained with."""
    if mask == "none":
        return frozenset()
    if mask != "native":
        return frozenset(mask.split("+"))
    native = {"padding"}
    if causal:
        native.add("causal")
    if window:
        native.add("window")
    return frozenset(native)


def allowed(
    parts: frozenset[str],
    query_positions: Tensor,
    key_positions: Tensor,
    real: Tensor,
    *,
    window: int,
    prefix: int,
) -> Tensor:
    """True where a query may attend to a key, as (batch, 1, queries, keys).

    `query_positions` (queries,) and `key_positions` (keys,) count tokens from 0; `real` (batch,
    keys) is False on padding. A window reaches `window` tokens to each side, the token itself
    counted; a prefix is seen by all, the rest causally.
    """
    distance = query_positions[:, None] - key_positions  # (queries, keys)
    seen = torch.ones_like(distance, dtype=torch.bool)
    if "causal" in parts and "prefix" not in parts:
        seen &= distance >= 0
    if "prefix" in parts:
        seen &= (distance >= 0) | (key_positions < prefix)
    if "window" in parts:
        seen &= distance.abs() < window
    seen = seen.expand(len(real), 1, *seen.shape)
    if "padding" in parts:
        seen = seen & real[:, None, None, :]
    return seen


@dataclass(frozen=True)
class Barrier:
    """A mask as a softmax needs it. added: 0 where a key is allowed and -inf where not, None where
    all are; adding takes a tenth of the time of filling in. dead: True (batch, 1, queries, 1) for
    rows without any allowed key, None where there is none."""

    added: Tensor | None
    dead: Tensor | None

    @classmethod
    def of(cls, allowed: Tensor, dtype: torch.dtype) -> "Barrier":
        """Of a mask (batch, 1, queries, keys), True: may attend, for scores of this type."""
        if allowed.all():
            return cls(None, None)
        dead = ~allowed.any(-1, keepdim=True)
        any_dead = bool(dead.any())
        seen = allowed | dead if any_dead else allowed
        added = seen.to(dtype).reciprocal_().neg_().add_(1)  # 1 - 1/1 = 0, 1 - 1/0 = -inf
        return cls(added, dead if any_dead else None)

    def softmax(self, scores: Tensor, out: Tensor | None = None) -> Tensor:
        """Softmax of scores (batch, heads, queries, keys) over the allowed keys, in `out` if given,
        which may be the scores' own memory. A dead row gives zeros, in the result and in its
        gradient, where a plain softmax of -inf gives NaN."""
        if self.added is not None:
            fits = len(self.added) <= len(scores)  # not where an edit made many masks of one
            scores = torch.add(scores, self.added, out=out if fits else None)
            out = None if scores.requires_grad else scores
        weights = torch.softmax(scores, -1, out=out)
        return weights if self.dead is None else weights.masked_fill(self.dead, 0.0)


def masked_softmax(scores: Tensor, allowed: Tensor) -> Tensor:
    """Softmax of scores (batch, heads, queries, keys) over the allowed keys; a row without any
    gives zeros."""
    return Barrier.of(allowed, scores.dtype).softmax(scores)
