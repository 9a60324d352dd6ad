"""A key that nobody may look at: against BERT's layers by torch's own attention, and by hand."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from experiments.influence import replacement_id
from experiments.key_masked import Arm, arms, without_key
from model import Bench, Tape

TEXT, POSITION = "The ship sailed across the ocean to America.", 2


def by_torch(bench: Bench, ids: Tensor, allowed: Tensor) -> Tensor:
    """The logits (tokens, vocab) of a BERT by torch's own norm and attention, under a boolean mask
    (queries, keys)."""
    shape, weights = bench.shape, bench.transformer.state_dict()

    def linear(at: str, x: Tensor) -> Tensor:
        return F.linear(x, weights[f"{at}.weight"], weights[f"{at}.bias"])

    def norm(at: str, x: Tensor) -> Tensor:
        gain, bias = weights[f"{at}.gain"], weights[f"{at}.bias"]
        return F.layer_norm(x, x.shape[-1:], gain, bias, shape.norm_epsilon)

    embedding = weights["embedding.tokens.weight"]
    x = embedding[ids] + weights["embedding.types.weight"][0]
    x = norm("embedding.norm", x + weights["embedding.positions.weight"][: len(ids)])
    for layer in range(shape.encoder_layers):
        at = f"encoder.{layer}"
        q, k, v = (
            linear(f"{at}.self_attention.{name}", x).unflatten(-1, (shape.n_heads, -1))
            for name in ("queries", "keys", "values")
        )
        q, k, v = (one.transpose(0, 1)[None] for one in (q, k, v))  # (1, heads, tokens, d_head)
        heads = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        read = heads[0].transpose(0, 1).flatten(1)
        x = norm(f"{at}.attention_norm", x + linear(f"{at}.self_attention.output", read))
        hidden = F.gelu(linear(f"{at}.feed_forward.up", x))
        x = norm(f"{at}.feed_forward_norm", x + linear(f"{at}.feed_forward.down", hidden))
    x = norm("head.norm", F.gelu(linear("head.transform", x)))
    return x @ embedding.T + weights["head.bias"]


def test_the_arms_are_those_of_torchs_attention(bert_tiny: Bench) -> None:
    source = bert_tiny.encode(TEXT)
    ids, mask = source.ids[0], bert_tiny.tokenizer.special.mask
    truth, new = int(ids[POSITION]), replacement_id(bert_tiny, "banana")
    choices = replace(bert_tiny.native, mask="none")
    found = arms(bert_tiny, source, POSITION, new, choices)
    assert list(found) == ["visible", "others", "everybody", "token"]
    everything = torch.ones(len(ids), len(ids), dtype=torch.bool)
    everybody = everything.clone()
    everybody[:, POSITION] = False
    others = everybody.clone()
    others[POSITION, POSITION] = True
    hidden = ids.clone()
    assert mask is not None
    hidden[POSITION] = mask
    expected: dict[Arm, tuple[Tensor, Tensor]] = {
        "visible": (ids, everything),
        "others": (ids, others),
        "everybody": (ids, everybody),
        "token": (hidden, everything),
    }
    for arm, (read, allowed) in expected.items():
        logits = by_torch(bert_tiny, read, allowed)[POSITION]
        torch.testing.assert_close(found[arm][0], logits, rtol=1e-4, atol=1e-4)
    chances = {arm: float(before.softmax(-1)[truth]) for arm, (before, _after) in found.items()}
    assert chances["everybody"] == pytest.approx(0.964, abs=5e-4)  # the residual stream
    assert chances["token"] == pytest.approx(0.048, abs=5e-4)


def test_only_the_token_keeps_the_word_out(bert_tiny: Bench) -> None:
    source = bert_tiny.encode(TEXT)
    new = replacement_id(bert_tiny, "banana")
    found = arms(bert_tiny, source, POSITION, new, replace(bert_tiny.native, mask="none"))
    assert torch.equal(*found["token"])
    for arm in ("visible", "others", "everybody"):
        assert not torch.allclose(*found[arm], atol=0.1)


def test_before_the_word_attention_is_the_only_way(smollm2: Bench) -> None:
    """A causal model reads one position before: with its key masked nothing of the word is left,
    to the last bit."""
    source = smollm2.encode(TEXT)
    new = replacement_id(smollm2, "banana")
    found = arms(smollm2, source, 1, new, replace(smollm2.native, mask="none"))
    assert list(found) == ["visible", "others", "everybody"]
    assert not torch.allclose(*found["visible"], atol=0.1)
    assert torch.equal(*found["everybody"])


def test_no_head_of_any_layer_looks_at_it(bert_tiny: Bench) -> None:
    source, choices = bert_tiny.encode(TEXT), replace(bert_tiny.native, mask="none")
    for itself in (True, False):
        tape = Tape(edits=without_key(POSITION, itself=itself))
        run = bert_tiny.run_encoded(source, choices, tape)
        for layer in range(bert_tiny.shape.n_layers):
            weights = run.attention(layer).weights  # (1, heads, queries, keys)
            seen = weights[..., POSITION].clone()
            if not itself:
                assert (seen[..., POSITION] > 0).all()
                seen[..., POSITION] = 0
            assert not seen.any()
            torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights.sum(-1)))


def test_a_text_of_one_token_leaves_nothing_to_look_at(smollm2: Bench) -> None:
    """Its query has no key left and reads zeros; nothing breaks."""
    source = smollm2.encode("Two words")
    logits = smollm2.run_encoded(
        source, tape=Tape(keep=("logits",), edits=without_key(0, itself=True))
    ).logits
    assert logits is not None
    assert logits.isfinite().all()
