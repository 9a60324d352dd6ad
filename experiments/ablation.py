"""The ablation map: what the model's output loses when one head writes nothing, for every head;
and what it loses when heads go one after the other.

Michel et al. 2019 (arXiv 1905.10650), §3 and §4; Voita et al. 2019 (arXiv 1905.09418).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from experiments.outcome import divergence, turned
from experiments.reading import Reading
from model import Bench, Run, Tape

Measure = Literal["kl", "cosine"]
Head = tuple[int, int]  # layer, head

_BYTES = 64 * 2**20  # of attention weights that one layer of one batch may take
_OUTPUTS = ("*coder.output", "*coder.norm.output", "logits")


def measure_of(reading: Reading) -> Measure:
    """How an effect is measured. "kl": KL(native ‖ ablated) of the predictions, in nats, mean
    over the positions that are asked for. "cosine", where nothing is predicted: 1 − the cosine
    of the last hidden states, mean over the tokens."""
    return "kl" if reading.asked else "cosine"


def effects(bench: Bench, reading: Reading, layer: int) -> Tensor:
    """The effect (heads,) of switching off each head of a layer alone.

    Only the layers from this one on are computed, and the heads share one pass: behind the layer's
    attention weights it goes on as a batch, whose row i is without head i.
    """
    heads, n = bench.shape.n_heads, reading.run.source.ids.shape[1]
    at_once = max(1, _BYTES // (heads * n * n * 4))
    parts = [
        _without_each(bench, reading, layer, part) for part in torch.arange(heads).split(at_once)
    ]
    return torch.cat(parts)


def effect_without(bench: Bench, reading: Reading, ablated: Sequence[Head]) -> float:
    """The effect of switching off a set of heads together; 0 for none."""
    if not ablated:
        return 0.0
    choices = replace(reading.run.choices, ablated=tuple(ablated))
    first = min(layer for layer, _head in ablated)
    run = bench.resume(
        reading.run,
        first,
        choices,
        Tape(keep=_OUTPUTS),
        last=_end(bench, reading),
        logits_at=reading.asked,
    )
    return float(_effect(reading, run)[0])


def removal(
    bench: Bench, reading: Reading, order: Sequence[Head], counts: Sequence[int]
) -> Iterator[tuple[int, float]]:
    """Heads switched off together, the first ones of this order: (how many, effect) for each of
    the counts, measured when it is asked for."""
    for count in counts:
        yield count, effect_without(bench, reading, order[:count])


def even_steps(total: int, points: int) -> list[int]:
    """At most `points` whole numbers from 0 to total, as evenly spaced as they can be."""
    return sorted({round(total * i / (points - 1)) for i in range(points)})


def ranking(table: Tensor) -> list[Head]:
    """The heads of a table of effects (layers, heads), the one of the least effect first."""
    width = table.shape[1]
    return [divmod(place, width) for place in table.flatten().argsort(stable=True).tolist()]


def _without_each(bench: Bench, reading: Reading, layer: int, heads: Tensor) -> Tensor:
    """`effects` of these heads (some of a layer's), as one batch."""
    stack, index = bench.shape.stack_of(layer)
    alive = torch.ones(len(heads), bench.shape.n_heads, 1, 1)  # (batch, heads, 1, 1)
    alive[torch.arange(len(heads)), heads] = 0
    tape = Tape(
        keep=_OUTPUTS,
        # (1, heads, queries, d_head) → (batch, heads, queries, d_head)
        edits={f"{stack}.{index}.self_attention.head_outputs": lambda outputs: outputs * alive},
    )
    run = bench.resume(
        reading.run, layer, tape=tape, last=_end(bench, reading), logits_at=reading.asked
    )
    return _effect(reading, run)


def _end(bench: Bench, reading: Reading) -> int | None:
    """To the logits, or where none are asked for only through the layers."""
    return None if reading.asked else bench.shape.n_layers


def _effect(reading: Reading, run: Run) -> Tensor:
    """How far a run (batch,) over copies of one text has moved from the native reading of it."""
    native = reading.run
    if measure_of(reading) == "kl":
        assert native.logits is not None and run.logits is not None  # asked only of a head
        return divergence(native.logits, run.logits).mean(-1)  # (batch,)
    last = run.shape.n_layers
    return (1 - turned(*torch.broadcast_tensors(native.hidden(last), run.hidden(last)))).mean(-1)
