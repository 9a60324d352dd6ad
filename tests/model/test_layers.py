"""Layers and whole models against PyTorch's own Transformer, with the same weights."""

from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from model.shape import Shape
from model.transformer import Transformer
from tests.model.zoo import grown, real, tiny, words

PARTS = ("queries", "keys", "values")
Act = Literal["relu", "gelu"]


def attention(ours: dict[str, Tensor], at: str, into: str) -> dict[str, Tensor]:
    return {
        f"{into}.in_proj_weight": torch.cat([ours[f"{at}.{part}.weight"] for part in PARTS]),
        f"{into}.in_proj_bias": torch.cat([ours[f"{at}.{part}.bias"] for part in PARTS]),
        f"{into}.out_proj.weight": ours[f"{at}.output.weight"],
        f"{into}.out_proj.bias": ours[f"{at}.output.bias"],
    }


def layer(
    ours: dict[str, Tensor], at: str, into: str = "", cross: bool = False
) -> dict[str, Tensor]:
    """The weights of one of our layers under the names of PyTorch's."""
    norms = {"attention_norm": "norm1", "feed_forward_norm": "norm2"}
    named = attention(ours, f"{at}.self_attention", f"{into}self_attn")
    if cross:
        norms = {"attention_norm": "norm1", "cross_norm": "norm2", "feed_forward_norm": "norm3"}
        named |= attention(ours, f"{at}.cross_attention", f"{into}multihead_attn")
    for name, theirs in norms.items():
        named[f"{into}{theirs}.weight"] = ours[f"{at}.{name}.gain"]
        named[f"{into}{theirs}.bias"] = ours[f"{at}.{name}.bias"]
    for name, theirs in {"up": "linear1", "down": "linear2"}.items():
        for kind in ("weight", "bias"):
            named[f"{into}{theirs}.{kind}"] = ours[f"{at}.feed_forward.{name}.{kind}"]
    return named


def final(ours: dict[str, Tensor], stack: str, into: str) -> dict[str, Tensor]:
    return {
        f"{into}.weight": ours[f"{stack}_norm.gain"],
        f"{into}.bias": ours[f"{stack}_norm.bias"],
    }


def embedded(model: Transformer, ids: Tensor) -> Tensor:
    return model.state_dict()["embedding.tokens.weight"][ids]


def shape_of(place: str, activation: str, **fields: int | bool) -> Shape:
    return tiny(positions="none", norm_place=place, activation=activation, **fields)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("place", ["pre", "post"])
def test_encoder_layer(place: str, activation: Act) -> None:
    model = grown(shape_of(place, activation, encoder_layers=1))
    theirs = nn.TransformerEncoderLayer(
        8,
        4,
        12,
        dropout=0.0,
        activation=activation,
        batch_first=True,
        norm_first=place == "pre",
        dtype=torch.float64,
    )
    theirs.load_state_dict(layer(model.state_dict(), "encoder.0"))
    ids, seen = words(model.shape, 3, 6), real(6, 4, 1)
    want = theirs(embedded(model, ids), src_key_padding_mask=~seen)
    torch.testing.assert_close(model(ids, seen)[seen], want[seen])


@pytest.mark.parametrize("place", ["pre", "post"])
def test_encoder_with_its_final_norm(place: str) -> None:
    model = grown(shape_of(place, "gelu", encoder_layers=3, final_norm=True))
    one = nn.TransformerEncoderLayer(
        8,
        4,
        12,
        dropout=0.0,
        activation="gelu",
        batch_first=True,
        norm_first=place == "pre",
        dtype=torch.float64,
    )
    theirs = nn.TransformerEncoder(
        one, 3, nn.LayerNorm(8, dtype=torch.float64), enable_nested_tensor=False
    )
    ours = model.state_dict()
    state = final(ours, "encoder", "norm")
    for i in range(3):
        state |= layer(ours, f"encoder.{i}", f"layers.{i}.")
    theirs.load_state_dict(state)
    ids, seen = words(model.shape, 2, 6), real(6, 3)
    want = theirs(embedded(model, ids), src_key_padding_mask=~seen)
    torch.testing.assert_close(model(ids, seen)[seen], want[seen])


@pytest.mark.parametrize("place", ["pre", "post"])
def test_decoder_alone_is_a_causal_encoder_layer(place: str) -> None:
    model = grown(shape_of(place, "relu", encoder_layers=0, decoder_layers=1))
    theirs = nn.TransformerEncoderLayer(
        8, 4, 12, dropout=0.0, batch_first=True, norm_first=place == "pre", dtype=torch.float64
    )
    theirs.load_state_dict(layer(model.state_dict(), "decoder.0"))
    ids = words(model.shape, 2, 6)
    future = torch.ones(6, 6, dtype=torch.bool).triu(1)
    torch.testing.assert_close(model(ids), theirs(embedded(model, ids), src_mask=future))


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("place", ["pre", "post"])
def test_decoder_layer_between_encoder_and_output(place: str, activation: Act) -> None:
    model = grown(shape_of(place, activation, encoder_layers=1, decoder_layers=1))
    first = place == "pre"
    kind = {"dropout": 0.0, "batch_first": True, "dtype": torch.float64}
    encoder = nn.TransformerEncoderLayer(8, 4, 12, activation=activation, norm_first=first, **kind)
    decoder = nn.TransformerDecoderLayer(8, 4, 12, activation=activation, norm_first=first, **kind)
    ours = model.state_dict()
    encoder.load_state_dict(layer(ours, "encoder.0"))
    decoder.load_state_dict(layer(ours, "decoder.0", cross=True))
    ids, seen = words(model.shape, 2, 6), real(6, 3)
    target, target_seen = words(model.shape, 2, 5, seed=1), real(4, 5)
    memory = encoder(embedded(model, ids), src_key_padding_mask=~seen)
    want = decoder(
        embedded(model, target),
        memory,
        tgt_mask=torch.ones(5, 5, dtype=torch.bool).triu(1),
        tgt_key_padding_mask=~target_seen,
        memory_key_padding_mask=~seen,
    )
    got = model(ids, seen, target=target, target_real=target_seen)
    torch.testing.assert_close(got[target_seen], want[target_seen])


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("place", ["pre", "post"])
def test_whole_encoder_decoder(place: str, activation: Act) -> None:
    model = grown(shape_of(place, activation, encoder_layers=2, decoder_layers=3, final_norm=True))
    first = place == "pre"
    kind = {"dropout": 0.0, "batch_first": True, "dtype": torch.float64}
    one = nn.TransformerEncoderLayer(8, 4, 12, activation=activation, norm_first=first, **kind)
    norm = nn.LayerNorm(8, dtype=torch.float64)
    theirs = nn.Transformer(
        8,
        4,
        2,
        3,
        12,
        activation=activation,
        norm_first=first,
        # of its own accord it would warn of a fast path that this place of the norm has not
        custom_encoder=nn.TransformerEncoder(one, 2, norm, enable_nested_tensor=False),
        **kind,
    )
    ours = model.state_dict()
    state = final(ours, "encoder", "encoder.norm") | final(ours, "decoder", "decoder.norm")
    for i in range(2):
        state |= layer(ours, f"encoder.{i}", f"encoder.layers.{i}.")
    for i in range(3):
        state |= layer(ours, f"decoder.{i}", f"decoder.layers.{i}.", cross=True)
    theirs.load_state_dict(state)
    ids, seen = words(model.shape, 3, 7), real(7, 2, 5)
    target, target_seen = words(model.shape, 3, 5, seed=1), real(4, 5, 1)
    want = theirs(
        embedded(model, ids),
        embedded(model, target),
        tgt_mask=torch.ones(5, 5, dtype=torch.bool).triu(1),
        src_key_padding_mask=~seen,
        tgt_key_padding_mask=~target_seen,
        memory_key_padding_mask=~seen,
    )
    got = model(ids, seen, target=target, target_real=target_seen)
    torch.testing.assert_close(got[target_seen], want[target_seen])


def test_an_encoder_decoder_without_target_reads_its_source_twice_padding_included() -> None:
    model = grown(tiny(decoder_layers=1, positions="sinusoidal"))
    ids, seen = words(model.shape, 2, 5), real(5, 2)
    got = model(ids, seen)
    assert torch.equal(got, model(ids, seen, target=ids, target_real=seen))
    assert not torch.equal(got, model(ids, seen, target=ids))


def test_logits_of_a_tied_and_of_an_untied_head() -> None:
    ids = words(tiny(), 2, 5)
    for tied in (True, False):
        shape = tiny(head="lm", head_bias=True, tied_head=tied)
        model = grown(shape)
        bare = Transformer(tiny(head="none")).double()
        weights = model.state_dict()
        table = weights["embedding.tokens.weight" if tied else "head.output.weight"]
        bare.load_state_dict({n: w for n, w in weights.items() if not n.startswith("head.")})
        want = torch.einsum("bnd,vd->bnv", bare(ids), table) + weights["head.bias"]
        torch.testing.assert_close(model(ids), want)
