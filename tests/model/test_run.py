"""Runs: typed views over what the tape kept, and calls resumed in the middle."""

from dataclasses import replace
from typing import cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from model.bench import Bench
from model.choices import first_difference
from model.errors import ModelError
from model.run import Encoded, Run
from model.shape import Shape
from model.tape import Tape
from tests.model.zoo import choices_for, grown, real, shapes, tiny, words
from tokenizers import Tokenizer

BOTH = tiny(
    encoder_layers=2,
    decoder_layers=1,
    token_types=2,
    embedding_norm=True,
    final_norm=True,
    activation="swiglu",
    head="lm",
)


def bench_of(shape: Shape) -> Bench:
    """A bench that is only ever given token ids."""
    return Bench("small", shape, grown(shape), cast(Tokenizer, None))


def encoded(shape: Shape, *lengths: int, seed: int = 0) -> Encoded:
    ids = words(shape, len(lengths), max(lengths), seed)
    names = [[f"t{i}" for i in row[:n]] for row, n in zip(ids.tolist(), lengths, strict=True)]
    return Encoded(ids, real(*lengths), torch.zeros_like(ids), names)


def run(shape: Shape, tape: Tape | None = None) -> Run:
    goal = encoded(shape, 3, 4, seed=1) if shape.kind == "encoder-decoder" else None
    return bench_of(shape).run_encoded(encoded(shape, 5, 2), tape=tape, goal=goal)


def test_a_run_knows_what_it_ran() -> None:
    result = run(BOTH)
    assert result.shape == BOTH
    assert result.choices == bench_of(BOTH).native
    assert [len(tokens) for tokens in result.tokens] == [5, 2]
    assert result.source.real.equal(real(5, 2))
    assert result.goal is not None
    assert [len(tokens) for tokens in result.goal.tokens] == [3, 4]
    assert result.logits is result.kept["logits"]
    assert result.logits is not None
    assert result.logits.shape == (2, 4, 17)
    assert not result.logits.requires_grad


@pytest.mark.parametrize(
    ("layer", "kind", "at", "size"),
    [
        (1, "self", "encoder.1.self_attention", (5, 5)),
        (2, "self", "decoder.0.self_attention", (4, 4)),
        (2, "cross", "decoder.0.cross_attention", (4, 5)),
    ],
)
def test_attention_views(layer: int, kind: str, at: str, size: tuple[int, int]) -> None:
    result = run(BOTH)
    view, (queries, keys) = result.attention(layer, kind), size
    for name in ("queries", "keys", "values", "raw_scores", "scores", "weights", "head_outputs"):
        assert getattr(view, name) is result.kept[f"{at}.{name}"]
    assert view.queries.shape == (2, 4, queries, 2)
    assert view.keys.shape == view.values.shape == (2, 4, keys, 2)
    for matrix in (view.raw_scores, view.scores, view.weights, view.mask):
        assert matrix.shape == view.scores_shape == (2, 4, queries, keys)
    assert view.mask.dtype == torch.bool
    assert view.mask[:, 3].equal(result.kept[f"{at}.mask"][:, 0])
    assert view.head_outputs.shape == (2, 4, queries, 2)
    assert view.output.shape == (2, queries, 8)
    assert view.content_queries is view.queries
    assert view.content_keys is view.keys
    assert view.position_bias is None
    assert view.position_scores is None
    torch.testing.assert_close(view.raw_scores, view.queries @ view.keys.mT)


@pytest.mark.parametrize("positions", ["rope", "alibi", "relative", "xl"])
def test_views_of_positions_inside_attention(positions: str) -> None:
    view = run(tiny(positions=positions)).attention(1)
    if positions == "rope":
        assert not view.content_queries.equal(view.queries)
        assert not view.content_keys.equal(view.keys)
        # nothing turns at position 0, and no vector grows by turning
        assert view.content_queries[:, :, 0].equal(view.queries[:, :, 0])
        torch.testing.assert_close(view.content_keys.norm(dim=-1), view.keys.norm(dim=-1))
        return
    content = view.queries @ view.keys.mT
    if positions == "xl":
        assert view.position_scores is not None
        torch.testing.assert_close(view.raw_scores, content + view.position_scores)
        return
    assert view.position_bias is not None
    assert view.position_bias.shape == (1, 4, 5, 5)
    scaled = view.raw_scores / 2**0.5
    torch.testing.assert_close(view.scores, scaled + view.position_bias)


def test_norm_views() -> None:
    result = run(BOTH)
    views = {
        "encoder.1.attention_norm": result.norm(1, "attention"),
        "decoder.0.cross_norm": result.norm(2, "cross"),
        "decoder.0.feed_forward_norm": result.norm(2, "feed_forward"),
        "encoder.norm": result.final_norm("encoder"),
        "decoder.norm": result.final_norm("decoder"),
    }
    for at, view in views.items():
        for name in ("input", "mean", "variance", "output"):
            assert getattr(view, name) is result.kept[f"{at}.{name}"]
        assert view.mean is not None
        assert view.mean.shape == (*view.input.shape[:2], 1)
    assert run(tiny(norm="rms")).norm(0, "attention").mean is None
    mean = run(tiny(norm="batch")).norm(0, "attention").mean
    assert mean is not None
    assert mean.shape == (1, 1, 8)
    none = run(tiny(norm="none")).norm(0, "attention")
    assert none.mean is None
    assert none.variance is None
    assert none.output.equal(none.input)


def test_feed_forward_and_embedding_views() -> None:
    result = run(BOTH)
    network = result.feed_forward(1)
    for name in ("pre_activation", "up", "post_activation", "output"):
        assert getattr(network, name) is result.kept[f"encoder.1.feed_forward.{name}"]
    assert run(tiny()).feed_forward(0).up is None
    for stack in ("encoder", "decoder"):
        entry = result.embedding(stack)
        assert entry.positions is not None
        assert entry.types is not None
        parts = entry.tokens + entry.positions + entry.types
        torch.testing.assert_close(entry.sum, parts)
    bare = run(tiny(positions="rope")).embedding("encoder")
    assert bare.positions is None
    assert bare.types is None
    assert bare.sum.equal(bare.tokens)


@pytest.mark.parametrize("place", ["pre", "post"])
def test_the_residual_stream_adds_up(place: str) -> None:
    result = run(tiny(norm_place=place))
    for layer in range(2):
        written = result.attention(layer).output, result.feed_forward(layer).output
        stream = [result.residual(layer), result.residual(layer, "attention")]
        stream.append(result.residual(layer, "feed_forward"))
        for i, name in enumerate(("attention", "feed_forward")):
            total = stream[i] + written[i]
            if place == "pre":
                torch.testing.assert_close(stream[i + 1], total)
            else:
                torch.testing.assert_close(result.norm(layer, name).input, total)
                assert stream[i + 1].equal(result.norm(layer, name).output)
    assert result.residual(1).equal(result.residual(0, "feed_forward"))


def test_hidden_states_are_those_between_layers() -> None:
    result = run(BOTH)
    assert [result.hidden(layer).shape[1] for layer in range(4)] == [5, 5, 4, 4]
    assert result.hidden(1) is result.kept["encoder.1.input"]
    assert result.hidden(2) is result.kept["decoder.0.input"]
    assert result.hidden(3) is result.kept["decoder.norm.output"]
    assert result.last_hidden("encoder") is result.kept["encoder.norm.output"]
    plain = run(tiny())
    assert plain.hidden(2) is plain.kept["encoder.output"]
    assert plain.logits is None


@pytest.mark.parametrize("layer", [-1, 3, 100])
def test_a_layer_that_is_not_there(layer: int) -> None:
    result = run(BOTH)
    asks = [result.attention, result.feed_forward, result.residual]
    for ask in asks + [result.hidden] * (layer != 3):
        with pytest.raises(ModelError) as caught:
            ask(layer)
        assert caught.value.code == "no-such-layer"
        assert caught.value.fields == {"number": layer, "last": 2}


def test_what_the_tape_did_not_keep_is_named() -> None:
    result = run(BOTH, Tape(keep=["*.mask", "*.raw_scores"]))
    view = result.attention(0)
    assert view.mask.shape == (2, 4, 5, 5)
    for read in (lambda: view.weights, lambda: result.logits, lambda: result.hidden(3)):
        with pytest.raises(ModelError) as caught:
            read()
        assert caught.value.code == "not-kept"
        assert str(caught.value.fields["site"]) in str(caught.value)
    with pytest.raises(ModelError, match=r"decoder\.0\.cross_norm\.input"):
        _ = result.norm(2, "cross").input


@settings(max_examples=60)
@given(data=st.data())
def test_a_resumed_call_gives_the_numbers_of_the_whole_one(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    bench, source = bench_of(shape), encoded(shape, 4, 3)
    goal = encoded(shape, 2, 3, seed=1) if shape.kind == "encoder-decoder" else None
    first = bench.run_encoded(source, data.draw(choices_for(shape)), goal=goal)
    choices = data.draw(choices_for(shape))
    if data.draw(st.booleans()):
        choices = replace(first.choices, ablated=choices.ablated)
    layer = data.draw(st.integers(0, shape.n_layers - 1))
    if first_difference(first.choices, choices, shape) < layer:
        with pytest.raises(ModelError) as caught:
            bench.resume(first, layer, choices)
        assert caught.value.code == "resume-differs"
        return
    resumed = bench.resume(first, layer, choices)
    whole = bench.run_encoded(source, choices, goal=goal)
    assert resumed.choices == choices
    if shape.head != "none":
        assert torch.equal(cast(Tensor, resumed.logits), cast(Tensor, whole.logits))
    for site, tensor in resumed.kept.items():
        assert tensor.equal(whole.kept[site])
    skipped = {"{}.{}".format(*shape.stack_of(number)) for number in range(layer)}
    assert {".".join(site.split(".")[:2]) for site in resumed.kept}.isdisjoint(skipped)
    rest = range(layer, shape.n_layers)
    assert all(resumed.hidden(number).equal(whole.hidden(number)) for number in rest)


def test_resume_up_to_a_layer_runs_that_part_alone() -> None:
    shape = tiny(encoder_layers=4, head="lm")
    bench = bench_of(shape)
    whole = bench.run_encoded(encoded(shape, 5, 2))
    part = bench.resume(whole, 1, last=3)
    layers = {site.split(".")[1] for site in part.kept}
    assert layers == {"1", "2"}
    assert all(tensor.equal(whole.kept[site]) for site, tensor in part.kept.items())


def test_resume_needs_what_enters_its_layer() -> None:
    shape = tiny()
    bench = bench_of(shape)
    lean = bench.run_encoded(encoded(shape, 5), tape=Tape(keep=["encoder.1.input"]))
    assert bench.resume(lean, 1).hidden(2).shape == (1, 5, 8)
    with pytest.raises(ModelError) as caught:
        bench.resume(lean, 0)
    assert caught.value.code == "not-kept"


def test_logits_of_some_positions_are_those_of_all() -> None:
    shape = tiny(encoder_layers=0, decoder_layers=2, head="lm")
    bench, source = bench_of(shape), encoded(shape, 5, 2)
    every = cast(Tensor, bench.run_encoded(source).logits)
    some = bench.run_encoded(source, logits_at=[4, 1])
    assert some.logits is not None
    torch.testing.assert_close(some.logits, every[:, [4, 1]])
    again = bench.resume(some, 1, logits_at=[-1])
    assert again.logits is not None
    torch.testing.assert_close(again.logits, every[:, -1:])
