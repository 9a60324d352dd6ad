"""What models of one family attend to, each trained its own way, on the same text."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from model import ModelError, Tape
from model.training.families import TASK
from model.training.shelf import job_of, trained

LONGEST = TASK.length  # characters, as trained
WINDOWS = 64  # held-out windows that the share on the diagonal is a mean of


@dataclass(frozen=True)
class Look:
    """tokens: the characters read. weights (layers, heads, queries, keys): of one model."""

    tokens: tuple[str, ...]
    weights: Tensor

    def of(self, layer: int, head: int | None) -> Tensor:
        """(queries, keys) of a layer, counted from 0: of one head, or the mean over heads."""
        heads = self.weights[layer]
        return heads.mean(0) if head is None else heads[head]


def look(family: str, variant: str, text: str) -> Look:
    """The attention of a variant's first seed, with the choices that it was trained with.

    ModelError: "empty-text", "too-long" beyond the trained length, and what `shelf.trained`
    raises.
    """
    # A character is a token, so that a long text is refused before any work.
    ids = TASK.tokenizer.encode(text) if len(text) <= LONGEST else []
    tokens = max(len(text), len(ids))
    if tokens > LONGEST:
        raise ModelError(
            "too-long",
            "the text has {tokens} tokens, this model reads at most {context}",
            tokens=tokens,
            context=LONGEST,
        )
    if not ids:
        raise ModelError("empty-text", "there is no text to run")
    job = job_of(family, variant)
    tape = Tape(keep=("*.self_attention.weights",))
    with torch.no_grad():
        trained(job)(torch.tensor([ids]), choices=job.recipe.trained, tape=tape)
    # a model of one kind of layers keeps their weights in order
    weights = torch.cat(list(tape.kept.values()))  # (layers, heads, queries, keys)
    return Look(tuple(TASK.tokenizer.tokens(ids)), weights)


@lru_cache(maxsize=16)
def diagonal(family: str, variant: str) -> float:
    """The mean share of a query's attention that goes to its own position, over all heads of a
    variant's first seed and the first `WINDOWS` held-out windows. ModelError as `shelf.trained`."""
    job = job_of(family, variant)
    shares: list[Tensor] = []
    tape = Tape(
        keep=(),
        watch={
            "*.self_attention.weights": lambda _site, weights: shares.append(
                weights.diagonal(dim1=-2, dim2=-1).mean()
            )
        },
    )
    with torch.no_grad():
        trained(job)(next(TASK.held_out(WINDOWS)).ids, choices=job.recipe.trained, tape=tape)
    return float(torch.stack(shares).mean())
