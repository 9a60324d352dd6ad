"""What a switch did: to one head, to the predictions, to the hidden states."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from experiments.reading import Reading
from model import Bench


def row_shift(native: Tensor, variant: Tensor) -> float:
    """How much attention moved: the share of a query's weight that went to other keys, mean over
    queries (total variation, 0 to 1), of weights (queries, keys)."""
    return float((native - variant).abs().sum(-1).mean() / 2)


def changed(native: Tensor, variant: Tensor) -> float:
    """‖variant − native‖ / ‖native‖ (Frobenius), in float64."""
    before = native.double()
    return float((variant.double() - before).norm() / before.norm())


def predictions(
    native: Tensor, variant: Tensor, bench: Bench, top: int = 10
) -> tuple[pd.DataFrame, float]:
    """Predictions from two rows of logits (vocab,): the tokens in the `top` of either, and the
    divergence KL(native ‖ variant) in nats.

    Columns: id, token, native, variant (probabilities), native_rank, variant_rank (from 1; 0 on
    a side that overflowed, which ranks nothing); sorted by the native probability.
    """
    best = _best([native, variant], top)  # (≤ 2·top,)
    frame = pd.DataFrame(
        {
            "id": best.tolist(),
            "token": bench.tokenizer.tokens(best.tolist()),
            "native": native.softmax(-1)[best].tolist(),
            "variant": variant.softmax(-1)[best].tolist(),
            "native_rank": [rank(native, i) for i in best.tolist()],
            "variant_rank": [rank(variant, i) for i in best.tolist()],
        }
    ).sort_values(["native", "variant"], ascending=False, ignore_index=True)
    return frame, float(divergence(native, variant))


def divergence(native: Tensor, variant: Tensor) -> Tensor:
    """KL(native ‖ variant) in nats of the predictions that logits (…, vocab) stand for, (…); one
    row on either side serves many on the other."""
    one, other = torch.broadcast_tensors(native.log_softmax(-1), variant.log_softmax(-1))
    apart = F.kl_div(other, one, reduction="none", log_target=True).sum(-1)
    return apart.clamp(min=0)  # rounding may fall below its least value


def guesses(logits: Mapping[str, Tensor], bench: Bench, top: int = 4) -> pd.DataFrame:
    """Predictions of the same token under several settings, from a row of logits (vocab,) each:
    the tokens in the `top` of any. Columns: id, token, and one of probabilities per setting."""
    best = _best(list(logits.values()), top)
    frame = pd.DataFrame({"id": best.tolist(), "token": bench.tokenizer.tokens(best.tolist())})
    for name, row in logits.items():
        frame[name] = row.softmax(-1)[best].tolist()
    return frame.sort_values(list(logits), ascending=False, ignore_index=True)


def rank(logits: Tensor, token: int) -> int:
    """The place, from 1, of a token id among logits (vocab,); 0 among numbers that overflowed."""
    return int((logits > logits[token]).sum()) + 1 if _holds(logits) else 0


def _best(rows: Sequence[Tensor], top: int) -> Tensor:
    """The ids in the `top` of any of these rows of logits (vocab,), those left out that overflowed:
    what is no number would come first."""
    known = [row.topk(top).indices for row in rows if _holds(row)]
    return torch.cat(known).unique() if known else torch.empty(0, dtype=torch.long)


def _holds(logits: Tensor) -> bool:
    return bool(logits.isfinite().all())


def cosine(native: Reading, variant: Reading) -> Tensor:
    """How far each token's last hidden state turned, (tokens,); 1: the same direction."""
    return turned(*_last_hidden(native, variant))


def turned(native: Tensor, variant: Tensor) -> Tensor:
    """The cosine of vectors (…, features), (…): in float64, since squares of numbers that float32
    just holds would overflow in it and make the cosine 0; not a number where one of them has."""
    found = F.cosine_similarity(native.double(), variant.double(), dim=-1)
    known = native.isfinite().all(-1) & variant.isfinite().all(-1)
    return found.masked_fill(~known, math.nan)


def cosines(native: Reading, variant: Reading) -> pd.DataFrame:
    """How far each token's last hidden state moved: position, token, cosine (1: the same
    direction), apart (1 − cosine), and the ratio of the norms, variant over native."""
    before, after = _last_hidden(native, variant)
    alike = turned(before, after)
    return pd.DataFrame(
        {
            "position": range(len(before)),
            "token": native.run.tokens[0],
            "cosine": alike.tolist(),
            "apart": (1 - alike).clamp(min=0).tolist(),
            "norm_ratio": (after.double().norm(dim=-1) / before.double().norm(dim=-1)).tolist(),
        }
    )


def _last_hidden(native: Reading, variant: Reading) -> tuple[Tensor, Tensor]:
    """What left the last layer in each, (tokens, d_model)."""
    last = native.run.shape.n_layers
    return native.run.hidden(last)[0], variant.run.hidden(last)[0]
