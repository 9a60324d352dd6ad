"""The position-wise feed-forward network, plain or gated."""

import torch
from torch import Tensor, nn

from model.activations import activate
from model.choices import GATED, Choices
from model.linear import Linear
from model.shape import Shape
from model.tape import Tape


class FeedForward(nn.Module):
    """down(activation(up(x))), or with a gate down(activation(gate(x)) · up(x)) (Vaswani et al.
    2017, §3.3; Shazeer 2020, arXiv 2002.05202, §2)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        bias = shape.feed_forward_bias
        self.up = Linear(shape.d_model, shape.d_ff, bias=bias)
        self.gate = Linear(shape.d_model, shape.d_ff, bias=bias) if shape.gated else None
        self.down = Linear(shape.d_ff, shape.d_model, bias=bias)

    def forward(self, x: Tensor, choices: Choices, tape: Tape, at: str) -> Tensor:
        """(batch, positions, d_model) → the same. An ungated activation on gated weights goes
        through the gate alone: the product is left out."""
        inner = self.up if self.gate is None else self.gate
        hidden = tape(f"{at}.pre_activation", inner(x))  # (batch, positions, d_ff)
        hidden = activate(hidden, choices.activation)
        if self.gate is not None and choices.activation in GATED:
            up = tape(f"{at}.up", self.up(x))
            fits = len(up) <= len(hidden)  # not where an edit made many rows of one
            spare = fits and not hidden.requires_grad
            hidden = torch.mul(hidden, up, out=hidden if spare else None)
        hidden = tape(f"{at}.post_activation", hidden)
        return tape(f"{at}.output", self.down(hidden))
