"""Numbers too large for float32: where in a pass the first one appears."""

from dataclasses import dataclass

import torch
from torch import Tensor

from model import Bench, Run, Tape
from model.transformer import Span

# While the stream that enters a layer stays below, nothing in the layer can overflow: scores and
# gates multiply two of its features, which leaves room for weights of norm 1e6 on either side.
_HARMLESS = 1e12


@dataclass(frozen=True)
class Overflow:
    """The first tensor of a pass that holds a number without an end, or what is no number.

    layer: the one it is in; None before the first and behind the last. name: its site, within the
    layer where it has one ("self_attention.raw_scores").
    """

    layer: int | None
    name: str


def overflow(bench: Bench, run: Run) -> Overflow | None:
    """Where the numbers of this pass, without edits, leave what float32 holds; None where they
    never do.

    The run must have kept the stream that enters each layer, the last hidden states, and the
    logits where any were asked for. A pass whose stream stays small is not looked at any closer,
    else its layers are computed again, up to the first such number.
    """
    layers = bench.shape.n_layers
    streams = [run.residual(layer) for layer in range(layers)]
    ends = [run.hidden(layers), *([run.logits] if run.kept.get("logits") is not None else [])]
    grown = (at for at, x in enumerate([*streams, *ends]) if not _largest(x) < _HARMLESS)
    large = next(grown, None)
    if large is None:
        return None
    first = max(0, min(large, layers) - 1)
    last = None if len(ends) > 1 else layers
    span = Span(first, last, streams[first]) if first else Span(0, last)
    tape = Tape(keep=(), watch={"*": _stop_at_overflow})
    try:
        bench.run_encoded(run.source, run.choices, tape, span=span)
    except _Found as found:
        return _placed(bench, *found.args)
    return None


class _Found(Exception):
    """The site whose tensor overflowed: what comes after it need not be computed."""


def _stop_at_overflow(site: str, tensor: Tensor) -> None:
    if not bool(torch.isfinite(tensor).all()):
        raise _Found(site)


def _placed(bench: Bench, site: str) -> Overflow:
    stack, _dot, inside = site.partition(".")
    index, _dot, name = inside.partition(".")
    if not index.isdecimal():
        return Overflow(None, site)
    before = bench.shape.encoder_layers if stack == "decoder" else 0
    return Overflow(before + int(index), name)


def _largest(x: Tensor) -> float:
    """The largest size in x; not a number where any is none."""
    low, high = torch.aminmax(x)
    return float(torch.maximum(-low, high))
