"""Where the tokens of one call stand, and what masks and position schemes make of that."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from model.choices import Choices
from model.masks import Barrier, allowed, parts_of
from model.positions import alibi_bias, relative_buckets, rope_rates, sinusoids, turns
from model.shape import Shape

Made = TypeVar("Made")


@dataclass(frozen=True)
class Geometry:
    """Queries and keys of one attention pattern in one call: encoder self-attention, decoder
    self-attention or cross-attention.

    `query_positions` (queries,) and `key_positions` (keys,) count tokens from 0; `real` (batch,
    keys) is False on padding. What many layers share is computed once a call.
    """

    shape: Shape
    query_positions: Tensor
    key_positions: Tensor
    real: Tensor
    causal: bool = False
    cross: bool = False
    _memo: dict[tuple, Any] = field(init=False, default_factory=dict, compare=False)

    def allowed(self, choices: Choices) -> Tensor:
        """(batch, 1, queries, keys), True: may attend. Across stacks only padding counts."""
        parts = parts_of(choices.mask, causal=self.causal, window=self.shape.window)
        if self.cross:
            parts &= {"padding"}
        native = choices.mask == "native"
        window = self.shape.window if native else choices.window
        key = ("allowed", parts, window, choices.prefix)
        return self._once(
            key,
            lambda: allowed(
                parts,
                self.query_positions,
                self.key_positions,
                self.real,
                window=window,
                prefix=choices.prefix,
            ),
        )

    def barrier(self, allowed: Tensor, dtype: torch.dtype) -> Barrier:
        """The mask as the softmax needs it: of what `allowed` gave, or of what an edit made of it,
        which no other layer shares."""
        ours = any(allowed is known for known in self._memo.values())
        if not ours:
            return Barrier.of(allowed, dtype)
        return self._once(("barrier", id(allowed), dtype), lambda: Barrier.of(allowed, dtype))

    def turns(self, offset: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """RoPE's turns of the queries, cosines and sines (queries, d_head), see
        `positions.turn`."""

        def make() -> tuple[Tensor, Tensor]:
            rates = rope_rates(self.shape.d_head, self.shape.rope_theta, self.shape.rope_scaling)
            # double: at large positions float32 angles would no longer turn q and k alike
            positions = (self.query_positions + offset).double()
            return turns(positions[:, None] * rates.double().to(positions.device), dtype)

        return self._once(("turns", offset, dtype), make)

    def alibi(self) -> Tensor:
        """ALiBi's bias (heads, queries, keys)."""
        return self._once(
            ("alibi",),
            lambda: alibi_bias(self.query_positions, self.key_positions, self.shape.n_heads),
        )

    def buckets(self) -> Tensor:
        """T5's bucket of each key as seen from each query, (queries, keys)."""

        def make() -> Tensor:
            return relative_buckets(
                self.key_positions - self.query_positions[:, None],
                bidirectional=not self.causal,
                buckets=self.shape.relative_buckets,
                reach=self.shape.relative_reach,
            )

        return self._once(("buckets",), make)

    def distance_encodings(self) -> tuple[Tensor, Tensor]:
        """Sinusoids (distances, d_model) of every distance query - key that occurs, and the row
        that each (query, key) reads, (queries, keys)."""
        lowest = int(self.query_positions.min() - self.key_positions.max())
        highest = int(self.query_positions.max() - self.key_positions.min())

        def encode() -> Tensor:
            span = torch.arange(lowest, highest + 1, device=self.query_positions.device)
            return sinusoids(span, self.shape.d_model)

        def rows() -> Tensor:
            return self.query_positions[:, None] - self.key_positions - lowest

        return self._once(("sinusoids",), encode), self._once(("sinusoid rows",), rows)

    def _once(self, key: tuple, make: Callable[[], Made]) -> Made:
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]
