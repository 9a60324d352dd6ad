"""What an encoder–decoder's decoder looks at while it writes, step by step, and how far that
agrees with an alignment that knows nothing of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from experiments.letter_alignment import Aligner
from model import Bench, Run, Tape

SURE = 0.9  # how probable the aligner's letter is to be for a phoneme to count
_KEPT = ("logits", "*_attention.weights")


@dataclass(frozen=True)
class Trace:
    """One word, and what was written to it: `written`, its last token being the end unless the
    writing was cut off. Row t of all that follows is the step that writes token t: the decoder
    has read the tokens before it."""

    run: Run
    written: list[str]

    @property
    def letters(self) -> list[str]:
        """What the encoder reads, its end included."""
        return self.run.tokens[0]

    @property
    def steps(self) -> int:
        return len(self.written)

    @property
    def probabilities(self) -> Tensor:
        """(steps, vocab): what each step expected."""
        logits = self.run.logits
        assert logits is not None  # only of a model with a head
        return logits[0].double().softmax(-1)

    @property
    def entropies(self) -> Tensor:
        """(steps,): of what each step expected, in bits."""
        return torch.special.entr(self.probabilities).sum(-1) / torch.log(torch.tensor(2.0))

    def looks(self, layer: int, head: int | None) -> Tensor:
        """(steps, letters): where a decoder layer's head looks across, or its heads' mean."""
        return _of_head(self.run.attention(layer, "cross").weights[0], head)

    def looks_back(self, layer: int, head: int | None) -> Tensor:
        """(steps, steps): where it looks among what is written; column t is the token that step t
        reads, the first one the beginning."""
        return _of_head(self.run.attention(layer).weights[0], head)

    def reads(self, layer: int, head: int | None) -> Tensor:
        """(letters, letters): where an encoder layer's head looks, or its heads' mean."""
        return _of_head(self.run.attention(layer).weights[0], head)


def trace(bench: Bench, word: str, tokens: Sequence[int]) -> Trace:
    """All steps of writing these tokens to a word, in one pass: thanks to the causal mask each
    row is what it was when its token was written."""
    begin = bench.tokenizer.special.bos
    assert begin is not None  # what an encoder–decoder starts from
    goal = bench.batch([[begin, *tokens[:-1]]])
    run = bench.run_encoded(bench.encode(word), tape=Tape(keep=_KEPT), goal=goal)
    return Trace(run, bench.tokenizer.tokens(tokens))


def looks_of(bench: Bench, word: str, phonemes: Sequence[str]) -> Tensor:
    """(decoder layers, heads, phonemes, letters): where every head looks while these phonemes
    are written to a word; the encoder's end counts as a letter."""
    seen = trace(bench, word, bench.tokenizer.encode(" ".join(phonemes)))
    layers = range(bench.shape.encoder_layers, bench.shape.n_layers)
    weights = [seen.run.attention(layer, "cross").weights[0] for layer in layers]
    return torch.stack(weights)[:, :, : len(phonemes)]


@dataclass(frozen=True)
class Agreement:
    """Counts over some words, of each head of each decoder layer (layers, heads) unless said
    otherwise.

    exact, near: phonemes for which the letter looked at most is the aligner's, or at most one
    away from it; of `phonemes` whose letter the aligner is sure of. pace_exact, pace_near: the
    same of a rule that goes through the letters at an even pace and knows nothing else.
    hard: exact, of the phonemes - pace_exact where that rule is wrong. forward: steps whose
    letter is not before that of the step before; of `steps`. placed: phonemes, sure or not.
    """

    exact: Tensor
    near: Tensor
    hard: Tensor
    forward: Tensor
    phonemes: int
    pace_exact: int
    pace_near: int
    steps: int
    placed: int

    def __add__(self, other: "Agreement") -> "Agreement":
        return Agreement(
            *(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__)
        )


def agreement(looks: Tensor, aligned: Tensor) -> Agreement:
    """Of one word: looks (layers, heads, phonemes, letters and the end) against the aligner's
    (phonemes, letters)."""
    most = looks.argmax(-1)  # (layers, heads, phonemes)
    certain, truth = aligned.max(-1)
    sure = certain >= SURE  # (phonemes,)
    count, letters = aligned.shape
    pace = ((torch.arange(count) + 0.5) * letters / count).long()
    away, off_pace = (most - truth).abs()[..., sure], (pace - truth).abs()[sure]
    return Agreement(
        exact=(away == 0).sum(-1),
        near=(away <= 1).sum(-1),
        hard=(away[..., off_pace > 0] == 0).sum(-1),
        forward=(most.diff(dim=-1) >= 0).sum(-1),
        phonemes=int(sure.sum()),
        pace_exact=int((off_pace == 0).sum()),
        pace_near=int((off_pace <= 1).sum()),
        steps=count - 1,
        placed=count,
    )


def agreement_of(
    bench: Bench, aligner: Aligner, word: str, phonemes: Sequence[str]
) -> Agreement | None:
    """`agreement` for a word and its right pronunciation; None where the aligner has none."""
    aligned = aligner.align(word, phonemes)
    return None if aligned is None else agreement(looks_of(bench, word, phonemes), aligned)


def evidence(found: Agreement, first: int) -> pd.DataFrame:
    """One row a head: layer (counted from `first`), head, exact, near, hard and forward as
    shares, NaN of nothing."""
    layers, heads = found.exact.shape
    shares = {
        "exact": found.exact / found.phonemes,
        "near": found.near / found.phonemes,
        "hard": found.hard / (found.phonemes - found.pace_exact),
        "forward": found.forward / found.steps,
    }
    return pd.DataFrame(
        [
            {"layer": first + layer, "head": head}
            | {name: float(share[layer, head]) for name, share in shares.items()}
            for layer in range(layers)
            for head in range(heads)
        ]
    )


def _of_head(weights: Tensor, head: int | None) -> Tensor:
    """weights (heads, queries, keys) → (queries, keys)."""
    return weights.mean(0) if head is None else weights[head]
