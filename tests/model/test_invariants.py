"""What must hold for every model of a kind, whatever its weights."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from model.choices import native_choices
from model.shape import Shape
from model.tape import Tape
from model.transformer import Transformer
from tests.model.zoo import choices_for, grown, real, shapes, tiny, words

SCHEMES = ("learned", "sinusoidal", "relative", "xl", "rope", "alibi")
ABSOLUTE = ("learned", "sinusoidal")
some = settings(max_examples=25)


def far(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() > 1e-3)


def changed(ids: Tensor, column: int, by: int, shape: Shape) -> Tensor:
    """The same ids, but for one column, where none stays what it was."""
    ids = ids.clone()
    ids[:, column] = (ids[:, column] + by) % shape.vocab_size
    return ids


@some
@given(data=st.data())
def test_without_positions_and_mask_the_order_of_tokens_is_not_seen(data: st.DataObject) -> None:
    shape = data.draw(shapes(("encoder", "decoder")))
    drawn = data.draw(choices_for(shape))
    choices = replace(drawn, layers=None, positions="none", mask="none")
    order = data.draw(st.permutations(range(6)))
    model, ids = grown(shape), words(shape, 2, 6)
    one, other = model(ids, choices=choices), model(ids[:, order], choices=choices)
    torch.testing.assert_close(one[:, order], other)


@pytest.mark.parametrize("positions", SCHEMES)
def test_with_positions_the_order_of_tokens_is_seen(positions: str) -> None:
    shape = tiny(positions=positions)
    model, ids = grown(shape), words(shape, 1, 6)
    order = [1, 0, 2, 3, 5, 4]  # no mere reversal: to ALiBi's |i - j| both directions are one
    assert far(model(ids)[:, order], model(ids[:, order]))
    blind = replace(native_choices(shape), positions="none")
    one, other = model(ids, choices=blind), model(ids[:, order], choices=blind)
    torch.testing.assert_close(one[:, order], other)


@pytest.mark.parametrize("positions", ["relative", "xl", "rope", "alibi"])
def test_positions_act_within_a_stack_and_never_across(positions: str) -> None:
    shape = tiny(decoder_layers=1, positions=positions)
    model, ids, target = grown(shape), words(shape, 1, 6), words(shape, 1, 4, seed=1)
    order = [1, 0, 2, 3, 5, 4]
    blind = replace(native_choices(shape), positions="none", layers=(0, 1))  # the encoder's
    one = model(ids, target=target, choices=blind)
    torch.testing.assert_close(one, model(ids[:, order], target=target, choices=blind))
    assert far(model(ids, target=target), model(ids[:, order], target=target))


@some
@given(data=st.data())
def test_nothing_leaks_through_a_causal_mask(data: st.DataObject) -> None:
    shape = data.draw(shapes(("decoder", "both")))
    choices = data.draw(choices_for(shape))
    causal = st.sampled_from(("native", "causal", "padding+causal", "causal+window"))
    # BatchNorm's statistics run over all positions, the later ones included
    norm = data.draw(st.sampled_from(("layer", "rms", "none")))
    choices = replace(choices, mask=data.draw(causal), norm=norm)
    assume(shape.norm != "batch")
    model, t = grown(shape), data.draw(st.integers(1, 5))
    ids, source = words(shape, 2, 6), words(shape, 2, 4, seed=1)
    later = ids
    for column in range(t, 6):
        later = changed(later, column, data.draw(st.integers(1, 10)), shape)

    def outputs(tokens: Tensor) -> Tensor:
        if shape.kind == "decoder":
            return model(tokens, choices=choices)
        return model(source, target=tokens, choices=choices)

    assert torch.equal(outputs(ids)[:, :t], outputs(later)[:, :t])


@pytest.mark.parametrize("mask", ["none", "padding", "window"])
def test_without_a_causal_mask_it_leaks(mask: str) -> None:
    shape = tiny(encoder_layers=0, decoder_layers=2)
    model, ids = grown(shape), words(shape, 1, 6)
    choices = replace(native_choices(shape), mask=mask, window=3)
    later = changed(ids, 4, 1, shape)
    moved = (model(ids, choices=choices) - model(later, choices=choices)).abs().sum(-1)[0]
    assert (moved > 1e-3).all()  # a window of 3 reaches four tokens far through two layers


def test_batch_norm_leaks_through_a_causal_mask() -> None:
    shape = tiny(encoder_layers=0, decoder_layers=2)
    model, ids = grown(shape), words(shape, 1, 6)
    later = changed(ids, 5, 1, shape)
    batch = replace(native_choices(shape), norm="batch")
    assert far(model(ids, choices=batch)[:, :5], model(later, choices=batch)[:, :5])
    assert torch.equal(model(ids)[:, :5], model(later)[:, :5])


def test_a_prefix_is_seen_by_all_and_the_rest_is_causal() -> None:
    shape = tiny(encoder_layers=0, decoder_layers=1)
    model, ids = grown(shape), words(shape, 1, 6)
    choices = replace(native_choices(shape), mask="prefix", prefix=3)

    def moved_by(column: int) -> list[bool]:
        later = changed(ids, column, 1, shape)
        gap = (model(ids, choices=choices) - model(later, choices=choices)).abs().sum(-1)[0]
        return (gap > 0).tolist()

    assert moved_by(2) == [True] * 6
    assert moved_by(3) == [False] * 3 + [True] * 3
    assert moved_by(5) == [False] * 5 + [True]


@some
@given(data=st.data())
def test_padding_has_no_effect(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    masks = st.sampled_from(("native", "padding", "padding+causal", "padding+window"))
    norm = data.draw(st.sampled_from(("layer", "rms", "none")))
    choices = replace(data.draw(choices_for(shape)), mask=data.draw(masks), norm=norm)
    assume(shape.norm != "batch")
    model, n = grown(shape), data.draw(st.integers(1, 4))
    ids, more = words(shape, 2, n), data.draw(st.integers(1, 3))
    padded = torch.cat([ids, words(shape, 2, more, seed=1)], dim=1)
    seen = real(n, n + more)[:1].expand(2, -1)
    if shape.kind == "encoder-decoder":
        one = model(ids, target=ids, choices=choices)
        other = model(padded, seen, target=padded, target_real=seen, choices=choices)
    else:
        one, other = model(ids, choices=choices), model(padded, seen, choices=choices)
    torch.testing.assert_close(one, other[:, :n])


@pytest.mark.parametrize("mask", ["none", "window"])
def test_padding_has_an_effect_where_it_is_not_masked(mask: str) -> None:
    shape = tiny()
    model, ids, seen = grown(shape), words(shape, 1, 6), real(6, 4)[1:]
    choices = replace(native_choices(shape), mask=mask, window=3)
    assert far(model(ids[:, :4], choices=choices), model(ids, seen, choices=choices)[:, :4])


@pytest.mark.parametrize(("norm", "moved"), [("layer", False), ("rms", False), ("batch", True)])
def test_only_batch_norm_is_moved_by_another_sentence(norm: str, moved: bool) -> None:
    shape = tiny()
    model, ids = grown(shape), words(shape, 2, 6)
    choices = replace(native_choices(shape), norm=norm)
    other = ids.clone()
    other[1] = (other[1] + 1) % shape.vocab_size
    one, two = model(ids, choices=choices)[0], model(other, choices=choices)[0]
    assert far(one, two) if moved else torch.equal(one, two)


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
@pytest.mark.parametrize("positions", [*SCHEMES, "none"])
def test_an_offset_moves_absolute_positions_alone(positions: str, kind: str) -> None:
    layers = {"encoder_layers": 0, "decoder_layers": 2} if kind == "decoder" else {}
    shape = tiny(positions=positions, d_head=8, **layers)  # several rates of rotation
    model, ids = grown(shape), words(shape, 1, 6)
    native = native_choices(shape)
    for offset in (1, 30):
        here, there = Tape(), Tape()
        one = model(ids, choices=native, tape=here)
        two = model(ids, choices=replace(native, offset=offset), tape=there)
        site = f"{kind}.1.self_attention.weights"
        weights = here.kept[site], there.kept[site]
        if positions in ABSOLUTE:
            assert far(one, two)
            assert far(*weights)
        else:
            torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-5)
            torch.testing.assert_close(*weights, rtol=1e-5, atol=1e-5)


@some
@given(data=st.data())
def test_ablating_every_head_of_a_layer_leaves_its_head_outputs_zero(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    layer = data.draw(st.integers(0, shape.n_layers - 1))
    heads = tuple((layer, head) for head in range(shape.n_heads))
    drawn = data.draw(choices_for(shape))
    # with no residual the stream itself would be 0 from here on
    choices, tape = replace(drawn, ablated=heads, residual="both"), Tape()
    grown(shape)(words(shape, 2, 4), choices=choices, tape=tape)
    stack, index = shape.stack_of(layer)
    assert not tape.kept[f"{stack}.{index}.self_attention.head_outputs"].any()
    others = [site for site in tape.kept if site.endswith("self_attention.head_outputs")]
    for site in set(others) - {f"{stack}.{index}.self_attention.head_outputs"}:
        assert tape.kept[site].any()


@some
@given(data=st.data())
def test_layers_before_the_first_changed_one_stay_native(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    native = native_choices(shape)
    first = data.draw(st.integers(0, shape.n_layers))
    drawn = data.draw(choices_for(shape))
    positions = drawn.positions if drawn.layers is not None else native.positions
    choices = replace(
        drawn,
        layers=tuple(range(first, shape.n_layers)),
        positions=positions,
        offset=0,
        multiplier=native.multiplier,
        ablated=(),
        ablated_cross=(),
    )
    model, ids = grown(shape), words(shape, 2, 4)
    one, two = Tape(), Tape()
    outputs = model(ids, tape=one), model(ids, choices=choices, tape=two)
    before = {f"{stack}.{i}." for stack, i in map(shape.stack_of, range(first))}
    sites = [site for site in one.kept if site.startswith(tuple(before))]
    assert bool(sites) == (first > 0)
    for site in sites:
        assert torch.equal(one.kept[site], two.kept[site])
    if first == shape.n_layers:
        assert torch.equal(*outputs)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mask", "causal"),
        ("score", "cosine"),
        ("scaled", False),
        ("temperature", 2.0),
        ("tied", True),
        ("norm", "rms"),
        ("place", "pre"),
        ("residual", "none"),
        ("activation", "relu"),
        ("positions", "alibi"),
    ],
)
def test_a_switch_thrown_in_one_layer_is_thrown_there(field: str, value: Any) -> None:
    shape = tiny(encoder_layers=3, positions="rope" if field == "positions" else "learned")
    model, ids = grown(shape), words(shape, 1, 6)
    native = native_choices(shape)
    thrown = replace(native, **{field: value})
    outputs = [model(ids, choices=replace(thrown, layers=only)) for only in ((0,), (1,), (0, 1, 2))]
    outputs += [model(ids), model(ids, choices=replace(thrown, layers=(0, 2)))]
    for i, one in enumerate(outputs):
        for other in outputs[:i]:
            assert far(one, other)


@pytest.mark.parametrize("n_kv_heads", [1, 2])
def test_grouped_queries_are_full_attention_with_repeated_keys_and_values(n_kv_heads: int) -> None:
    grouped = grown(tiny(n_kv_heads=n_kv_heads))
    weights = grouped.state_dict()
    for name, weight in weights.items():
        if ".keys." in name or ".values." in name:
            heads = weight.unflatten(0, (n_kv_heads, -1))
            weights[name] = heads.repeat_interleave(4 // n_kv_heads, 0).flatten(0, 1)
    full = Transformer(tiny()).double()
    full.load_state_dict(weights)
    ids = words(grouped.shape, 2, 5)
    torch.testing.assert_close(grouped(ids), full(ids))
