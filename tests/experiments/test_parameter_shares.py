"""Parameters and operations against torch's own counts."""

from collections.abc import Callable

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from experiments.parameter_shares import PARTS, crossing, evidence, flops, parameters
from model import Bench
from model.fresh import blank
from model.shape import Shape
from tests.model import zoo

SHAPES = {
    "encoder": zoo.tiny(),
    "masked": zoo.tiny(head="mlm", head_bias=True, embedding_norm=True, token_types=2),
    "gated decoder": zoo.tiny(
        encoder_layers=0,
        decoder_layers=3,
        activation="swiglu",
        n_kv_heads=2,
        head="lm",
        tied_head=False,
        final_norm=True,
    ),
}


@pytest.mark.parametrize("name", ["bert_tiny", "minilm", "smollm2"])
def test_every_parameter_is_counted_once(name: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(name)
    counts = parameters(bench.transformer)
    assert sum(counts.values()) == sum(p.numel() for p in bench.transformer.parameters())


def test_minilms_parts_by_hand(minilm: Bench) -> None:
    d, ff, layers = 384, 1536, 6
    assert parameters(minilm.transformer) == {
        "embedding": (30522 + 512 + 2) * d,
        "attention": layers * 4 * (d * d + d),
        "feed_forward": layers * (2 * d * ff + ff + d),
        "norm": (2 * layers + 1) * 2 * d,
        "head": 0,
    }


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("tokens", [1, 7, 20])
def test_operations_are_those_that_torch_counts(shape: Shape, tokens: int) -> None:
    counter = FlopCounterMode(display=False)
    with counter:
        zoo.grown(shape)(torch.zeros(1, tokens, dtype=torch.long))
    assert sum(flops(blank(shape), tokens).values()) == counter.get_total_flops()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_attention_overtakes_where_it_is_said_to(shape: Shape) -> None:
    at = crossing(shape)
    transformer = blank(shape)

    def ahead(tokens: int) -> bool:
        counts = flops(transformer, tokens)
        return counts["attention"] > counts["feed_forward"]

    assert ahead(at)
    assert at == 1 or not ahead(at - 1)


def test_shares_sum_to_one(bert_tiny: Bench) -> None:
    table = evidence(bert_tiny, 18)
    assert table["part"].tolist() == list(PARTS)
    assert table["parameters_share"].sum() == pytest.approx(1)
    assert table["flops_share"].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("layer", "share"),
    [(torch.nn.TransformerEncoderLayer, 2 / 3), (torch.nn.TransformerDecoderLayer, 1 / 2)],
)
def test_what_the_short_answer_says_of_the_original(
    layer: Callable[[int, int, int], torch.nn.Module], share: float
) -> None:
    """The feed-forward share of the matrices of torch's own layers at the paper's widths: two
    thirds of an encoder layer, half of a decoder layer, which has cross-attention too."""
    built = layer(512, 8, 2048)
    counts = {name: w.numel() for name, w in built.named_parameters() if w.dim() == 2}
    feed_forward = sum(count for name, count in counts.items() if name.startswith("linear"))
    assert feed_forward / sum(counts.values()) == share
