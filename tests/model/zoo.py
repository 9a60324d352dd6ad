"""Small models with random weights, and hypothesis strategies for their shapes and choices."""

from dataclasses import replace
from typing import Any, get_args

import torch
from hypothesis import strategies as st
from torch import Tensor

from model.choices import Choices, legal, native_choices
from model.shape import Activation, Norm, Place, Positions, Shape
from model.transformer import Transformer

MASKS = (
    "native",
    "none",
    "padding",
    "causal",
    "window",
    "prefix",
    "padding+causal",
    "padding+window",
    "padding+prefix",
    "padding+prefix+window",
    "padding+causal+window",
)


def tiny(**fields: Any) -> Shape:
    """An encoder of two layers, 4 heads, width 8, unless `fields` say otherwise."""
    shape: dict[str, Any] = {
        "vocab_size": 17,
        "d_model": 8,
        "n_heads": 4,
        "d_ff": 12,
        "encoder_layers": 2,
        "context": 40,
    }
    return Shape(**shape | fields)


def grown(shape: Shape, seed: int = 0, dtype: torch.dtype = torch.float64) -> Transformer:
    """A Transformer none of whose weights has a special value: gains are not 1, biases not 0, so
    that one left out or swapped shows. float64, so that comparisons can be strict."""
    model = Transformer(shape)
    dice = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(0, 0.6, generator=dice)
            if name.endswith("gain"):
                weight.add_(1.0)
    return model.requires_grad_(False).to(dtype)


def words(shape: Shape, batch: int, length: int, seed: int = 0) -> Tensor:
    """Random token ids (batch, length)."""
    dice = torch.Generator().manual_seed(seed)
    return torch.randint(0, shape.vocab_size, (batch, length), generator=dice)


def real(*lengths: int) -> Tensor:
    """(batch, longest): True on the first so many positions of each row."""
    return torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


@st.composite
def shapes(draw: st.DrawFn, kinds: tuple[str, ...] = ("encoder", "decoder", "both")) -> Shape:
    """Any kind of Transformer, small."""
    kind = draw(st.sampled_from(kinds))
    n_heads = draw(st.sampled_from((1, 2, 3, 4)))
    d_head = draw(st.sampled_from((2, 3, 4)))
    schemes: list[Positions] = [
        name for name in get_args(Positions) if name != "rope" or d_head % 2 == 0
    ]
    return Shape(
        vocab_size=11,
        d_model=draw(st.sampled_from((6, 7, n_heads * d_head))),
        n_heads=n_heads,
        n_kv_heads=draw(st.sampled_from([n for n in range(1, n_heads + 1) if n_heads % n == 0])),
        d_head=d_head,
        d_ff=draw(st.integers(1, 9)),
        encoder_layers=draw(st.integers(1, 2)) if kind != "decoder" else 0,
        decoder_layers=draw(st.integers(1, 2)) if kind != "encoder" else 0,
        context=30,
        positions=draw(st.sampled_from(schemes)),
        first_position=draw(st.sampled_from((0, 2))),
        token_types=draw(st.sampled_from((0, 2))),
        embedding_norm=draw(st.booleans()),
        embedding_multiplier=draw(st.sampled_from((1.0, 2.5))),
        relative_buckets=draw(st.sampled_from((8, 32))),
        relative_reach=draw(st.sampled_from((20, 128))),
        norm=draw(st.sampled_from(get_args(Norm))),
        norm_place=draw(st.sampled_from(get_args(Place))),
        norm_epsilon=draw(st.sampled_from((1e-5, 1e-2))),
        norm_bias=draw(st.booleans()),
        final_norm=draw(st.booleans()),
        activation=draw(st.sampled_from(get_args(Activation))),
        additive_score=draw(st.booleans()),
        window=draw(st.sampled_from((0, 2))),
        query_bias=draw(st.booleans()),
        output_bias=draw(st.booleans()),
        feed_forward_bias=draw(st.booleans()),
        head=draw(st.sampled_from(("none", "lm", "mlm"))),
        head_bias=draw(st.booleans()),
        tied_head=draw(st.booleans()),
        head_activation=draw(st.sampled_from(("relu", "gelu"))),
    )


@st.composite
def choices_for(draw: st.DrawFn, shape: Shape) -> Choices:
    """Choices that `legal` permits on this shape, any number of switches thrown."""
    native = native_choices(shape)
    thrown: dict[str, Any] = {}
    for name, options in legal(shape).items():
        if draw(st.booleans()):
            permitted = [value for value, reason in options.items() if reason is None]
            thrown[name] = draw(st.sampled_from(permitted))
    pairs = st.lists(
        st.tuples(st.integers(0, shape.n_layers - 1), st.integers(0, shape.n_heads - 1)),
        max_size=2,
    )
    thrown |= {
        "mask": draw(st.sampled_from(MASKS)),
        "window": draw(st.integers(1, 4)),
        "prefix": draw(st.integers(0, 4)),
        "scaled": draw(st.booleans()),
        "temperature": draw(st.sampled_from((1.0, 0.5, 3.0))),
        "tied": draw(st.booleans()),
        "offset": draw(st.sampled_from((0, 3))),
        "multiplier": draw(st.sampled_from((1.0, 2.0))),
        "ablated": tuple(draw(pairs)),
    }
    if shape.kind == "encoder-decoder":
        thrown["ablated_cross"] = tuple(
            pair for pair in draw(pairs) if pair[0] >= shape.encoder_layers
        )
    if draw(st.booleans()):
        thrown["layers"] = tuple(draw(st.sets(st.integers(0, shape.n_layers - 1))))
        if {thrown.get("positions"), native.positions} & {"learned", "sinusoidal"}:
            thrown.pop("positions", None)  # absolute positions are switched for all layers or none
    return replace(native, **thrown)
