"""One pass over a text that keeps little and shows all: every head as a thumbnail and a profile,
every norm as statistics, and the residual stream, from which any layer can be looked at closely.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from experiments.heads import profile
from model import Bench, Choices, Run, Tape
from model.bench import Text

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
    special = [i for i, token in enumerate(ids) if token in bench.tokenizer.special_ids]
    thumbnails: list[Tensor] = []
    profiles: list[Tensor] = []
    norms: dict[str, Tensor] = {}

    def see_weights(site: str, weights: Tensor) -> None:
        side = min(THUMBNAIL, weights.shape[-1])
        thumbnails.append(F.adaptive_max_pool2d(weights[0], side))
        profiles.append(profile(weights[0], special))

    def see_norm(site: str, x: Tensor) -> None:
        place, stage = site.rsplit(".", 1)
        std, mean = torch.std_mean(x[0], dim=-1, correction=0)
        moments = torch.stack([mean, std], dim=-1)  # (tokens, 2)
        norms[place] = torch.cat([norms[place], moments], dim=-1) if stage == "output" else moments

    tape = Tape(
        keep=("*.input", "*coder.output", "*coder.norm.output", "logits"),
        watch={
            "*.self_attention.weights": see_weights,
            "*norm.input": see_norm,
            "*norm.output": see_norm,
        },
    )
    asked = asked_positions(bench, ids)
    run = bench.run_encoded(source, choices, tape, logits_at=asked)
    return Reading(run, asked, torch.stack(thumbnails), torch.stack(profiles), norms)


def asked_positions(bench: Bench, ids: Sequence[int]) -> tuple[int, ...]:
    """The positions whose prediction counts: of every [MASK], or of the last token of a causal
    model; none without a head."""
    if bench.shape.head == "mlm":
        return tuple(i for i, token in enumerate(ids) if token == bench.tokenizer.special.mask)
    return (len(ids) - 1,) if bench.shape.head == "lm" else ()


def look(bench: Bench, reading: Reading, layer: int) -> Run:
    """Everything of one layer, computed again from the residual stream that entered it."""
    return bench.resume(reading.run, layer, last=layer + 1)
