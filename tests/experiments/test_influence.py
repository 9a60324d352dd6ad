"""Influence against what a mask's graph permits, and against single runs."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from experiments.influence import (
    Influence,
    count,
    influence,
    joined,
    own_predictions,
    reachable,
    reads_at,
    replacement_id,
    steps,
    with_token,
)
from experiments.outcome import guesses, rank
from model import Bench, Choices, ModelError, Tape
from model.run import Encoded
from tests.model.zoo import grown, tiny

NEW = 16  # a token that no text here uses


def small(tokenizer_of: Bench, **fields: Any) -> Bench:
    shape = tiny(**fields)
    return Bench("small", shape, grown(shape), tokenizer_of.tokenizer)


def text(ids: list[int]) -> Encoded:
    rows = torch.tensor([ids])
    return Encoded(rows, torch.ones_like(rows, dtype=torch.bool), torch.zeros_like(rows), [[]])


def allowed(bench: Bench, source: Encoded, choices: Choices) -> Tensor:
    return bench.run_encoded(source, choices).attention(0).mask[0, 0]


@pytest.mark.parametrize(
    "switches",
    [
        {"mask": "none"},
        {"mask": "causal"},
        {"mask": "prefix", "prefix": 3},
        {"mask": "window", "window": 2},
        {"mask": "causal+window", "window": 3},
    ],
    ids=lambda switches: switches["mask"],
)
@pytest.mark.parametrize("stack", ["encoder_layers", "decoder_layers"])
def test_an_output_moves_exactly_where_the_mask_leaves_a_path(
    bert_tiny: Bench, switches: dict[str, Any], stack: str
) -> None:
    layers = {"encoder_layers": 0, "decoder_layers": 0, stack: 2}
    bench = small(bert_tiny, **layers)
    source = text([3, 1, 4, 1, 5, 9, 2, 6, 5, 3])
    choices = replace(bench.native, **switches)
    paths = reachable(allowed(bench, source, choices), 2)
    measured = influence(bench, source, NEW, choices)
    assert torch.equal(measured.moved, paths)
    assert torch.equal(measured.largest == 0, ~paths)  # exactly 0, not about 0


@pytest.mark.parametrize("positions", ["learned", "rope", "alibi"])
def test_the_future_of_a_causal_model_moves_nothing(bert_tiny: Bench, positions: Any) -> None:
    bench = small(bert_tiny, encoder_layers=0, decoder_layers=2, positions=positions)
    source = text(list(range(12)))
    assert influence(bench, source, NEW, bench.native).future == 0.0
    assert influence(bench, source, NEW, replace(bench.native, mask="none")).future > 0.01


def test_the_past_of_one_exchange() -> None:
    relative = torch.tensor([[0.5, 0.2, 0.1], [0.3, 0.5, 0.4], [0.0, 0.0, math.nan]])
    changed = torch.zeros(3, dtype=torch.bool)
    whole = Influence(relative, relative, changed)
    assert [whole.past(column) for column in range(3)] == [
        None,
        pytest.approx(0.2),
        pytest.approx(0.4),
    ]
    same = Influence(torch.full((3, 3), math.nan), relative, ~changed)
    assert same.past(2) is None


def test_a_column_is_what_one_exchange_does(bert_tiny: Bench) -> None:
    bench = small(bert_tiny)
    ids = [3, 1, 4, 1, 5]
    measured = influence(bench, text(ids), NEW, bench.native)
    before = bench.run_encoded(text(ids)).last_hidden("encoder")[0]
    ids[2] = NEW
    after = bench.run_encoded(text(ids)).last_hidden("encoder")[0]
    change = after - before
    assert torch.allclose(measured.largest[:, 2], change.abs().amax(-1))
    expected = change.square().sum(-1).sqrt() / before.square().sum(-1).sqrt()
    assert torch.allclose(measured.relative[:, 2], expected)


def test_the_same_word_exchanges_nothing_and_says_so(bert_tiny: Bench) -> None:
    bench = small(bert_tiny)
    measured = influence(bench, text([3, NEW, 4]), NEW, bench.native)
    assert measured.relative[:, 1].isnan().all()
    assert measured.largest[:, 1].isnan().all()
    assert not measured.moved[:, 1].any()
    assert not measured.relative[:, [0, 2]].isnan().any()


@pytest.mark.parametrize("length", [1, 8, 9, 17])
def test_groups_of_columns_make_the_whole(bert_tiny: Bench, length: int) -> None:
    bench = small(bert_tiny)
    source = text(list(range(length))[:16] + [0] * (length - 16))
    parts = list(steps(bench, source, NEW, bench.native))
    assert len(parts) == count(source)
    assert joined(parts).relative.shape == (length, length)


def test_paths_by_hand() -> None:
    """Each token sees itself and the one before: every layer reaches one token further."""
    band = torch.tensor([[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]).bool()
    two = torch.tensor([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1]]).bool()
    assert torch.equal(reachable(band, 0), torch.eye(4, dtype=torch.bool))
    assert torch.equal(reachable(band, 1), band)
    assert torch.equal(reachable(band, 2), two)
    assert torch.equal(reachable(band, 3), torch.ones(4, 4, dtype=torch.bool).tril())


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 12), st.integers(1, 5))
def test_depth_opens_no_path_through_a_causal_mask(n: int, layers: int) -> None:
    causal = torch.ones(n, n, dtype=torch.bool).tril()
    assert torch.equal(reachable(causal, layers), causal)


def test_a_token_cannot_move_its_own_prediction_in_a_causal_model(bert_tiny: Bench) -> None:
    bench = small(bert_tiny, encoder_layers=0, decoder_layers=2, head="lm")
    source = text([3, 1, 4, 1, 5])
    before, after = own_predictions(bench, source, 2, NEW, bench.native)
    assert torch.equal(before, after)
    logits = bench.run_encoded(source, bench.native, Tape(keep=("logits",))).logits
    assert logits is not None
    assert torch.allclose(before, logits[0, 1])  # read one position earlier
    open_eyed = replace(bench.native, mask="none")
    before, after = own_predictions(bench, source, 2, NEW, open_eyed)
    assert not torch.allclose(before, after)


@pytest.mark.parametrize("mask", ["none", "causal", "prefix"])
def test_only_hiding_the_token_keeps_it_out_of_a_masked_models_prediction(
    bert_tiny: Bench, mask: str
) -> None:
    source = bert_tiny.encode("The ship sailed across the ocean.")
    choices = replace(bert_tiny.native, mask=mask)
    new = replacement_id(bert_tiny, "banana")
    visible = own_predictions(bert_tiny, source, 2, new, choices)
    assert not torch.allclose(visible[0], visible[1], atol=0.1)
    hidden = own_predictions(bert_tiny, source, 2, new, choices, bert_tiny.tokenizer.special.mask)
    assert torch.equal(hidden[0], hidden[1])


def test_hiding_replaces_one_token_and_leaves_the_text_alone(bert_tiny: Bench) -> None:
    source = bert_tiny.encode("The ship sailed.")
    hidden = with_token(source, 2, 103)
    assert hidden.ids[0].tolist() == [101, 1996, 103, 7434, 1012, 102]
    assert source.ids[0, 2] == 2911


def test_where_a_prediction_is_read(bert_tiny: Bench) -> None:
    assert reads_at(bert_tiny, 0) == 0
    causal = small(bert_tiny, encoder_layers=0, decoder_layers=1, head="lm")
    assert reads_at(causal, 3) == 2
    assert reads_at(causal, 0) is None
    headless = small(bert_tiny)
    assert reads_at(headless, 3) is None
    with pytest.raises(ModelError) as caught:
        own_predictions(headless, text([1, 2]), 1, NEW, headless.native)
    assert caught.value.code == "no-prediction"


def test_a_replacement_is_a_word_of_the_vocabulary(bert_tiny: Bench) -> None:
    assert bert_tiny.tokenizer.pieces([replacement_id(bert_tiny, " Banana ")]) == ["banana"]
    for nothing in ("", "   "):
        with pytest.raises(ModelError) as caught:
            replacement_id(bert_tiny, nothing)
        assert caught.value.code == "empty-replacement"


def test_guesses_are_the_best_of_any_setting(bert_tiny: Bench) -> None:
    one, other = torch.zeros(30_522), torch.zeros(30_522)
    one[2911], other[4049] = 20.0, 20.0
    frame = guesses({"one": one, "other": other}, bert_tiny, top=1)
    assert frame["token"].tolist() == ["ship", "boat"]
    assert frame["one"].tolist() == pytest.approx(one.softmax(-1)[[2911, 4049]].tolist())
    assert frame["other"].tolist() == pytest.approx(other.softmax(-1)[[2911, 4049]].tolist())
    assert rank(one, 2911) == 1
    assert rank(one, 0) == 2


def test_a_word_longer_than_any_is_refused_before_it_is_read(bert_tiny: Bench) -> None:
    with pytest.raises(ModelError) as caught:
        replacement_id(bert_tiny, "a" * 1_000_000)
    assert caught.value.code == "text-too-long"
    assert caught.value.fields["characters"] == 1_000_000
