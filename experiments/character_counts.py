"""A baseline that attends to nothing: how often each character followed the few before it.

Interpolated by the estimate of Witten and Bell (1991, IEEE Transactions on Information Theory 37;
in the form of Chen and Goodman 1999, Computer Speech and Language 13, §2.4): what a context has
not seen, it leaves to the next shorter one, in proportion to how many kinds of followers it has
had. Nothing in it is tuned.
"""

import numpy as np
import torch

from model.training.tasks import Characters

AT_ONCE = 1024  # windows of a batch


def count_loss(task: Characters, n: int) -> float:
    """Nats per character of the held-out windows of `task` by counts of n characters in the text
    that it trains on: each is predicted from the n − 1 before it, fewer at a window's beginning,
    as a model that reads this window has fewer."""
    size, text = task.tokenizer.size, task.text().numpy()
    batches = list(task.held_out(AT_ONCE))
    ids = torch.cat([torch.cat([b.ids, b.labels[:, -1:]], dim=1) for b in batches]).numpy()
    chance = np.full(ids[:, 1:].shape, 1 / size)  # (windows, length), of each next character
    for before in range(min(n, ids.shape[1])):
        contexts, place, totals = np.unique(
            _runs(text, before, size), return_inverse=True, return_counts=True
        )
        pairs, occurred = np.unique(place * size + text[before:], return_counts=True)
        kinds = np.bincount(pairs // size)  # of followers, by context
        first = max(before, 1)  # the first character of a window is given
        at, met = _find(contexts, _runs(ids, before, size)[:, first - before :])
        pair, known = _find(pairs, at * size + ids[:, first:])
        shorter = chance[:, first - 1 :]
        count = np.where(known, occurred[pair], 0)
        longer = (count + kinds[at] * shorter) / (totals[at] + kinds[at])
        chance[:, first - 1 :] = np.where(met, longer, shorter)
    return float(-np.log(chance).mean())


def _runs(ids: np.ndarray, length: int, size: int) -> np.ndarray:
    """(…, n) → (…, n − length): the run of `length` ids before each place from `length` on, as one
    number."""
    keys = np.zeros_like(ids[..., length:])
    for back in range(length, 0, -1):
        keys = keys * size + ids[..., length - back : ids.shape[-1] - back]
    return keys


def _find(known: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each stands among the sorted `known`, and whether it is there at all."""
    at = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    return at, known[at] == wanted
