"""The letter–phoneme aligner against alignments enumerated one by one, and by hand."""

from collections.abc import Iterator, Sequence
from math import log, prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.letter_alignment import (
    SMOOTHING,
    WRITES,
    Aligner,
    alignable,
    first_guess,
    learn,
)

LETTERS, PHONEMES = "abx", ("P", "Q", "R")


def alignments(letters: int, phonemes: int) -> Iterator[tuple[int, ...]]:
    """Every way of letters to write so many phonemes: how many each of them writes."""
    if not letters:
        if not phonemes:
            yield ()
        return
    for count in range(min(2, phonemes) + 1):
        for rest in alignments(letters - 1, phonemes - count):
            yield count, *rest


def probability(aligner: Aligner, word: str, spoken: Sequence[str], counts: Sequence[int]) -> float:
    at, factors = 0, []
    for letter, count in zip(word, counts, strict=True):
        table = aligner.tables[count]
        sounds = [aligner.phonemes[p] for p in spoken[at : at + count]]
        factors.append(float(table[(aligner.letters[letter], *sounds)]))
        at += count
    return prod(factors)


def uneven(seed: int) -> Aligner:
    """Tables of chance."""
    draws = torch.Generator().manual_seed(seed)
    guess = first_guess(LETTERS, PHONEMES)
    none, one, two = (torch.rand(t.shape, generator=draws).double() for t in guess.tables)
    return Aligner(guess.letters, guess.phonemes, none, one, two)


@settings(deadline=None)
@given(
    st.text(LETTERS, min_size=1, max_size=4),
    st.lists(st.sampled_from(PHONEMES), min_size=1, max_size=5),
    st.integers(0, 1000),
)
def test_posteriors_are_those_of_all_alignments(word: str, spoken: list[str], seed: int) -> None:
    aligner = uneven(seed)
    expected = torch.zeros(len(spoken), len(word))
    for counts in alignments(len(word), len(spoken)):
        weight = probability(aligner, word, spoken, counts)
        writers = [i for i, count in enumerate(counts) for _n in range(count)]
        for phoneme, letter in enumerate(writers):
            expected[phoneme, letter] += weight
    found = aligner.align(word, spoken)
    if not alignable((word, spoken)):
        assert found is None
    else:
        assert found is not None
        torch.testing.assert_close(found, expected / expected.sum(1, keepdim=True))


def test_one_round_by_hand() -> None:
    """ "ab" says P: at first either letter may have written it, so each has written it half a
    time and nothing half a time."""
    aligner, likelihood = next(learn([("ab", ["P"])], LETTERS, PHONEMES, 1))
    silent, single, _double = WRITES
    assert likelihood == pytest.approx(log(2 * silent * single / 3))
    kept = 1 + SMOOTHING
    assert float(aligner.none[0]) == pytest.approx((0.5 + SMOOTHING * silent) / kept)
    assert float(aligner.one[0, 0]) == pytest.approx((0.5 + SMOOTHING * single / 3) / kept)
    assert float(aligner.one[0, 1]) == pytest.approx(SMOOTHING * single / 3 / kept)
    assert float(aligner.none[2]) == pytest.approx(silent)  # x was not seen


def test_words_tell_each_other_apart() -> None:
    """Alone, "ab" may say P with either letter; "a" says P, so in "ab" b is silent. An x says
    two phonemes at once, as it does in "six"."""
    pairs = [("ab", ["P"]), ("a", ["P"]), ("a", ["P"]), ("ax", ["P", "Q", "R"]), ("x", ["Q", "R"])]
    rounds = list(learn(pairs, LETTERS, PHONEMES, 12))
    aligner = rounds[-1][0]
    likelihoods = [likelihood for _aligner, likelihood in rounds]
    assert likelihoods == sorted(likelihoods)
    assert torch.equal(writers(aligner, "ab", ["P"]), torch.tensor([0]))
    assert torch.equal(writers(aligner, "axb", ["P", "Q", "R"]), torch.tensor([0, 1, 1]))


def test_tables_stay_probabilities() -> None:
    *_before, (aligner, _likelihood) = learn(
        [("ab", ["P"]), ("xa", ["Q", "R", "P"])], LETTERS, PHONEMES, 5
    )
    total = aligner.none + aligner.one.sum(1) + aligner.two.sum((1, 2))
    torch.testing.assert_close(total, torch.ones(3, dtype=torch.float64))


def test_what_no_alignment_explains_is_left_out() -> None:
    impossible = ("a", ["P", "Q", "R"])
    aligner, likelihood = next(learn([impossible, ("a", ["P"])], LETTERS, PHONEMES, 1))
    assert likelihood == pytest.approx(log(WRITES[1] / 3))
    assert aligner.align(*impossible) is None
    assert aligner.align("a", []) is None


def writers(aligner: Aligner, word: str, spoken: Sequence[str]) -> torch.Tensor:
    found = aligner.align(word, spoken)
    assert found is not None
    return found.argmax(1)
