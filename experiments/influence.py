"""Which input token can move which output: every token exchanged in turn, every output watched.

A causal mask promises that output t depends on the tokens up to t only (Vaswani et al. 2017,
arXiv 1706.03762, §3.2.3). Here the promise is measured.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model import Bench, Choices, ModelError, Tape
from model.run import Encoded
from model.tape import Edit
from model.transformer import Span

LONGEST_WORD = 100  # characters
_AT_MOST = 8  # exchanged texts that share one pass


@dataclass(frozen=True)
class Influence:
    """How far each output (row) moves when one input token (column) is exchanged.

    relative: (outputs, inputs), ‖Δh‖ / ‖h‖ of the last hidden state h.
    largest: (outputs, inputs), the largest |Δ| of any feature, in units of the hidden state.
    same: (inputs,), True where the token is the replacement itself: nothing was exchanged, and
    both are NaN in its column.
    """

    relative: Tensor
    largest: Tensor
    same: Tensor

    @property
    def future(self) -> float:
        """The largest change of any feature of an output before the exchanged token."""
        return self.before(self.largest)

    def before(self, change: Tensor) -> float:
        """The largest of a change (outputs, inputs) above the diagonal: of outputs before the
        exchanged token."""
        return float(change.masked_fill(self.same, 0.0).triu(1).max())

    @property
    def highest(self) -> float:
        """The largest relative change of any output."""
        return float(self.relative.masked_fill(self.same, 0.0).max())

    def past(self, column: int) -> float | None:
        """The largest ‖Δh‖ / ‖h‖ of the outputs before the exchanged token of a column; None where
        there is none, or where nothing was exchanged."""
        before = self.relative[:column, column]
        return None if not len(before) or before.isnan().any() else float(before.max())

    @property
    def moved(self) -> Tensor:
        """(outputs, inputs), True where the output moved at all."""
        return self.largest > 0


def influence(bench: Bench, source: Encoded, replacement: int, choices: Choices) -> Influence:
    """Exchange each token of one text by `replacement`, an id, and measure all outputs."""
    return joined(list(steps(bench, source, replacement, choices)))


def steps(bench: Bench, source: Encoded, replacement: int, choices: Choices) -> Iterator[Influence]:
    """`influence` by groups of columns, each measured when it is asked for.

    The untouched text takes the place of each exchanged one in a batch of the same shape, so
    that both go through the same arithmetic to the last bit: even the place of a row in a matrix
    product changes how it is rounded. What no exchanged token reaches comes out exactly 0.
    """
    ids = source.ids[0]  # (tokens,)
    size = _together(source)
    untouched = last_hidden(bench, _alike(source, ids.repeat(size, 1)), choices)
    for first in range(0, len(ids), size):
        columns = torch.arange(first, first + size).clamp(max=len(ids) - 1)  # (size,)
        rows = ids.repeat(size, 1)
        rows[torch.arange(size), columns] = replacement
        change = last_hidden(bench, _alike(source, rows), choices) - untouched
        same = ids[columns] == replacement
        wanted = len(ids) - first  # the last group may go beyond the text
        relative = (change.norm(dim=-1) / untouched.norm(dim=-1)).T  # (outputs, size)
        largest = change.abs().amax(-1).T
        yield Influence(
            relative.masked_fill(same, float("nan"))[:, :wanted],
            largest.masked_fill(same, float("nan"))[:, :wanted],
            same[:wanted],
        )


def count(source: Encoded) -> int:
    """How many groups `steps` yields."""
    return -(-source.ids.shape[1] // _together(source))


def _together(source: Encoded) -> int:
    """How many exchanged texts share a pass: all groups as even as can be."""
    n = source.ids.shape[1]
    return -(-n // -(-n // _AT_MOST))


def joined(parts: Sequence[Influence]) -> Influence:
    """Groups of columns side by side."""
    return Influence(
        torch.cat([part.relative for part in parts], dim=1),
        torch.cat([part.largest for part in parts], dim=1),
        torch.cat([part.same for part in parts]),
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
    edits: Mapping[str, Edit] | None = None,
) -> tuple[Tensor, Tensor]:
    """The logits (vocab,) that predict the token at `position`: of the text, and of the text with
    `replacement` in its place. Where they differ, the answer leaks into its own prediction.

    mask: the id that then hides the token in both, as masked language modelling does. edits: of the
    tape of both passes.
    ModelError "no-prediction" where the model predicts nothing for the position.
    """
    place = reads_at(bench, position)
    if place is None:
        raise ModelError(
            "no-prediction",
            "this model predicts nothing for position {position}",
            position=position,
        )

    def logits(token: int) -> Tensor:
        """(vocab,), from a pass of its own: passes of one shape round alike."""
        text = with_token(source, position, token if mask is None else mask)
        tape = Tape(keep=("logits",), edits=edits)
        run = bench.run_encoded(text, choices, tape, logits_at=[place])
        assert run.logits is not None  # a position to read at means a head
        return run.logits[0, 0]

    return logits(int(source.ids[0, position])), logits(replacement)


def with_token(source: Encoded, position: int, token: int) -> Encoded:
    """The same text with another token id at `position`, such as that of [MASK]."""
    ids = source.ids.clone()
    ids[:, position] = token
    return _alike(source, ids)


def replacement_id(bench: Bench, word: str) -> int:
    """The first token of a word as it stands inside a sentence; ModelError "empty-replacement"
    for none, "text-too-long" beyond what any word has."""
    if len(word) > LONGEST_WORD:
        raise ModelError(
            "text-too-long",
            "the word has {characters} characters, at most {limit} are read",
            characters=len(word),
            limit=LONGEST_WORD,
        )
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
