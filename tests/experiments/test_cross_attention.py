"""What the decoder looks at, step by step, and its agreement with an aligner by hand."""

import math

import pandas as pd
import pytest
import torch

from experiments.cross_attention import (
    agreement,
    agreement_of,
    evidence,
    looks_of,
    trace,
)
from experiments.letter_alignment import first_guess
from model import Bench, Tape
from model.decoding import greedy, prompt
from model.training.tasks.pronunciation import LETTERS, PHONEMES


def test_one_pass_sees_what_each_step_saw(speller: Bench) -> None:
    steps = list(
        greedy(
            speller.transformer,
            prompt(speller, "knight"),
            limit=6,
            tape=lambda: Tape(keep=("decoder.*_attention.weights",)),
        )
    )
    seen = trace(speller, "knight", [step.token for step in steps])
    assert seen.letters == [*"knight", "</s>"]
    assert seen.steps == len(steps)
    for t, step in enumerate(steps):
        expected = step.logits.double().softmax(-1)
        torch.testing.assert_close(seen.probabilities[t], expected, rtol=1e-4, atol=1e-6)
        across = step.tape.kept["decoder.1.cross_attention.weights"][0, 1, -1]
        torch.testing.assert_close(seen.looks(2, 1)[t], across, rtol=1e-4, atol=1e-6)
        back = step.tape.kept["decoder.0.self_attention.weights"][0].mean(0)[-1]
        torch.testing.assert_close(seen.looks_back(1, None)[t, : t + 1], back, rtol=1e-4, atol=1e-6)
    assert seen.reads(0, 0).shape == (7, 7)
    torch.testing.assert_close(seen.looks(1, None).sum(-1), torch.ones(seen.steps))


def test_uncertainty_in_bits(speller: Bench) -> None:
    seen = trace(speller, "a", speller.tokenizer.encode("AH"))  # with its end
    assert seen.written == ["AH", "</s>"]
    expected = [-sum(p * math.log2(p) for p in row) for row in seen.probabilities.tolist()]
    assert seen.entropies.tolist() == pytest.approx(expected)


def test_all_heads_of_a_given_pronunciation(speller: Bench) -> None:
    looks = looks_of(speller, "six", ("S", "IH", "K", "S"))
    assert looks.shape == (2, 2, 4, 4)  # layers, heads, phonemes, s i x and the end
    tokens = speller.tokenizer.encode("S IH K S")
    torch.testing.assert_close(looks[1, 0], trace(speller, "six", tokens).looks(2, 0)[:4])


# 1 layer, 2 heads, 4 phonemes, 6 letters and the end; where each phoneme looks at most:
LOOKS = torch.nn.functional.one_hot(torch.tensor([[[0, 2, 3, 6], [1, 1, 0, 5]]]), 7).float()


def test_agreement_by_hand() -> None:
    """The aligner's letters are 0, 2, 4 and 5, but for the second phoneme it is not sure."""
    aligned = torch.nn.functional.one_hot(torch.tensor([0, 2, 4, 5]), 6).float()
    aligned[1] = torch.tensor([0, 0.4, 0.6, 0, 0, 0])
    found = agreement(LOOKS, aligned)
    assert (found.phonemes, found.placed, found.steps) == (3, 4, 3)
    assert found.exact.tolist() == [[1, 1]]  # head 0: letter 0; head 1: letter 5
    assert found.near.tolist() == [[3, 2]]  # head 0: 3 beside 4, the end beside 5 too
    assert found.forward.tolist() == [[3, 2]]  # 1 1 is no step back, 1 0 is
    # an even pace is at (0.5, 1.5, 2.5, 3.5) · 6 / 4 = 0.75, 2.25, 3.75, 5.25
    assert (found.pace_exact, found.pace_near) == (2, 3)  # letters 0, 3, 5
    assert found.hard.tolist() == [[0, 0]]  # the phoneme of letter 4


def test_counts_add_up_to_shares() -> None:
    aligned = torch.nn.functional.one_hot(torch.tensor([0, 2, 3, 5]), 6).float()
    found = agreement(LOOKS, aligned) + agreement(LOOKS, aligned)
    pd.testing.assert_frame_equal(
        evidence(found, 3),
        pd.DataFrame(
            {
                "layer": [3, 3],
                "head": [0, 1],
                "exact": [0.75, 0.25],
                "near": [1.0, 0.75],
                "hard": [float("nan")] * 2,  # the even pace is right everywhere
                "forward": [1.0, 2 / 3],
            }
        ),
    )


def test_a_word_that_the_aligner_cannot_place_counts_for_nothing(speller: Bench) -> None:
    aligner = first_guess(LETTERS, PHONEMES)
    assert agreement_of(speller, aligner, "mr", ("M", "IH", "S", "T", "ER")) is None
    found = agreement_of(speller, aligner, "six", ("S", "IH", "K", "S"))
    assert found is not None
    assert found.placed == 4
