"""Copying and reversing: tasks whose right attention is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from string import ascii_lowercase
from typing import Literal

import torch
from torch import Tensor

from model.training.tasks.task import IGNORED, Batch, dice
from tokenizers import Tokenizer
from tokenizers.symbols import character_tokenizer

SEPARATOR = "|"
HELD_OUT = 512  # sequences


@dataclass(frozen=True)
class Sequences:
    """After `length` random letters of the first `letters` of the alphabet and a bar, the same
    letters again ("copy") or backwards ("reverse"): ``abc|cba``."""

    name: Literal["copy", "reverse"] = "reverse"
    length: int = 8
    letters: int = 12
    symbols: Literal["characters"] = "characters"

    def __post_init__(self) -> None:
        if self.length < 1 or not 2 <= self.letters <= len(ascii_lowercase):
            raise ValueError("sequences have letters, of 2 to 26 kinds")

    @property
    def tokenizer(self) -> Tokenizer:
        return _tokenizer(self.letters)

    def batch(self, size: int, step: int, seed: int) -> Batch:
        return self._batch(size, dice(seed, step, 2))

    def held_out(self, size: int) -> Iterator[Batch]:
        # drawn anew: of 12⁸ sequences a training sees next to none
        for first in range(0, HELD_OUT, size):
            yield self._batch(min(size, HELD_OUT - first), dice(first, 3))

    def right_keys(self) -> Tensor:
        """(length,): the position that holds the answer, for each of the positions
        length, …, 2 · length - 1 that predict one."""
        places = torch.arange(self.length)
        return places if self.name == "copy" else places.flip(0)

    def _batch(self, size: int, draws: torch.Generator) -> Batch:
        vocabulary = self.tokenizer.vocabulary
        letters = torch.tensor([vocabulary[letter] for letter in ascii_lowercase[: self.letters]])
        source = letters[torch.randint(self.letters, (size, self.length), generator=draws)]
        answer = source[:, self.right_keys()]  # (size, length)
        bar = torch.full((size, 1), vocabulary[SEPARATOR])
        ids = torch.cat([source, bar, answer[:, :-1]], dim=1)  # (size, 2 · length)
        labels = torch.cat([torch.full_like(source, IGNORED), answer], dim=1)
        return Batch(ids, labels)


@cache
def _tokenizer(letters: int) -> Tokenizer:
    return character_tokenizer([*ascii_lowercase[:letters], SEPARATOR])
