"""BERT's corruption of its training text: 15% of the tokens are selected, and of these 80% become
[MASK], 10% a random token, 10% stay (Devlin et al. 2019, arXiv 1810.04805, §3.1 and A.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import pandas as pd
import torch
from torch import Tensor

from model import ModelError
from tokenizers import Tokenizer

SELECTED = 0.15
MASKED, RANDOM = 0.8, 0.1  # shares of the selected tokens; the rest is kept


class Fate(IntEnum):
    """What happens to one token."""

    UNTOUCHED = 0
    MASK = 1
    RANDOM = 2
    KEPT = 3


SHARES = {Fate.MASK: MASKED, Fate.RANDOM: RANDOM, Fate.KEPT: 1 - MASKED - RANDOM}


@dataclass(frozen=True)
class Corruption:
    """One roll of the dice.

    fates: (tokens,), a `Fate` each. ids: (tokens,) after the corruption; where the fate is not
    UNTOUCHED the model has to predict the original token.
    """

    fates: Tensor
    ids: Tensor


def selected_of(candidates: int) -> int:
    """How many of so many tokens are selected: 15%, rounded, and at least one."""
    return max(1, round(SELECTED * candidates))


def rolls(candidates: int, count: int, seed: int) -> Tensor:
    """The fates (count, candidates) of so many tokens in `count` rolls; the first roll of a seed
    is the same whatever `count` is."""
    dice = torch.Generator().manual_seed(seed)
    chosen = selected_of(candidates)
    fates = torch.zeros(count, candidates, dtype=torch.long)
    for fate in fates:
        places = torch.randperm(candidates, generator=dice)[:chosen]
        throw = torch.rand(chosen, generator=dice)
        kinds = torch.full((chosen,), int(Fate.KEPT))
        kinds[throw < MASKED + RANDOM] = int(Fate.RANDOM)
        kinds[throw < MASKED] = int(Fate.MASK)
        fate[places] = kinds
    return fates


def candidates_of(ids: Sequence[int], tokenizer: Tokenizer) -> list[int]:
    """The positions that may be selected: of all tokens but the special ones."""
    return [place for place, token in enumerate(ids) if token not in tokenizer.special_ids]


def corrupt(ids: Sequence[int], tokenizer: Tokenizer, seed: int) -> Corruption:
    """Corrupt one text. A random token is drawn from the whole vocabulary, so it may be the
    original one. ModelError: "no-mask-token", or "nothing-to-hide" where every token is special.
    """
    mask = tokenizer.special.mask
    if mask is None:
        raise ModelError("no-mask-token", "this vocabulary has no [MASK]")
    places = candidates_of(ids, tokenizer)
    if not places:
        raise ModelError("nothing-to-hide", "there is no token to hide: all are special")
    fates = torch.zeros(len(ids), dtype=torch.long)
    fates[places] = rolls(len(places), 1, seed)[0]
    # its own stream, so that the fates do not depend on the length of the text before them
    dice = torch.Generator().manual_seed(seed)
    words = torch.randint(tokenizer.size, (len(ids),), generator=dice)
    corrupted = torch.tensor(list(ids))
    corrupted[fates == Fate.MASK] = mask
    corrupted[fates == Fate.RANDOM] = words[fates == Fate.RANDOM]
    return Corruption(fates, corrupted)


def tally(candidates: int, count: int, seed: int) -> pd.DataFrame:
    """Counts of each fate among the selected tokens. One row per fate: fate, expected (tokens a
    roll), first (tokens in the first roll), mean and std (over `count` rolls), share (of all
    selected tokens)."""
    fates = rolls(candidates, count, seed)  # (count, candidates)
    chosen = selected_of(candidates)
    table = []
    for fate, share in SHARES.items():
        each = (fates == fate).sum(-1).double()  # (count,)
        table.append(
            {
                "fate": fate.name,
                "expected": share * chosen,
                "first": int(each[0]),
                "mean": float(each.mean()),
                "std": float(each.std(correction=0)),
                "share": float(each.mean()) / chosen,
            }
        )
    return pd.DataFrame(table)
