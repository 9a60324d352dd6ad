"""Padding: the attention it takes, what it does to real tokens, and the numbers that mask it.

A padding mask gives padding keys a score so low that softmax leaves them no weight (Vaswani et
al. 2017, arXiv 1706.03762, §3.2.3, masks with -inf; BERT's code adds -10,000).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from experiments.influence import last_hidden
from model import Bench, Choices, Run, Tape
from model.masks import masked_softmax, parts_of
from model.run import Encoded
from model.transformer import Span

Side = Literal["right", "left"]
FILLS = (-1e4, -1e9)  # and the least number of a format, and −∞
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def without_padding_mask(bench: Bench) -> Choices:
    """The native choices, except that padding is not masked: an encoder sees every key, a decoder
    every earlier one."""
    shape, native = bench.shape, bench.native
    parts = parts_of("native", causal=not shape.encoder_layers, window=shape.window) - {"padding"}
    window = shape.window or native.window
    return replace(native, mask="+".join(sorted(parts)) or "none", window=window)


def padded(source: Encoded, extra: int, side: Side, filler: int) -> Encoded:
    """A batch with `extra` more padding tokens (id `filler`) in every row, all of its padding on
    one side."""
    ids = F.pad(source.ids, (0, extra), value=filler)  # (batch, tokens + extra)
    real, types = F.pad(source.real, (0, extra)), F.pad(source.types, (0, extra))
    if side == "left":
        shifts = (~real).sum(-1)  # (batch,)
        here = torch.arange(ids.shape[1])
        order = (here - shifts[:, None]) % ids.shape[1]  # each row turned until its padding leads
        ids, real, types = (rows.gather(1, order) for rows in (ids, real, types))
    return Encoded(ids, real, types, source.tokens)


def batch(bench: Bench, texts: Sequence[str], extra: int, side: Side) -> Encoded:
    """Texts as one batch, padded to the longest and by `extra` more tokens."""
    return padded(bench.encode(list(texts)), extra, side, bench.filler)


def alone(bench: Bench, texts: Sequence[str]) -> list[Tensor]:
    """The last hidden states (tokens, d_model) of every text run by itself, without padding: what
    a batch should give as well."""
    return [last_hidden(bench, bench.encode(text), bench.native)[0] for text in texts]


@dataclass(frozen=True)
class Padded:
    """What padding did in one pass over a batch.

    mass: (layers, heads), the share of their attention that real tokens give to padding, mean
    over all real tokens. even: the share that padding would get if every query spread its
    attention evenly over the keys that its mask allows. relative: per text (tokens,), ‖Δh‖/‖h‖
    of the last hidden state h against the text run alone. largest: the largest |Δ| of any
    feature of any real token, in units of the hidden state.
    """

    mass: Tensor
    even: float
    relative: list[Tensor]
    largest: float

    @property
    def worst(self) -> float:
        """The largest relative change of any real token."""
        return max(float(row.max()) for row in self.relative)


def measure(bench: Bench, source: Encoded, choices: Choices, expected: Sequence[Tensor]) -> Padded:
    """Run a padded batch; `expected` are the last hidden states of its texts run alone."""
    shape = bench.shape
    stack = "encoder" if shape.encoder_layers else "decoder"
    padding = ~source.real  # (batch, keys)
    masses: list[Tensor] = []
    even: list[float] = []

    def on_padding(shares: Tensor) -> Tensor:
        """(batch, heads, queries, keys) → (heads,), mean over the real queries."""
        given = torch.einsum("bhqk,bk->bqh", shares, padding.to(shares.dtype))
        return given[source.real].mean(0)

    def see(site: str, weights: Tensor) -> None:
        masses.append(on_padding(weights))

    def see_mask(site: str, allowed: Tensor) -> None:
        keys = allowed.sum(-1, keepdim=True).clamp(min=1)
        even.append(float(on_padding(allowed.expand(len(padding), -1, -1, -1) / keys)))

    tape = Tape(
        keep=(f"{stack}.output", f"{stack}.norm.output"),
        watch={
            f"{stack}.*.self_attention.weights": see,
            f"{stack}.0.self_attention.mask": see_mask,
        },
    )
    last = shape.encoder_layers or shape.n_layers
    run = bench.run_encoded(source, choices, tape, span=Span(last=last))
    hidden = [rows[real] for rows, real in zip(run.last_hidden(stack), source.real, strict=True)]
    changes = [now - then for now, then in zip(hidden, expected, strict=True)]
    return Padded(
        mass=torch.stack(masses),
        even=even[0],
        relative=[
            change.norm(dim=-1) / then.norm(dim=-1)
            for change, then in zip(changes, expected, strict=True)
        ],
        largest=max(float(change.abs().max()) for change in changes),
    )


def curve(
    bench: Bench, texts: Sequence[str], extras: Sequence[int], side: Side
) -> Iterator[tuple[int, Padded, Padded]]:
    """More and more padding: (extra, with the mask, without it), each measured when asked for."""
    expected = alone(bench, texts)
    for extra in extras:
        source = batch(bench, texts, extra, side)
        yield (
            extra,
            measure(bench, source, bench.native, expected),
            measure(bench, source, without_padding_mask(bench), expected),
        )


def layer_of(bench: Bench, source: Encoded, choices: Choices, layer: int) -> Run:
    """The attention of one layer over a batch."""
    stack, index = bench.shape.stack_of(layer)
    at = f"{stack}.{index}.self_attention"
    tape = Tape(keep=tuple(f"{at}.{name}" for name in ("scores", "mask", "weights")))
    return bench.run_encoded(source, choices, tape, span=Span(last=layer + 1))


def arithmetic(scores: Tensor, padding: Tensor) -> pd.DataFrame:
    """What stands for −∞, done by PyTorch in three number formats.

    scores: (keys,), one query's real scores. padding: (keys,), True on keys to be masked.
    One row per format and mask: dtype; mask: "once" or "twice" for a number that is added to the
    scores so often, as where a padding and a causal mask meet, "boolean" for a mask that PyTorch's
    own attention is given; fill: the number as written, becomes: what it adds up to in this
    format, both None for a boolean mask; accepted: whether `masked_fill` takes the number;
    padding: the weight left on the padding; lowest and highest: of the weights (keys,) when every
    key is masked, NaN where softmax gave NaN. The last row, mask "rule", is this project's softmax.
    """
    everything = torch.ones_like(padding)
    rows = []

    def note(mask: str, dtype: str, weights: Callable[[Tensor], Tensor], **more: object) -> None:
        partly, whole = weights(padding), weights(everything).float()  # (keys,) each
        rows.append(
            {
                "dtype": dtype,
                "mask": mask,
                "fill": None,
                "becomes": None,
                "accepted": True,
                "padding": float(partly[padding].float().sum()),
                "lowest": float(whole.min()),
                "highest": float(whole.max()),
            }
            | more
        )

    for name, dtype in DTYPES.items():
        row, least = scores.to(dtype), torch.finfo(dtype).min
        for mask, fill in [
            *(("once", fill) for fill in (*FILLS, least)),
            ("twice", least),
            ("once", float("-inf")),
        ]:
            value = torch.tensor(fill).to(dtype)
            added = row + value if mask == "once" else row + value + value
            note(
                mask,
                name,
                lambda hidden, row=row, added=added: torch.where(hidden, added, row).softmax(-1),
                fill=fill,
                becomes=float(value if mask == "once" else value + value),
                accepted=_accepts(row, fill),
            )
        note("boolean", name, lambda hidden, row=row: _by_pytorch(row, ~hidden))
    note(
        "rule",
        str(scores.dtype).removeprefix("torch."),
        lambda hidden: masked_softmax(scores[None, None, None], ~hidden[None, None, None])[0, 0, 0],
    )
    return pd.DataFrame(rows)


def _by_pytorch(scores: Tensor, allowed: Tensor) -> Tensor:
    """The weights (keys,) of PyTorch's own attention under a boolean mask (keys,), True: may
    attend. With a query of 1, the scores as keys and one-hot values its output is the weights."""
    query, values = scores.new_ones(1, 1, 1, 1), torch.eye(len(scores), dtype=scores.dtype)
    return F.scaled_dot_product_attention(
        query,
        scores[None, None, :, None],
        values[None, None],
        attn_mask=allowed[None, None, None],
        scale=1.0,
    )[0, 0, 0]


def _accepts(row: Tensor, fill: float) -> bool:
    """Whether PyTorch writes this number into such a tensor."""
    try:
        row.masked_fill(torch.ones_like(row, dtype=torch.bool), fill)
    except RuntimeError:
        return False
    return True
