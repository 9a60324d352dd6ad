"""Error rates against distances worked by hand, and the switches against plain decoding."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.pronunciation import (
    LONGEST,
    NATIVE,
    Switch,
    closest,
    edit_distance,
    paired,
    partners,
    pronounce,
    switches,
    tally,
)
from model import Bench
from model.decoding import greedy, prompt

SOUNDS = st.lists(st.sampled_from(["K", "AE", "T"]), max_size=5)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("", "", 0),
        ("K AE T", "K AE T", 0),
        ("K AE T", "", 3),
        ("N AY T", "K N AY T", 1),  # insert K
        ("N IH T", "N AY T", 1),  # replace IH
        ("T K AE", "K AE T", 2),  # delete T in front, insert it behind
        ("K AH L OW N AH L", "K ER N AH L", 3),  # AH → ER, without L and OW
    ],
)
def test_distances_worked_by_hand(one: str, other: str, distance: int) -> None:
    assert edit_distance(one.split(), other.split()) == distance


@settings(deadline=None)
@given(SOUNDS, SOUNDS, SOUNDS)
def test_the_distance_is_a_metric(a: list[str], b: list[str], c: list[str]) -> None:
    assert edit_distance(a, b) == edit_distance(b, a)
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


def test_the_closest_pronunciation_counts() -> None:
    tomato = [("T", "AH", "M", "EY", "T", "OW"), ("T", "AH", "M", "AA", "T", "OW", "Z")]
    assert closest(("T", "AH", "M", "AA", "T"), tomato) == (2, 6)
    assert closest(("T", "AH", "M", "AA", "T", "OW"), tomato) == (1, 6)  # both are one away


def test_error_rates_by_hand() -> None:
    """One word right, one with an error in 3 phonemes, one of 2 with 3 phonemes too many."""
    found = tally(
        [("K", "AE", "T"), ("N", "IH", "T"), ("AE", "T", "T", "T", "T")],
        [[("K", "AE", "T")], [("N", "AY", "T")], [("AE", "T")]],
    )
    assert (found.words, found.wrong, found.phonemes, found.errors) == (3, 2, 8, 4)
    assert found.phoneme_error_rate == 0.5
    assert found.word_error_rate == pytest.approx(2 / 3)


def test_other_words_are_of_the_same_length() -> None:
    words = paired(["four", "five", "a", "three", "zero", "eleven", "seven"], 7)
    assert words == ["four", "five", "zero", "three", "seven"]  # none like "a" or "eleven"
    assert partners(words) == [1, 2, 0, 4, 3]


def test_many_words_at_once_are_each_alone(speller: Bench) -> None:
    words = ["a", "knight", "antidisestablishmentarianism"]
    for word, said in zip(words, pronounce(speller, words), strict=True):
        steps = list(greedy(speller.transformer, prompt(speller, word), limit=LONGEST))
        ids = [step.token for step in steps if step.token != speller.tokenizer.special.eos]
        assert said == tuple(speller.tokenizer.tokens(ids))
    assert len(set(pronounce(speller, words))) > 1


def test_without_cross_attention_every_word_sounds_alike(speller: Bench) -> None:
    words = ["knight", "banana", "a"]
    off = switches(speller.shape)["off"]
    assert len(set(pronounce(speller, words, off))) == 1


def test_even_attention_leaves_padding_out(
    speller: Bench,
) -> None:
    """Uniform weights are the mean of the values: padding, which a batch brings, has none."""
    alone = pronounce(speller, ["cat"], Switch(uniform=True))
    assert pronounce(speller, ["cat", "internationally"], Switch(uniform=True))[:1] == alone


def test_another_memory_says_another_word(speller: Bench) -> None:
    words = paired(["cat", "dog", "sun"], 3)
    native = pronounce(speller, words)
    memory = pronounce(speller, words, switches(speller.shape)["memory"])
    assert memory == [native[place] for place in partners(words)]
    assert len(set(native)) > 1


def test_what_is_tried(speller: Bench) -> None:
    tried = switches(speller.shape)  # 1 encoder layer, 2 decoder layers, 2 heads
    assert tried["native"] == NATIVE
    assert tried["off"].off == ((1, 0), (1, 1), (2, 0), (2, 1))
    assert tried["layer 2"].off == ((2, 0), (2, 1))
    assert tried["head 1.1"].off == ((1, 1),)
    assert len(tried) == 6 + 2 + 4


def test_keys_alone_decide_where_to_look() -> None:
    """Exchanged values leave the weights as they are; exchanged keys do not."""
    others, values = torch.tensor([1, 0]), torch.tensor([[1.0], [2.0]])
    edits = Switch(exchanged=("values",)).edits(others)
    assert set(edits) == {"decoder.*.cross_attention.values"}
    assert torch.equal(edits["decoder.*.cross_attention.values"](values), values.flip(0))
