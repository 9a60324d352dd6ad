"""Where a model's parameters lie, and where its arithmetic goes: attention, feed-forward network,
embeddings, the rest. Counted from the real weights (Kaplan et al. 2020, arXiv 2001.08361, §2.1,
counts the same operations)."""

from collections.abc import Mapping

import pandas as pd

from model import Bench
from model.attention import Attention
from model.feed_forward import FeedForward
from model.norms import NormWeights
from model.shape import Shape
from model.transformer import Head, Transformer

PARTS: tuple[str, ...] = ("embedding", "attention", "feed_forward", "norm", "head")


def parameters(transformer: Transformer) -> dict[str, int]:
    """The number of parameters of each of `PARTS`; norms count as "norm" wherever they stand. A
    head tied to the embeddings owns no matrix of its own."""
    counts = dict.fromkeys(PARTS, 0)
    owners = _owners(transformer)
    for name, weight in transformer.named_parameters():
        counts[owners.get(name, "embedding")] += weight.numel()
    return counts


def flops(transformer: Transformer, tokens: int) -> dict[str, int]:
    """Floating-point operations of each of `PARTS` in one pass over a text of `tokens` tokens,
    with logits for every position: two for each multiplication of a matrix product with its
    addition. Look-ups, norms, softmax and non-linearities, which are no matrix products, count
    as 0; of an encoder–decoder, only the encoder's pass is counted.

    Attention: its projections, and 4 · tokens² · heads · d_head for QKᵀ and weights · V, masked
    cells included, as they are computed here.
    """
    shape = transformer.shape
    layers = list(transformer.encoder or transformer.decoder)
    counts = dict.fromkeys(PARTS, 0)
    for layer in layers:
        for module in layer.modules():
            if isinstance(module, Attention):
                for linear in (module.queries, module.keys, module.values, module.output):
                    counts["attention"] += 2 * tokens * linear.weight.numel()
                counts["attention"] += 4 * tokens**2 * shape.n_heads * shape.d_head
            elif isinstance(module, FeedForward):
                for linear in filter(None, (module.up, module.gate, module.down)):
                    counts["feed_forward"] += 2 * tokens * linear.weight.numel()
    if transformer.head is not None and shape.kind != "encoder-decoder":
        matrix = shape.vocab_size * shape.d_model  # tied or not, it multiplies
        if transformer.head.transform is not None:
            matrix += transformer.head.transform.weight.numel()
        counts["head"] += 2 * tokens * matrix
    return counts


def crossing(shape: Shape) -> int:
    """The least number of tokens from which a layer's attention computes more than its
    feed-forward network, projections included."""
    projections = shape.d_model * shape.d_head * (2 * shape.n_heads + 2 * shape.n_kv_heads)
    network = shape.d_model * shape.d_ff * (3 if shape.gated else 2)
    # 2·n·network < 2·n·projections + 4·n²·heads·d_head
    return max(1, (network - projections) // (2 * shape.n_heads * shape.d_head) + 1)


def evidence(bench: Bench, tokens: int) -> pd.DataFrame:
    """One row per part: part, parameters and their share, flops of a pass over `tokens` tokens
    and their share."""
    frame = pd.DataFrame({"part": PARTS})
    for column, counts in (
        ("parameters", parameters(bench.transformer)),
        ("flops", flops(bench.transformer, tokens)),
    ):
        frame[column] = [counts[part] for part in PARTS]
        frame[f"{column}_share"] = [counts[part] / sum(counts.values()) for part in PARTS]
    return frame


def _owners(transformer: Transformer) -> Mapping[str, str]:
    """The part of every parameter outside the embedding and the tables of positions, by name."""
    kinds = (
        (Attention, "attention"),
        (FeedForward, "feed_forward"),
        (Head, "head"),
        (NormWeights, "norm"),  # also the one inside a head, which is visited after it
    )
    owners: dict[str, str] = {}
    for name, module in transformer.named_modules():
        for kind, part in kinds:
            if isinstance(module, kind):
                owners |= {f"{name}.{own}": part for own, _weight in module.named_parameters()}
    return owners
