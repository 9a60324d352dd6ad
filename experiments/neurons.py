"""The neurons of feed-forward networks on one text: which fire, on which tokens, how many rest
(Geva et al. 2021, arXiv 2012.14913, §2–3: each neuron a key that matches patterns of text and a
value that it writes).

A neuron's activation is what the second matrix reads: the non-linearity's output, times the other
branch where there is a gate.
"""

from collections.abc import Sequence

import pandas as pd
from torch import Tensor

from model import Bench, Choices, Tape
from model.run import Encoded
from model.transformer import Span


def by_layer(bench: Bench, source: Encoded, choices: Choices, threshold: float) -> pd.DataFrame:
    """One row per layer of one text's pass: layer; small, the share of activations (tokens ×
    neurons) with |a| < threshold; zero, the share that is exactly 0; silent, the share of neurons
    that stay below the threshold on every token; negative, the share of pre-activations below 0;
    effective, how many neurons share the sum of squares of a token's activations, as a part of
    all neurons (participation ratio (Σa²)² / Σa⁴, median over tokens); largest |a|."""
    rows: list[dict[str, float]] = []
    negative: list[float] = []

    def before(site: str, x: Tensor) -> None:
        negative.append(float((x[0] < 0).float().mean()))

    def after(site: str, x: Tensor) -> None:
        rows.append({"layer": len(rows)} | summary(x[0], threshold) | {"negative": negative[-1]})

    tape = Tape(
        keep=(),
        watch={
            "*.feed_forward.pre_activation": before,
            "*.feed_forward.post_activation": after,
        },
    )
    last = bench.shape.encoder_layers or bench.shape.n_layers
    bench.run_encoded(source, choices, tape, span=Span(last=last))
    return pd.DataFrame(rows)


def summary(activations: Tensor, threshold: float) -> dict[str, float]:
    """The quantities of `by_layer` of one layer's activations (tokens, neurons)."""
    size = activations.abs()
    energy = activations.double().square()  # a⁴ of outliers strains float32
    spread = energy.sum(-1).square() / energy.square().sum(-1).clamp(min=1e-300)  # (tokens,)
    return {
        "small": float((size < threshold).float().mean()),
        "zero": float((activations == 0).float().mean()),
        "silent": float((size.amax(0) < threshold).float().mean()),
        "effective": float(spread.median()) / activations.shape[1],
        "largest": float(size.max()),
    }


def strongest(activations: Tensor, count: int) -> list[int]:
    """The neurons of activations (tokens, neurons) whose largest |a| on any token is highest,
    highest first."""
    peaks = activations.abs().amax(0)  # (neurons,)
    return peaks.topk(min(count, len(peaks))).indices.tolist()


def firing(activations: Tensor, neuron: int, tokens: Sequence[str]) -> pd.DataFrame:
    """One neuron on every token of activations (tokens, neurons): position, token, activation,
    and place, its rank from 1 among the token's neurons by size."""
    size = activations.abs()
    places = (size > size[:, neuron, None]).sum(-1) + 1  # (tokens,)
    return pd.DataFrame(
        {
            "position": range(len(tokens)),
            "token": list(tokens),
            "activation": activations[:, neuron].tolist(),
            "place": places.tolist(),
        }
    )
