"""Which input token can move which output: every token exchanged in turn, every output watched.

A causal mask promises that output t depends on the tokens up to t only (Vaswani et al. 2017,
arXiv 1706.03762, §3.2.3). Here the promise is measured.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model import Bench, Choices, ModelError, Tape
from model.run import Encoded
from model.transformer import Span

_TOGETHER = 8  # exchanged tokens that share one pass, beside the untouched text


@dataclass(frozen=True)
class Influence:
    """How far each output (row) moves when one input token (column) is exchanged.

    relative: (outputs, inputs), ‖Δh‖ / ‖h‖ of the last hidden state h.
    largest: (outputs, inputs), the largest |Δ| of any feature, in units of the hidden state.
    Both are NaN in a column whose token is the replacement itself: nothing was exchanged.
    """

    relative: Tensor
    largest: Tensor

    @property
    def future(self) -> float:
        """The largest change of any feature of an output before the exchanged token."""
        return float(self.largest.triu(1).nan_to_num().max())

    @property
    def moved(self) -> Tensor:
        """(outputs, inputs), True where the output moved at all."""
        return self.largest > 0


def influence(bench: Bench, source: Encoded, replacement: int, choices: Choices) -> Influence:
    """Exchange each token of one text by `replacement`, an id, and measure all outputs."""
    return joined(list(steps(bench, source, replacement, choices)))


def steps(bench: Bench, source: Encoded, replacement: int, choices: Choices) -> Iterator[Influence]:
    """`influence` by groups of columns, each measured when it is asked for.

    A group and the untouched text run as one batch of equal shapes, so that the arithmetic of
    two rows differs only where their numbers do: an output that no exchanged token reaches is
    the same to the last bit.
    """
    ids = source.ids[0]  # (tokens,)
    for columns in torch.arange(len(ids)).split(_TOGETHER):
        rows = ids.repeat(len(columns) + 1, 1)  # row 0 stays as it is
        rows[torch.arange(1, len(rows)), columns] = replacement
        hidden = last_hidden(bench, _alike(source, rows), choices)  # (rows, tokens, d_model)
        change = hidden[1:] - hidden[0]
        relative = (change.norm(dim=-1) / hidden[0].norm(dim=-1)).T  # (outputs, columns)
        largest = change.abs().amax(-1).T
        same = ids[columns] == replacement
        nothing = float("nan")
        yield Influence(relative.masked_fill(same, nothing), largest.masked_fill(same, nothing))


def count(source: Encoded) -> int:
    """How many groups `steps` yields."""
    return -(-source.ids.shape[1] // _TOGETHER)


def joined(parts: Sequence[Influence]) -> Influence:
    """Groups of columns side by side."""
    return Influence(
        torch.cat([part.relative for part in parts], dim=1),
        torch.cat([part.largest for part in parts], dim=1),
    )


def reachable(mask: Tensor, layers: int) -> Tensor:
    """Which inputs can reach which outputs at all, (outputs, inputs): every path of at most
    `layers` edges of a mask (queries, keys), True where attention is allowed. The residual
    connection always leads from a token to itself."""
    edges = (mask | torch.eye(len(mask), dtype=torch.bool)).float()
    paths = torch.eye(len(mask))
    for _layer in range(layers):
        paths = (edges @ paths > 0).float()
    return paths.bool()


def last_hidden(bench: Bench, source: Encoded, choices: Choices) -> Tensor:
    """Last hidden states (batch, tokens, d_model); of an encoder–decoder, the encoder's."""
    shape = bench.shape
    stack = "encoder" if shape.encoder_layers else "decoder"
    tape = Tape(keep=(f"{stack}.output", f"{stack}.norm.output"))
    last = shape.encoder_layers or shape.n_layers
    return bench.run_encoded(source, choices, tape, span=Span(last=last)).last_hidden(stack)


def reads_at(bench: Bench, position: int) -> int | None:
    """Where the model's prediction of the token at `position` is read: there for a masked model,
    one before for a causal one; None where there is none."""
    place = {"mlm": position, "lm": position - 1}.get(bench.shape.head, -1)
    return place if place >= 0 else None


def own_predictions(
    bench: Bench,
    source: Encoded,
    position: int,
    replacement: int,
    choices: Choices,
    mask: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The logits (vocab,) that predict the token at `position`: of the text, and of the text with
    `replacement` in its place. Where they differ, the answer leaks into its own prediction.

    mask: the id that then hides the token in both, as masked language modelling does.
    ModelError "no-prediction" where the model predicts nothing for the position.
    """
    place = reads_at(bench, position)
    if place is None:
        raise ModelError(
            "no-prediction",
            "this model predicts nothing for position {position}",
            position=position,
        )
    rows = source.ids[0].repeat(2, 1)  # (2, tokens)
    rows[1, position] = replacement
    if mask is not None:
        rows[:, position] = mask
    run = bench.run_encoded(
        _alike(source, rows), choices, Tape(keep=("logits",)), logits_at=[place]
    )
    assert run.logits is not None  # a position to read at means a head
    return run.logits[0, 0], run.logits[1, 0]


def hidden_at(source: Encoded, position: int, mask: int) -> Encoded:
    """The same text with the token at `position` replaced by [MASK], whose id is `mask`."""
    ids = source.ids.clone()
    ids[:, position] = mask
    return _alike(source, ids)


def replacement_id(bench: Bench, word: str) -> int:
    """The first token of a word as it stands inside a sentence; ModelError "empty-replacement"
    for none."""
    ids = bench.tokenizer.encode(" " + word.strip(), special=False) if word.strip() else []
    if not ids:
        raise ModelError("empty-replacement", "there is no word to put in the token's place")
    return ids[0]


def _alike(source: Encoded, rows: Tensor) -> Encoded:
    """Rows of ids (batch, tokens) that are variations of one text."""
    return Encoded(
        rows,
        source.real.expand(rows.shape),
        source.types.expand(rows.shape),
        source.tokens * len(rows),
    )
