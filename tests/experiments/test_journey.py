"""The stages of a layer against its own arithmetic, and their statistics by hand."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from experiments.journey import Stage, evidence, pooled, stages
from model import Bench
from model.choices import native_choices
from tests.model import zoo

TEXT = "The keys to the old cabinet are lost."


def values(walk: list[Stage]) -> dict[str, torch.Tensor]:
    return {stage.name: stage.values for stage in walk}


def test_a_post_ln_layer_adds_and_then_normalises(minilm: Bench) -> None:
    run = minilm.run(TEXT)
    walk = stages(run, 2)
    assert [stage.operation for stage in walk] == [
        "input", "attention", "add", "norm", "hidden", "feed_forward", "add", "norm",
    ]  # fmt: skip
    of = values(walk)
    torch.testing.assert_close(of["attention_sum"], of["input"] + of["attention"])
    torch.testing.assert_close(of["feed_forward_sum"], of["attention_norm"] + of["feed_forward"])
    layer = minilm.transformer.encoder[2]
    for norm in ("attention", "feed_forward"):
        weights = getattr(layer, f"{norm}_norm")
        expected = F.layer_norm(of[f"{norm}_sum"], (384,), weights.gain, weights.bias, 1e-12)
        torch.testing.assert_close(of[f"{norm}_norm"], expected, atol=1e-4, rtol=1e-4)
    assert torch.equal(of["feed_forward_norm"], run.residual(3)[0])


def test_a_pre_ln_layer_normalises_first(smollm2: Bench) -> None:
    run = smollm2.run("A short text.")
    walk = stages(run, 4)
    assert [stage.name for stage in walk] == [
        "input", "attention_norm", "attention", "attention_sum",
        "feed_forward_norm", "hidden", "feed_forward", "feed_forward_sum",
    ]  # fmt: skip
    of = values(walk)
    torch.testing.assert_close(of["attention_sum"], of["input"] + of["attention"])
    torch.testing.assert_close(of["feed_forward_sum"], of["attention_sum"] + of["feed_forward"])
    assert torch.equal(of["feed_forward_sum"], run.residual(5)[0])


def test_every_part_is_an_earlier_stage_and_sums_are_sums(bert_tiny: Bench) -> None:
    walk = stages(bert_tiny.run(TEXT), 1)
    of = values(walk)
    assert len(of) == len(walk)
    for number, stage in enumerate(walk):
        assert set(stage.parts) <= {earlier.name for earlier in walk[:number]}
        if stage.operation == "add":
            torch.testing.assert_close(stage.values, sum(of[part] for part in stage.parts))


@pytest.mark.parametrize("place", ["pre", "post"])
def test_a_layer_without_residuals_has_no_sums(bert_tiny: Bench, place: str) -> None:
    shape = zoo.tiny(norm_place=place)
    bench = Bench("random", shape, zoo.grown(shape), bert_tiny.tokenizer)
    run = bench.run_encoded(
        bench.batch([[3, 1, 4, 1]]), replace(native_choices(shape), residual="none")
    )
    assert "add" not in {stage.operation for stage in stages(run, 0)}
    assert torch.equal(stages(run, 0)[-1].values, run.residual(1)[0])


def test_cross_attention_is_a_sublayer_of_its_own(bert_tiny: Bench) -> None:
    shape = zoo.tiny(decoder_layers=2)
    bench = Bench("random", shape, zoo.grown(shape), bert_tiny.tokenizer)
    run = bench.run_encoded(bench.batch([[3, 1, 4]]), goal=bench.batch([[5, 9]]))
    names = [stage.name for stage in stages(run, 2)]
    assert names[4:7] == ["cross", "cross_sum", "cross_norm"]
    assert "cross" not in [stage.name for stage in stages(run, 0)]


def test_the_table_by_hand() -> None:
    first = torch.tensor([[3.0, 4.0], [0.0, 2.0], [0.0, 1.0]])
    second = torch.tensor([[4.0, -3.0], [0.0, 1.0], [0.0, -7.0]])  # cosines 0, 1, −1
    wide = torch.ones(3, 4)
    table = evidence(
        [
            Stage("input", "input", (), first),
            Stage("attention", "attention", ("input",), second),
            Stage("hidden", "hidden", ("attention",), wide),
        ]
    )
    one, two, three = table.to_dict("records")
    assert (one["tokens"], one["features"], three["features"]) == (3, 2, 4)
    assert one["mean"] == pytest.approx(10 / 6)
    assert one["std"] == pytest.approx((30 / 6 - (10 / 6) ** 2) ** 0.5)
    assert one["norm"] == pytest.approx(2)  # of 5, 2, 1
    assert two["largest"] == -7
    assert two["cosine"] == pytest.approx(0)
    assert three["cosine"] != three["cosine"]


def test_pooling_by_hand_keeps_sign_and_outliers() -> None:
    values = torch.tensor([[1.0, -5.0, 2.0, 0.5, -0.25]])
    cells, firsts = pooled(values, 3)
    assert cells.tolist() == [[-5.0, 2.0, -0.25]]
    assert firsts == [0, 2, 4]


@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(1, 40), st.integers(1, 12))
def test_pooling_never_loses_the_largest(seed: int, tokens: int, features: int, most: int) -> None:
    values = torch.randn(tokens, features, generator=torch.Generator().manual_seed(seed))
    cells, firsts = pooled(values, most)
    assert cells.shape == (tokens, len(firsts))
    assert len(firsts) <= most
    assert torch.equal(cells.abs().amax(1), values.abs().amax(1))
    assert torch.isin(cells, values).all()
