"""A reading against the whole pass that keeps everything."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from experiments.heads import QUANTITIES, evidence, mean_entropy, profile
from experiments.norm_statistics import MOMENTS, norm_statistics
from experiments.reading import (
    THUMBNAIL,
    asked_positions,
    look,
    look_at_head,
    one_head,
    read,
    reread,
    steps,
)
from model import Bench
from model.norms import NormWeights

TEXT = "The keys to the old [MASK] are lost."


def test_a_reading_shows_what_the_whole_pass_computed(bert_tiny: Bench) -> None:
    reading = read(bert_tiny, TEXT, bert_tiny.native)
    whole = bert_tiny.run(TEXT)
    for layer in range(2):
        weights = whole.attention(layer).weights[0]
        assert torch.equal(reading.thumbnails[layer], weights)  # short texts are not pooled
        assert torch.equal(reading.run.hidden(layer), whole.hidden(layer))
        for norm in ("attention", "feed_forward"):
            seen = reading.norms[f"encoder.{layer}.{norm}_norm"]
            view = whole.norm(layer, norm)
            torch.testing.assert_close(seen[:, 0], view.input[0].mean(-1))
            torch.testing.assert_close(seen[:, 1], view.input[0].std(-1, correction=0))
            torch.testing.assert_close(seen[:, 2], view.output[0].mean(-1))
            torch.testing.assert_close(seen[:, 3], view.output[0].std(-1, correction=0))
    assert torch.equal(reading.run.hidden(2), whole.hidden(2))
    assert reading.asked == (whole.tokens[0].index("[MASK]"),)
    assert whole.logits is not None
    assert reading.run.logits is not None
    torch.testing.assert_close(reading.run.logits[0], whole.logits[0, list(reading.asked)])


def test_what_is_summed_up_together_does_not_show(
    bert_tiny: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = read(bert_tiny, TEXT, bert_tiny.native)
    monkeypatch.setattr("experiments.reading._TOGETHER", 0)  # each layer by itself
    apart = read(bert_tiny, TEXT, bert_tiny.native)
    assert torch.equal(together.thumbnails, apart.thumbnails)
    assert torch.equal(together.profiles, apart.profiles)
    assert list(together.norms) == list(apart.norms)
    for norm, moments in together.norms.items():
        assert torch.equal(moments, apart.norms[norm])


def test_long_texts_are_max_pooled(minilm: Bench) -> None:
    text = "the cat sat on the mat " * 12
    reading = read(minilm, text, minilm.native)
    weights = minilm.run(text).attention(3).weights[0]
    n = weights.shape[-1]
    assert reading.thumbnails.shape == (6, 12, THUMBNAIL, THUMBNAIL)
    first = weights[:, : -(-n // THUMBNAIL), : -(-n // THUMBNAIL)].amax((-2, -1))
    assert torch.equal(reading.thumbnails[3, :, 0, 0], first)


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": (4,), "scaled": False},
        {"ablated": ((3, 1), (5, 11))},
        {"layers": (2, 5), "norm": "rms"},
        {"positions": "alibi"},
        {"offset": 3},
        {"multiplier": 2.0},
        {"tied": True},
        {},
    ],
)
def test_rereading_from_the_first_change_equals_reading_from_the_start(
    minilm: Bench, changes: dict
) -> None:
    choices = replace(minilm.native, **changes)
    native = read(minilm, TEXT, minilm.native)
    short, long = reread(minilm, native, choices), read(minilm, TEXT, choices)
    assert torch.equal(short.thumbnails, long.thumbnails)
    assert torch.equal(short.profiles, long.profiles)
    assert list(short.norms) == list(long.norms)
    assert all(torch.equal(short.norms[site], long.norms[site]) for site in long.norms)
    assert all(torch.equal(short.run.hidden(i), long.run.hidden(i)) for i in range(7))


def test_a_closer_look_equals_the_whole_pass(minilm: Bench) -> None:
    choices = replace(minilm.native, scaled=False)
    run = look(minilm, read(minilm, TEXT, choices), 4)
    whole = minilm.run(TEXT, choices).attention(4)
    view = run.attention(4)
    for name in ("queries", "keys", "values", "raw_scores", "scores", "weights", "head_outputs"):
        assert torch.equal(getattr(view, name), getattr(whole, name)), name


def test_the_positions_that_are_asked(bert_tiny: Bench, minilm: Bench, smollm2: Bench) -> None:
    mask = bert_tiny.tokenizer.special.mask
    assert mask is not None
    assert asked_positions(bert_tiny, [5, mask, 7, mask]) == (1, 3)
    assert asked_positions(bert_tiny, [5, 7]) == ()
    assert asked_positions(minilm, [5, mask]) == ()
    assert asked_positions(smollm2, [5, 6, 7]) == (2,)


def test_a_masked_model_without_a_gap_is_asked_nothing(bert_tiny: Bench) -> None:
    reading = read(bert_tiny, "no gap here", bert_tiny.native)
    assert reading.asked == ()
    assert "logits" not in reading.run.kept


def test_profile_by_hand() -> None:
    weights = torch.tensor([[[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]])
    found = dict(zip(QUANTITIES, profile(weights, special=[0, 2])[0].tolist(), strict=True))
    assert found["entropy"] == pytest.approx(0.693147 / 3, rel=1e-5)
    assert found["largest"] == pytest.approx((1 + 0.5 + 1) / 3)
    assert found["itself"] == pytest.approx((1 + 0.5 + 0) / 3)
    assert found["previous"] == pytest.approx((0.5 + 1) / 2)
    assert found["first"] == pytest.approx((0.5 + 0) / 2)
    assert found["special"] == pytest.approx((1 + 0.5 + 0) / 3)


def test_profile_of_uniform_attention_has_the_entropy_of_a_die() -> None:
    profiles = profile(torch.full((2, 6, 6), 1 / 6))
    torch.testing.assert_close(profiles[:, 0], torch.log(torch.tensor(6.0)).expand(2))
    assert mean_entropy(profiles[None]) == pytest.approx(1.791759, rel=1e-5)


def test_evidence_names_every_head() -> None:
    frame = evidence(torch.arange(2 * 3 * 6, dtype=torch.float).reshape(2, 3, 6))
    assert frame[["layer", "head"]].to_numpy().tolist()[4] == [1, 1]
    assert frame["special"].tolist() == [5, 11, 17, 23, 29, 35]


def test_layer_norm_leaves_mean_and_deviation_that_its_gain_and_bias_explain(
    minilm: Bench,
) -> None:
    frame = norm_statistics(read(minilm, TEXT, minilm.native))
    whole = minilm.run(TEXT)
    assert set(frame.columns) == {"norm", "site", "position", *MOMENTS}
    assert len(frame) == 13 * len(whole.tokens[0])
    norm = minilm.transformer.get_submodule("encoder.5.feed_forward_norm")
    assert isinstance(norm, NormWeights)
    x = whole.norm(5, "feed_forward").input
    expected = F.layer_norm(x, x.shape[-1:], norm.gain, norm.bias, 1e-12)[0]
    last = frame.query("norm == 12")
    torch.testing.assert_close(
        torch.tensor(last["std_after"].to_numpy()), expected.std(-1, correction=0)
    )


def test_a_reading_in_steps_equals_the_reading_at_once(minilm: Bench) -> None:
    choices = replace(minilm.native, layers=(2, 5), norm="rms")
    native = read(minilm, TEXT, minilm.native)
    for start, chosen in ((TEXT, minilm.native), (TEXT, choices), (native, choices)):
        whole = read(minilm, TEXT, chosen)
        *before, reading = steps(minilm, start, chosen, each=2)
        assert before == [None] * len(before)
        assert len(before) == 2 - (start is native)
        assert reading is not None
        assert torch.equal(reading.thumbnails, whole.thumbnails)
        assert torch.equal(reading.profiles, whole.profiles)
        assert all(torch.equal(reading.norms[site], whole.norms[site]) for site in whole.norms)
        assert set(reading.run.kept) == set(whole.run.kept)
        assert all(torch.equal(reading.run.kept[s], t) for s, t in whole.run.kept.items())


def test_a_reading_keeps_the_residual_stream_alone(smollm2: Bench) -> None:
    kept = read(smollm2, TEXT, smollm2.native).run.kept
    stream = [f"decoder.{layer}.input" for layer in range(30)]
    assert set(kept) == {*stream, "decoder.output", "decoder.norm.output", "logits"}


VIEWED = (
    "queries", "keys", "values", "content_queries", "content_keys", "raw_scores", "scores", "mask",
    "weights", "head_outputs",
)  # fmt: skip


@pytest.mark.parametrize("changes", [{}, {"positions": "alibi"}, {"mask": "none", "scaled": False}])
def test_one_head_equals_its_place_among_all(smollm2: Bench, changes: dict) -> None:
    choices = replace(smollm2.native, **changes)
    reading = read(smollm2, TEXT, choices)
    whole = look(smollm2, reading, 7)
    for head in (0, 4, 8):
        alone = look_at_head(smollm2, reading, 7, head)
        for run in (alone, one_head(whole, head)):
            view, all_heads = run.attention(7), whole.attention(7)
            for name in VIEWED:
                wanted = getattr(all_heads, name)[:, head : head + 1]
                assert torch.equal(getattr(view, name), wanted), name
            if all_heads.position_bias is not None:
                assert view.position_bias is not None
                assert torch.equal(view.position_bias[0, 0], all_heads.position_bias[0, head])
        n = len(reading.run.tokens[0])
        held = sum(t.untyped_storage().nbytes() for t in alone.kept.values())
        assert held <= 4 * (4 * n * n + 6 * n * 64) + n * n
