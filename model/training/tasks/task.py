"""What a small model can be trained on: batches that depend on nothing but step and seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

import torch
from torch import Tensor

from tokenizers import Tokenizer

IGNORED = -100  # a label that counts for nothing


@dataclass(frozen=True)
class Batch:
    """One batch as `Transformer.forward` takes it, and what is to be predicted.

    ids, real (batch, positions); target, target_real (batch, positions of the decoder) in an
    encoder–decoder; labels, token ids or `IGNORED`, of the shape that the logits have without
    their last axis.
    """

    ids: Tensor
    labels: Tensor
    real: Tensor | None = None
    target: Tensor | None = None
    target_real: Tensor | None = None


class Task(Protocol):
    """Data with a right answer. Frozen and hashable: a part of a recipe."""

    @property
    def name(self) -> str: ...

    @property
    def tokenizer(self) -> Tokenizer: ...

    @property
    def symbols(self) -> Literal["characters", "spaced"]:
        """How the tokenizer cuts a text (see `tokenizers.symbols`)."""
        ...

    def batch(self, size: int, step: int, seed: int) -> Batch:
        """The batch of step 1, 2, …: the same for the same arguments, whatever came before, so
        that a training can be resumed anywhere."""
        ...

    def held_out(self, size: int) -> Iterator[Batch]:
        """All of what no training sees, in batches of at most `size`."""
        ...


def dice(*numbers: int) -> torch.Generator:
    """A generator for one purpose, the same for the same numbers."""
    seed = 0
    for number in numbers:
        seed = (seed * 1_000_003 + number) % 2**62
    return torch.Generator().manual_seed(seed)


@lru_cache(maxsize=8)
def epoch_order(lengths: tuple[int, ...], size: int, epoch: int, seed: int) -> Tensor:
    """The batches (batches, size) of one epoch, as indices: examples of like length together, so
    that little is padded, in random order; what does not fill a batch is left out this time."""
    draws = dice(seed, epoch, 17)
    mixed = torch.randperm(len(lengths), generator=draws)
    by_length = mixed[torch.tensor(lengths)[mixed].argsort(stable=True)]
    count = len(lengths) // size
    first = int(torch.randint(len(lengths) - count * size + 1, (1,), generator=draws))
    batches = by_length[first : first + count * size].view(count, size)
    return batches[torch.randperm(count, generator=draws)]
