"""Special tokens around one text or a pair of texts, and the segment each token belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple


class Encoded(NamedTuple):
    """Token ids and, parallel to them, segment ids (BERT's token types, 0 or 1)."""

    ids: list[int]
    types: list[int]


@dataclass(frozen=True)
class Slot:
    """One element of a template: the first text, the second text, or fixed special tokens."""

    holds: Literal["first", "second"] | tuple[int, ...]
    type: int = 0


FIRST = Slot("first")
SECOND = Slot("second")


@dataclass(frozen=True)
class Template:
    """What surrounds one text (`single`) and two (`pair`).

    Without special tokens the slots of the texts remain, and so do their segments.
    """

    single: tuple[Slot, ...] = (FIRST,)
    pair: tuple[Slot, ...] = (FIRST, SECOND)

    def __call__(
        self, first: Sequence[int], second: Sequence[int] | None, special: bool
    ) -> Encoded:
        encoded = Encoded([], [])
        for slot in self.single if second is None else self.pair:
            if slot.holds == "first":
                ids = first
            elif slot.holds == "second":
                ids = second or ()
            else:
                ids = slot.holds if special else ()
            encoded.ids.extend(ids)
            encoded.types.extend([slot.type] * len(ids))
        return encoded


def bert_template(cls: int, sep: int) -> Template:
    """``[CLS] A [SEP]`` and ``[CLS] A [SEP] B [SEP]``; B and its separator are segment 1."""
    start, end = Slot((cls,)), Slot((sep,))
    return Template(
        single=(start, FIRST, end),
        pair=(start, FIRST, end, Slot("second", 1), Slot((sep,), 1)),
    )


def roberta_template(cls: int, sep: int) -> Template:
    """``<s> A </s>`` and ``<s> A </s></s> B </s>``; all of it is segment 0."""
    start, end = Slot((cls,)), Slot((sep,))
    return Template(single=(start, FIRST, end), pair=(start, FIRST, end, end, SECOND, end))


def around(begin: int | None, end: int | None) -> Template:
    """A begin and an end token, where there is one, around each of the texts; all is segment 0."""
    before = () if begin is None else (Slot((begin,)),)
    after = () if end is None else (Slot((end,)),)
    return Template(
        single=(*before, FIRST, *after), pair=(*before, FIRST, *after, *before, SECOND, *after)
    )
