"""One pass over a text that keeps little and shows all: every head as a thumbnail and a profile,
every norm as statistics, and the residual stream, from which any layer can be looked at closely.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from experiments.heads import profile
from model import Bench, Choices, Run, Tape
from model.bench import Text
from model.choices import first_difference
from model.transformer import Span

THUMBNAIL = 24  # cells a side, at most


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
    """

    run: Run
    asked: tuple[int, ...]
    thumbnails: Tensor
    profiles: Tensor
    norms: dict[str, Tensor]


def read(bench: Bench, text: Text, choices: Choices) -> Reading:
    """Run `text` once, in memory that grows with its length, not with the length squared times
    the number of heads."""
    source = bench.encode(text)
    ids = source.ids[0].tolist()
    notes, asked = _Notes.of(bench, ids), asked_positions(bench, ids)
    run = bench.run_encoded(
        source, choices, notes.tape(), span=_span(bench, asked), logits_at=asked
    )
    return notes.reading(run, asked)


def reread(bench: Bench, native: Reading, choices: Choices) -> Reading:
    """The reading of the same text under other choices. Only the layers from the first changed
    one on are computed; the numbers equal those of `read`."""
    source, asked = native.run.source, native.asked
    notes = _Notes.of(bench, source.ids[0].tolist())
    first = first_difference(choices, native.run.choices, bench.shape)
    end = _span(bench, asked)
    if not 0 < first < bench.shape.n_layers:
        run = bench.run_encoded(source, choices, notes.tape(), span=end, logits_at=asked)
        return notes.reading(run, asked)
    run = bench.resume(native.run, first, choices, notes.tape(), last=end.last, logits_at=asked)
    later = notes.reading(replace(run, kept=native.run.kept | run.kept), asked)
    return replace(
        later,
        thumbnails=torch.cat([native.thumbnails[:first], later.thumbnails]),
        profiles=torch.cat([native.profiles[:first], later.profiles]),
        norms=native.norms | later.norms,  # in the native order, later values
    )


def look(bench: Bench, reading: Reading, layer: int) -> Run:
    """Everything of one layer, computed again from the residual stream that entered it."""
    return bench.resume(reading.run, layer, last=layer + 1)


def asked_positions(bench: Bench, ids: Sequence[int]) -> tuple[int, ...]:
    """The positions whose prediction counts: of every [MASK], or of the last token of a causal
    model; none without a head."""
    if bench.shape.head == "mlm":
        return tuple(i for i, token in enumerate(ids) if token == bench.tokenizer.special.mask)
    return (len(ids) - 1,) if bench.shape.head == "lm" else ()


def _span(bench: Bench, asked: Sequence[int]) -> Span:
    """To the logits, or where none are asked for only through the layers."""
    return Span() if asked else Span(last=bench.shape.n_layers)


@dataclass(frozen=True)
class _Notes:
    """What the tape of one pass is shown, summed up on the way."""

    special: tuple[int, ...]  # positions of special tokens
    thumbnails: list[Tensor] = field(default_factory=list)
    profiles: list[Tensor] = field(default_factory=list)
    norms: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, bench: Bench, ids: Sequence[int]) -> "_Notes":
        return cls(tuple(i for i, token in enumerate(ids) if token in bench.tokenizer.special_ids))

    def tape(self) -> Tape:
        return Tape(
            keep=("*coder.[0-9]*.input", "*coder.output", "*coder.norm.output", "logits"),
            watch={
                "*.self_attention.weights": self._see_weights,
                "*coder.*norm.input": self._see_norm_input,
                "*coder.*norm.output": self._see_norm_output,
            },
        )

    def reading(self, run: Run, asked: tuple[int, ...]) -> Reading:
        thumbnails, profiles = torch.stack(self.thumbnails), torch.stack(self.profiles)
        return Reading(run, asked, thumbnails, profiles, self.norms)

    def _see_weights(self, site: str, weights: Tensor) -> None:
        side = min(THUMBNAIL, weights.shape[-1])
        self.thumbnails.append(F.adaptive_max_pool2d(weights[0], side))
        self.profiles.append(profile(weights[0], self.special))

    def _see_norm_input(self, site: str, x: Tensor) -> None:
        self.norms[site.removesuffix(".input")] = _moments(x[0])

    def _see_norm_output(self, site: str, x: Tensor) -> None:
        place = site.removesuffix(".output")
        self.norms[place] = torch.cat([self.norms[place], _moments(x[0])], dim=-1)


def _moments(x: Tensor) -> Tensor:
    """Mean and standard deviation (tokens, 2) over the features of x (tokens, d_model)."""
    std, mean = torch.std_mean(x, dim=-1, correction=0)
    return torch.stack([mean, std], dim=-1)
