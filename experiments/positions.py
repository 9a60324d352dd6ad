"""Position schemes without a model: tables, shifts, and what each scheme makes of the same
queries and keys."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from model import Bench, ModelError
from model.choices import REASONS
from model.positions import relative_buckets, rope_rates, rotate, sinusoids

Scheme = Literal["none", "sinusoidal", "learned", "shaw", "xl", "relative", "rope", "alibi"]
Content = Literal["drawn", "constant"]

SCHEMES: tuple[Scheme, ...] = (
    "none",
    "sinusoidal",
    "learned",
    "shaw",
    "xl",
    "relative",
    "rope",
    "alibi",
)
DRAWN = ("learned", "shaw", "relative")  # stand on tables that training fills: drawn here
ROWS = 512  # of a table of learned positions, as BERT has it
CLIP = 16  # Shaw's k: distances beyond it count as it
BUCKETS, REACH = 32, 128  # T5's own
_SPREAD = math.sqrt(0.5)  # of drawn position vectors: as long as a sinusoid's row


def wavelengths(d_model: int, base: float, length: int) -> pd.DataFrame:
    """One row per pair of features of the sinusoid table: pair, rate (radians a position),
    wavelength (positions a turn: from 2π nearly up to base·2π), turns within `length` positions
    (Vaswani et al. 2017, arXiv 1706.03762, §3.5)."""
    rates = torch.tensor([base ** (-i / d_model) for i in range(0, d_model, 2)]).double()
    return pd.DataFrame(
        {
            "pair": range(len(rates)),
            "rate": rates.tolist(),
            "wavelength": (2 * math.pi / rates).tolist(),
            "turns": (rates * length / (2 * math.pi)).tolist(),
        }
    )


def by_distance(matrix: Tensor) -> pd.DataFrame:
    """A (n, n) matrix of queries and keys read along its diagonals, one row per distance j − i:
    distance, and mean, low, high, std over the cells of that distance."""
    n = len(matrix)
    rows = []
    for distance in range(1 - n, n):
        cells = matrix.diagonal(distance).double()  # (n - |distance|,)
        std, mean = torch.std_mean(cells, correction=0)
        low, high = cells.aminmax()
        rows.append((distance, float(mean), float(low), float(high), float(std)))
    return pd.DataFrame(rows, columns=["distance", "mean", "low", "high", "std"])


def explained_by_distance(matrix: Tensor) -> float | None:
    """The share of the variance of a (n, n) matrix's cells that j − i explains: 1 where a cell
    depends on the distance alone; None for a matrix whose cells are all equal."""
    n = len(matrix)
    cells = matrix.double()
    total = float((cells - cells.mean()).square().sum())
    if total <= n**2 * (1e-6 * float(cells.abs().max())) ** 2:  # equal up to rounding
        return None
    within = sum(float((d - d.mean()).square().sum()) for d in map(cells.diagonal, range(1 - n, n)))
    return 1 - within / total


def shift_rotation(d_model: int, base: float, shift: int) -> Tensor:
    """The rotation R (d_model, d_model) with PE(p + shift) = R PE(p) for every p: one block
    [[cos, sin], [−sin, cos]] per pair (§3.5 names the linear map). d_model is even."""
    blocks = []
    for i in range(0, d_model, 2):
        angle = shift * base ** (-i / d_model)
        cos, sin = math.cos(angle), math.sin(angle)
        blocks.append(torch.tensor([[cos, sin], [-sin, cos]], dtype=torch.float64))
    return torch.block_diag(*blocks)


@dataclass(frozen=True)
class Fit:
    """The best single rotation from each row of a table to the row `shift` later. Residuals are
    ‖table[p + shift] − R table[p]‖ over ‖table[p + shift]‖, over all p together: of the
    positions that R was fitted on (every second one), and of the others."""

    fitted: float
    held_out: float


def fit_rotation(table: Tensor, shift: int) -> Fit:
    """Orthogonal Procrustes (Schönemann 1966, Psychometrika 31) on a table (n, d) of positions:
    R = UVᵀ from the singular value decomposition of BᵀA. n − shift is at least 2."""
    start, goal = table[:-shift].double(), table[shift:].double()  # each (n - shift, d)
    u, _, vt = torch.linalg.svd(goal[::2].T @ start[::2])
    rotation = u @ vt  # (d, d)
    return Fit(
        residual(start[::2], goal[::2], rotation), residual(start[1::2], goal[1::2], rotation)
    )


def residual(start: Tensor, goal: Tensor, rotation: Tensor) -> float:
    """‖goal − start Rᵀ‖ / ‖goal‖ of rows (n, d)."""
    goal = goal.double()
    return float((goal - start.double() @ rotation.T).norm() / goal.norm())


def learned_table(bench: Bench) -> Tensor:
    """A model's table of learned positions (context, d_model).

    ModelError "illegal-choice": its weights have none.
    """
    embedding = bench.transformer.embedding.positions
    if embedding is None:
        raise ModelError(
            "illegal-choice",
            "{field} cannot be {value} here: {because}",
            field="positions",
            value="learned",
            reason="no-position-table",
            because=REASONS["no-position-table"],
        )
    return embedding.weight[bench.shape.first_position :]


def random_table(n: int, d_model: int, seed: int) -> Tensor:
    """A table (n, d_model) of normal numbers whose rows are as long as sinusoids' on average."""
    dice = torch.Generator().manual_seed(seed)
    return torch.randn(n, d_model, generator=dice) * _SPREAD


def cosine_similarity(table: Tensor) -> Tensor:
    """(n, n): the cosine of every two rows of a table (n, d)."""
    rows = F.normalize(table.double(), dim=-1)
    return rows @ rows.T


def spectrum(table: Tensor) -> pd.DataFrame:
    """Singular values of a table (n, d), each feature's mean over the positions taken out:
    number (from 1), value, share (of the variance), total (share of this and all before it)."""
    values = torch.linalg.svdvals((table - table.mean(0)).double())  # (min(n, d),)
    share = values.square() / values.square().sum()
    return pd.DataFrame(
        {
            "number": range(1, len(values) + 1),
            "value": values.tolist(),
            "share": share.tolist(),
            "total": share.cumsum(0).tolist(),
        }
    )


@dataclass(frozen=True)
class Setup:
    """The same queries and keys for every scheme: one head of d features, n tokens at the
    positions from `offset` on.

    content: "drawn", independent standard normal q and k; or "constant", every feature of every
    q and k is 1, so that positions alone can tell tokens apart. Absolute schemes are added to q
    and k directly (W_Q = W_K = I). base: of sinusoids and RoPE. slope: ALiBi's m. rows: of the
    table of learned positions.
    """

    n: int = 32
    d: int = 64
    content: Content = "drawn"
    seed: int = 0
    base: float = 10_000.0
    slope: float = 0.125
    offset: int = 0
    rows: int = ROWS


def scores(scheme: Scheme, setup: Setup) -> Tensor:
    """Scores (n, n) under one scheme, divided by √d, before any mask.

    learned, shaw and relative stand on tables that are trained; here they are drawn: rows of
    learned positions, Shaw's vectors for distances clipped at ±`CLIP` (Shaw et al. 2018,
    arXiv 1803.02155, §3.2), T5's biases of `BUCKETS` buckets, standard normal. Transformer-XL
    stands with W_R = I and u = v = 0, which leaves q·k + q·r(i − j).

    ModelError "past-positions": the table of learned positions ends before offset + n.
    """
    n, d = setup.n, setup.d
    dice = torch.Generator().manual_seed(setup.seed)
    q, k = torch.randn(2, n, d, generator=dice)  # (n, d) each
    if setup.content == "constant":
        q, k = torch.ones(2, n, d)
    where = torch.arange(n) + setup.offset
    apart = where - where[:, None]  # (n, n), j - i
    if scheme == "sinusoidal":
        signal = sinusoids(where, d, setup.base)
        q, k = q + signal, k + signal
    elif scheme == "learned":
        if setup.offset + n > setup.rows:
            raise ModelError(
                "past-positions",
                "position {last} has no row in the table of {context} learned positions",
                last=setup.offset + n - 1,
                context=setup.rows,
            )
        signal = random_table(setup.rows, d, setup.seed + 1)[where]
        q, k = q + signal, k + signal
    elif scheme == "rope":
        angles = where.double()[:, None] * rope_rates(d, setup.base).double()  # (n, d / 2)
        q, k = rotate(q, angles), rotate(k, angles)
    raw = q @ k.T  # (n, n)
    if scheme == "shaw":
        vectors = random_table(2 * CLIP + 1, d, setup.seed + 1)
        raw = raw + (q @ vectors.T).gather(1, apart.clamp(-CLIP, CLIP) + CLIP)
    elif scheme == "xl":
        vectors = sinusoids(torch.arange(1 - n, n), d, setup.base)  # of i - j
        raw = raw + (q @ vectors.T).gather(1, n - 1 - apart)
    scaled = raw / math.sqrt(d)
    if scheme == "relative":
        table = torch.randn(BUCKETS, generator=dice.manual_seed(setup.seed + 1))
        buckets = relative_buckets(apart, bidirectional=True, buckets=BUCKETS, reach=REACH)
        scaled = scaled + table[buckets]
    elif scheme == "alibi":
        scaled = scaled - setup.slope * apart.abs()
    return scaled


def shift_change(scheme: Scheme, setup: Setup) -> float:
    """The largest change of any score when all tokens move from position 0 on to `offset` on."""
    return float((scores(scheme, setup) - scores(scheme, replace(setup, offset=0))).abs().max())


def within(weights: Tensor, query: int) -> Tensor:
    """The share of a query's weights (n,) that lies within each distance 0, 1, … of it, as far
    as the longer side reaches: rises to 1."""
    apart = (torch.arange(len(weights)) - query).abs()
    shares = torch.zeros(int(apart.max()) + 1, dtype=torch.float64)
    return shares.index_add(0, apart, weights.double()).cumsum(0)


def reach(weights: Tensor, query: int, share: float = 0.9) -> int:
    """The smallest distance within which a query's weights (n,) hold this share."""
    return int((within(weights, query) < share - 1e-9).sum())


def unseen(rates: Tensor, trained: int, positions: Iterable[int]) -> Tensor:
    """The share of pairs (positions,) whose angle at each position was never reached in training
    on positions below `trained`: a pair that has turned once has met every angle there is, one
    that has not knows the arc from 0 to (trained − 1)·rate only. rates (pairs,) in radians."""
    rates = rates.double()
    arc = rates * (trained - 1)  # (pairs,)
    where = torch.tensor(list(positions), dtype=torch.float64)
    angles = (where[:, None] * rates) % (2 * math.pi)  # (positions, pairs)
    return ((arc < 2 * math.pi) & (angles > arc + 1e-9)).double().mean(-1)


def summary(matrices: Mapping[Scheme, Tensor], setup: Setup) -> pd.DataFrame:
    """One row per scheme of score matrices (n, n): scheme, the share of their variance that the
    distance explains, the largest change under the setup's shift (NaN where the table has no
    row for it), lowest and highest score."""
    return pd.DataFrame(
        {
            "scheme": list(matrices),
            "explained": [explained_by_distance(matrix) for matrix in matrices.values()],
            "change": [shift_change(scheme, setup) for scheme in matrices],
            "low": [float(matrix.min()) for matrix in matrices.values()],
            "high": [float(matrix.max()) for matrix in matrices.values()],
        }
    )


def components(table: Tensor, count: int) -> Tensor:
    """What the `count` strongest components of a table (n, d) do over its positions: the left
    singular vectors (n, count), each feature's mean over the positions taken out first."""
    u, _, _ = torch.linalg.svd((table - table.mean(0)).double(), full_matrices=False)
    return u[:, :count]


def in_plane(vector: Tensor, position: int, base: float) -> Tensor:
    """RoPE's pairs of one vector (d,) as points (pairs, 2, 2): before the rotation of this
    position, and after it. Features i and i + d/2 are a pair."""
    rates = rope_rates(len(vector), base).double()
    after = rotate(vector.double()[None], position * rates[None])[0]  # (d,)
    return torch.stack([v.double().unflatten(0, (2, -1)).T for v in (vector, after)], dim=1)


def rope_products(q: Tensor, k: Tensor, query: int, keys: Iterable[int], base: float) -> Tensor:
    """Products (keys,) of a query (d,) turned to its position with a key (d,) turned to each of
    several positions."""
    rates = rope_rates(len(q), base).double()
    where = torch.tensor(list(keys)).double()
    turned = rotate(k.double().expand(len(where), -1), where[:, None] * rates)
    return turned @ rotate(q.double()[None], query * rates[None])[0]
