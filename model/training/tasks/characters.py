"""Character language modelling: which character comes next?"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from model.training.tasks.task import Batch, dice
from tokenizers import Tokenizer
from tokenizers.symbols import character_tokenizer

TEXT = Path(__file__).parent.parent / "data" / "genesis_exodus.txt"
HELD_OUT = 10  # every tenth paragraph


@dataclass(frozen=True)
class Characters:
    """Next character of the text in `data/`; windows of `length` characters anywhere in nine
    paragraphs out of ten, or in the first `limit` characters of those; the tenth are held out."""

    length: int = 64
    limit: int | None = None
    name: Literal["characters"] = "characters"
    symbols: Literal["characters"] = "characters"

    @property
    def tokenizer(self) -> Tokenizer:
        return _tokenizer()

    def text(self) -> Tensor:
        """The ids (characters,) that windows are taken from in training; read only."""
        return _ids(held_out=False)[: self.limit]

    def batch(self, size: int, step: int, seed: int) -> Batch:
        ids = self.text()
        starts = torch.randint(len(ids) - self.length, (size, 1), generator=dice(seed, step, 1))
        windows = ids[starts + torch.arange(self.length + 1)]  # (size, length + 1)
        return Batch(windows[:, :-1], windows[:, 1:])

    def held_out(self, size: int) -> Iterator[Batch]:
        windows = _ids(held_out=True)
        count = (len(windows) - 1) // self.length
        inputs = windows[: count * self.length].view(count, self.length)
        labels = windows[1 : count * self.length + 1].view(count, self.length)
        for ids, wanted in zip(inputs.split(size), labels.split(size), strict=True):
            yield Batch(ids, wanted)


@cache
def _paragraphs() -> tuple[str, ...]:
    return tuple(TEXT.read_text(encoding="utf-8").splitlines(keepends=True))


@cache
def _tokenizer() -> Tokenizer:
    return character_tokenizer(sorted({letter for line in _paragraphs() for letter in line}))


@cache
def _ids(*, held_out: bool) -> Tensor:
    chosen = [
        line
        for number, line in enumerate(_paragraphs())
        if (number % HELD_OUT == HELD_OUT - 1) == held_out
    ]
    return torch.tensor(_tokenizer().encode("".join(chosen)))
