"""How well an encoder–decoder pronounces words that it has never seen, and what is left of that
when its cross-attention is switched off or frozen.

Error rates as in Yolchuyeva et al. 2019 (arXiv 2004.06338), §3: against the dictionary's closest
pronunciation of the word.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from torch import Tensor

from model import Bench, Shape, Tape
from model.decoding import greedy_batch, prompt
from model.tape import Edit

Pronunciation = Sequence[str]
Head = tuple[int, int]  # layer, counted through both stacks; head

LONGEST = 40  # phonemes after which a word that does not end is cut off; CMUdict's longest has 28


@dataclass(frozen=True)
class Tally:
    """Errors over some words: phonemes to insert, delete or replace, of those in the closest
    right pronunciations; and words that are not wholly right."""

    words: int
    wrong: int
    phonemes: int
    errors: int

    @property
    def phoneme_error_rate(self) -> float:
        """Errors per phoneme; above 1 where more is written than there should be."""
        return self.errors / self.phonemes

    @property
    def word_error_rate(self) -> float:
        return self.wrong / self.words


def edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """The fewest insertions, deletions and replacements that make one of the other (Levenshtein
    1966)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        corner, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (a != b))
    return row[-1]


def closest(spoken: Pronunciation, accepted: Sequence[Pronunciation]) -> tuple[int, int]:
    """The distance to the closest right pronunciation, and how long that one is; among equally
    close ones the first."""
    return min(
        ((edit_distance(spoken, right), len(right)) for right in accepted),
        key=lambda found: found[0],
    )


def tally(spoken: Iterable[Pronunciation], accepted: Iterable[Sequence[Pronunciation]]) -> Tally:
    """The errors of what was spoken, each word against its right pronunciations."""
    found = [closest(said, right) for said, right in zip(spoken, accepted, strict=True)]
    return Tally(
        words=len(found),
        wrong=sum(distance > 0 for distance, _length in found),
        phonemes=sum(length for _distance, length in found),
        errors=sum(distance for distance, _length in found),
    )


@dataclass(frozen=True)
class Switch:
    """What is done to the decoder's look at the word, in every decoder layer.

    off: heads whose cross-attention writes nothing. uniform: every letter gets the same weight.
    exchanged: "keys", "values" or both are those of another word of the same length.
    """

    off: tuple[Head, ...] = ()
    uniform: bool = False
    exchanged: tuple[str, ...] = ()

    def edits(self, partners: Tensor) -> dict[str, Edit]:
        """For a batch in which row i's other word is row partners[i]; partners (batch,)."""
        edits: dict[str, Edit] = {
            f"decoder.*.cross_attention.{part}": lambda rows: rows[partners]
            for part in self.exchanged
        }
        if self.uniform:  # equal scores: then softmax leaves out nothing but padding
            edits["decoder.*.cross_attention.scores"] = torch.zeros_like
        return edits


NATIVE = Switch()


def switches(shape: Shape) -> Mapping[str, Switch]:
    """What is tried, by name: the whole cross-attention, then each decoder layer's ("layer 3"),
    then each head's ("head 3.0")."""
    layers = range(shape.encoder_layers, shape.n_layers)
    heads = {layer: tuple((layer, head) for head in range(shape.n_heads)) for layer in layers}
    every = tuple(head for of_layer in heads.values() for head in of_layer)
    return {
        "native": NATIVE,
        "off": Switch(off=every),
        "uniform": Switch(uniform=True),
        "keys": Switch(exchanged=("keys",)),
        "values": Switch(exchanged=("values",)),
        "memory": Switch(exchanged=("keys", "values")),
        **{f"layer {layer}": Switch(off=of_layer) for layer, of_layer in heads.items()},
        **{f"head {layer}.{head}": Switch(off=((layer, head),)) for layer, head in every},
    }


def paired(words: Sequence[str], count: int) -> list[str]:
    """The first `count` of those words that have another one of the same length among them,
    sorted by length."""
    chosen = sorted(words[:count], key=len)
    groups = [list(group) for _length, group in groupby(chosen, key=len)]
    return [word for group in groups if len(group) > 1 for word in group]


def partners(words: Sequence[str]) -> list[int]:
    """For each of `paired` words the place of another of the same length: the next one, and for
    the last of a length the first."""
    places: list[int] = []
    for _length, group in groupby(words, key=len):
        first, count = len(places), len(list(group))
        places += [first + (i + 1) % count for i in range(count)]
    return places


def pronounce(bench: Bench, words: Sequence[str], switch: Switch = NATIVE) -> list[tuple[str, ...]]:
    """What the model says to each word, always going on with the likeliest phoneme; all words in
    one batch. Under a switch that exchanges words, they are to be `paired`."""
    others = torch.tensor(partners(words)) if switch.exchanged else torch.empty(0)
    said = greedy_batch(
        bench.transformer,
        [prompt(bench, word) for word in words],
        limit=LONGEST,
        choices=replace(bench.native, ablated_cross=switch.off),
        tape=lambda: Tape(keep=(), edits=switch.edits(others)),
    )
    return [tuple(bench.tokenizer.tokens(ids)) for ids in said]
