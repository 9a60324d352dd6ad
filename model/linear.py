"""The linear map x Wᵀ + b, quick for few rows too."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# With 2 to 4 rows x Wᵀ, as MKL multiplies it, leaves much of the memory's speed unused: in float32
# W xᵀ takes 0.3 to 0.9 of its time, on one core and on two (49,152 × 576 by 2 rows: 4.3 ms for
# 15.6). A single row is a product of matrix and vector either way; taken twice it is one of
# matrices, in 0.6 of the time, or for small matrices in as much. From 5 rows on matrices with more
# columns than rows lose by it; those of fewer than 2^16 numbers lose by the further calls.
_ROWS = 4
_NUMBERS = 2**16


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`F.linear`: x (…, d_in), weight (d_out, d_in), bias (d_out,) → (…, d_out)."""
    rows = x.shape[:-1].numel()
    if not 0 < rows <= _ROWS or weight.numel() < _NUMBERS:
        return F.linear(x, weight, bias)
    few = x.reshape(rows, -1)
    few = few.repeat(2, 1).T if rows == 1 else few.T  # (d_in, 2 to 4)
    product = weight @ few if bias is None else torch.addmm(bias[:, None], weight, few)
    return product.T[:rows].contiguous().view(*x.shape[:-1], -1)


class Linear(nn.Linear):
    """`nn.Linear`, by way of `linear`."""

    def forward(self, input: Tensor) -> Tensor:
        """(…, d_in) → (…, d_out)."""
        return linear(input, self.weight, self.bias)
