"""Multi-head attention: every step by its name, every choice an argument.

Vaswani et al. 2017 (arXiv 1706.03762), §3.2; grouped queries: Ainslie et al. 2023
(arXiv 2305.13245), §2.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.cache import Cache, KeysValues
from model.choices import Choices, Score
from model.dropout import Dropout
from model.geometry import Geometry
from model.linear import Linear
from model.positions import turn
from model.shape import Shape
from model.tape import Tape

# Additive scores materialise queries × keys × d_head: in slices that a processor's cache can hold,
# which takes less than half the time of slices that it cannot.
_ADDITIVE_BYTES = 4 * 2**20


class AdditiveWeights(nn.Module):
    """W₁, W₂ (heads, d_head, d_head) and v (heads, d_head) of additive scores."""

    def __init__(self, n_heads: int, d_head: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.eye(d_head).repeat(n_heads, 1, 1))
        self.keys = nn.Parameter(torch.eye(d_head).repeat(n_heads, 1, 1))
        self.vector = nn.Parameter(torch.ones(n_heads, d_head))


class TransformerXLWeights(nn.Module):
    """Projection of distance encodings, and the two biases u and v (heads, d_head)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.distances = Linear(shape.d_model, shape.n_heads * shape.d_head, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(shape.n_heads, shape.d_head))
        self.position_bias = nn.Parameter(torch.zeros(shape.n_heads, shape.d_head))


def score(queries: Tensor, keys: Tensor, kind: Score, weights: AdditiveWeights | None) -> Tensor:
    """Raw scores (batch, heads, queries, keys) of queries and keys (batch, heads, …, d_head).

    additive: vᵀ tanh(W₁q + W₂k) (Bahdanau et al. 2015, arXiv 1409.0473, §A.1.2); without
    trained weights W₁ = W₂ = I and v = 1.
    """
    if kind == "dot":
        return queries @ keys.transpose(-2, -1)
    if kind == "cosine":
        return F.normalize(queries, dim=-1) @ F.normalize(keys, dim=-1).transpose(-2, -1)
    if weights is None:
        vector = torch.ones_like(queries[0, :, 0])  # (heads, d_head)
    else:
        queries, keys, vector = queries @ weights.queries, keys @ weights.keys, weights.vector
    row = keys.numel() * keys.element_size()  # bytes of one query against all keys
    slices = queries.split(max(1, _ADDITIVE_BYTES // max(1, row)), dim=2)
    return torch.cat(
        [
            # (batch, heads, slice, keys, d_head) · (heads, d_head)
            torch.einsum(
                "bhqkd,hd->bhqk", torch.tanh(part[:, :, :, None] + keys[:, :, None]), vector
            )
            for part in slices
        ],
        dim=2,
    )


def score_terms(query: Tensor, key: Tensor, kind: Score) -> Tensor:
    """What each feature (d_head,) of one query and one key adds to their raw score; for additive
    scores without trained weights."""
    if kind == "dot":
        return query * key
    if kind == "cosine":
        return F.normalize(query, dim=-1) * F.normalize(key, dim=-1)
    return torch.tanh(query + key)


class Attention(nn.Module):
    """Weights of one attention; `forward` is a pure function of them and its arguments."""

    def __init__(self, shape: Shape, *, cross: bool = False) -> None:
        super().__init__()
        self.n_heads, self.n_kv_heads, self.d_head = shape.n_heads, shape.n_kv_heads, shape.d_head
        d_model, bias = shape.d_model, shape.query_bias
        self.queries = Linear(d_model, shape.n_heads * shape.d_head, bias=bias)
        self.keys = Linear(d_model, shape.n_kv_heads * shape.d_head, bias=bias)
        self.values = Linear(d_model, shape.n_kv_heads * shape.d_head, bias=bias)
        self.output = Linear(shape.n_heads * shape.d_head, d_model, bias=shape.output_bias)
        self.additive = (
            AdditiveWeights(shape.n_heads, shape.d_head) if shape.additive_score else None
        )
        self.xl = TransformerXLWeights(shape) if shape.positions == "xl" and not cross else None

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        choices: Choices,
        ablated: tuple[int, ...],
        geometry: Geometry,
        relative: Tensor | None,
        dropout: Dropout | None,
        tape: Tape,
        at: str,
        cache: Cache | None = None,
    ) -> Tensor:
        """What x (batch, queries, d_model) reads from memory (batch, keys, d_model).

        `ablated` heads write nothing. `relative` (buckets, heads) is T5's table of the stack.
        With a `cache`, memory holds the new tokens only; the keys before them come from there.
        Returns (batch, queries, d_model).
        """
        rotary = choices.positions == "rope" and not geometry.cross
        # queries and new keys are of the same tokens, so they turn alike
        turns = geometry.turns(choices.offset, x.dtype) if rotary else None

        q = self._heads(self.queries(x))  # (batch, heads, queries, d_head)
        if turns is not None:
            q = turn(tape(f"{at}.content_queries", q), turns)
        q = tape(f"{at}.queries", q)

        def project() -> KeysValues:
            k = self._heads((self.queries if choices.tied else self.keys)(memory))
            if turns is not None:
                k = turn(tape(f"{at}.content_keys", k), turns)
            return k, self._heads(self.values(memory))

        # (batch, n_kv_heads, keys, d_head) each
        k, v = project() if cache is None else cache.read(at, project, grows=not geometry.cross)
        k, v = tape(f"{at}.keys", self._shared(k)), tape(f"{at}.values", self._shared(v))

        raw = score(q, k, choices.score, self.additive)
        if choices.positions == "xl" and self.xl is not None:
            raw = raw + tape(
                f"{at}.position_scores", self._distance_scores(self.xl, q, k, geometry)
            )
        raw = tape(f"{at}.raw_scores", raw)  # (batch, heads, queries, keys)
        scale = choices.temperature * (math.sqrt(self.d_head) if choices.scaled else 1.0)
        scores = torch.div(raw, scale, out=tape.spare(f"{at}.raw_scores", raw))
        bias = self._bias(choices, geometry, relative)
        if bias is not None:
            scores = scores + tape(f"{at}.position_bias", bias.to(scores.dtype))
        scores = tape(f"{at}.scores", scores)  # before the mask
        allowed = tape(f"{at}.mask", geometry.allowed(choices))  # True: may attend
        barrier = geometry.barrier(allowed, scores.dtype)
        weights = barrier.softmax(scores, out=tape.spare(f"{at}.scores", scores))
        weights = tape(f"{at}.weights", weights)
        if dropout is not None:
            weights = dropout.weights(weights, tape, at)

        heads = weights @ v  # (batch, heads, queries, d_head)
        if ablated:
            alive = heads.new_ones(self.n_heads, 1, 1)
            alive[list(ablated)] = 0
            heads = heads * alive
        heads = tape(f"{at}.head_outputs", heads)
        return tape(f"{at}.output", self.output(heads.transpose(1, 2).flatten(2)))

    def _heads(self, x: Tensor) -> Tensor:
        """(batch, n, heads · d_head) → (batch, heads, n, d_head)."""
        return x.view(*x.shape[:-1], -1, self.d_head).transpose(1, 2)

    def _shared(self, x: Tensor) -> Tensor:
        """(batch, n_kv_heads, keys, d_head) → (batch, heads, keys, d_head): heads that share keys
        and values each see their own."""
        shared = x[:, :, None].expand(-1, -1, self.n_heads // x.shape[1], -1, -1)
        return shared.flatten(1, 2)

    def _bias(self, choices: Choices, geometry: Geometry, relative: Tensor | None) -> Tensor | None:
        """What ALiBi or T5 adds to the scaled scores, (1, heads, queries, keys)."""
        if geometry.cross:
            return None
        if choices.positions == "alibi":
            return geometry.alibi()[None]
        if choices.positions == "relative" and relative is not None:
            return relative[geometry.buckets()].permute(2, 0, 1)[None]
        return None

    def _distance_scores(
        self, xl: TransformerXLWeights, q: Tensor, k: Tensor, geometry: Geometry
    ) -> Tensor:
        """The three terms that Transformer-XL adds to q·k: (q + v)·r(i - j) + u·k
        (Dai et al. 2019, arXiv 1901.02860, §3.3); (batch, heads, queries, keys)."""
        table, row = geometry.distance_encodings()  # (distances, d_model), (queries, keys)
        r = xl.distances(table.to(q.dtype)).unflatten(-1, (self.n_heads, self.d_head))
        by_distance = torch.einsum("bhqd,rhd->bhqr", q + xl.position_bias[:, None], r)
        towards = by_distance.gather(-1, row.expand(*by_distance.shape[:2], *row.shape))
        return towards + torch.einsum("hd,bhkd->bhk", xl.content_bias, k)[:, :, None]
