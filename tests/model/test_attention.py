"""Attention against PyTorch's, and its own score functions against plain loops."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import model.attention
from model.attention import AdditiveWeights, Attention, score, score_terms
from model.choices import Choices, Score, native_choices
from model.geometry import Geometry
from model.shape import Shape
from model.tape import Tape
from tests.model import plain
from tests.model.zoo import MASKS, grown, real, tiny


def normal(*size: int, seed: int = 0) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def geometry(shape: Shape, queries: int, keys: int, seen: Tensor, cross: bool = False) -> Geometry:
    return Geometry(shape, torch.arange(queries), torch.arange(keys), seen, cross=cross)


def attend(
    layer: Attention,
    shape: Shape,
    x: Tensor,
    memory: Tensor,
    choices: Choices,
    where: Geometry,
    ablated: tuple[int, ...] = (),
) -> tuple[Tensor, Tape]:
    tape = Tape()
    return layer(x, memory, choices, ablated, where, None, None, tape, "a"), tape


def first_attention(shape: Shape, seed: int = 0) -> Attention:
    layer = grown(shape, seed).encoder[0].self_attention
    assert isinstance(layer, Attention)
    return layer


@pytest.mark.parametrize("n_kv_heads", [1, 2, 4])
@pytest.mark.parametrize("mask", ["none", "causal", "padding", "padding+causal", "padding+window"])
def test_head_outputs_are_those_of_scaled_dot_product_attention(n_kv_heads: int, mask: str) -> None:
    shape = tiny(n_kv_heads=n_kv_heads, positions="none")
    layer, x, seen = first_attention(shape), normal(2, 6, 8), real(6, 4)
    choices = replace(native_choices(shape), mask=mask, window=3)
    _, tape = attend(layer, shape, x, x, choices, geometry(shape, 6, 6, seen))

    def split(y: Tensor) -> Tensor:
        return y.unflatten(-1, (-1, shape.d_head)).transpose(1, 2)

    allowed = torch.ones(6, 6, dtype=torch.bool)
    if "causal" in mask:
        allowed = allowed.tril()
    if "window" in mask:
        allowed = allowed.tril(2).triu(-2)
    allowed = allowed.expand(2, 1, 6, 6)
    if "padding" in mask:
        allowed = allowed & seen[:, None, None]
    want = F.scaled_dot_product_attention(
        split(layer.queries(x)),
        split(layer.keys(x)),
        split(layer.values(x)),
        # a row without any allowed key is outside that function's contract
        attn_mask=allowed | ~allowed.any(-1, keepdim=True),
        enable_gqa=True,
    )
    want = want * allowed.any(-1, keepdim=True)
    torch.testing.assert_close(tape.kept["a.head_outputs"], want)
    assert torch.equal(tape.kept["a.mask"], allowed)


@pytest.mark.parametrize(("scaled", "temperature"), [(False, 1.0), (True, 2.0), (False, 0.5)])
def test_scale_is_that_of_scaled_dot_product_attention(scaled: bool, temperature: float) -> None:
    shape = tiny(positions="none")
    layer, x = first_attention(shape), normal(1, 5, 8)
    choices = replace(native_choices(shape), scaled=scaled, temperature=temperature)
    _, tape = attend(layer, shape, x, x, choices, geometry(shape, 5, 5, real(5)))
    kept = tape.kept
    scale = (1 / math.sqrt(shape.d_head) if scaled else 1.0) / temperature
    want = F.scaled_dot_product_attention(
        kept["a.queries"], kept["a.keys"], kept["a.values"], scale=scale
    )
    torch.testing.assert_close(kept["a.head_outputs"], want)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cross", [True, False])
def test_multihead_attention_with_the_same_weights(bias: bool, cross: bool) -> None:
    shape = tiny(positions="none", query_bias=bias, output_bias=bias)
    layer = first_attention(shape)
    theirs = nn.MultiheadAttention(8, 4, bias=bias, batch_first=True, dtype=torch.float64)
    ours = layer.state_dict()
    state = {
        "in_proj_weight": torch.cat([ours[f"{n}.weight"] for n in ("queries", "keys", "values")]),
        "out_proj.weight": ours["output.weight"],
    }
    if bias:
        state["in_proj_bias"] = torch.cat(
            [ours[f"{n}.bias"] for n in ("queries", "keys", "values")]
        )
        state["out_proj.bias"] = ours["output.bias"]
    theirs.load_state_dict(state)
    x, seen = normal(2, 5, 8), real(5, 3)
    memory = normal(2, 5, 8, seed=1) if cross else x
    where = geometry(shape, 5, 5, seen, cross=cross)
    got, tape = attend(layer, shape, x, memory, native_choices(shape), where)
    want, weights = theirs(x, memory, memory, key_padding_mask=~seen, average_attn_weights=False)
    torch.testing.assert_close(got, want)
    torch.testing.assert_close(tape.kept["a.weights"], weights)


@pytest.mark.parametrize("heads", [(0,), (1, 3), (0, 1, 2, 3)])
def test_ablated_heads_write_nothing_and_the_others_what_they_wrote(heads: tuple[int, ...]) -> None:
    shape = tiny(positions="none")
    layer, x = first_attention(shape), normal(2, 5, 8)
    native, where = native_choices(shape), geometry(shape, 5, 5, real(5, 5))
    _, before = attend(layer, shape, x, x, native, where)
    output, after = attend(layer, shape, x, x, native, where, heads)
    alive = [head for head in range(4) if head not in heads]
    was, now = before.kept["a.head_outputs"], after.kept["a.head_outputs"]
    assert not now[:, list(heads)].any()
    assert torch.equal(now[:, alive], was[:, alive])
    if not alive:
        assert torch.equal(output, layer.output.bias.expand_as(output))


@pytest.mark.parametrize("trained", [True, False])
def test_additive_scores_against_a_loop_whole_and_in_slices(
    trained: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    q, k = normal(2, 3, 5, 4), normal(2, 3, 7, 4, seed=1)
    weights = None
    if trained:
        weights = AdditiveWeights(3, 4).double().requires_grad_(False)
        for seed, parameter in enumerate(weights.parameters()):
            parameter.copy_(normal(*parameter.shape, seed=seed))
    want = torch.zeros(2, 3, 5, 7, dtype=torch.float64)
    for b, h, i, j in torch.cartesian_prod(*map(torch.arange, want.shape)).tolist():
        for feature in range(4):
            at_q, at_k, v = float(q[b, h, i, feature]), float(k[b, h, j, feature]), 1.0
            if weights is not None:
                at_q = float(q[b, h, i] @ weights.queries[h, :, feature])
                at_k = float(k[b, h, j] @ weights.keys[h, :, feature])
                v = float(weights.vector[h, feature])
            want[b, h, i, j] += v * math.tanh(at_q + at_k)
    whole = score(q, k, "additive", weights)
    torch.testing.assert_close(whole, want)
    for allowance in (1, 3 * k.numel() * 8):  # one query at a time; slices of 3 and 2 queries
        monkeypatch.setattr(model.attention, "_ADDITIVE_BYTES", allowance)
        assert torch.equal(score(q, k, "additive", weights), whole)


def test_fresh_additive_weights_score_as_none_do() -> None:
    q, k = normal(1, 2, 3, 4), normal(1, 2, 3, 4, seed=1)
    fresh = AdditiveWeights(2, 4).double()
    torch.testing.assert_close(score(q, k, "additive", fresh), score(q, k, "additive", None))


def test_long_additive_scores_never_hold_all_pairs_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    tanh = torch.tanh

    def measured(x: Tensor) -> Tensor:
        sizes.append(x.numel() * x.element_size())
        return tanh(x)

    monkeypatch.setattr(torch, "tanh", measured)
    q, k = torch.randn(1, 2, 600, 32), torch.randn(1, 2, 600, 32)
    scores = score(q, k, "additive", None)
    assert sum(sizes) == 600 * 600 * 2 * 32 * 4  # 92 MB
    assert max(sizes) <= 64 * 2**20
    rows = [0, 311, 599]
    want = torch.tanh(q[:, :, rows, None] + k[:, :, None]).sum(-1)
    torch.testing.assert_close(scores[:, :, rows], want)


def test_cosine_scores() -> None:
    q, k = normal(2, 3, 5, 4), normal(2, 3, 7, 4, seed=1)
    want = F.cosine_similarity(q[:, :, :, None], k[:, :, None], dim=-1)
    torch.testing.assert_close(score(q, k, "cosine", None), want)
    assert not score(torch.zeros_like(q), k, "cosine", None).any()  # no direction, not NaN


@pytest.mark.parametrize("kind", ["dot", "cosine", "additive"])
def test_terms_add_up_to_the_score(kind: Score) -> None:
    q, k = normal(1, 1, 1, 6), normal(1, 1, 1, 6, seed=1)
    terms = score_terms(q[0, 0, 0], k[0, 0, 0], kind)
    assert terms.shape == (6,)
    torch.testing.assert_close(terms.sum(), score(q, k, kind, None)[0, 0, 0, 0])


def test_transformer_xl_against_the_papers_four_terms() -> None:
    shape = tiny(positions="xl", d_model=6, n_heads=2, d_head=3)
    layer, x = first_attention(shape), normal(1, 4, 6)
    _, tape = attend(layer, shape, x, x, native_choices(shape), geometry(shape, 4, 4, real(4)))
    w = layer.state_dict()

    def head(matrix: Tensor, h: int) -> Tensor:
        return matrix[h * 3 : (h + 1) * 3]

    want = torch.zeros(1, 2, 4, 4, dtype=torch.float64)
    for h in range(2):
        u, v = w["xl.content_bias"][h], w["xl.position_bias"][h]
        for i in range(4):
            for j in range(4):
                q = head(w["queries.weight"], h) @ x[0, i] + head(w["queries.bias"], h)
                k = head(w["keys.weight"], h) @ x[0, j] + head(w["keys.bias"], h)
                r = head(w["xl.distances.weight"], h) @ plain.sinusoid(i - j, 6)
                want[0, h, i, j] = q @ k + q @ r + u @ k + v @ r
    torch.testing.assert_close(tape.kept["a.raw_scores"], want, rtol=1e-5, atol=1e-5)


def test_tied_queries_and_keys_make_raw_scores_symmetric_and_weights_not() -> None:
    shape = tiny(positions="none", n_kv_heads=2)
    layer, x = first_attention(shape), normal(2, 5, 8)
    native, where = native_choices(shape), geometry(shape, 5, 5, real(5, 5))
    _, tape = attend(layer, shape, x, x, replace(native, tied=True), where)
    raw, weights = tape.kept["a.raw_scores"], tape.kept["a.weights"]
    torch.testing.assert_close(raw, raw.transpose(-2, -1))
    assert not torch.allclose(weights, weights.transpose(-2, -1), atol=1e-2)
    _, untied = attend(layer, shape, x, x, native, where)
    raw = untied.kept["a.raw_scores"]
    assert not torch.allclose(raw, raw.transpose(-2, -1), atol=1e-2)


@pytest.mark.parametrize("mask", MASKS)
def test_weights_are_distributions_over_the_allowed_keys(mask: str) -> None:
    shape = tiny(positions="none")
    layer, x = first_attention(shape), normal(3, 6, 8)
    choices = replace(native_choices(shape), mask=mask, window=2, prefix=3)
    _, tape = attend(layer, shape, x, x, choices, geometry(shape, 6, 6, real(6, 1, 3)))
    weights, allowed = tape.kept["a.weights"], tape.kept["a.mask"].expand(-1, 4, -1, -1)
    assert not weights[~allowed].any()
    assert (weights[allowed] > 0).all()
    torch.testing.assert_close(weights.sum(-1), allowed.any(-1).double())
