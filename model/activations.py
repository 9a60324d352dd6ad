"""The non-linearities of feed-forward networks, by name."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from model.shape import Activation


def _gelu_tanh(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": F.silu,
    # gated variants: this function of the gate, times the other branch (Shazeer 2020,
    # arXiv 2002.05202, §2)
    "reglu": F.relu,
    "geglu": F.gelu,
    "geglu_tanh": _gelu_tanh,
    "swiglu": F.silu,
}


def activate(x: Tensor, name: Activation) -> Tensor:
    """The activation `name` of x, any shape; for a gated one, of its gate branch."""
    return _FUNCTIONS[name](x)
