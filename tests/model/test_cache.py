"""Going on from a cache gives what the whole pass gives, or an error that says why it cannot."""

from dataclasses import replace

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from model.cache import Cache
from model.choices import Choices, native_choices
from model.errors import ModelError
from model.shape import Shape
from model.tape import Tape
from model.transformer import Transformer
from tests.model.zoo import choices_for, grown, real, shapes, tiny, words

N, BATCH = 7, 2
CACHEABLE = ("native", "causal", "padding+causal", "padding+causal+window", "causal+window")


def stepwise(
    model: Transformer,
    ids: Tensor,
    cuts: list[int],
    choices: Choices,
    seen: Tensor | None = None,
    source: Tensor | None = None,
    source_real: Tensor | None = None,
) -> Tensor:
    """Logits of ids (batch, n), read in pieces that end at `cuts`, from one cache."""
    cache, pieces = Cache(), []
    for start, end in zip([0, *cuts], [*cuts, ids.shape[1]], strict=True):
        new, new_real = ids[:, start:end], None if seen is None else seen[:, start:end]
        pieces.append(whole(model, new, choices, new_real, source, source_real, cache))
        assert cache.length == end
    return torch.cat(pieces, dim=1)


def whole(
    model: Transformer,
    ids: Tensor,
    choices: Choices,
    seen: Tensor | None = None,
    source: Tensor | None = None,
    source_real: Tensor | None = None,
    cache: Cache | None = None,
) -> Tensor:
    if source is None:
        return model(ids, seen, choices=choices, cache=cache)
    return model(source, source_real, target=ids, target_real=seen, choices=choices, cache=cache)


def code(call: object, *arguments: object, **named: object) -> str:
    assert callable(call)
    with pytest.raises(ModelError) as caught:
        call(*arguments, **named)
    return caught.value.code


@settings(max_examples=150)
@given(data=st.data())
def test_pieces_from_a_cache_are_the_whole_pass(data: st.DataObject) -> None:
    shape = data.draw(shapes(("decoder", "both")))
    assume(shape.norm != "batch")
    choices = data.draw(choices_for(shape))
    mask = data.draw(st.sampled_from((*CACHEABLE, "prefix", "padding+prefix+window")))
    norm = data.draw(st.sampled_from(("layer", "rms", "none")))
    choices = replace(choices, mask=mask, norm=norm)
    cuts = sorted(data.draw(st.sets(st.integers(1, N - 1), max_size=N - 1)))
    if "prefix" in mask and cuts:  # the first call reads all of what everyone sees
        assume(cuts[0] >= choices.prefix)
    model, ids, seen = grown(shape), words(shape, BATCH, N), real(N, 4)
    if data.draw(st.booleans()):
        seen = seen.flip(1)  # padding on the left
    source = source_real = None
    if shape.kind == "encoder-decoder":
        source, source_real = words(shape, BATCH, 5, seed=1), real(5, 3)
    want = whole(model, ids, choices, seen, source, source_real)
    got = stepwise(model, ids, cuts, choices, seen, source, source_real)
    torch.testing.assert_close(got, want, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize(
    "positions", ["none", "learned", "sinusoidal", "rope", "alibi", "relative", "xl"]
)
@pytest.mark.parametrize("encoder_layers", [0, 1])
def test_every_position_scheme_token_by_token(positions: str, encoder_layers: int) -> None:
    """Named one by one, so that none depends on what hypothesis draws."""
    shape = tiny(
        positions=positions, encoder_layers=encoder_layers, decoder_layers=2, head="lm", window=3
    )
    model, ids, native = grown(shape), words(shape, BATCH, N), native_choices(shape)
    source = words(shape, BATCH, 5, seed=1) if encoder_layers else None
    want = whole(model, ids, native, source=source)
    got = stepwise(model, ids, list(range(1, N)), native, source=source)
    torch.testing.assert_close(got, want, atol=1e-10, rtol=1e-10)
    # and it is not for want of any effect: the past matters
    alone = whole(model, ids[:, -1:], native, source=source)
    assert (alone[:, -1] - want[:, -1]).abs().max() > 1e-3


def test_with_grouped_queries_each_key_and_value_is_kept_once() -> None:
    def kept(**fields: int) -> int:
        model = grown(tiny(encoder_layers=0, decoder_layers=2, n_heads=4, **fields))
        cache = Cache()
        for ids in words(model.shape, BATCH, 6).split(2, dim=1):
            model(ids, cache=cache)
        return cache.bytes

    # layers · (keys, values) · batch · tokens · width · 8 bytes
    assert kept(n_kv_heads=1) == 2 * 2 * BATCH * 6 * 2 * 8
    assert kept() == 4 * kept(n_kv_heads=1)


def test_the_encoder_runs_once_and_its_output_is_projected_once() -> None:
    model = grown(tiny(decoder_layers=1))
    source, target, cache = words(model.shape, 1, 5), words(model.shape, 1, 3), Cache()
    sites = []
    for i in range(3):
        tape = Tape()
        model(source, target=target[:, i : i + 1], cache=cache, tape=tape)
        sites.append(tape.kept)
        assert tape.kept["decoder.0.self_attention.weights"].shape == (1, 4, 1, i + 1)
        assert tape.kept["decoder.0.cross_attention.weights"].shape == (1, 4, 1, 5)
        # layers · (keys, values) · tokens, own and the encoder's · width · 8 bytes
        assert cache.bytes == 1 * 2 * (i + 1 + 5) * 8 * 8
    assert "encoder.0.input" in sites[0]
    assert not any(site.startswith("encoder") for kept in sites[1:] for site in kept)


def test_rows_that_are_selected_go_on_as_themselves() -> None:
    model = grown(tiny(decoder_layers=2, positions="rope", head="lm"))
    source, ids = words(model.shape, 3, 4, seed=1), words(model.shape, 3, 6)
    native, cache, order = model.native, Cache(), torch.tensor([2, 0, 2, 1])
    whole(model, ids[:, :4], native, source=source, cache=cache)
    chosen = cache.select(order)
    got = whole(model, ids[order, 4:], native, source=source[order], cache=chosen)
    want = whole(model, ids, native, source=source)
    torch.testing.assert_close(got, want[order, 4:], atol=1e-10, rtol=1e-10)
    assert (cache.length, chosen.length) == (4, 6)
    again = whole(model, ids[:, 4:], native, source=source, cache=cache)
    torch.testing.assert_close(again, want[:, 4:], atol=1e-10, rtol=1e-10)


def test_a_call_that_raised_leaves_the_cache_as_it_was() -> None:
    model = grown(tiny(encoder_layers=0, decoder_layers=2, head="lm"))
    ids, cache = words(model.shape, 1, 6), Cache()
    model(ids[:, :3], cache=cache)
    unused = Tape(edits={"no.such.site": lambda x: x})
    assert code(model, ids[:, 3:5], cache=cache, tape=unused) == "edit-unused"
    assert cache.length == 3
    got = model(ids[:, 3:], cache=cache)
    torch.testing.assert_close(got, model(ids)[:, 3:], atol=1e-10, rtol=1e-10)


def test_an_edit_of_keys_acts_on_the_earlier_ones_too_and_is_not_kept() -> None:
    model = grown(tiny(encoder_layers=0, decoder_layers=2, positions="rope", head="lm"))
    ids, cache = words(model.shape, 1, 5), Cache()

    def halved() -> Tape:
        return Tape(edits={"*.keys": lambda keys: keys / 2})

    pieces = [model(ids[:, i : i + 1], cache=cache, tape=halved()) for i in range(5)]
    want = model(ids, tape=halved())
    torch.testing.assert_close(torch.cat(pieces, 1), want, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("mask", ["none", "padding", "window", "padding+window"])
def test_a_mask_that_shows_the_future_cannot_be_cached(mask: str) -> None:
    model = grown(tiny(encoder_layers=0, decoder_layers=2))
    choices = replace(model.native, mask=mask)
    ids = words(model.shape, 1, 3)
    assert code(model, ids, choices=choices, cache=Cache()) == "cache-future"
    one_layer = replace(choices, layers=(1,))
    assert code(model, ids, choices=one_layer, cache=Cache()) == "cache-future"
    model(ids, choices=replace(choices, layers=()), cache=Cache())  # thrown nowhere


def test_a_prefix_must_have_been_read_whole() -> None:
    model = grown(tiny(encoder_layers=0, decoder_layers=1))
    choices, cache = replace(model.native, mask="prefix", prefix=3), Cache()
    model(words(model.shape, 1, 2), choices=choices, cache=cache)
    ids = words(model.shape, 1, 1)
    assert code(model, ids, choices=choices, cache=cache) == "cache-future"


def test_batch_norm_cannot_be_cached_but_in_an_encoder() -> None:
    shape = tiny(decoder_layers=1)
    model, ids = grown(shape), words(shape, 1, 3)
    batch = replace(model.native, norm="batch")
    assert code(model, ids, target=ids, choices=batch, cache=Cache()) == "cache-batch-norm"
    encoder = replace(batch, layers=(0, 1))
    want = model(ids, target=ids, choices=encoder)
    got = stepwise(model, ids, [1, 2], encoder, source=ids)
    torch.testing.assert_close(got, want, atol=1e-10, rtol=1e-10)
    native: Shape = tiny(encoder_layers=0, decoder_layers=1, norm="batch", head="mlm")
    outside = replace(native_choices(native), norm="layer")  # all but the head's norm
    assert code(grown(native), ids, choices=outside, cache=Cache()) == "cache-batch-norm"


def test_a_cache_is_for_one_batch_one_source_and_one_set_of_choices() -> None:
    model = grown(tiny(decoder_layers=1))
    ids, other, cache = words(model.shape, 2, 3), words(model.shape, 2, 3, seed=5), Cache()
    model(ids, target=ids, cache=cache)
    before = cache.bytes

    def differs(what: str, source: Tensor, target: Tensor, choices: Choices) -> None:
        with pytest.raises(ModelError) as caught:
            model(source, target=target, choices=choices, cache=cache)
        assert (caught.value.code, caught.value.fields["what"]) == ("cache-differs", what)

    differs("batch", ids[:1], ids[:1], model.native)
    differs("choices", ids, ids, replace(model.native, scaled=False))
    differs("source", other, ids, model.native)
    assert (cache.length, cache.bytes) == (3, before)


@pytest.mark.parametrize("site", ["encoder.output", "decoder.0.input", "decoder.0.*.content_keys"])
def test_what_an_edit_made_many_rows_of_is_not_cached(site: str) -> None:
    model = grown(tiny(decoder_layers=1, d_model=8, d_head=2, positions="rope"))
    ids, edits = words(model.shape, 1, 3), {site: lambda rows: torch.cat([rows, rows])}
    calls = {"target": ids, "tape": Tape(edits=edits), "cache": Cache()}
    assert code(model, ids, **calls) == "cache-differs"


def test_an_encoder_has_nothing_to_cache() -> None:
    model = grown(tiny())
    assert code(model, words(model.shape, 1, 3), cache=Cache()) == "cache-no-decoder"


def test_learned_positions_end_with_their_table() -> None:
    model = grown(tiny(encoder_layers=0, decoder_layers=1, context=4))
    ids, cache = words(model.shape, 1, 5), Cache()
    model(ids[:, :4], cache=cache)
    with pytest.raises(ModelError) as caught:
        model(ids[:, 4:], cache=cache)
    assert caught.value.code == "past-positions"
    assert caught.value.fields["last"] == 4


@pytest.mark.parametrize("mask", ["prefix", "padding+prefix", "prefix+window"])
def test_going_on_from_exactly_what_everyone_sees(mask: str) -> None:
    """The prefix is whole with its last token: one token fewer, and it would have changed."""
    model = grown(tiny(encoder_layers=0, decoder_layers=2, head="lm"))
    ids, choices = words(model.shape, BATCH, N), replace(model.native, mask=mask, prefix=4)
    want = whole(model, ids, choices)
    for cut in (4, 5):
        torch.testing.assert_close(
            stepwise(model, ids, [cut], choices), want, atol=1e-10, rtol=1e-10
        )
    assert code(stepwise, model, ids, [3], choices) == "cache-future"
