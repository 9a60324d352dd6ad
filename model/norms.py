"""Normalisation as a switch: layer, RMS, batch or none, on the same gain and bias."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.shape import Norm
from model.tape import Tape


class NormWeights(nn.Module):
    """Gain and bias (d_model,) of one normalisation, whichever kind a call applies."""

    def __init__(self, d_model: int, *, bias: bool) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model)) if bias else None

    def forward(self, x: Tensor, kind: Norm, epsilon: float, tape: Tape, at: str) -> Tensor:
        """Normalise x (batch, positions, d_model); with "none", x goes through untouched.

        layer: each token by its own mean and variance (Ba et al. 2016, arXiv 1607.06450, §3).
        rms: each token by its root mean square (Zhang & Sennrich 2019, arXiv 1910.07467, §3);
            the tape's `variance` is then the mean square.
        batch: each feature by its mean and variance over all positions of the batch, padding
            included, always this pass's own (Ioffe & Szegedy 2015, arXiv 1502.03167, §3).
        """
        x = tape(f"{at}.input", x)
        if kind == "none":
            return tape(f"{at}.output", x)
        statistics = f"{at}.mean", f"{at}.variance"
        if kind != "batch" and not any(map(tape.changes, statistics)):
            if any(map(tape.wants, statistics)):
                _centred(x, kind, tape, at)
            return tape(f"{at}.output", self._at_once(x, kind, epsilon))
        centred, spread = _centred(x, kind, tape, at)
        normal = centred * torch.rsqrt(spread + epsilon) * self.gain
        return tape(f"{at}.output", normal if self.bias is None else normal + self.bias)

    def _at_once(self, x: Tensor, kind: Norm, epsilon: float) -> Tensor:
        """The same in as few passes over x as there are kernels for."""
        if kind == "layer":
            return F.layer_norm(x, self.gain.shape, self.gain, self.bias, epsilon)
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)  # (batch, positions, 1)
        spread = torch.addcmul(x.new_full((), epsilon), length, length, value=1 / x.shape[-1])
        normal = x * spread.rsqrt() * self.gain
        return normal if self.bias is None else normal + self.bias


def _centred(x: Tensor, kind: Norm, tape: Tape, at: str) -> tuple[Tensor, Tensor]:
    """x (batch, positions, d_model) without its mean, and the mean of its squares: of each token
    (batch, positions, 1) or, with batch, of each feature (1, 1, d_model)."""
    if kind == "rms":
        return x, tape(f"{at}.variance", x.square().mean(-1, keepdim=True))
    axes = (0, 1) if kind == "batch" else (-1,)
    mean = x.mean(axes, keepdim=True)
    spread = (x - mean).square().mean(axes, keepdim=True)
    return x - tape(f"{at}.mean", mean), tape(f"{at}.variance", spread)
