"""The passes that the page about masks shares between sessions, read-only."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import streamlit as st
from torch import Tensor

from experiments import padding
from experiments.influence import Influence, own_predictions, steps, with_token
from experiments.key_masked import Arm, arms
from experiments.padding import Side
from model import Bench, Choices
from model.bench import Text
from model.run import AttentionView, Encoded

Texts = tuple[str, ...]


def batch_attention(
    bench: Bench, texts: Texts, extra: int, side: Side, choices: Choices, layer: int
) -> AttentionView:
    """The attention of one layer over a padded batch."""
    return _batch_attention(bench.name, texts, extra, side, choices, layer, bench)


def attention(
    bench: Bench, text: Text, hidden: int | None, choices: Choices, layer: int
) -> AttentionView:
    """The attention of one layer over a text, whose token at `hidden` is [MASK]."""
    return _attention(bench.name, text, hidden, choices, layer, bench)


def influence_steps(
    bench: Bench, text: Text, hidden: int | None, replacement: int, choices: Choices
) -> Iterator[Influence]:
    """The influence of every token of a text, whose token at `hidden` is [MASK], by groups."""
    return steps(bench, _hide(bench, text, hidden), replacement, choices)


def predictions_of(
    bench: Bench, text: Text, position: int, replacement: int, choices: Choices, *, hide: bool
) -> tuple[Tensor, Tensor]:
    """Logits (vocab,) that predict a token, and the same with `replacement` in its place."""
    return _predictions(bench.name, text, position, replacement, choices, hide, bench)


def arms_of(
    bench: Bench, text: Text, position: int, replacement: int, choices: Choices
) -> Mapping[Arm, tuple[Tensor, Tensor]]:
    """What predicts a token whose key is masked; see `experiments.key_masked.arms`."""
    return _arms(bench.name, text, position, replacement, choices, bench)


@st.cache_resource(max_entries=12, show_spinner=False)
def _arms(
    name: str, text: Text, position: int, replacement: int, choices: Choices, _bench: Bench
) -> Mapping[Arm, tuple[Tensor, Tensor]]:
    return MappingProxyType(arms(_bench, _bench.encode(text), position, replacement, choices))


@st.cache_resource(max_entries=12, show_spinner=False)
def _batch_attention(
    name: str, texts: Texts, extra: int, side: Side, choices: Choices, layer: int, _bench: Bench
) -> AttentionView:
    source = padding.batch(_bench, texts, extra, side)
    return padding.layer_of(_bench, source, choices, layer).attention(layer)


@st.cache_resource(max_entries=24, show_spinner=False)
def _attention(
    name: str, text: Text, hidden: int | None, choices: Choices, layer: int, _bench: Bench
) -> AttentionView:
    source = _hide(_bench, text, hidden)
    return padding.layer_of(_bench, source, choices, layer).attention(layer)


@st.cache_resource(max_entries=48, show_spinner=False)
def _predictions(
    name: str,
    text: Text,
    position: int,
    replacement: int,
    choices: Choices,
    hide: bool,
    _bench: Bench,
) -> tuple[Tensor, Tensor]:
    mask = _bench.tokenizer.special.mask if hide else None
    return own_predictions(_bench, _bench.encode(text), position, replacement, choices, mask)


def _hide(bench: Bench, text: Text, hidden: int | None) -> Encoded:
    source, mask = bench.encode(text), bench.tokenizer.special.mask
    return source if hidden is None or mask is None else with_token(source, hidden, mask)
