"""Which numbers a normalisation averages together, and so who can move whom.

LayerNorm and RMSNorm use one token's own features (Ba et al. 2016, arXiv 1607.06450; Zhang &
Sennrich 2019, arXiv 1910.07467), BatchNorm one feature over all tokens of the batch (Ioffe &
Szegedy 2015, arXiv 1502.03167).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from experiments.padding import padded
from model import Bench, Shape, Tape
from model.fresh import initialised
from model.norms import NormWeights
from model.run import Encoded
from model.shape import Norm, Place
from model.tape import silent
from model.transformer import Span

KINDS: tuple[Norm, ...] = ("layer", "batch", "rms")
EPSILON = 1e-5
STANDING_OUT = 6.0  # times the root mean square of all features
_VOCABULARY, _TOKENS = 64, 16  # of the random stacks


def normalised(x: Tensor, kind: Norm) -> Tensor:
    """x (batch, positions, d) through the model's own norm of this kind, with gain 1 and no
    bias."""
    with torch.no_grad():
        return NormWeights(x.shape[-1], bias=False)(x, kind, EPSILON, silent(), "norm")


def norm_input(bench: Bench, source: Encoded, layer: int) -> Tensor:
    """What enters the first norm of a layer, natively: (batch, positions, d_model)."""
    stack, index = bench.shape.stack_of(layer)
    tape = Tape(keep=(f"{stack}.{index}.attention_norm.input",))
    return (
        bench.run_encoded(source, tape=tape, span=Span(last=layer + 1))
        .norm(layer, "attention")
        .input
    )


def moments(x: Tensor, axes: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (biased) of x (batch, positions, d) over these axes, flat."""
    std, mean = torch.std_mean(x, dim=list(axes), correction=0)
    return mean.flatten(), std.flatten()


def statistics(x: Tensor) -> pd.DataFrame:
    """How far x (batch, positions, d) is from mean 0 and standard deviation 1, before and after
    each of `KINDS`. One row per state ("before" or a kind): token_mean, the largest |mean| of a
    token; token_low and token_high, the least and largest standard deviation of one; and the same
    of features over all tokens of the batch, padding included: feature_mean, feature_low,
    feature_high."""
    rows = []
    for state, y in {"before": x, **{kind: normalised(x, kind) for kind in KINDS}}.items():
        row: dict[str, str | float] = {"state": state}
        for name, axes in (("token", (-1,)), ("feature", (0, 1))):
            mean, std = moments(y, axes)
            row[f"{name}_mean"] = float(mean.abs().max())
            row[f"{name}_low"], row[f"{name}_high"] = float(std.min()), float(std.max())
        rows.append(row)
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Moved:
    """How far one sentence moved, under one kind of norm, because of the rest of its batch.

    relative: (n_layers + 1,), the largest ‖Δh‖ / ‖h‖ of its tokens in the residual stream that
    enters each layer, and in the last hidden states. largest: the largest |Δ| of any feature of
    its last hidden states.
    """

    norm: Norm
    relative: Tensor
    largest: float


def batches(
    bench: Bench, sentences: Sequence[str], other: int, replacement: str
) -> tuple[Encoded, Encoded]:
    """The sentences as one batch, and with `replacement` for sentence number `other`; both padded
    to one length, so that the same arithmetic, to the last bit, gives both."""
    changed = [*sentences[:other], replacement, *sentences[other + 1 :]]
    filler = bench.filler
    pair = [bench.encode(list(texts)) for texts in (sentences, changed)]
    longest = max(source.ids.shape[1] for source in pair)
    before, after = (padded(one, longest - one.ids.shape[1], "right", filler) for one in pair)
    return before, after


def moved(bench: Bench, before: Encoded, after: Encoded, row: int, norm: Norm) -> Moved:
    """The change of sentence `row`, the same in both batches, between two batches of one shape."""
    return _difference(_states(bench, before, row, norm), _states(bench, after, row, norm), norm)


def alone(bench: Bench, source: Encoded, row: int, norm: Norm) -> Moved:
    """The change of sentence `row` when it is run by itself, as a batch of one without padding;
    up to rounding 0 for a norm that keeps to its own token."""
    real = source.real[row]
    own = Encoded(source.ids[row, real][None], real[real][None], source.types[row, real][None], [])
    return _difference(_states(bench, source, row, norm), _states(bench, own, 0, norm), norm)


def _states(bench: Bench, source: Encoded, row: int, norm: Norm) -> list[Tensor]:
    """The real tokens of one sentence (tokens, d_model) entering each layer, and at the end."""
    layers = bench.shape.n_layers
    sites = [".".join(map(str, bench.shape.stack_of(layer))) for layer in range(layers)]
    keep = (*(f"{site}.input" for site in sites), "*coder.output", "*coder.norm.output")
    choices = replace(bench.native, norm=norm)
    run = bench.run_encoded(source, choices, Tape(keep=keep), span=Span(last=layers))
    return [run.hidden(layer)[row, source.real[row]] for layer in range(layers + 1)]


def _difference(before: list[Tensor], after: list[Tensor], norm: Norm) -> Moved:
    changes = [
        ((now - then).norm(dim=-1) / then.norm(dim=-1)).max()
        for then, now in zip(before, after, strict=True)
    ]
    return Moved(norm, torch.stack(changes), float((after[-1] - before[-1]).abs().max()))


@dataclass(frozen=True)
class Outliers:
    """What enters one norm: site; rms of all its features; features, the indices of the three
    that are largest in any token, with their largest |x| in values; standing_out, how many
    features exceed `STANDING_OUT` times the rms in some token."""

    site: str
    rms: float
    features: tuple[int, ...]
    values: tuple[float, ...]
    standing_out: int


def outliers(bench: Bench, source: Encoded) -> list[Outliers]:
    """The outlier features before every norm of a real model, in the order of the pass."""
    found: list[Outliers] = []

    def see(site: str, x: Tensor) -> None:
        tokens = x[source.real]  # (tokens, d_model)
        rms = float(tokens.square().mean().sqrt())
        largest = tokens.abs().amax(0)  # (d_model,)
        top = largest.topk(min(3, len(largest)))
        found.append(
            Outliers(
                site.removesuffix(".input"),
                rms,
                tuple(top.indices.tolist()),
                tuple(top.values.tolist()),
                int((largest > STANDING_OUT * rms).sum()),
            )
        )

    tape = Tape(keep=(), watch={"*coder.*norm.input": see})
    bench.run_encoded(source, tape=tape, span=Span(last=bench.shape.n_layers))
    return found


def gradients(depth: int, width: int, seed: int, place: Place) -> Tensor:
    """‖∂loss/∂W‖ (depth,) of the second feed-forward matrix of every layer at initialisation.

    A random encoder in the setting of Xiong et al. 2020 (arXiv 2002.04745, §3): matrices normal
    with variance 1/width, ReLU; norms before each sublayer and behind the last layer (pre), or
    after each sublayer (post). The loss is the cross-entropy of random targets, mean over four
    rows of 16 random tokens.
    """
    shape = Shape(
        vocab_size=_VOCABULARY,
        d_model=width,
        n_heads=max(1, width // 16),
        d_ff=4 * width,
        encoder_layers=depth,
        positions="none",
        norm_place=place,
        final_norm=place == "pre",
        activation="relu",
        head="lm",
        tied_head=False,
    )
    transformer = initialised(shape, seed, 1 / math.sqrt(width))
    dice = torch.Generator().manual_seed(seed)
    ids, targets = torch.randint(_VOCABULARY, (2, 4, _TOKENS), generator=dice)
    names = [f"encoder.{layer}.feed_forward.down.weight" for layer in range(depth)]
    weights = [transformer.get_parameter(name) for name in names]
    with torch.enable_grad():
        logits = transformer(ids)  # (4, tokens, vocabulary)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return torch.stack([gradient.norm() for gradient in torch.autograd.grad(loss, weights)])


def gradients_by_depth(
    depths: Sequence[int], width: int, seeds: Sequence[int]
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """(depth, post, pre) for each depth: `gradients` (depth,), mean over the seeds."""
    for depth in depths:
        post, pre = (
            torch.stack([gradients(depth, width, seed, place) for seed in seeds]).mean(0)
            for place in ("post", "pre")
        )
        yield depth, post, pre


def crossings(
    bench: Bench, before: Encoded, after: Encoded, row: int
) -> Iterator[tuple[Moved, Moved]]:
    """For each of `KINDS`: how far sentence `row` moves between two batches (`moved`), and how far
    when it is run by itself instead of in the first (`alone`)."""
    for kind in KINDS:
        yield moved(bench, before, after, row, kind), alone(bench, before, row, kind)
