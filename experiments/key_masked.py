"""Masking attention instead of the token: the word stays in, and its key is masked for everybody.

No query of any layer and head can then look at the word. What is left of it in its own prediction
came up its own position's residual stream, which no attention mask touches; this is why masked
language modelling takes the word out of the input (Devlin et al. 2019, arXiv 1810.04805, §3.1).
"""

from collections.abc import Mapping
from typing import Literal

from torch import Tensor

from experiments.influence import own_predictions
from model import Bench, Choices
from model.run import Encoded
from model.tape import Edit

Arm = Literal["visible", "others", "everybody", "token"]
SITE = "*.self_attention.mask"  # of every layer, one for all of its heads


def without_key(position: int, *, itself: bool) -> Mapping[str, Edit]:
    """Edits of a tape under which no query may attend to the key at `position`, in every layer and
    head; with `itself` not even the query of the same position."""

    def hide(allowed: Tensor) -> Tensor:  # (batch, 1, queries, keys)
        hidden = allowed.clone()
        hidden[..., position] = False
        if not itself:
            hidden[..., position, position] = allowed[..., position, position]
        return hidden

    return {SITE: hide}


def arms(
    bench: Bench, source: Encoded, position: int, replacement: int, choices: Choices
) -> dict[Arm, tuple[Tensor, Tensor]]:
    """Per arm the logits (vocab,) that predict the token at `position`, and the same with
    `replacement` in its place, as from `influence.own_predictions`.

    visible: the word stands there and all may look. others: its key is masked for every other
    query. everybody: for its own query too. token: [MASK] stands in its place; left out where the
    vocabulary has none.
    """
    of = bench, source, position, replacement, choices
    found: dict[Arm, tuple[Tensor, Tensor]] = {
        "visible": own_predictions(*of),
        "others": own_predictions(*of, edits=without_key(position, itself=False)),
        "everybody": own_predictions(*of, edits=without_key(position, itself=True)),
    }
    if (mask := bench.tokenizer.special.mask) is not None:
        found["token"] = own_predictions(*of, mask=mask)
    return found
