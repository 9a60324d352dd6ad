"""The non-linearities of feed-forward networks and their derivatives, by autograd.

GELU: Hendrycks & Gimpel 2016 (arXiv 1606.08415), §2; SiLU: Elfwing et al. 2017 (arXiv
1702.03118), §2.1; SwiGLU: Shazeer 2020 (arXiv 2002.05202), §2.
"""

from collections.abc import Sequence

import pandas as pd
import torch
from torch import Tensor

from model.activations import activate
from model.shape import Activation

CURVES: tuple[Activation, ...] = ("relu", "gelu", "gelu_tanh", "silu", "swiglu")
REACH = 5.0  # the curves are drawn from −5 to 5
_STEPS = 401


def curve(name: Activation, x: Tensor, up: float = 1.0) -> tuple[Tensor, Tensor]:
    """f(x) and f′(x), shaped like x. Of a gated one x is the gate, and `up` the other factor:
    f(x) = activation(x) · up."""
    x = x.detach().requires_grad_()
    y = activate(x, name) * (up if name.endswith("glu") else 1.0)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return y.detach(), slope


def curves(names: Sequence[Activation], up: float = 1.0) -> pd.DataFrame:
    """One row per function and point: name, x, value, slope."""
    x = torch.linspace(-REACH, REACH, _STEPS, dtype=torch.float64)
    frames = []
    for name in names:
        value, slope = curve(name, x, up)
        frames.append(
            pd.DataFrame({"x": x.tolist(), "value": value.tolist(), "slope": slope.tolist()})
        )
        frames[-1].insert(0, "name", name)
    return pd.concat(frames, ignore_index=True)


def landmarks(names: Sequence[Activation], up: float = 1.0) -> pd.DataFrame:
    """One row per function, over a fine grid of −5 to 5: name; lowest (value) and lowest_at (x);
    steepest and flattest slope; slope_at_zero."""
    x = torch.linspace(-REACH, REACH, 100_001, dtype=torch.float64)  # 0 is its middle point
    rows = []
    for name in names:
        value, slope = curve(name, x, up)
        rows.append(
            {
                "name": name,
                "lowest": float(value.min()),
                "lowest_at": float(x[value.argmin()]),
                "steepest": float(slope.max()),
                "flattest": float(slope.min()),
                "slope_at_zero": float(slope[len(x) // 2]),
            }
        )
    return pd.DataFrame(rows)


def tanh_error() -> tuple[float, float]:
    """The largest |GELU − its tanh form| between −5 and 5, and the x where it is reached."""
    x = torch.linspace(-REACH, REACH, 100_001, dtype=torch.float64)
    apart = (curve("gelu", x)[0] - curve("gelu_tanh", x)[0]).abs()
    return float(apart.max()), float(x[apart.argmax()])
