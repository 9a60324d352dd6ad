"""Which key each query may attend to."""

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


def masked_softmax(scores: Tensor, allowed: Tensor, out: Tensor | None = None) -> Tensor:
    """Softmax of scores (batch, heads, queries, keys) over the allowed keys, in `out` if given,
    which may be the scores' own memory. A row without any allowed key gives zeros, in the result
    and in its gradient, where a plain softmax of -inf gives NaN."""
    if allowed.all():
        return torch.softmax(scores, -1, out=out)
    dead = ~allowed.any(-1, keepdim=True)  # (batch, 1, queries, 1)
    any_dead = bool(dead.any())
    seen = allowed | dead if any_dead else allowed
    # adding log 1 or log 0 takes a tenth of the time of filling in -inf
    scores = torch.add(scores, seen.to(scores.dtype).log(), out=out)
    weights = torch.softmax(scores, -1, out=None if scores.requires_grad else scores)
    return weights.masked_fill(dead, 0.0) if any_dead else weights
