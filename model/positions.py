"""Position schemes: what they add to embeddings, queries and keys, or scores."""

import math

import torch
from torch import Tensor

from model.shape import RopeScaling


def sinusoids(positions: Tensor, d_model: int, base: float = 10_000.0) -> Tensor:
    """Sinusoidal encodings (n, d_model) of positions (n,): sin in the even features, cos in the
    odd ones, wavelengths from 2π to base·2π (Vaswani et al. 2017, §3.5). Positions may be
    negative: Transformer-XL encodes distances."""
    pairs = torch.arange(0, d_model, 2, device=positions.device, dtype=torch.float32)
    rates = torch.exp(-math.log(base) * pairs / d_model)  # (ceil(d_model / 2),)
    angles = positions.float()[:, None] * rates  # (n, pairs)
    table = torch.stack([angles.sin(), angles.cos()], dim=-1)  # (n, pairs, 2)
    return table.flatten(1)[:, :d_model]


def rope_rates(d_head: int, theta: float, scaling: RopeScaling | None = None) -> Tensor:
    """Rotation per position, in radians, of each of the d_head/2 pairs (Su et al. 2021,
    arXiv 2104.09864, §3.2.2)."""
    rates = theta ** (-torch.arange(0, d_head, 2, dtype=torch.float32) / d_head)
    if scaling is None:
        return rates
    if scaling.kind == "linear":
        return rates / scaling.factor
    # Llama 3: pairs that turn often within the original context keep their rate
    turns = scaling.original_context * rates / (2 * math.pi)
    low, high = scaling.low_frequency_factor, scaling.high_frequency_factor
    kept = ((turns - low) / (high - low)).clamp(0, 1)
    return kept * rates + (1 - kept) * rates / scaling.factor


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Rotate x (…, n, d_head) by angles (n, d_head/2): features i and i + d_head/2 are one pair
    in the plane (the layout of Hugging Face's checkpoints)."""
    return turn(x, turns(angles, x.dtype))


def turns(angles: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """What `turn` multiplies with, (n, d_head) each, of angles (n, d_head/2): the cosines, and the
    sines with the sign that each feature's partner gets."""
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([cos, cos], -1).to(dtype), torch.cat([-sin, sin], -1).to(dtype)


def turn(x: Tensor, by: tuple[Tensor, Tensor]) -> Tensor:
    """`rotate` for angles that were made into `turns`, which many layers share."""
    cos, sin = by
    return torch.addcmul(x * cos, x.roll(x.shape[-1] // 2, -1), sin)


def alibi_slopes(n_heads: int) -> Tensor:
    """One slope per head (n_heads,): the geometric sequence from 2^(-8/n) with that ratio; for n
    that is no power of two, every second slope of the next power fills up (Press et al. 2022,
    arXiv 2108.12409, §3, and the authors' release)."""
    whole = 2 ** math.floor(math.log2(n_heads))
    slopes = [2 ** (-8 * (i + 1) / whole) for i in range(whole)]
    slopes += [2 ** (-4 * (2 * i + 1) / whole) for i in range(n_heads - whole)]
    return torch.tensor(slopes)


def alibi_bias(query_positions: Tensor, key_positions: Tensor, n_heads: int) -> Tensor:
    """-slope · |i - j|, as (n_heads, queries, keys); bidirectional attention uses the distance to
    both sides alike."""
    distance = (query_positions[:, None] - key_positions).abs()  # (queries, keys)
    return -alibi_slopes(n_heads)[:, None, None].to(distance.device) * distance


def relative_buckets(distances: Tensor, *, bidirectional: bool, buckets: int, reach: int) -> Tensor:
    """T5's bucket of each distance (key position - query position), same shape: half of the
    buckets hold one distance each, the rest grow logarithmically up to `reach` (Raffel et al.
    2020, arXiv 1910.10683, §2.1)."""
    start = torch.zeros_like(distances)
    if bidirectional:
        buckets //= 2
        start = start + (distances > 0) * buckets  # keys to the right have buckets of their own
        distances = distances.abs()
    else:
        distances = (-distances).clamp(min=0)
    exact = buckets // 2
    ratio = torch.log(distances.clamp(min=1).float() / exact) / math.log(reach / exact)
    far = (exact + (ratio * (buckets - exact)).long()).clamp(max=buckets - 1)
    return start + torch.where(distances < exact, distances, far)
