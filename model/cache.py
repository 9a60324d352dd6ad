"""What a decoder need not compute again: the keys and values of the tokens that it has read.

    cache = Cache()
    transformer(prompt, cache=cache)  # logits of the whole prompt
    transformer(token, cache=cache)  # of one more token, at position cache.length

A cache belongs to the caller, like a tape, and to one batch of sequences. With grouped queries it
holds each key and value once, not once per head (Shazeer 2019, arXiv 1911.02150, §3; Ainslie et
al. 2023, arXiv 2305.13245, §2).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from model.choices import Choices, native_choices
from model.errors import ModelError
from model.masks import parts_of
from model.shape import Shape

KeysValues = tuple[Tensor, Tensor]  # (batch, n_kv_heads, keys, d_head) each


class Cache:
    """Keys and values of every decoder layer, and what they were computed from.

    A call adds to it only by finishing: after one that raised, it is what it was before. No
    gradient flows through it.

    Attributes:
        length: the tokens read so far, padding counted; the next one's position.
    """

    def __init__(self) -> None:
        self.length = 0
        self._rows: dict[str, KeysValues] = {}  # by the attention's site; keys turned by RoPE
        self._real = torch.empty(0, 0, dtype=torch.bool)  # (batch, length), False on padding
        self._choices: Choices | None = None
        self._source: Tensor | None = None  # an encoder's ids (batch, positions)

    @property
    def bytes(self) -> int:
        """The memory that the keys and values take, of the decoder's own tokens and of what an
        encoder handed over."""
        return sum(
            rows.numel() * rows.element_size() for pair in self._rows.values() for rows in pair
        )

    def start(self, choices: Choices, shape: Shape, ids: Tensor, source: Tensor | None) -> None:
        """Begin a call with new tokens `ids` (batch, new) of a decoder, and with the encoder's
        ids `source`, if it has one.

        ModelError: "cache-no-decoder"; "cache-future" and "cache-batch-norm" for choices under
        which a token changes what earlier ones computed; "cache-differs" for a batch, a source or
        choices other than those of the calls before.
        """
        _check(choices, shape, self.length)
        if not self.length:
            self._rows = {}
            self._real = torch.empty(len(ids), 0, dtype=torch.bool, device=ids.device)
            self._choices, self._source = choices, source
        same = {
            "batch": len(ids) == len(self._real),
            "choices": choices == self._choices,
            "source": _equal(source, self._source),
        }
        for what, agrees in same.items():
            if not agrees:
                raise _another(what)

    def seen(self, real: Tensor) -> Tensor:
        """`real` (batch, new) behind that of the tokens before, (batch, length + new)."""
        return torch.cat([self._real, real], dim=1)

    def read(self, at: str, project: Callable[[], KeysValues], *, grows: bool) -> KeysValues:
        """All keys and values of the attention at site `at`. Where it `grows`, `project` computes
        those of the new tokens; an encoder's output is projected by the first call alone."""
        if not self.length:
            self._rows[at] = self._checked(project())
        elif grows:
            # up to `length`: a call that raised has left rows behind
            keys, values = (rows[:, :, : self.length] for rows in self._rows[at])
            new_keys, new_values = self._checked(project())
            self._rows[at] = torch.cat([keys, new_keys], 2), torch.cat([values, new_values], 2)
        return self._rows[at]

    def _checked(self, pair: KeysValues) -> KeysValues:
        """A call's own keys and values, if they are of the batch that its tokens are: of many rows
        that an edit made of one, the next call's tokens would not know theirs."""
        if any(len(rows) != len(self._real) for rows in pair):
            raise _another("batch")
        keys, values = pair
        return keys.detach(), values.detach()

    def finish(self, real: Tensor) -> None:
        """End a call: its tokens, `real` (batch, new), have been read."""
        self._real = self.seen(real)
        self.length = self._real.shape[1]

    def select(self, rows: Tensor) -> "Cache":
        """A cache of these rows (n,) of the batch, in this order, any of them several times: what
        beam search goes on with. This one stays as it is."""
        chosen = Cache()
        chosen.length, chosen._choices = self.length, self._choices
        chosen._rows = {at: (keys[rows], values[rows]) for at, (keys, values) in self._rows.items()}
        chosen._real = self._real[rows]
        chosen._source = None if self._source is None else self._source[rows]
        return chosen


def _check(choices: Choices, shape: Shape, length: int) -> None:
    """Raise ModelError where what was computed of `length` tokens would change with the next."""
    native = native_choices(shape)
    if not shape.decoder_layers:
        raise ModelError("cache-no-decoder", "only a decoder can go on from a cache")
    layers = range(shape.encoder_layers, shape.n_layers)
    in_force = {choices.at(layer, native) for layer in layers}
    outside = {choices if choices.layers is None else native}  # the norms around the layers
    outside |= {native} if shape.head == "mlm" else set()
    if any(one.norm == "batch" for one in in_force | outside):
        raise ModelError(
            "cache-batch-norm",
            "BatchNorm's statistics run over all positions, so nothing computed of earlier "
            "tokens would hold",
        )
    for one in in_force:
        parts = parts_of(one.mask, causal=True, window=shape.window)
        seen_by_all = one.prefix if "prefix" in parts else 0
        if not parts & {"causal", "prefix"} or 0 < length < seen_by_all:
            raise ModelError(
                "cache-future",
                "with this mask earlier tokens see later ones, so nothing computed of them "
                "would hold",
            )


def _another(what: str) -> ModelError:
    return ModelError("cache-differs", "this cache was filled with another {what}", what=what)


def _equal(one: Tensor | None, other: Tensor | None) -> bool:
    return one is other or (one is not None and other is not None and torch.equal(one, other))
