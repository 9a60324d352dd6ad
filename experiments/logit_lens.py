"""The logit lens: what the model would predict if it stopped at a layer (nostalgebraist 2020,
"interpreting GPT: the logit lens")."""

import pandas as pd
import torch
from torch import Tensor

from experiments.outcome import divergence
from model import Bench


def lens(bench: Bench, depths: Tensor, position: int) -> pd.DataFrame:
    """What each depth of the residual stream (depths, tokens, d_model) predicts at one position,
    read through the model's own final norm and head.

    One row per depth: token and id of the likeliest prediction, its probability, final and rank
    (probability and place, from 1, of what the last depth predicts), and kl, the divergence
    KL(last ‖ this depth) in nats. ModelError "no-head" without a head.
    """
    with torch.no_grad():
        logits = bench.transformer.read_out(depths[None, :, position])[0]  # (depths, vocab)
    log = logits.log_softmax(-1)
    best = logits.argmax(-1)  # (depths,)
    answer = int(best[-1])
    return pd.DataFrame(
        {
            "depth": range(len(logits)),
            "id": best.tolist(),
            "token": bench.tokenizer.tokens(best.tolist()),
            "probability": log.exp().amax(-1).tolist(),
            "final": log[:, answer].exp().tolist(),
            "rank": ((logits > logits[:, answer, None]).sum(-1) + 1).tolist(),
            "kl": divergence(logits[-1], logits).tolist(),
        }
    )
