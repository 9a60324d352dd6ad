"""Shapes: what they complete, count and refuse."""

from typing import Any, cast, get_args

import pytest

from model.errors import ModelError
from model.fresh import blank, initialised
from model.shape import Place, Shape, norms_first
from model.transformer import Transformer
from tests.model.zoo import tiny


def test_widths_left_out_are_filled_in() -> None:
    shape = tiny(d_model=12, n_heads=3)
    assert (shape.n_kv_heads, shape.d_head) == (3, 4)
    assert tiny(n_kv_heads=2, d_head=5).d_head == 5
    assert hash(tiny()) == hash(tiny(n_kv_heads=4, d_head=2))


@pytest.mark.parametrize(
    ("layers", "kind"), [((2, 0), "encoder"), ((0, 2), "decoder"), ((1, 1), "encoder-decoder")]
)
def test_kinds(layers: tuple[int, int], kind: str) -> None:
    shape = tiny(encoder_layers=layers[0], decoder_layers=layers[1])
    assert shape.kind == kind
    assert shape.n_layers == 2
    cross = [layer.cross_attention is not None for layer in Transformer(shape).decoder]
    assert cross == [kind == "encoder-decoder"] * layers[1]


def test_layers_count_through_both_stacks() -> None:
    shape = tiny(encoder_layers=2, decoder_layers=3)
    named = [shape.stack_of(layer) for layer in range(5)]
    assert named == [("encoder", 0), ("encoder", 1), *(("decoder", i) for i in range(3))]
    for outside in (-1, 5):
        with pytest.raises(IndexError):
            shape.stack_of(outside)


@pytest.mark.parametrize("fields", [{"n_kv_heads": 3}, {"d_ff": 0}, {"vocab_size": 0}])
def test_widths_that_do_not_fit(fields: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        tiny(**fields)


def parameters(shape: Shape) -> int:
    return sum(weight.numel() for weight in blank(shape).parameters())


def test_parameters_of_a_bert_by_the_books() -> None:
    d, ff, layers, vocabulary, context = 384, 1536, 6, 30_522, 512
    shape = Shape(
        vocab_size=vocabulary,
        d_model=d,
        n_heads=12,
        d_ff=ff,
        encoder_layers=layers,
        context=context,
        token_types=2,
        embedding_norm=True,
    )
    tables = (vocabulary + context + 2) * d + 2 * d
    layer = 4 * (d * d + d) + (d * ff + ff) + (ff * d + d) + 2 * 2 * d
    # all-MiniLM-L6-v2 without its pooler: 22,565,376
    assert parameters(shape) == tables + layers * layer == 22_565_376


def test_parameters_of_a_llama_by_the_books() -> None:
    d, ff, layers, vocabulary, kv = 576, 1536, 30, 49_152, 3 * 64
    shape = Shape(
        vocab_size=vocabulary,
        d_model=d,
        n_heads=9,
        n_kv_heads=3,
        d_ff=ff,
        decoder_layers=layers,
        positions="rope",
        norm="rms",
        norm_place="pre",
        norm_bias=False,
        final_norm=True,
        activation="swiglu",
        query_bias=False,
        output_bias=False,
        feed_forward_bias=False,
        head="lm",
    )
    layer = 2 * d * d + 2 * d * kv + 3 * d * ff + 2 * d
    # SmolLM2-135M: 134,515,008
    assert parameters(shape) == vocabulary * d + layers * layer + d == 134_515_008


def test_fresh_weights_depend_on_the_seed_alone() -> None:
    one, again, other = (initialised(tiny(), seed) for seed in (1, 1, 2))
    states = one.state_dict(), again.state_dict(), other.state_dict()
    for name in states[0]:
        a, b, c = (state[name] for state in states)
        assert a.equal(b)
        if a.dim() > 1:
            assert not a.equal(c)
            assert 0.01 < float(a.std()) < 0.03
            assert abs(float(a.mean())) < 0.01
        else:
            assert a.unique().tolist() == [1.0 if name.endswith("gain") else 0.0]


def test_a_third_place_of_the_norm_is_an_error_where_places_are_told_apart() -> None:
    assert [norms_first(place) for place in get_args(Place)] == [True, False]
    with pytest.raises(AssertionError, match="sandwich"):
        norms_first(cast(Any, "sandwich"))
    shape = tiny(norm_place="sandwich")
    with pytest.raises(ModelError):
        Transformer(shape)
