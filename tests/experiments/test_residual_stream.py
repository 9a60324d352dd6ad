"""What sublayers write, against the run's own views, and similarity by hand."""

from statistics import median

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.residual_stream import by_layer, mean_similarity, similarity, stream
from model import Bench
from tests.model import zoo

TEXT = "The keys to the old cabinet are lost."


@pytest.mark.parametrize("name", ["minilm", "smollm2"])
def test_the_stream_is_the_runs_own(name: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(name)
    run = bench.run(TEXT)
    found = stream(bench, run.source, bench.native)
    layers, tokens = bench.shape.n_layers, len(run.tokens[0])
    assert found.depths.shape == (layers + 1, tokens, bench.shape.d_model)
    for layer in range(layers):
        torch.testing.assert_close(found.depths[layer], run.residual(layer)[0])
    last = run.residual(layers - 1, after="feed_forward")[0]
    torch.testing.assert_close(found.depths[-1], last)
    assert len(found.writes) == layers * 2 * tokens


def test_each_write_is_measured_against_the_stream_it_meets(smollm2: Bench) -> None:
    run = smollm2.run(TEXT)
    rows = stream(smollm2, run.source, smollm2.native).writes.set_index(
        ["layer", "sublayer", "position"]
    )
    before = run.residual(7, after="attention")[0, 3]
    written = run.feed_forward(7).output[0, 3]
    row = rows.loc[(7, "feed_forward", 3)]
    assert row["norm_before"] == pytest.approx(float(before.norm()), rel=1e-4)
    assert row["norm"] == pytest.approx(float(written.norm()), rel=1e-4)
    assert row["ratio"] == pytest.approx(float(written.norm() / before.norm()), rel=1e-4)
    assert row["cosine"] == pytest.approx(float(F.cosine_similarity(written, before, dim=0)), 1e-3)
    turned = F.cosine_similarity(before, run.residual(8)[0, 3], dim=0)
    assert row["turn"] == pytest.approx(float(turned), rel=1e-4)


def test_pre_ln_writes_add_up_to_the_stream(smollm2: Bench) -> None:
    run = smollm2.run(TEXT)
    depths = stream(smollm2, run.source, smollm2.native).depths
    total = run.residual(0)[0]
    for layer in range(smollm2.shape.n_layers):
        total = total + run.attention(layer).output[0] + run.feed_forward(layer).output[0]
    torch.testing.assert_close(total, depths[-1], rtol=1e-3, atol=1e-2)


def test_layers_take_the_median_token(minilm: Bench) -> None:
    writes = stream(minilm, minilm.encode(TEXT), minilm.native).writes
    table = by_layer(writes)
    assert list(zip(table["layer"], table["sublayer"], strict=True))[:3] == [
        (0, "attention"),
        (0, "feed_forward"),
        (1, "attention"),
    ]
    part = writes[(writes["layer"] == 4) & (writes["sublayer"] == "feed_forward")]
    assert table["ratio"].tolist()[9] == pytest.approx(median(part["ratio"]))


def test_similarity_by_hand() -> None:
    tokens = torch.tensor([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0]])
    expected = torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
    torch.testing.assert_close(similarity(tokens), expected)
    row = mean_similarity(tokens[None]).to_dict("records")[0]
    assert row["cosine"] == pytest.approx(-1 / 3)


@settings(deadline=None)  # the first call of torch may be slow
@given(st.integers(0, 2**31), st.integers(2, 12))
def test_equal_tokens_are_alike_and_centred_ones_cancel(seed: int, n: int) -> None:
    dice = torch.Generator().manual_seed(seed)
    alike = torch.randn(1, 16, generator=dice).expand(n, 16)
    assert mean_similarity(alike[None])["cosine"].tolist()[0] == pytest.approx(1, abs=1e-5)
    shared = torch.randn(n, 16, generator=dice) + 100
    row = mean_similarity(shared[None]).to_dict("records")[0]
    assert row["cosine"] > 0.99
    assert row["centred"] < 0.2  # vectors that sum to 0 point apart


def test_one_long_token_is_not_the_mean_of_all() -> None:
    tokens = torch.randn(12, 64, generator=torch.Generator().manual_seed(0))
    tokens[0] *= 1000
    assert abs(mean_similarity(tokens[None])["centred"].tolist()[0]) < 0.15


def test_one_token_is_like_no_other() -> None:
    table = mean_similarity(torch.randn(3, 1, 8))
    assert table["cosine"].isna().all()


def test_an_encoder_with_a_decoder_is_followed_through_its_encoder(bert_tiny: Bench) -> None:
    shape = zoo.tiny(decoder_layers=3)
    bench = Bench("random", shape, zoo.grown(shape), bert_tiny.tokenizer)
    found = stream(bench, bench.batch([[3, 1, 4, 1]]), bench.native)
    assert found.depths.shape == (3, 4, 8)
