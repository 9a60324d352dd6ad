"""The linear map x Wᵀ + b, where most of a pass's time goes."""

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# PyTorch hands float32 products to MKL, which on processors of other makers than its own takes
# twice the time of oneDNN, the library that PyTorch hands other types to: x (128, 384) by
# W (1536, 384) on one core 1.5 ms for 0.7 ms. Products of fewer multiplications lose by its longer
# call, 10 μs.
_LARGE = 2**18

# With 2 to 4 rows W xᵀ takes 0.3 to 0.9 of MKL's time for x Wᵀ, and less than oneDNN's: with
# W (49,152, 576) and 2 rows 4.3 ms for 15.6. A single row is a product of matrix and vector either
# way; taken twice it is one of matrices, in 0.6 of the time. Smaller matrices lose by the calls.
_FEW = 4
_WIDE = 2**16

# A single row of a matrix that no cache holds: oneDNN reads it in 0.8 of that time again.
_UNCACHED = 2**22


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`F.linear`: x (…, d_in), weight (d_out, d_in), bias (d_out,) → (…, d_out)."""
    rows = x.shape[:-1].numel()
    large = rows * weight.numel() >= _LARGE
    onednn = _onednn() if large and _fits(x, weight) else None
    streamed = onednn is not None and rows == 1 and weight.numel() >= _UNCACHED
    if 0 < rows <= _FEW and weight.numel() >= _WIDE and not streamed:
        return _turned(x, weight, bias, rows)
    if onednn is not None:
        return onednn(x, weight, bias, "none", [], "")
    return F.linear(x, weight, bias)


class Linear(nn.Linear):
    """`nn.Linear`, by way of `linear`."""

    def forward(self, input: Tensor) -> Tensor:
        """(…, d_in) → (…, d_out)."""
        return linear(input, self.weight, self.bias)


def _turned(x: Tensor, weight: Tensor, bias: Tensor | None, rows: int) -> Tensor:
    """The same as (W xᵀ)ᵀ."""
    few = x.reshape(rows, -1)
    few = few.repeat(2, 1).T if rows == 1 else few.T  # (d_in, 2 to 4)
    product = weight @ few if bias is None else torch.addmm(bias[:, None], weight, few)
    return product.T[:rows].contiguous().view(*x.shape[:-1], -1)


def _fits(x: Tensor, weight: Tensor) -> bool:
    """Whether the product is one for oneDNN: it gives no gradients."""
    differentiated = torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)
    cpu = x.device.type == "cpu"
    return cpu and x.dtype == weight.dtype == torch.float32 and not differentiated


@cache
def _onednn() -> Callable[..., Tensor] | None:
    """oneDNN's x Wᵀ + b, an operation of PyTorch's own that has no public name: tried once, on the
    first product that it would take. None where there is none, or it is another than it was."""
    if not torch.backends.mkldnn.is_available():
        return None
    numbers = ([[1.0, 2.0]], [[3.0, 4.0]], [5.0], [[16.0]])
    x, weight, bias, right = (torch.tensor(one, dtype=torch.float32) for one in numbers)
    try:
        product = torch.ops.mkldnn._linear_pointwise.default
        found = product(x, weight, bias, "none", [], "")
    except (AttributeError, RuntimeError, TypeError):
        return None
    return product if torch.equal(found, right) else None
