"""The residual stream through the stack: what every sublayer writes to it, and how alike its
tokens become (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; tokens
growing alike: Ethayarajh 2019, arXiv 1909.00512, §4.1)."""

from dataclasses import dataclass, field

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from experiments.outcome import turned
from model import Bench, Choices, Tape
from model.run import Encoded
from model.transformer import Span


@dataclass(frozen=True)
class Stream:
    """The stream of one text through one stack.

    depths: (layers + 1, tokens, d_model): entering each layer, and leaving the last one, before
        any final norm.
    writes: one row per layer, sublayer and token: norm_before of the stream, norm of what the
        sublayer adds, ratio of the two, cosine of what is added with the stream before it, and
        turn, the cosine of the stream before with the stream after, norms of the layer included.
    """

    depths: Tensor
    writes: pd.DataFrame


def stream(bench: Bench, source: Encoded, choices: Choices) -> Stream:
    """Run one text once and follow its stream; of an encoder–decoder, through the encoder."""
    shape = bench.shape
    stack = "encoder" if shape.encoder_layers else "decoder"
    notes = _Notes()
    tape = Tape(
        keep=(),
        watch={
            f"{stack}.[0-9]*.input": notes.enter,
            f"{stack}.*attention.output": notes.write,
            f"{stack}.*feed_forward.output": notes.write,
            f"{stack}.[0-9]*.after_*": notes.leave,
        },
    )
    last = shape.encoder_layers or shape.n_layers
    bench.run_encoded(source, choices, tape, span=Span(last=last))
    return Stream(torch.stack([*notes.depths, notes.now]), pd.DataFrame(notes.rows))


def by_layer(writes: pd.DataFrame) -> pd.DataFrame:
    """The writes of each layer and sublayer: medians over the tokens, since the first token of
    many models is hundreds of times longer than the others."""
    quantities = ["norm_before", "norm", "ratio", "cosine", "turn"]
    return writes.groupby(["layer", "sublayer"], sort=False)[quantities].median().reset_index()


def similarity(tokens: Tensor) -> Tensor:
    """Cosine of every pair of tokens (..., tokens, tokens) of vectors (..., tokens, d)."""
    unit = F.normalize(tokens, dim=-1)
    return (unit @ unit.transpose(-2, -1)).clamp(-1, 1)


def mean_similarity(depths: Tensor) -> pd.DataFrame:
    """One row per depth of vectors (depths, tokens, d): cosine, the mean over pairs of different
    tokens; centred, the same after the mean of the depth's unit vectors is taken away, so without
    the direction that all share (the mean of the vectors themselves would be that of one very
    long token). NaN for a text of one token."""
    rows = []
    for depth, tokens in enumerate(depths):  # one at a time: pairs grow with the length squared
        unit = F.normalize(tokens, dim=-1)
        rows.append(
            {
                "depth": depth,
                "cosine": _off_diagonal(similarity(tokens)),
                "centred": _off_diagonal(similarity(unit - unit.mean(0))),
            }
        )
    return pd.DataFrame(rows)


def _off_diagonal(matrix: Tensor) -> float | None:
    n = len(matrix)
    if n < 2:
        return None
    return float((matrix.sum() - matrix.diagonal().sum()) / (n * (n - 1)))


@dataclass
class _Notes:
    """The stream as the tape shows it, one sublayer after the other."""

    now: Tensor = field(default_factory=lambda: torch.empty(0))
    written: Tensor = field(default_factory=lambda: torch.empty(0))
    depths: list[Tensor] = field(default_factory=list)
    rows: list[dict[str, float | str]] = field(default_factory=list)

    def enter(self, site: str, x: Tensor) -> None:
        if site.count(".") > 2:  # of a part of the layer
            return
        self.now = x[0]
        self.depths.append(self.now)

    def write(self, site: str, x: Tensor) -> None:
        self.written = x[0]

    def leave(self, site: str, x: Tensor) -> None:
        before, written, after = self.now, self.written, x[0]  # (tokens, d_model) each
        _stack, layer, name = site.split(".")
        norms = before.double().norm(dim=-1), written.double().norm(dim=-1)
        columns = {
            "norm_before": norms[0],
            "norm": norms[1],
            "ratio": norms[1] / norms[0],
            "cosine": turned(written, before),
            "turn": turned(before, after),
        }
        values = {quantity: column.tolist() for quantity, column in columns.items()}
        for position in range(len(before)):
            self.rows.append(
                {
                    "layer": int(layer),
                    "sublayer": name.removeprefix("after_"),
                    "position": position,
                }
                | {quantity: column[position] for quantity, column in values.items()}
            )
        self.now = after
