"""One layer, stage by stage: every tensor on the way of a text through it, in the real order.

Vaswani et al. 2017 (arXiv 1706.03762), §3.1: post-LN, x → norm(x + sublayer(x)); Xiong et al.
2020 (arXiv 2002.04745), §3: pre-LN, x → x + sublayer(norm(x)).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from model import Run
from model.shape import norms_first

Operation = Literal["input", "attention", "cross", "feed_forward", "hidden", "add", "norm"]


@dataclass(frozen=True)
class Stage:
    """One step of the layer.

    name: unique within the layer. operation: what made it. parts: the stages that it was made
    of. values: (tokens, features).
    """

    name: str
    operation: Operation
    parts: tuple[str, ...]
    values: Tensor


def stages(run: Run, layer: int) -> list[Stage]:
    """The stages of a layer of which the run kept everything, in the order of the pass: the input,
    then for each sublayer what it writes, the sum and the norm, where that model has its norms.
    Between a feed-forward network's two matrices its hidden features are a stage of their own.
    """
    choices, first = run.choices, norms_first(run.choices.place)
    walk = [Stage("input", "input", (), run.residual(layer)[0])]
    for sublayer in _sublayers(run, layer):
        entry, norm = walk[-1].name, run.norm(layer, sublayer)
        kept = choices.residual in ("both", _kind(sublayer))
        if first:
            walk.append(Stage(f"{sublayer}_norm", "norm", (entry,), norm.output[0]))
        walk += _inside(run, layer, sublayer, walk[-1].name)
        written = walk[-1].name
        after = run.residual(layer, after=sublayer)[0]
        if kept:
            total = after if first else norm.input[0]
            walk.append(Stage(f"{sublayer}_sum", "add", (entry, written), total))
        if not first:
            walk.append(Stage(f"{sublayer}_norm", "norm", (walk[-1].name,), after))
    return walk


def evidence(walk: Sequence[Stage]) -> pd.DataFrame:
    """One row per stage: name, operation, tokens, features, mean and std over all entries, norm
    (median over tokens of ‖row‖), largest (the entry largest in size), and cosine (median over
    tokens) with the layer's input; NaN where the widths differ."""
    first = walk[0].values
    rows = []
    for stage in walk:
        values = stage.values
        std, mean = torch.std_mean(values, correction=0)
        alike = float("nan")
        if values.shape == first.shape:
            alike = float(F.cosine_similarity(values, first, dim=-1).median())
        rows.append(
            {
                "name": stage.name,
                "operation": stage.operation,
                "tokens": values.shape[0],
                "features": values.shape[1],
                "mean": float(mean),
                "std": float(std),
                "norm": float(values.norm(dim=-1).median()),
                "largest": float(values.flatten()[values.abs().argmax()]),
                "cosine": alike,
            }
        )
    return pd.DataFrame(rows)


def pooled(values: Tensor, columns: int) -> tuple[Tensor, list[int]]:
    """At most so many columns of values (tokens, features): of each bin of neighbouring features
    the value that is largest in size, sign kept, so that no outlier is lost. Returns (tokens,
    bins) and the first feature of each bin."""
    features = values.shape[1]
    width = -(-features // columns)
    bins = F.pad(values, (0, -features % width)).unflatten(1, (-1, width))  # zeros lose to all
    picked = bins.abs().argmax(-1, keepdim=True)
    return bins.gather(-1, picked)[..., 0], list(range(0, features, width))


def _inside(run: Run, layer: int, sublayer: str, entry: str) -> list[Stage]:
    """What a sublayer makes of the stage `entry`."""
    if sublayer == "feed_forward":
        view = run.feed_forward(layer)
        return [
            Stage("hidden", "hidden", (entry,), view.post_activation[0]),
            Stage("feed_forward", "feed_forward", ("hidden",), view.output[0]),
        ]
    kind = "self" if sublayer == "attention" else "cross"
    operation: Operation = "attention" if sublayer == "attention" else "cross"
    return [Stage(sublayer, operation, (entry,), run.attention(layer, kind).output[0])]


def _sublayers(run: Run, layer: int) -> tuple[str, ...]:
    crossed = run.goal is not None and run.shape.stack_of(layer)[0] == "decoder"
    return ("attention", "cross", "feed_forward") if crossed else ("attention", "feed_forward")


def _kind(sublayer: str) -> str:
    return "feed_forward" if sublayer == "feed_forward" else "attention"
