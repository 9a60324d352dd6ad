"""One pass over a text that keeps little and shows all: every head as a thumbnail and a profile,
every norm as statistics, and the residual stream, from which any layer can be looked at closely.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from experiments.heads import profile
from experiments.overflow import Overflow, overflow
from model import Bench, Choices, Run, Tape
from model.bench import Text
from model.choices import first_difference
from model.shape import Shape
from model.transformer import Span

THUMBNAIL = 24  # cells a side, at most
# Bytes of tensors that wait to be summed up together: of a short text all, where a dozen operations
# a layer on so little would take a fifth of the pass's time.
_TOGETHER = 8 * 2**20


@dataclass(frozen=True)
class Reading:
    """What one pass left, for one text.

    run: keeps the residual stream entering each layer, the last hidden states, and the logits at
        `asked`, the positions whose prediction counts: the [MASK] tokens of a masked model, the
        last token of a causal one.
    thumbnails: (layers, heads, t, t) self-attention weights, max-pooled to t ≤ 24.
    profiles: (layers, heads, 6), see `experiments.heads`.
    norms: site of each norm, in the order of the pass, to (tokens, 4): mean and standard
        deviation over a token's features before the norm, and after it.
    overflow: where its numbers first left what float32 holds, if they did.
    """

    run: Run
    asked: tuple[int, ...]
    thumbnails: Tensor
    profiles: Tensor
    norms: dict[str, Tensor]
    overflow: Overflow | None = None


def read(bench: Bench, text: Text, choices: Choices) -> Reading:
    """Run `text` once, in memory that grows with its length and, of one layer at a time, with the
    length squared times the number of heads."""
    return _last(steps(bench, text, choices, each=bench.shape.n_layers))


def reread(bench: Bench, native: Reading, choices: Choices) -> Reading:
    """The reading of the same text under other choices. Only the layers from the first changed
    one on are computed; the numbers equal those of `read`."""
    return _last(steps(bench, native, choices, each=bench.shape.n_layers))


def steps(
    bench: Bench, start: Text | Reading, choices: Choices, each: int = 1
) -> Iterator[Reading | None]:
    """`read` of a text, or `reread` from its native reading, `each` layers a step: None after
    each step but the last, which gives the reading. Between two steps one may stop."""
    native = start if isinstance(start, Reading) else None
    source = native.run.source if native is not None else bench.encode(cast(Text, start))
    ids, layers = source.ids[0].tolist(), bench.shape.n_layers
    notes, asked = _Notes.of(bench, ids), asked_positions(bench, ids)
    first, kept, residual = 0, dict[str, Tensor](), None
    if native is not None:
        first = first_layer(choices, native.run.choices, bench.shape)
    if native is not None and first:
        kept, residual = dict(native.run.kept), native.run.residual(first)
    for at in range(first, layers, each):
        last = min(at + each, layers)
        end = None if asked and last == layers else last  # to the logits where any are asked for
        tape = notes.tape(bench.shape, last)
        span = Span(at, end, residual)
        run = bench.run_encoded(source, choices, tape, span=span, logits_at=asked)
        if last < layers:
            residual = run.kept.pop(_site(bench.shape, last - 1, "after_feed_forward"))
            yield None
        kept |= run.kept
    later = notes.reading(Run(bench.shape, choices, source, None, kept), asked)
    whole = later if native is None or not first else _joined(native, later, first)
    yield replace(whole, overflow=overflow(bench, whole.run))


def first_layer(choices: Choices, native: Choices, shape: Shape) -> int:
    """The layer that a reading under `choices` begins with, given the native one."""
    changed = first_difference(choices, native, shape)
    return changed if 0 < changed < shape.n_layers else 0


def look(bench: Bench, reading: Reading, layer: int) -> Run:
    """Everything of one layer, computed again from the residual stream that entered it."""
    return bench.resume(reading.run, layer, last=layer + 1)


def look_at_head(bench: Bench, reading: Reading, layer: int, head: int) -> Run:
    """What one head of a layer computed, as `one_head` gives it, without keeping the others."""
    kept: dict[str, Tensor] = {}

    def see(site: str, tensor: Tensor) -> None:
        if tensor.ndim == 4:  # not the output, in which the heads are no longer apart
            kept[site] = _slice(tensor, head, bench.shape.n_heads).clone()

    tape = _Copying(keep=(), watch={"*.self_attention.*": see})
    run = bench.resume(reading.run, layer, tape=tape, last=layer + 1)
    return replace(run, kept=kept)


def one_head(run: Run, head: int) -> Run:
    """The attention of a run as if its layers had that head alone: of every tensor the slice of
    one head, with an axis of length 1 for it."""
    return replace(
        run,
        kept={
            site: _slice(tensor, head, run.shape.n_heads)
            for site, tensor in run.kept.items()
            if "_attention." in site and tensor.ndim == 4
        },
    )


def _slice(tensor: Tensor, head: int, heads: int) -> Tensor:
    """One head of a tensor (batch, n, …) with n heads, or one for each group of heads, or one for
    all: (batch, 1, …)."""
    place = head * tensor.shape[1] // heads
    return tensor[:, place : place + 1]


def asked_positions(bench: Bench, ids: Sequence[int]) -> tuple[int, ...]:
    """The positions whose prediction counts: of every [MASK], or of the last token of a causal
    model; none without a head."""
    if bench.shape.head == "mlm":
        return tuple(i for i, token in enumerate(ids) if token == bench.tokenizer.special.mask)
    return (len(ids) - 1,) if bench.shape.head == "lm" else ()


def _last(steps: Iterator[Reading | None]) -> Reading:
    """The reading that the last step gives."""
    *_, reading = steps
    return cast(Reading, reading)


def _joined(native: Reading, later: Reading, first: int) -> Reading:
    """A reading whose notes begin at layer `first`, with the native ones before it."""
    return replace(
        later,
        thumbnails=torch.cat([native.thumbnails[:first], later.thumbnails]),
        profiles=torch.cat([native.profiles[:first], later.profiles]),
        norms=native.norms | later.norms,  # in the native order, later values
    )


def _site(shape: Shape, layer: int, name: str) -> str:
    """What a layer shows on the tape under this name."""
    stack, index = shape.stack_of(layer)
    return f"{stack}.{index}.{name}"


class _Copying(Tape):
    """A tape that keeps nothing and whose watchers copy what they are shown: the next step may
    write over it. Of a long text's three matrices of all heads only one is then in memory."""

    def spare(self, site: str, tensor: Tensor) -> Tensor | None:
        return tensor


@dataclass(frozen=True)
class _Notes:
    """What the tape of one pass is shown, summed up on the way."""

    special: tuple[int, ...]  # positions of special tokens
    thumbnails: list[Tensor] = field(default_factory=list)
    profiles: list[Tensor] = field(default_factory=list)
    norms: dict[str, Tensor] = field(default_factory=dict)
    _weights: list[Tensor] = field(default_factory=list)  # of layers not yet summed up
    _streams: dict[str, Tensor] = field(default_factory=dict)  # into and out of norms, likewise

    @classmethod
    def of(cls, bench: Bench, ids: Sequence[int]) -> "_Notes":
        return cls(tuple(i for i, token in enumerate(ids) if token in bench.tokenizer.special_ids))

    def tape(self, shape: Shape, end: int) -> Tape:
        """Of one call; keeps what leaves layer `end - 1` too, from which another call goes on."""
        stream = [_site(shape, layer, "input") for layer in range(end)]
        if end < shape.n_layers:
            stream.append(_site(shape, end - 1, "after_feed_forward"))
        return Tape(
            keep=(*stream, "*coder.output", "*coder.norm.output", "logits"),
            watch={
                "*.self_attention.weights": self._see_weights,
                "*coder.*norm.input": self._see_norm_input,
                "*coder.*norm.output": self._see_norm_output,
            },
        )

    def reading(self, run: Run, asked: tuple[int, ...]) -> Reading:
        self._sum_up_weights()
        self._sum_up_norms()
        thumbnails, profiles = torch.cat(self.thumbnails), torch.cat(self.profiles)
        return Reading(run, asked, thumbnails, profiles, self.norms)

    def _see_weights(self, site: str, weights: Tensor) -> None:
        self._weights.append(weights[0])
        if len(self._weights) * weights[0].nbytes >= _TOGETHER:
            self._sum_up_weights()

    def _see_norm_input(self, site: str, x: Tensor) -> None:
        self._streams[site] = x[0]

    def _see_norm_output(self, site: str, x: Tensor) -> None:
        self._streams[site] = x[0]
        if len(self._streams) * x[0].nbytes >= _TOGETHER:
            self._sum_up_norms()

    def _sum_up_weights(self) -> None:
        if not self._weights:
            return
        layers = len(self._weights)
        # (layers · heads, queries, keys); of a long text one layer is full, and a copy would double
        weights = torch.cat(self._weights) if layers > 1 else self._weights[0]
        side = min(THUMBNAIL, weights.shape[-1])
        thumbnails = F.adaptive_max_pool2d(weights, side)
        self.thumbnails.append(thumbnails.unflatten(0, (layers, -1)))
        self.profiles.append(profile(weights, self.special).unflatten(0, (layers, -1)))
        self._weights.clear()

    def _sum_up_norms(self) -> None:
        if not self._streams:
            return
        moments = _moments(torch.stack(list(self._streams.values())))  # (2 · norms, tokens, 2)
        moments = moments.unflatten(0, (-1, 2)).transpose(1, 2).flatten(2)  # (norms, tokens, 4)
        places = [site.removesuffix(".input") for site in list(self._streams)[::2]]
        self.norms.update(zip(places, moments, strict=True))
        self._streams.clear()


def _moments(x: Tensor) -> Tensor:
    """Mean and standard deviation (…, 2) over the features of x (…, d_model). The kernel of a
    LayerNorm gives both in a third of the time of `torch.std_mean`."""
    _normal, mean, rstd = torch.native_layer_norm(x, x.shape[-1:], None, None, 0.0)
    found = torch.cat([mean, rstd.reciprocal()], dim=-1)
    if not found.isfinite().all():  # squares leave float32 long before the numbers do
        spread, mean = torch.std_mean(x.double(), -1, correction=0)
        found = torch.stack([mean, spread], dim=-1).to(x.dtype)
    return found
