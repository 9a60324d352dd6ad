"""What a head attends to, in numbers."""

from collections.abc import Sequence

import pandas as pd
import torch
from torch import Tensor

QUANTITIES = ("entropy", "largest", "itself", "previous", "first", "special")
_BYTES = 16 * 2**20  # of a copy of attention weights


def profile(weights: Tensor, special: Sequence[int] = ()) -> Tensor:
    """Six quantities of each head (heads, 6), in the order of `QUANTITIES`, from attention
    weights (heads, queries, keys) of one text.

    entropy: mean over queries of -Σ w ln w, in nats. largest: mean over queries of the largest
    weight. itself, previous, first, special: mean share of a query's attention that goes to its
    own position, to the one before, to position 0, and to the `special` key positions together.
    previous and first leave query 0 out, which has no previous token and is itself the first.
    NaN where a text of one token leaves nothing to average.
    """
    later = weights[:, 1:]  # (heads, queries - 1, keys)
    return torch.stack(
        [
            torch.cat([_entropies(some) for some in weights.split(_at_once(weights))]),
            weights.amax(-1).mean(-1),
            weights.diagonal(dim1=-2, dim2=-1).mean(-1),
            later.diagonal(dim1=-2, dim2=-1).mean(-1),
            later[..., 0].mean(-1),
            weights[..., list(special)].sum(-1).mean(-1),
        ],
        dim=-1,
    )


def _at_once(weights: Tensor) -> int:
    """How many heads (heads, queries, keys) to take together: copies of all would be large."""
    return max(1, _BYTES // (weights[0].numel() * weights.element_size()))


def _entropies(weights: Tensor) -> Tensor:
    """Mean over queries of -Σ w ln w of heads (heads, queries, keys), in nats. A quarter of the
    time of `torch.special.entr`."""
    smallest = torch.finfo(weights.dtype).tiny  # 0 · ln of it is 0, as 0 · ln 0 is to be
    return -weights.clamp(min=smallest).log_().mul_(weights).sum(-1).mean(-1)


def mean_entropy(profiles: Tensor) -> float:
    """Entropy in nats, mean over all heads of profiles (layers, heads, 6)."""
    return float(profiles[..., QUANTITIES.index("entropy")].mean())


def evidence(profiles: Tensor) -> pd.DataFrame:
    """One row per head of profiles (layers, heads, 6): layer, head, and the quantities."""
    layers, heads, _ = profiles.shape
    index = pd.MultiIndex.from_product([range(layers), range(heads)], names=["layer", "head"])
    frame = pd.DataFrame(profiles.flatten(0, 1).numpy(), index=index, columns=list(QUANTITIES))
    return frame.reset_index()
