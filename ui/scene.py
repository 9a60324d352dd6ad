"""What a page of one head looks at: a model, a text, two sets of choices, a layer and a head."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

import streamlit as st

from charts.colours import Palette, palette
from charts.viewer import WORDS
from experiments.reading import Reading, one_head
from model import Bench, Choices, Run
from model.bench import Text
from model.run import AttentionView
from ui.cores import SHORT
from ui.i18n import _, language
from ui.models import flops_of, head_of, layer_of, reading_of
from ui.texts import MAX_TOKENS

SIDES = ("native", "variant")
ADDITIVE_AT_ONCE = 10**8  # sums of a feature of a query and a key: about two seconds


@dataclass(frozen=True)
class Scene:
    """Native and variant of one text, seen at one head; every reading comes from a cache, which is
    asked once a scene: finding a key there costs a hash of the text and of all choices."""

    bench: Bench
    text: Text
    native: Choices
    variant: Choices
    layer: int
    head: int
    _readings: dict[str, Reading] = field(init=False, default_factory=dict, compare=False)
    _looks: dict[str, Run] = field(init=False, default_factory=dict, compare=False)
    _heads: dict[str, Run] = field(init=False, default_factory=dict, compare=False)

    def choices(self, side: str) -> Choices:
        return self.native if side == "native" else self.variant

    def reading(self, side: str) -> Reading:
        if side not in self._readings:
            self._readings[side] = reading_of(self.bench, self.text, self.choices(side))
        return self._readings[side]

    def look(self, side: str) -> Run:
        """Everything of the layer."""
        if side not in self._looks:
            self._looks[side] = layer_of(self.bench, self.text, self.choices(side), self.layer)
        return self._looks[side]

    def attention(self, side: str) -> AttentionView:
        return self.look(side).attention(self.layer)

    def one_head(self, side: str) -> AttentionView:
        """The attention of the layer as if it had this head alone: every axis of heads is 1 long.
        Of a long text nothing else is kept."""
        if side not in self._heads:
            of = self.bench, self.text, self.choices(side), self.layer, self.head
            self._heads[side] = head_of(*of) if self.long else one_head(self.look(side), self.head)
        return self._heads[side].attention(self.layer)

    @cached_property
    def long(self) -> bool:
        """Whether all heads of a layer at once would be too much, to keep and to send."""
        return len(self.tokens) > MAX_TOKENS

    @cached_property
    def slow(self) -> bool:
        """Whether it is read step by step, so that a reader can stop it."""
        shape = self.bench.shape
        sums = shape.n_layers * shape.n_heads * shape.d_head * len(self.tokens) ** 2
        return self.long or (self.variant.score == "additive" and sums > ADDITIVE_AT_ONCE)

    @cached_property
    def heavy(self) -> bool:
        """Whether a pass takes so long that the reader wants to see that something happens."""
        return flops_of(self.bench, len(self.tokens)) > SHORT

    @cached_property
    def tokens(self) -> list[str]:
        return self.bench.encode(self.text).tokens[0]

    @property
    def changed(self) -> bool:
        """Whether anything is switched."""
        return self.native != self.variant


def words() -> dict[str, str]:
    """The viewer's texts in the reader's language."""
    return dict(_words(language()))


@cache
def _words(_language: str) -> Mapping[str, str]:
    return {key: _(text) for key, text in WORDS.items()}


def side_names() -> dict[str, str]:
    return {"native": _("Native"), "variant": _("Variant")}


def colours() -> Palette:
    """The palette of the reader's theme."""
    return palette("dark" if st.context.theme.type == "dark" else "light")
