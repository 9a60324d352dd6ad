"""Dropout as an argument of the call: the masks come from a generator of the caller's, so that a
pass in training is as reproducible as one in evaluation, and no module has a mode."""

from dataclasses import dataclass

import torch
from torch import Tensor

from model.tape import Tape


@dataclass(frozen=True)
class Dropout:
    """Where numbers are dropped in one pass, and how many: shares from 0 up to but not 1.

    rate: of the sum of the embeddings and of what each sublayer writes (Vaswani et al. 2017,
    §5.4). attention: of the attention weights, as its reference code does. dice: draws the masks.
    """

    dice: torch.Generator
    rate: float = 0.0
    attention: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.rate < 1 and 0 <= self.attention < 1):
            raise ValueError("a dropout rate is at least 0 and less than 1")

    def hidden(self, x: Tensor, tape: Tape, at: str) -> Tensor:
        """x (batch, positions, d_model) as the residual stream receives it, site `at`.dropped."""
        return tape(f"{at}.dropped", drop(x, self.rate, self.dice)) if self.rate else x

    def weights(self, weights: Tensor, tape: Tape, at: str) -> Tensor:
        """Attention weights (batch, heads, queries, keys) that meet the values, site
        `at`.dropped_weights: their rows no longer add up to 1."""
        if not self.attention:
            return weights
        return tape(f"{at}.dropped_weights", drop(weights, self.attention, self.dice))


def drop(x: Tensor, rate: float, dice: torch.Generator) -> Tensor:
    """x with a random share `rate` of its numbers set to 0 and the others divided by 1 - rate, so
    that each keeps its mean (Srivastava et al. 2014, JMLR 15, §10: "inverted" dropout)."""
    kept = torch.rand(x.shape, generator=dice, device=x.device) >= rate
    return x * kept / (1 - rate)
