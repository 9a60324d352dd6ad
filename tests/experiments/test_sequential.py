"""Passes, positions and operations against counts by hand and by PyTorch; logits of steps and of
one pass; memory against the cache itself."""

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from experiments.sequential import (
    WAYS,
    Moment,
    Timing,
    Whole,
    computed,
    curves,
    fastest,
    fresh,
    memory,
    pass_flops,
    points,
    sweep,
    table,
    weight_bytes,
    work,
    write,
)
from model import Bench, ModelError
from model.cache import Cache
from model.fresh import initialised
from model.shape import Shape

SMALL = Shape(
    vocab_size=50,
    d_model=24,
    n_heads=6,
    n_kv_heads=2,
    d_ff=40,
    decoder_layers=3,
    positions="rope",
    activation="swiglu",
    head="lm",
)


@pytest.fixture(scope="module")
def written(smollm2: Bench) -> list[Moment | Whole]:
    return list(write(smollm2, "The capital of France is", limit=5))


def test_steps_and_one_pass_agree(smollm2: Bench, written: list[Moment | Whole]) -> None:
    *moments, whole = written
    assert isinstance(whole, Whole)
    texts = [one.token for one in moments if isinstance(one, Moment)]
    assert smollm2.tokenizer.decode(texts).startswith(" Paris.")
    assert (whole.agreeing, whole.steps) == (5, 5)
    assert 0 < whole.gap_cached < 1e-3
    assert 0 < whole.gap_repeated < 1e-3
    assert 10 < whole.largest < 100
    for i, one in enumerate(moments):
        assert isinstance(one, Moment)
        assert (one.first, one.length) == (0 if i == 0 else 4 + i, 5 + i)
        # layers · (keys, values) · heads with their own · positions · d_head · 4 bytes
        assert one.bytes == 30 * 2 * 3 * (5 + i) * 64 * 4
        assert one.likeliest[0] == (one.token, one.probability)
        assert one.gap < 1e-3
        assert min(one.seconds, one.seconds_repeated) > 0


def test_a_bad_prompt_is_refused(smollm2: Bench, bert_tiny: Bench) -> None:
    for bench, text, code in ((smollm2, "", "empty-text"), (bert_tiny, "no", "cannot-write")):
        with pytest.raises(ModelError) as caught:
            next(write(bench, text, limit=2))
        assert caught.value.code == code


def test_what_is_computed_in_each_pass() -> None:
    moment = Moment(0, 1.0, (), 0, 2, 0.0, 0.0, 0.0, 0)
    moments = [moment, replace(moment, first=2, length=3), replace(moment, first=3, length=4)]
    assert computed(moments, cached=True).tolist() == [[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert computed(moments, cached=False).tolist() == [[1, 1, 0, 0], [2, 2, 1, 0], [3, 3, 2, 1]]


@pytest.mark.parametrize("gated", [True, False])
def test_operations_are_those_that_pytorch_counts(gated: bool) -> None:
    shape = SMALL if gated else replace(SMALL, activation="gelu")
    model, ids = initialised(shape, seed=0), torch.arange(9)[None]
    with torch.no_grad():
        with FlopCounterMode(display=False) as whole:
            model(ids)
        cache = Cache()
        model(ids[:, :8], cache=cache)
        with FlopCounterMode(display=False) as step:
            model(ids[:, 8:], cache=cache)
        with FlopCounterMode(display=False) as last:
            model(ids, logits_at=(-1,))
    assert whole.get_total_flops() == pass_flops(shape, 9, 9, 9)
    assert step.get_total_flops() == pass_flops(shape, 1, 9, 1)
    assert last.get_total_flops() == pass_flops(shape, 9, 9, 1)


def test_work_by_hand() -> None:
    """Three positions through three layers."""
    facts = {way: work(SMALL, way, 3) for way in WAYS}
    assert [facts[way]["passes"] for way in WAYS] == [1, 3, 3, 1]
    assert [facts[way]["positions"] for way in WAYS] == [3, 3, 1 + 2 + 3, 3]
    assert [facts[way]["waiting"] for way in WAYS] == [3, 9, 9, 5]
    repeated = sum(pass_flops(SMALL, n, n, 1) for n in (1, 2, 3))
    assert facts["repeated"]["flops"] == repeated
    # an LSTM's four gates, each of a product with the input and one with the state
    assert facts["lstm"]["flops"] == 3 * (3 * 4 * 2 * (24 * 24 + 24 * 24) + 2 * 24 * 50)


def test_memory_is_that_of_a_cache() -> None:
    model, cache = initialised(SMALL, seed=0), Cache()
    model(torch.zeros(1, 7, dtype=torch.long), cache=cache)
    frame = memory(SMALL, (1, 7))
    assert list(frame["cache"]) == [cache.bytes / 7, cache.bytes]
    assert list(frame["full"]) == [3 * held for held in frame["cache"]]
    assert list(frame["lstm"]) == [2 * 3 * 24 * 4] * 2


def test_every_pass_reads_all_weights_but_tables_of_rows() -> None:
    tied = sum(weight.numel() for weight in initialised(SMALL, seed=0).parameters()) * 4
    assert weight_bytes(initialised(SMALL, seed=0)) == tied
    untied = initialised(replace(SMALL, tied_head=False), seed=0)
    assert weight_bytes(untied) == tied  # the head's matrix in the place of the table
    learned = initialised(replace(SMALL, positions="learned", context=16), seed=0)
    assert weight_bytes(learned) == tied


def test_every_way_is_timed_at_every_length_in_every_round() -> None:
    model, lengths = fresh(32, 2), (2, 5)
    timings = list(sweep(model, lengths, rounds=2))
    assert len(timings) == points(lengths, 2) == 16
    assert {(one.way, one.n) for one in timings} == {(way, n) for way in WAYS for n in lengths}
    assert all(one.seconds > 0 for one in timings)
    rows = table(model, timings)
    assert list(rows["way"]) == list(WAYS)
    assert set(rows["n"]) == {5}
    intensity = dict(zip(rows["way"], rows["intensity"], strict=True))
    # two operations for each weight of four bytes, beside the little that attention adds
    assert intensity["cached"] == pytest.approx(0.5, abs=0.05)


def test_the_fastest_counts() -> None:
    timings = [Timing("cached", n, s) for n, s in ((4, 3.0), (2, 1.0), (4, 2.0), (2, 5.0))]
    assert fastest(timings) == {("cached", 4): 2.0, ("cached", 2): 1.0}
    assert curves(timings).to_dict("list") == {
        "way": ["cached", "cached"],
        "n": [2, 4],
        "seconds": [1.0, 2.0],
    }
